//! What a request to a repository is for, read from its address.

/// Which of git's two conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Fetching.
    UploadPack,
    /// Pushing.
    ReceivePack,
}

impl Service {
    /// The name on the wire, and the one requests are counted by.
    pub fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::UploadPack, Self::ReceivePack]
            .into_iter()
            .find(|service| service.name() == name)
    }
}

/// A request to a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRequest {
    /// The project's path.
    pub path: String,
    /// The wiki's repository, not the code's.
    pub wiki: bool,
    /// Which conversation.
    pub service: Service,
    /// The advertisement that begins it (`info/refs`).
    pub advertisement: bool,
    /// The URL had `.git`, as it should.
    pub dot_git: bool,
}

impl GitRequest {
    /// Reads a path below the root; `None` when it is not git's.
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let (repository, service, advertisement) =
            if let Some(repository) = path.strip_suffix("/info/refs") {
                let asked = url::form_urlencoded::parse(query.as_bytes())
                    .find(|(name, _)| name == "service")?
                    .1;
                (repository, Service::from_name(&asked)?, true)
            } else {
                let (repository, service) = path.rsplit_once('/')?;
                (repository, Service::from_name(service)?, false)
            };
        let repository = percent_encoding::percent_decode_str(repository)
            .decode_utf8()
            .ok()?;
        let repository = repository.trim_matches('/');
        let (path, dot_git) = match repository.strip_suffix(".git") {
            Some(path) => (path, true),
            None => (repository, false),
        };
        let (path, wiki) = match path.strip_suffix(".wiki") {
            Some(path) => (path, true),
            None => (path, false),
        };
        Some(Self {
            path: path.to_owned(),
            wiki,
            service,
            advertisement,
            dot_git,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_urls_are_told_apart() {
        let parse = |path, query| GitRequest::parse(path, query);
        assert_eq!(
            parse("/a/b/c.git/info/refs", "service=git-upload-pack"),
            Some(GitRequest {
                path: "a/b/c".into(),
                wiki: false,
                service: Service::UploadPack,
                advertisement: true,
                dot_git: true,
            })
        );
        assert_eq!(
            parse("/a/b.wiki.git/git-receive-pack", ""),
            Some(GitRequest {
                path: "a/b".into(),
                wiki: true,
                service: Service::ReceivePack,
                advertisement: false,
                dot_git: true,
            })
        );
        assert_eq!(
            parse("/a/b.git/info/refs", ""),
            None,
            "dumb HTTP is not served"
        );
        assert_eq!(parse("/a/b", ""), None);
    }
}

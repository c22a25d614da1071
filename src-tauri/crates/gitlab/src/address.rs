//! The address of a GitLab: what a person pasted, made into a base URL.
//!
//! People paste what their browser shows, so everything behind the instance's
//! own root is cut off. A relative root (`https://example.com/gitlab`) is kept,
//! because GitLab can be installed there.
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::scope::Scope;

/// What a path segment keeps as it is: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Encodes one path segment, so that `group/project` becomes `group%2Fproject`
/// (GitLab takes full paths in place of ids in that form only).
pub fn encode_segment(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// Why an address cannot be that of a GitLab. Never holds what was typed, for
/// it may be a token pasted into the wrong field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was entered.
    #[error("the address is empty")]
    Empty,
    /// The address is no URL at all.
    #[error("the address is not a URL")]
    Malformed,
    /// Neither `http` nor `https`.
    #[error("the address must begin with https:// or http://")]
    Scheme,
    /// The address names no host.
    #[error("the address names no host")]
    NoHost,
    /// A name, password or token is part of the address.
    #[error("the address holds a name, a password or a token; it must hold none")]
    Credentials,
}

/// The root of a GitLab instance, such as `https://gitlab.example.com` or
/// `https://example.com/gitlab`, without a trailing slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    url: Url,
    text: String,
}

impl BaseUrl {
    /// Reads what a person typed or pasted. `https://` is added where no scheme
    /// is given; whatever lies behind the root of the instance is cut off.
    pub fn parse(input: &str) -> Result<BaseUrl, AddressError> {
        let input = input.trim();
        if input.is_empty() {
            return Err(AddressError::Empty);
        }
        let whole = if input.contains("://") {
            input.to_owned()
        } else {
            format!("https://{}", input.trim_start_matches('/'))
        };
        let mut url = Url::parse(&whole).map_err(|error| match error {
            url::ParseError::EmptyHost => AddressError::NoHost,
            _ => AddressError::Malformed,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if url
            .query_pairs()
            .any(|(name, _)| is_secret_parameter(&name))
        {
            return Err(AddressError::Credentials);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoHost);
        }
        let root = relative_root(&url);
        url.set_path(&root);
        url.set_query(None);
        url.set_fragment(None);
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(BaseUrl { url, text })
    }

    /// The address as it is kept in settings and shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, with the port where it is not the scheme's own.
    pub fn host(&self) -> String {
        host_of(&self.url)
    }

    /// Whether the wire is encrypted.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether this is GitLab's own service, whose limits are published.
    pub fn is_gitlab_com(&self) -> bool {
        self.url.host_str() == Some("gitlab.com")
    }

    /// Whether scheme, host and port are those of this instance: the only place
    /// where the token may be sent.
    pub fn is_same_origin(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// A URL of the REST API. `path` has encoded segments and no query, for
    /// example `projects/group%2Fproject/issues`.
    pub fn api(&self, path: &str) -> Url {
        self.below(&format!("api/v4/{}", path.trim_start_matches('/')))
    }

    /// Where git finds a repository; a wiki is `<full path>.wiki`.
    pub fn repository(&self, full_path: &str) -> Url {
        self.below(&format!("{}.git", full_path.trim_matches('/')))
    }

    /// A URL below the root of the instance.
    pub fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let root = self.url.path().trim_end_matches('/');
        url.set_path(&format!("{root}/{path}"));
        url
    }

    /// The page that makes a personal access token, with the form filled in
    /// (doc/user/profile/personal_access_tokens.md).
    pub fn token_page(&self, name: &str, description: &str, scopes: &[Scope]) -> Url {
        let scopes: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
        let mut url = self.below("-/user_settings/personal_access_tokens");
        url.query_pairs_mut()
            .append_pair("name", name)
            .append_pair("description", description)
            .append_pair("scopes", &scopes.join(","));
        url
    }

    /// The base that an API request was sent on to: what is left of `target`
    /// when the path of that request is taken off its end.
    pub(crate) fn from_moved(target: &Url, api_path: &str) -> Option<BaseUrl> {
        let root = target
            .path()
            .strip_suffix(api_path)?
            .strip_suffix("/api/v4/")?;
        let mut url = target.clone();
        url.set_path(root);
        url.set_query(None);
        url.set_fragment(None);
        BaseUrl::parse(url.as_str()).ok()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BaseUrl({})", self.text)
    }
}

impl std::str::FromStr for BaseUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        BaseUrl::parse(text)
    }
}

/// Host and, where it is not the scheme's own, port of a URL, for display.
pub fn host_of(url: &Url) -> String {
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => format!("[{address}]"),
        None => String::new(),
    };
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// Parameters in which GitLab takes credentials (doc/api/rest/authentication.md).
fn is_secret_parameter(name: &str) -> bool {
    matches!(
        name,
        "private_token" | "access_token" | "job_token" | "token" | "feed_token"
    )
}

/// The part of the path that may be the instance's relative root.
///
/// Cut at the first segment that is a page of GitLab itself. What stands before
/// `/-/` is a project's path when it has two segments or more (a group's pages
/// begin with `groups`), so it is no root then.
fn relative_root(url: &Url) -> String {
    if url.host_str() == Some("gitlab.com") {
        return String::new();
    }
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .collect();
    let page = segments.iter().enumerate().position(|(index, segment)| {
        let next = segments.get(index + 1).copied();
        match *segment {
            "-" | "dashboard" | "explore" | "help" | "groups" | "admin" | "profile" => true,
            "api" => matches!(next, Some("v3" | "v4" | "graphql")),
            "users" => matches!(next, Some("sign_in" | "sign_up" | "password" | "auth")),
            "oauth" => matches!(next, Some("authorize" | "token")),
            _ => false,
        }
    });
    let kept = match page {
        Some(index) if segments[index] == "-" && index >= 2 => &segments[..0],
        Some(index) => &segments[..index],
        None => &segments[..],
    };
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(input: &str) -> String {
        BaseUrl::parse(input).unwrap().as_str().to_owned()
    }

    #[test]
    fn pasted_pages_are_cut_down_to_the_instance() {
        for (pasted, kept) in [
            ("gitlab.com", "https://gitlab.com"),
            ("https://gitlab.com/group/project", "https://gitlab.com"),
            (
                " https://GitLab.Example.com/ ",
                "https://gitlab.example.com",
            ),
            ("http://localhost:8080", "http://localhost:8080"),
            ("localhost:8080", "https://localhost:8080"),
            ("https://git.example.com:443/", "https://git.example.com"),
            (
                "https://git.example.com/users/sign_in",
                "https://git.example.com",
            ),
            ("https://git.example.com/api/v4", "https://git.example.com"),
            (
                "https://git.example.com/api/v4/user?per_page=1",
                "https://git.example.com",
            ),
            ("https://example.com/gitlab/", "https://example.com/gitlab"),
            (
                "https://example.com/gitlab/api/v4/",
                "https://example.com/gitlab",
            ),
            (
                "https://example.com/gitlab/-/user_settings/profile",
                "https://example.com/gitlab",
            ),
            (
                "https://git.example.com/a/b/-/issues",
                "https://git.example.com",
            ),
            (
                "https://git.example.com/groups/a/-/issues#x",
                "https://git.example.com",
            ),
            ("https://[::1]:3000/explore", "https://[::1]:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(base(pasted), kept, "{pasted}");
        }
    }

    #[test]
    fn addresses_that_cannot_be_used_say_why() {
        for (input, why) in [
            ("", AddressError::Empty),
            ("   ", AddressError::Empty),
            ("ssh://git@gitlab.com/a.git", AddressError::Scheme),
            ("ftp://gitlab.com", AddressError::Scheme),
            ("https://", AddressError::NoHost),
            (
                "https://oauth2:glpat-x@gitlab.com",
                AddressError::Credentials,
            ),
            ("glpat-x@gitlab.com", AddressError::Credentials),
            (
                "https://gitlab.com/?private_token=x",
                AddressError::Credentials,
            ),
            ("https://exa mple.com", AddressError::Malformed),
            ("https://example.com:99999", AddressError::Malformed),
        ] {
            assert_eq!(BaseUrl::parse(input).unwrap_err(), why, "{input}");
        }
    }

    #[test]
    fn urls_are_built_below_a_relative_root() {
        let base = BaseUrl::parse("https://example.com/gitlab").unwrap();
        assert_eq!(
            base.api("projects/a%2Fb/issues").as_str(),
            "https://example.com/gitlab/api/v4/projects/a%2Fb/issues"
        );
        assert_eq!(
            base.repository("a/b.wiki").as_str(),
            "https://example.com/gitlab/a/b.wiki.git"
        );
        assert_eq!(
            base.token_page(
                "My backup",
                "nightly",
                &[Scope::ReadApi, Scope::ReadRepository]
            )
            .as_str(),
            "https://example.com/gitlab/-/user_settings/personal_access_tokens\
             ?name=My+backup&description=nightly&scopes=read_api%2Cread_repository"
        );
    }

    #[test]
    fn a_full_path_is_one_segment() {
        assert_eq!(encode_segment("group/sub/a.b_c-d"), "group%2Fsub%2Fa.b_c-d");
        assert_eq!(encode_segment("1.0+é"), "1.0%2B%C3%A9");
    }

    #[test]
    fn a_moved_base_is_found_again() {
        let moved = |target: &str| {
            BaseUrl::from_moved(&Url::parse(target).unwrap(), "version")
                .map(|base| base.as_str().to_owned())
        };
        assert_eq!(
            moved("https://example.com/git/api/v4/version"),
            Some("https://example.com/git".to_owned())
        );
        assert_eq!(moved("https://example.com/users/sign_in"), None);
    }

    #[test]
    fn the_origin_includes_scheme_and_port() {
        let base = BaseUrl::parse("https://example.com").unwrap();
        let same = |url: &str| base.is_same_origin(&Url::parse(url).unwrap());
        assert!(same("https://example.com:443/x"));
        assert!(!same("http://example.com/x"));
        assert!(!same("https://example.com:8443/x"));
        assert!(!same("https://cdn.example.com/x"));
    }
}

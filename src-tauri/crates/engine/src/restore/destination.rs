//! Where a project is restored to: the old group and a free name by default,
//! and never over anything that is there.

use labkeep_gitlab::Client;

use super::error::RestoreError;

/// Names that are tried when the old one is taken.
const TRIES: u32 = 50;

/// Where a project is restored to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Full path of the group or user it will lie in.
    pub namespace: String,
    /// The last part of the new path.
    pub name: String,
    /// Why it is not the path that was saved, or what to know about it.
    pub remark: Option<String>,
}

impl Destination {
    /// The full path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// Chooses the destination. `wanted`: a full path, or a group with a slash at
/// its end; none for the old path or a free name beside it.
pub async fn choose(
    client: &Client,
    saved: &str,
    wanted: Option<&str>,
) -> Result<Destination, RestoreError> {
    let bad = |path: &str| RestoreError::BadDestination {
        path: path.to_owned(),
    };
    let (old_group, old_name) = saved.rsplit_once('/').ok_or_else(|| bad(saved))?;
    let wanted = wanted.map(|path| path.trim().trim_start_matches('/'));
    let (group, name, is_fixed) = match wanted {
        None | Some("") => (old_group, old_name, false),
        Some(path) => {
            if let Some(group) = path.strip_suffix('/') {
                (group, old_name, false)
            } else {
                let (group, name) = path.rsplit_once('/').ok_or_else(|| bad(path))?;
                (group, name, true)
            }
        }
    };
    if !is_name(name) || group.is_empty() {
        return Err(bad(wanted.unwrap_or(saved)));
    }
    let namespace = namespace(client, group).await?;
    let destination = |name: String, remark: Option<String>| Destination {
        namespace: namespace.clone(),
        name,
        remark,
    };
    let path = |name: &str| format!("{namespace}/{name}");
    if !is_taken(client, &path(name)).await? {
        return Ok(destination(name.to_owned(), None));
    }
    if is_fixed {
        return Err(RestoreError::Taken { path: path(name) });
    }
    for number in 1..=TRIES {
        let other = match number {
            1 => format!("{name}-restored"),
            number => format!("{name}-restored-{number}"),
        };
        if !is_taken(client, &path(&other)).await? {
            let remark = format!("{name} still exists; nothing is overwritten");
            return Ok(destination(other, Some(remark)));
        }
    }
    Err(RestoreError::Taken { path: path(name) })
}

/// The full path of the group or user, as GitLab writes it.
async fn namespace(client: &Client, path: &str) -> Result<String, RestoreError> {
    if let Some(group) = client.group(path).await? {
        return Ok(group.full_path.clone());
    }
    if !path.contains('/')
        && let Some(user) = client.user_named(path).await?
    {
        return Ok(user.username.clone());
    }
    Err(RestoreError::NoSuchGroup {
        path: path.to_owned(),
    })
}

/// Whether a project is at that path. The old path of one that was moved away
/// is free.
async fn is_taken(client: &Client, path: &str) -> Result<bool, RestoreError> {
    Ok(client
        .project(path)
        .await?
        .is_some_and(|project| project.path_with_namespace.eq_ignore_ascii_case(path)))
}

/// What GitLab takes for the last part of a path (lib/gitlab/path_regex.rb).
fn is_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.is_empty()
        && name.chars().all(is_inner)
        && name
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        && ![".git", ".atom"]
            .iter()
            .any(|end| name.to_ascii_lowercase().ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_gitlab_does_not_take_are_refused() {
        for good in ["web", "web-restored", "my.site", "_x", "A1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "", "-web", ".web", "web.git", "we b", "wéb", "a/b", "x.atom",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}

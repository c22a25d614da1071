//! Families of routes that share one of GitLab's limits on endpoints.
//!
//! These limits (lib/gitlab/application_rate_limiter.rb) answer 429 with a JSON
//! body and no `RateLimit-*` headers, and they close one family only. Where the
//! size is known it is kept to after the first 429; an import keeps to it from
//! the start, because its 429 comes after the upload.
use reqwest::Method;

/// Requests per window of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FamilyLimit {
    pub(crate) count: usize,
    pub(crate) from_start: bool,
}

/// A family of routes; equal names share one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) limit: Option<FamilyLimit>,
}

impl Family {
    /// The family of a route of the REST API; `path` as in
    /// [`crate::BaseUrl::api`].
    pub(crate) fn of(method: &Method, path: &str) -> Family {
        let shape = shape(path);
        let id = path.split('/').nth(1).unwrap_or_default();
        let known = |name: &str, count| Family {
            name: name.to_owned(),
            limit: Some(FamilyLimit {
                count,
                from_start: name.ends_with("_import"),
            }),
        };
        let post = *method == Method::POST;
        let get = *method == Method::GET;
        match shape.as_str() {
            "projects/:id/export" if post => known("project_export", 6),
            "groups/:id/export" if post => known("group_export", 6),
            "projects/import" | "projects/remote-import" if post => known("project_import", 6),
            "groups/import" if post => known("group_import", 6),
            "projects/:id/export/download" if get => {
                known(&format!("project_download_export {id}"), 1)
            }
            "groups/:id/export/download" if get => known(&format!("group_download_export {id}"), 1),
            _ => {
                let name = match shape.rsplit('/').next() {
                    Some("notes" | "discussions") if post => "notes_create".to_owned(),
                    Some("issues") if post => "issues_create".to_owned(),
                    _ => format!("{method} {shape}"),
                };
                Family { name, limit: None }
            }
        }
    }
}

/// The route with ids, full paths and other names taken out.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut previous = "";
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
        let is_path = segment.contains('%');
        let is_secret = previous == "uploads" || segment.len() >= 32;
        if !shape.is_empty() {
            shape.push('/');
        }
        shape.push_str(if is_number || is_path || is_secret {
            ":id"
        } else {
            segment
        });
        previous = segment;
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_one_limit_share_a_family() {
        let name = |method: Method, path: &str| Family::of(&method, path).name;
        assert_eq!(name(Method::POST, "projects/1/export"), "project_export");
        assert_eq!(
            name(Method::POST, "projects/a%2Fb/export"),
            "project_export"
        );
        assert_eq!(
            name(Method::POST, "projects/1/issues/2/notes"),
            "notes_create"
        );
        assert_eq!(
            name(
                Method::POST,
                "projects/1/merge_requests/2/discussions/abc/notes"
            ),
            "notes_create"
        );
        assert_eq!(
            name(Method::GET, "projects/7"),
            name(Method::GET, "projects/a%2Fb")
        );
        assert_ne!(
            name(Method::GET, "projects/7"),
            name(Method::GET, "projects/7/issues")
        );
    }

    #[test]
    fn downloads_of_exports_are_limited_per_project() {
        let family = |path: &str| Family::of(&Method::GET, path);
        assert_ne!(
            family("projects/1/export/download"),
            family("projects/2/export/download")
        );
        assert!(
            !family("projects/1/export/download")
                .limit
                .unwrap()
                .from_start
        );
    }

    #[test]
    fn imports_keep_to_their_limit_from_the_start() {
        let limit = Family::of(&Method::POST, "projects/import").limit.unwrap();
        assert!(limit.from_start);
        assert_eq!(limit.count, 6);
    }
}

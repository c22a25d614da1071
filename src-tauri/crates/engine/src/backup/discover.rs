//! Discover: list the groups and projects that the plan covers. Everything is
//! known by ID, so renames and moves are seen for what they are.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use labkeep_gitlab::rest::{Group, GroupQuery, Kept, Project, ProjectQuery};
use labkeep_gitlab::{AccessLevel, Client, steady};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::decide::Seen;
use crate::kind::{Item, Kind};
use crate::ledger::Ledger;
use crate::pattern::Selection;

/// Parts of a project's or group's own JSON that move without anybody changing
/// a setting.
const VOLATILE: [&str; 9] = [
    "last_activity_at",
    "updated_at",
    "star_count",
    "forks_count",
    "open_issues_count",
    "statistics",
    "description_html",
    "container_expiration_policy",
    "readme_url",
];

/// An item that was found, with what later steps need of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// What decisions are made from.
    pub seen: Seen,
    /// The document as the API gave it; none where it is known to be as before.
    pub settings: Option<String>,
    /// The user's role in it.
    pub role: Option<AccessLevel>,
    /// Public or internal: reading does not depend on a role.
    pub is_open: bool,
    /// Read-only at GitLab.
    pub is_archived: bool,
    /// Known to have no commit.
    pub is_empty: bool,
    /// `sha1` or `sha256`.
    pub object_format: String,
    /// The group that a project lies in.
    pub group: Option<u64>,
    /// The project this one was forked from.
    pub fork_of: Option<u64>,
    /// Bytes on GitLab's disk of those kinds whose size it tells, and only
    /// Reporters and above are told.
    pub sizes: Vec<(Kind, u64)>,
}

/// What exists at GitLab and is not saved by this version, by what it is:
/// how many projects have some and how many bytes, as far as GitLab tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uncovered {
    /// Projects that have some.
    pub projects: u64,
    /// Bytes in all of them.
    pub bytes: u64,
}

/// The sizes in GitLab's statistics that belong to kinds which this version
/// does not save, with the words for them.
pub const UNCOVERED: [(&str, &str); 6] = [
    ("lfs_objects_size", "LFS objects"),
    ("packages_size", "packages"),
    ("container_registry_size", "container images"),
    ("snippets_size", "snippets"),
    ("uploads_size", "uploaded files"),
    ("job_artifacts_size", "job artifacts"),
];

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Groups and projects that the plan covers, by item.
    pub found: BTreeMap<Item, Found>,
    /// Items that exist, but that the plan leaves out.
    pub left_out: u64,
    /// What exists and is not saved, by GitLab's name of its size.
    pub uncovered: BTreeMap<&'static str, Uncovered>,
}

/// Lists everything that the token's user is a member of. An error is an
/// error: half a list would look like deletions.
pub async fn discover(
    client: &Client,
    selection: &Selection,
    previous: &Ledger,
    on_items: impl Fn(u64),
) -> Result<Discovery, labkeep_gitlab::Error> {
    let mut discovery = Discovery::default();
    let groups = || {
        client.groups(GroupQuery {
            min_access_level: Some(AccessLevel::GUEST),
            top_level_only: false,
        })
    };
    for group in steady("groups", groups).await? {
        discovery.add(selection, previous, &group.full_path, || of_group(&group));
    }
    on_items(discovery.found.len() as u64);
    let projects = client.projects(ProjectQuery {
        membership: true,
        min_access_level: None,
        statistics: true,
    });
    pin_mut!(projects);
    while let Some(page) = projects.next().await {
        for project in page?.items {
            let path = project.path_with_namespace.clone();
            let covered = discovery.add(selection, previous, &path, || of_project(&project));
            if covered {
                discovery.count_uncovered(&project);
            }
        }
        on_items(discovery.found.len() as u64);
    }
    Ok(discovery)
}

impl Discovery {
    fn add(
        &mut self,
        selection: &Selection,
        previous: &Ledger,
        path: &str,
        found: impl FnOnce() -> Found,
    ) -> bool {
        if !selection.covers(path) {
            self.left_out += 1;
            return false;
        }
        let mut found = found();
        let before = previous
            .line(found.seen.item, Kind::Settings)
            .and_then(|line| line.mark.as_ref());
        // Ten thousand documents would fill the memory for nothing.
        if before.is_some_and(|mark| mark.settings == found.seen.settings) {
            found.settings = None;
        }
        self.found.insert(found.seen.item, found);
        true
    }

    fn count_uncovered(&mut self, project: &Kept<Project>) {
        #[derive(serde::Deserialize)]
        struct Sizes {
            #[serde(default)]
            statistics: Option<BTreeMap<String, Value>>,
        }
        let sizes = serde_json::from_str::<Sizes>(project.json())
            .ok()
            .and_then(|sizes| sizes.statistics);
        // Only Reporters and above are told.
        let Some(sizes) = sizes else { return };
        for (name, _) in UNCOVERED {
            let bytes = sizes.get(name).and_then(Value::as_u64).unwrap_or(0);
            if bytes > 0 {
                let sum = self.uncovered.entry(name).or_default();
                sum.projects += 1;
                sum.bytes += bytes;
            }
        }
    }
}

/// A group as later steps need it.
pub fn of_group(group: &Kept<Group>) -> Found {
    let document = group.to_value();
    Found {
        seen: Seen {
            item: Item::group(group.id),
            path: group.full_path.clone(),
            last_activity_at: None,
            settings: fingerprint(&document),
            off: Vec::new(),
        },
        settings: Some(group.json().to_owned()),
        role: None,
        is_open: is_open(&document),
        is_archived: false,
        is_empty: false,
        object_format: String::new(),
        group: None,
        fork_of: None,
        sizes: Vec::new(),
    }
}

/// A project as later steps need it, from the list's or its own answer.
pub fn of_project(project: &Kept<Project>) -> Found {
    let document = project.to_value();
    Found {
        seen: Seen {
            item: Item::project(project.id),
            path: project.path_with_namespace.clone(),
            last_activity_at: project.last_activity_at,
            settings: fingerprint(&document),
            off: switched_off(&document),
        },
        settings: Some(project.json().to_owned()),
        role: role(&document),
        is_open: is_open(&document),
        is_archived: project.archived,
        is_empty: project.empty_repo == Some(true),
        object_format: document["repository_object_format"]
            .as_str()
            .unwrap_or("sha1")
            .to_owned(),
        group: project
            .namespace
            .as_ref()
            .filter(|namespace| namespace.kind.as_deref() == Some("group"))
            .map(|namespace| namespace.id),
        fork_of: project.forked_from_project.as_ref().map(|fork| fork.id),
        sizes: sizes(&document),
    }
}

/// The sizes of what is saved, from GitLab's statistics.
fn sizes(document: &Value) -> Vec<(Kind, u64)> {
    [
        (Kind::Repository, "repository_size"),
        (Kind::Wiki, "wiki_size"),
    ]
    .into_iter()
    .filter_map(|(kind, name)| Some((kind, document["statistics"][name].as_u64()?)))
    .filter(|(_, bytes)| *bytes > 0)
    .collect()
}

fn is_open(document: &Value) -> bool {
    matches!(document["visibility"].as_str(), Some("public" | "internal"))
}

/// Kinds whose feature is switched off for everybody (doc/api/projects.md:
/// `*_access_level` is `disabled`, `private` or `enabled`).
fn switched_off(document: &Value) -> Vec<Kind> {
    [
        (Kind::Repository, "repository"),
        (Kind::Wiki, "wiki"),
        (Kind::Issues, "issues"),
        (Kind::MergeRequests, "merge_requests"),
    ]
    .into_iter()
    .filter(|(_, feature)| {
        document[format!("{feature}_access_level")] == "disabled"
            || document[format!("{feature}_enabled")] == false
    })
    .map(|(kind, _)| kind)
    .collect()
}

/// The user's role: the higher of the project's own and the group's.
fn role(document: &Value) -> Option<AccessLevel> {
    ["project_access", "group_access"]
        .into_iter()
        .filter_map(|source| document["permissions"][source]["access_level"].as_u64())
        .filter_map(|level| u8::try_from(level).ok())
        .max()
        .map(AccessLevel::from_number)
}

/// A hash that changes when a setting does, and not when somebody gives a
/// star. Not a secret, only a comparison.
fn fingerprint(document: &Value) -> String {
    let mut settings = document.clone();
    if let Some(object) = settings.as_object_mut() {
        for name in VOLATILE {
            object.remove(name);
        }
    }
    hex::encode(&Sha256::digest(settings.to_string())[..16])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_is_no_change_of_settings() {
        let before = json!({"id": 1, "name": "web", "star_count": 1, "statistics": {"x": 1}});
        let starred = json!({"id": 1, "name": "web", "star_count": 2});
        let renamed = json!({"id": 1, "name": "site", "star_count": 2});
        assert_eq!(fingerprint(&before), fingerprint(&starred));
        assert_ne!(fingerprint(&before), fingerprint(&renamed));
    }

    #[test]
    fn features_that_are_off_are_seen_in_old_and_new_words() {
        let document = json!({
            "wiki_access_level": "disabled",
            "issues_access_level": "private",
            "merge_requests_enabled": false,
        });
        assert_eq!(switched_off(&document), [Kind::Wiki, Kind::MergeRequests]);
    }

    #[test]
    fn the_higher_role_counts() {
        let document = json!({"permissions": {
            "project_access": {"access_level": 30},
            "group_access": {"access_level": 50},
        }});
        assert_eq!(role(&document), Some(AccessLevel::OWNER));
        assert_eq!(
            role(&json!({"permissions": {"project_access": null}})),
            None
        );
    }
}

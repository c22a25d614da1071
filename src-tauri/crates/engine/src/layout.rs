//! Where things lie in a snapshot (format 1): the only place that builds its
//! paths.

use crate::kind::{Item, Kind, Sort};

/// The format that this version writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// Facts about the snapshot: format, versions, account, plan, run.
pub const HEAD: &str = "labkeep.json";
/// The ledger, a line per item and kind.
pub const LEDGER: &str = "ledger.ndjson";
/// People that documents refer to.
pub const USERS: &str = "users.ndjson";

/// The item as the API gives it, inside its folder.
pub const fn settings(sort: Sort) -> &'static str {
    match sort {
        Sort::Group => "group.json",
        Sort::Project => "project.json",
    }
}

/// GitLab's name of the relation document that holds a kind.
pub const fn relation(sort: Sort, kind: Kind) -> Option<&'static str> {
    match (kind, sort) {
        (Kind::Issues, _) => Some("issues"),
        (Kind::MergeRequests, _) => Some("merge_requests"),
        (Kind::Labels, _) => Some("labels"),
        (Kind::Milestones, _) => Some("milestones"),
        (Kind::Members, Sort::Project) => Some("project_members"),
        (Kind::Members, Sort::Group) => Some("members"),
        (Kind::Repository | Kind::Wiki | Kind::Settings, _) => None,
    }
}

/// A relation document inside an item's folder.
pub fn relation_path(relation: &str) -> String {
    format!("relations/{relation}.ndjson")
}

/// What GitLab's export leaves out, inside an item's folder.
pub fn extra_path(name: &str) -> String {
    format!("extra/{name}.ndjson")
}

/// The folder of a git repository inside an item's folder.
pub const fn repository(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Repository => Some("repository"),
        Kind::Wiki => Some("wiki"),
        _ => None,
    }
}

/// The list of refs of a repository folder.
pub fn refs_path(repository: &str) -> String {
    format!("{repository}/refs")
}

/// The `number`th pack of a repository folder, counted from 0.
pub fn pack_path(repository: &str, number: usize) -> String {
    format!("{repository}/packs/{number:06}.pack")
}

/// A path inside an item's folder, from the snapshot's root.
pub fn in_item(item: Item, path: &str) -> String {
    format!("{}/{path}", item.folder())
}

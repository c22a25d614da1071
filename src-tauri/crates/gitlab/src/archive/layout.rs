//! What lies where in a project archive (lib/gitlab/import_export.rb,
//! json/ndjson_reader.rb; seen in archives of 15.3 to 18.9).
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

/// The version of the format. GitLab's importer takes this one only.
pub const VERSION: &str = "0.2.4";
/// The longest document that GitLab reads, in bytes; of a relation's document
/// the line break counts (`MAX_JSON_DOCUMENT_SIZE`).
pub const DOCUMENT_LIMIT: u64 = 50 << 20;
/// The largest avatar that GitLab takes, in bytes (`AvatarUploader`). A larger
/// one makes the whole import fail.
pub(crate) const AVATAR_LIMIT: u64 = 200 << 10;
/// Files that GitLab takes for an avatar (`AvatarUploader`).
pub(crate) const AVATAR_KINDS: [&str; 8] =
    ["png", "jpg", "jpeg", "gif", "bmp", "tiff", "ico", "webp"];

pub(crate) const VERSION_FILE: &str = "VERSION";
pub(crate) const GITLAB_VERSION_FILE: &str = "GITLAB_VERSION";
pub(crate) const GITLAB_REVISION_FILE: &str = "GITLAB_REVISION";
pub(crate) const PROJECT_FILE: &str = "tree/project.json";
pub(crate) const RELATIONS: &str = "tree/project/";
pub(crate) const LFS_FILE: &str = "lfs-objects.json";
pub(crate) const LFS_OBJECTS: &str = "lfs-objects/";
pub(crate) const UPLOADS: &str = "uploads/";
pub(crate) const AVATAR: &str = "avatar/";
pub(crate) const SNIPPETS: &str = "snippets/";

/// Relations that GitLab's importer reads (project/import_export.yml of 19.1,
/// and those of older exports).
pub(crate) const KNOWN_RELATIONS: [&str; 29] = [
    "approval_rules",
    "auto_devops",
    "boards",
    "ci_cd_settings",
    "ci_pipelines",
    "commit_notes",
    "container_expiration_policy",
    "custom_attributes",
    "error_tracking_setting",
    "external_pull_requests",
    "issues",
    "labels",
    "merge_requests",
    "metrics_setting",
    "milestones",
    "pipeline_schedules",
    "project_badges",
    "project_feature",
    "project_members",
    "protected_branches",
    "protected_environments",
    "protected_tags",
    "push_rule",
    "releases",
    "security_setting",
    "service_desk_setting",
    "snippets",
    "user_contributions",
    "vulnerabilities",
];

/// One of the repositories of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repository {
    /// Its code.
    Project,
    /// Its wiki.
    Wiki,
    /// The designs of its issues.
    Design,
}

impl Repository {
    /// The name of its bundle.
    pub fn bundle(self) -> &'static str {
        match self {
            Repository::Project => "project.bundle",
            Repository::Wiki => "project.wiki.bundle",
            Repository::Design => "project.design.bundle",
        }
    }
}

/// The name of a snippet's bundle, by which the importer finds it
/// (app/models/snippet.rb, `hexdigest`). The times are written as Ruby does on a
/// server whose `time_zone` is the default, UTC.
pub fn snippet_bundle_name(
    title: &str,
    description: Option<&str>,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> String {
    let time = |time: Timestamp| {
        let time = time.to_zoned(TimeZone::UTC);
        time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    };
    let text = format!(
        "{title}{}{}{}",
        description.unwrap_or_default(),
        time(created_at),
        time(updated_at)
    );
    format!("{}.bundle", hex::encode(Sha256::digest(text)))
}

/// Whether a text can be the secret of an upload: the importer looks for 10 or
/// 32 hexadecimal digits (`FileUploader::DYNAMIC_PATH_PATTERN`).
pub(crate) fn is_secret(text: &str) -> bool {
    matches!(text.len(), 10 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is a SHA-256 in hexadecimal.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a text can be the name of one file, in no folder.
pub(crate) fn is_file_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= 255
        && !text
            .chars()
            .any(|c| matches!(c, '/' | '\\' | '\0') || c.is_control())
}

/// Whether a text can be the name of a relation.
pub(crate) fn is_relation(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\0",
            "a\nb",
            &"x".repeat(256),
        ] {
            assert!(!is_file_name(name), "{name:?}");
        }
        for name in ["a", "...", "Ünï.png", "a b", ".hidden"] {
            assert!(is_file_name(name), "{name:?}");
        }
        assert!(is_relation("merge_requests") && !is_relation("../project") && !is_relation(""));
        assert!(is_secret(&"0a".repeat(16)) && is_secret("0123456789") && !is_secret("0123"));
        assert!(is_digest(&"0a".repeat(32)) && !is_digest(&"0A".repeat(32)));
    }

    #[test]
    fn a_snippets_bundle_is_named_as_ruby_would() {
        // printf 'TitleText2024-01-02 03:04:05 UTC2024-02-03 04:05:06 UTC' | sha256sum
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let name = snippet_bundle_name(
            "Title",
            Some("Text"),
            at("2024-01-02T03:04:05.678Z"),
            at("2024-02-03T05:05:06+01:00"),
        );
        assert_eq!(
            name,
            "8132556969b35b2141f8ddb3f50569bc5c6f6fdd57c9e9385743c6844a86c34c.bundle"
        );
    }
}

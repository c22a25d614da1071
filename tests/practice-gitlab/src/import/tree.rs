//! Walking the tree of documents: relation by relation, line by line. A bad
//! document lands in `failed_relations`; a line that is no JSON ends the import
//! (facts of `json/ndjson_reader.rb`, `relation_tree_restorer.rb`).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::failure::Unfit;
use super::fields::Document;
use super::{Import, ImportError};
use crate::model::World;

const INVALID: ImportError = ImportError::Tree {
    what: "Invalid file",
};
const NO_JSON: ImportError = ImportError::Tree {
    what: "Incorrect JSON format",
};

/// Relations whose documents have no part of the API here, in GitLab's order.
/// They are kept as they are and exported again.
pub const CARRIED: [&str; 19] = [
    "snippets",
    "releases",
    "external_pull_requests",
    "commit_notes",
    "ci_pipelines",
    "auto_devops",
    "pipeline_schedules",
    "container_expiration_policy",
    "custom_attributes",
    "project_badges",
    "error_tracking_setting",
    "boards",
    "service_desk_setting",
    "user_contributions",
    "protected_environments",
    "security_setting",
    "push_rule",
    "approval_rules",
    "vulnerabilities",
];

/// `tree/project.json`.
pub fn attributes(folder: &Path) -> Result<Document, ImportError> {
    let path = folder.join("tree").join("project.json");
    if !path.is_file() {
        return Err(INVALID);
    }
    match serde_json::from_slice(&std::fs::read(path)?) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) | Err(_) => Err(NO_JSON),
    }
}

fn file(folder: &Path, relation: &str) -> PathBuf {
    folder
        .join("tree")
        .join("project")
        .join(format!("{relation}.ndjson"))
}

/// The lines of a relation, one by one; none when there is no file. `null` lines
/// are skipped.
fn lines(
    folder: &Path,
    relation: &str,
) -> Result<impl Iterator<Item = Result<(Document, u64), ImportError>>, ImportError> {
    let path = file(folder, relation);
    let reader = if path.is_file() {
        Some(BufReader::new(File::open(path)?))
    } else {
        None
    };
    // Split as bytes: a line that is not UTF-8 is bad JSON, not a bad file.
    let lines = reader
        .into_iter()
        .flat_map(|reader| reader.split(b'\n'))
        .zip(0..);
    Ok(lines.filter_map(|(line, number)| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error.into())),
        };
        match serde_json::from_slice(&line) {
            Ok(Value::Object(document)) => Some(Ok((document, number))),
            Ok(_) => None,
            Err(_) => Some(Err(NO_JSON)),
        }
    }))
}

/// All documents of a relation with their line numbers.
pub fn documents(folder: &Path, relation: &str) -> Result<Vec<(Document, u64)>, ImportError> {
    lines(folder, relation)?.collect()
}

/// Restores one relation; `restore` puts a document into the world.
pub fn restore_relation(
    import: &Import<'_>,
    folder: &Path,
    relation: &str,
    mut restore: impl FnMut(&mut World, &Document) -> Result<(), Unfit>,
) -> Result<(), ImportError> {
    for line in lines(folder, relation)? {
        let (document, number) = line?;
        let mut world = import.server.write();
        if let Err(unfit) = restore(&mut world, &document) {
            let now = import.server.clock.now();
            unfit.record(&mut world, import.project, relation, number, now);
        }
    }
    Ok(())
}

/// Restores all relations.
pub fn restore(import: &Import<'_>, folder: &Path) -> Result<(), ImportError> {
    restore_relation(import, folder, "labels", |world, document| {
        import.label(world, document).map(|_| ())
    })?;
    restore_relation(import, folder, "milestones", |world, document| {
        import.milestone(world, document).map(|_| ())
    })?;
    restore_relation(import, folder, "issues", |world, document| {
        import.issue(world, document)
    })?;
    import.merge_requests(folder, false)?;
    restore_relation(import, folder, "protected_branches", |world, document| {
        import.protected_branch(world, document)
    })?;
    restore_relation(import, folder, "protected_tags", |world, document| {
        import.protected_tag(world, document)
    })?;
    restore_relation(import, folder, "project_feature", |world, document| {
        import.features(world, document);
        Ok(())
    })?;
    restore_relation(import, folder, "ci_cd_settings", |world, document| {
        import.ci_cd(world, document);
        Ok(())
    })?;
    for relation in CARRIED {
        restore_relation(import, folder, relation, |world, document| {
            import.carry(world, relation, document);
            Ok(())
        })?;
    }
    Ok(())
}

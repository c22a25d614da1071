//! The archive that GitLab imports, made of a project's material.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Error as IoError};
use std::path::Path;

use labkeep_gitlab::archive::{ArchiveBuilder, ArchiveFacts, ArchiveVersions, Repository as Place};
use labkeep_gitlab::documents;
use serde_json::Value;

use super::authors::members;
use super::error::RestoreError;
use super::material::{Material, Repository};
use super::text::name_author;
use crate::capture::People;

/// The relation by which an import knows people.
const MEMBERS: &str = "project_members";

/// How an archive is to be made.
#[derive(Clone, Debug, Default)]
pub struct ArchiveWish {
    /// GitLab's version that the documents come from.
    pub gitlab_version: Option<String>,
    /// E-mail addresses by which the import finds users again, by their number
    /// in the snapshot: only an administrator's does.
    pub addresses: BTreeMap<u64, String>,
    /// The user who imports.
    pub importer: Option<u64>,
    /// The same user in the snapshot, if it is of this GitLab; whose own texts
    /// need no author's name.
    pub own_author: Option<u64>,
    /// Whether texts name their authors where GitLab would not.
    pub names_authors: bool,
}

/// Builds the archive at `into`. Blocking.
pub fn build(
    material: &Material,
    people: &People,
    wish: &ArchiveWish,
    scratch: &Path,
    into: &Path,
) -> Result<ArchiveFacts, RestoreError> {
    let versions = ArchiveVersions {
        gitlab: wish
            .gitlab_version
            .clone()
            .unwrap_or_else(|| "18.0.0-ee".to_owned()),
        revision: None,
    };
    let mut archive = ArchiveBuilder::new(&versions, scratch);
    let project = documents::project(&material.project);
    archive.project(&project.as_object().cloned().unwrap_or_default())?;
    for (name, document) in [
        (
            "project_feature",
            documents::project_feature(&material.project),
        ),
        (
            "ci_cd_settings",
            documents::ci_cd_settings(&material.project),
        ),
    ] {
        if document
            .as_object()
            .is_some_and(|object| !object.is_empty())
        {
            archive.relation(name, [Ok::<_, IoError>(document.to_string())])?;
        }
    }
    let mapped: BTreeSet<u64> = wish
        .addresses
        .keys()
        .copied()
        .chain(wish.own_author)
        .collect();
    for relation in material.relations.keys().copied() {
        if relation == MEMBERS {
            continue;
        }
        if wish.names_authors && matches!(relation, "issues" | "merge_requests") {
            let lines = material
                .documents(relation)?
                .map(|document| document.map(|document| named(document, people, wish, &mapped)));
            // A line that cannot be read ends the archive; which one it was
            // must not get lost on the way through the builder.
            let mut broken = None;
            let lines = lines.map_while(|line| match line {
                Ok(line) => Some(Ok::<_, IoError>(line)),
                Err(error) => {
                    broken = Some(error);
                    None
                }
            });
            archive.relation(relation, lines)?;
            if let Some(error) = broken {
                return Err(error);
            }
        } else if let Some(path) = material.relations.get(relation) {
            let file = File::open(path).map_err(RestoreError::file(path))?;
            archive.relation_from(relation, BufReader::new(file))?;
        }
    }
    let members = members(material, &wish.addresses)?;
    archive.relation(MEMBERS, members.into_iter().map(Ok::<_, IoError>))?;
    add(&mut archive, Place::Project, material.repository.as_ref())?;
    add(&mut archive, Place::Wiki, material.wiki.as_ref())?;
    Ok(archive.finish(into)?)
}

fn add(
    archive: &mut ArchiveBuilder,
    place: Place,
    repository: Option<&Repository>,
) -> Result<(), RestoreError> {
    let Some(repository) = repository else {
        return Ok(());
    };
    let (refs, head) = repository.for_import();
    archive.repository(place, &refs, head.as_ref(), &repository.packs)?;
    Ok(())
}

fn named(
    mut document: Value,
    people: &People,
    wish: &ArchiveWish,
    mapped: &BTreeSet<u64>,
) -> String {
    let author = document["author_id"].as_u64();
    if let Some(author) = author.filter(|author| !mapped.contains(author)) {
        if let Some(person) = people.get(author) {
            name_author(&mut document, &person);
        } else {
            tracing::debug!(author, importer = ?wish.importer, "the author is not known by name");
        }
    }
    document.to_string()
}

//! Import of a project archive (doc/api/project_import_export.md).
use std::path::Path;

use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::rest::Id;
use crate::upload::UploadFile;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// There is none.
    None,
    /// It waits for its turn.
    Scheduled,
    /// It is under way.
    Started,
    /// It is done; single documents may still have failed.
    Finished,
    /// It failed as a whole.
    Failed,
    /// A state that is unknown here.
    #[serde(other)]
    Other,
}

/// A document that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FailedRelation {
    /// For example `issues`.
    #[serde(default)]
    pub relation_name: Option<String>,
    /// The line in that relation's file, from 0.
    #[serde(default)]
    pub line_number: Option<u64>,
    /// The kind of error.
    #[serde(default)]
    pub exception_class: Option<String>,
    /// GitLab's sentence.
    #[serde(default)]
    pub exception_message: Option<String>,
    /// Where in GitLab it happened.
    #[serde(default)]
    pub source: Option<String>,
}

/// The state of an import.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImportStatus {
    /// The new project.
    pub id: u64,
    /// Its full path.
    #[serde(default)]
    pub path_with_namespace: Option<String>,
    /// How far it is.
    pub import_status: ImportState,
    /// Why it failed.
    #[serde(default)]
    pub import_error: Option<String>,
    /// At most 100 documents that failed.
    #[serde(default)]
    pub failed_relations: Vec<FailedRelation>,
    /// To find it in GitLab's logs.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// An archive to be imported as a new project.
#[derive(Debug, Clone, Copy)]
pub struct NewImport<'a> {
    /// The last segment of the new full path.
    pub path: &'a str,
    /// The name; the path without it.
    pub name: Option<&'a str>,
    /// The group it is to lie in; the user's own space without it.
    pub namespace: Option<&'a str>,
    /// The archive.
    pub archive: &'a Path,
    /// Its size in bytes.
    pub size: u64,
    /// Settings that replace those of the archive, for example
    /// `("visibility", "private")`.
    pub overrides: &'a [(&'a str, &'a str)],
}

/// One relation of an archive that is imported into a project that exists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RelationImport {
    /// GitLab's number of it.
    pub id: u64,
    /// For example `issues`.
    pub relation: String,
    /// `created`, `started`, `finished` or `failed`.
    pub status: String,
}

impl Client {
    /// Uploads an archive and asks for the import of one relation (`issues`,
    /// `milestones`, `merge_requests` or `ci_pipelines`) into the project at
    /// `full_path`. What is there already, by its number, is left alone. One at
    /// a time (17.1 and later).
    pub async fn import_relation(
        &self,
        full_path: &str,
        relation: &str,
        archive: &Path,
        size: u64,
    ) -> Result<RelationImport, Error> {
        let file = UploadFile {
            field: "file",
            file_name: "project.tar.gz",
            path: archive,
            size,
            content_type: "application/gzip",
        };
        let fields = [("path", full_path), ("relation", relation)];
        self.upload("projects/import-relation", &fields, file).await
    }

    /// How far the imports of single relations are.
    pub async fn relation_imports(&self, project: u64) -> Result<Vec<RelationImport>, Error> {
        self.get(&format!("projects/{project}/relation-imports"), &[])
            .await
    }

    /// Uploads an archive and asks for its import (six a minute). Never
    /// overwrites: a path that is taken is an error.
    pub async fn import_project(&self, import: NewImport<'_>) -> Result<ImportStatus, Error> {
        let overrides: Vec<(String, &str)> = import
            .overrides
            .iter()
            .map(|(name, value)| (format!("override_params[{name}]"), *value))
            .collect();
        let mut fields = vec![("path", import.path)];
        if let Some(name) = import.name {
            fields.push(("name", name));
        }
        if let Some(namespace) = import.namespace {
            fields.push(("namespace", namespace));
        }
        fields.extend(
            overrides
                .iter()
                .map(|(name, value)| (name.as_str(), *value)),
        );
        let file = UploadFile {
            field: "file",
            file_name: "project.tar.gz",
            path: import.archive,
            size: import.size,
            content_type: "application/gzip",
        };
        self.upload("projects/import", &fields, file).await
    }

    /// How far an import is.
    pub async fn project_import<'a>(
        &self,
        project: impl Into<Id<'a>>,
    ) -> Result<ImportStatus, Error> {
        self.get(&format!("projects/{}/import", project.into()), &[])
            .await
    }
}

//! Export of a whole project as one archive (doc/api/project_import_export.md).
use std::path::Path;

use serde::Deserialize;

use crate::client::Client;
use crate::download::Downloaded;
use crate::error::Error;

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// There is none.
    None,
    /// It waits for its turn.
    Queued,
    /// It is being made.
    Started,
    /// It can be downloaded, for 24 hours.
    Finished,
    /// There is one, and a newer one is being made.
    RegenerationInProgress,
    /// A state that is unknown here.
    #[serde(other)]
    Other,
}

/// The state of a project's export.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProjectExport {
    /// The project.
    pub id: u64,
    /// How far it is.
    pub export_status: ExportState,
}

impl Client {
    /// Asks for an export (Maintainer; six a minute).
    pub async fn start_project_export(&self, project: u64) -> Result<(), Error> {
        let path = format!("projects/{project}/export");
        self.post_unanswered(&path, &serde_json::json!({})).await
    }

    /// How far the export is.
    pub async fn project_export(&self, project: u64) -> Result<ProjectExport, Error> {
        self.get(&format!("projects/{project}/export"), &[]).await
    }

    /// Downloads a finished export (once a minute).
    pub async fn download_project_export(
        &self,
        project: u64,
        into: &Path,
    ) -> Result<Downloaded, Error> {
        self.download_to(&format!("projects/{project}/export/download"), &[], into)
            .await
    }
}

//! Imports and exports of a project: what was asked for and how far it came.

use std::path::PathBuf;

use jiff::Timestamp;

/// How far an import came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportStatus {
    /// The project was not imported.
    #[default]
    None,
    /// Waiting.
    Scheduled,
    /// Under way.
    Started,
    /// Done, perhaps with failed relations.
    Finished,
    /// Given up.
    Failed,
}

impl ImportStatus {
    /// The word REST uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Scheduled => "scheduled",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

/// One document that could not be imported.
#[derive(Debug, Clone)]
pub struct FailedRelation {
    /// Number, unique in the instance.
    pub id: u64,
    /// When.
    pub created_at: Timestamp,
    /// Ruby's name for the error.
    pub exception_class: String,
    /// Its text.
    pub exception_message: String,
    /// Where in the importer.
    pub source: String,
    /// Which relation.
    pub relation_name: String,
    /// Which line of it, from 0.
    pub line_number: u64,
}

/// The import a project came from.
#[derive(Debug, Clone, Default)]
pub struct ImportState {
    /// How far it came.
    pub status: ImportStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// What it left out.
    pub failures: Vec<FailedRelation>,
    /// The request that asked for it.
    pub correlation_id: Option<String>,
}

/// How far an export came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportStatus {
    /// Waiting.
    Queued,
    /// Under way.
    Started,
    /// There to download.
    Finished,
    /// Under way while an older one is there.
    Regenerating,
    /// Given up; REST shows `none`.
    Failed,
}

impl ExportStatus {
    /// The word REST uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Regenerating => "regeneration_in_progress",
            Self::Failed => "none",
        }
    }
}

/// An export of one project for one user.
#[derive(Debug, Clone)]
pub struct Export {
    /// How far it came.
    pub status: ExportStatus,
    /// The archive, once there.
    pub file: Option<PathBuf>,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
}

/// One batch of an exported relation.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Number from 1.
    pub number: u64,
    /// Documents in it.
    pub objects: u64,
    /// The compressed file.
    pub file: PathBuf,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// One exported relation.
#[derive(Debug, Clone)]
pub struct RelationExport {
    /// Which.
    pub relation: String,
    /// Finished, or still under way.
    pub finished: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// When this changed last.
    pub updated_at: Timestamp,
    /// Whether batches were asked for.
    pub batched: bool,
    /// The batches; one that holds everything when not batched.
    pub batches: Vec<Batch>,
}

/// An import of one relation into an existing project.
#[derive(Debug, Clone)]
pub struct RelationImport {
    /// Number, unique in the instance.
    pub id: u64,
    /// Which relation.
    pub relation: String,
    /// `created`, `started`, `finished` or `failed`.
    pub status: &'static str,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When this changed last.
    pub updated_at: Timestamp,
}

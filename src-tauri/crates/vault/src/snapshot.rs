//! What a snapshot says about itself, without looking into it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustic_core::StringList;
use rustic_core::repofile::SnapshotFile;

use crate::error::{Error, Result};
use crate::id::SnapshotId;
use crate::writer::WriteStart;

/// Before a run's name in a snapshot's tags, where any restic client shows it.
const RUN: &str = "run:";
/// Before the time of capture in a snapshot's tags; only there when it is not
/// the snapshot's own time.
const CAPTURED: &str = "captured:";

/// What a snapshot says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// Its name.
    pub id: SnapshotId,
    /// When the run that wrote it started.
    pub time: Timestamp,
    /// The plan's label.
    pub plan: String,
    /// The machine that wrote it.
    pub host: String,
    /// Tags given by the caller.
    pub tags: Vec<String>,
    /// The run that wrote it.
    pub run: Option<String>,
    /// The snapshot that unchanged pieces were taken from.
    pub parent: Option<SnapshotId>,
    /// Bytes of all its files.
    pub bytes_processed: u64,
    /// Bytes that were new to the vault, before compression.
    pub bytes_added: u64,
    /// Bytes that were added to the vault, compressed.
    pub bytes_stored: u64,
    /// Files.
    pub files: u64,
}

impl SnapshotFacts {
    pub(crate) fn of(file: &SnapshotFile) -> Self {
        let summary = file.summary.as_ref();
        Self {
            id: SnapshotId::from_rustic(*file.id),
            time: file.time.timestamp(),
            plan: file.label.clone(),
            host: file.hostname.clone(),
            tags: file
                .tags
                .iter()
                .filter(|tag| !tag.starts_with(RUN) && !tag.starts_with(CAPTURED))
                .cloned()
                .collect(),
            run: file
                .tags
                .iter()
                .find_map(|tag| tag.strip_prefix(RUN))
                .map(ToOwned::to_owned),
            parent: file.parent.map(|id| SnapshotId::from_rustic(*id)),
            bytes_processed: summary.map_or(0, |s| s.total_bytes_processed),
            bytes_added: summary.map_or(0, |s| s.data_added),
            bytes_stored: summary.map_or(0, |s| s.data_added_packed),
            files: summary.map_or(0, |s| s.total_files_processed),
        }
    }
}

/// The time that captured pieces of a snapshot carry.
pub(crate) fn captured(file: &SnapshotFile) -> Timestamp {
    file.tags
        .iter()
        .find_map(|tag| tag.strip_prefix(CAPTURED)?.parse().ok())
        .unwrap_or_else(|| file.time.timestamp())
}

/// The file of a snapshot that is about to be written.
pub(crate) fn draft(start: WriteStart, captured: Timestamp) -> Result<SnapshotFile> {
    let mut tags = StringList::default();
    for tag in start
        .tags
        .into_iter()
        .chain([format!("{RUN}{}", start.run)])
    {
        if tag.trim().is_empty() || tag.contains(',') {
            return Err(Error::InvalidTag { tag });
        }
        tags.add(tag);
    }
    if captured != start.time {
        tags.add(format!("{CAPTURED}{captured}"));
    }
    Ok(SnapshotFile {
        time: start.time.to_zoned(TimeZone::UTC),
        program_version: concat!("labkeep ", env!("CARGO_PKG_VERSION")).to_owned(),
        label: start.plan,
        hostname: start.host,
        tags,
        ..SnapshotFile::default()
    })
}

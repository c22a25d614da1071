//! The drill of a group: its documents are read back from the vault and parsed
//! as a restore would read them, and their counts are those of the ledger. A
//! group has nothing to be rebuilt beside them.

use std::collections::BTreeSet;

use labkeep_gitlab::rest::{Group, Member};
use labkeep_vault::SnapshotReader;
use serde_json::Value;

use super::{DrillReport, note_missing};
use crate::kind::{Item, Kind};
use crate::layout;
use crate::ledger::{Ledger, Line};
use crate::restore::{RestoreError, WITH_ACCESS, read_lines};

/// Reads everything of a group back and checks it. Blocking.
pub fn drill_group(
    reader: &SnapshotReader,
    ledger: &Ledger,
    item: Item,
) -> Result<DrillReport, RestoreError> {
    let lines: Vec<Line> = ledger.of(item).cloned().collect();
    if lines.is_empty() {
        return Err(RestoreError::NotInSnapshot {
            item: item.folder(),
        });
    }
    let mut report = DrillReport::default();
    note_missing(&lines, &mut report);
    for line in lines.iter().filter(|line| !line.pieces.is_empty()) {
        Documents { reader, line }.check(&mut report)?;
    }
    Ok(report)
}

/// The documents of one kind of a group.
struct Documents<'a> {
    reader: &'a SnapshotReader,
    line: &'a Line,
}

impl Documents<'_> {
    fn check(&self, report: &mut DrillReport) -> Result<(), RestoreError> {
        let words = self.line.kind.words();
        let before = report.bad.len();
        for piece in &self.line.pieces {
            let read = self.text(&piece.path)?.len() as u64;
            if read != piece.size {
                report.bad.push(format!(
                    "{words}: {} has {read} bytes, where the ledger says {}.",
                    piece.path, piece.size
                ));
            }
        }
        let count = match self.line.kind {
            Kind::Settings => self.settings(report)?,
            Kind::Members => self.members(report)?,
            _ => self.relation(report)?,
        };
        match self.line.count {
            Some(expected) if expected != count => report.bad.push(format!(
                "{words}: {count} documents, where the ledger says {expected}."
            )),
            _ if report.bad.len() == before => report
                .good
                .push(format!("{words}: {count} documents, all readable.")),
            _ => {}
        }
        Ok(())
    }

    /// The group as the API gave it.
    fn settings(&self, report: &mut DrillReport) -> Result<u64, RestoreError> {
        let path = layout::settings(self.line.sort);
        let text = self.text(path)?;
        let group: Group = serde_json::from_slice(&text).map_err(|source| {
            let path = layout::in_item(self.line.item(), path);
            RestoreError::Document {
                path,
                line: 1,
                source,
            }
        })?;
        if group.id != self.line.id {
            report
                .bad
                .push(format!("settings: they are of the group {}.", group.id));
        }
        Ok(1)
    }

    /// The group's own members, and everybody with access.
    fn members(&self, report: &mut DrillReport) -> Result<u64, RestoreError> {
        self.relation(report)?;
        let path = layout::extra_path(WITH_ACCESS);
        let members: Vec<Member> = read_lines(&path, &self.text(&path)?)?;
        Ok(members.len() as u64)
    }

    /// A relation document, in which each thing is once.
    fn relation(&self, report: &mut DrillReport) -> Result<u64, RestoreError> {
        let Some(relation) = layout::relation(self.line.sort, self.line.kind) else {
            return Ok(0);
        };
        let path = layout::relation_path(relation);
        let documents: Vec<Value> = read_lines(&path, &self.text(&path)?)?;
        let words = self.line.kind.words();
        let mut seen = BTreeSet::new();
        for document in &documents {
            let Some(name) = name_of(self.line.kind, document) else {
                report
                    .bad
                    .push(format!("{words}: a document does not say what it is of."));
                continue;
            };
            if !seen.insert(name.clone()) {
                report.bad.push(format!("{words}: {name} is there twice."));
            }
        }
        Ok(documents.len() as u64)
    }

    fn text(&self, path: &str) -> Result<Vec<u8>, RestoreError> {
        let path = layout::in_item(self.line.item(), path);
        let text = self.reader.read(&path)?;
        text.ok_or(RestoreError::Missing { path })
    }
}

/// What a restore would know a document by.
fn name_of(kind: Kind, document: &Value) -> Option<String> {
    match kind {
        Kind::Labels => document["title"].as_str().map(ToOwned::to_owned),
        Kind::Milestones => document["iid"].as_u64().map(|iid| iid.to_string()),
        Kind::Members => document["user_id"].as_u64().map(|user| user.to_string()),
        _ => None,
    }
}

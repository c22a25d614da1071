//! Documents of issues or merge requests on their way: what did not change is
//! taken from the previous snapshot, the rest is read anew, from the relations
//! export where that pays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_gitlab::rest::{Issue, MergeRequest};
use serde_json::Value;

use super::context::Context;
use super::document_file::DocumentFile;
use super::got::Trouble;
use super::previous::Previous;
use super::relations::RelationsExport;
use crate::backup::discover::Found;
use crate::guard::Turnover;
use crate::kind::Kind;
use crate::layout;

/// An issue or merge request in a list.
pub trait Listed {
    /// What its number is written with.
    const SIGIL: char;
    /// What it is.
    const KIND: Kind;

    /// The number in the project.
    fn iid(&self) -> u64;
    /// When it changed last.
    fn updated_at(&self) -> Timestamp;
}

impl Listed for Issue {
    const SIGIL: char = '#';
    const KIND: Kind = Kind::Issues;

    fn iid(&self) -> u64 {
        self.iid
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Listed for MergeRequest {
    const SIGIL: char = '!';
    const KIND: Kind = Kind::MergeRequests;

    fn iid(&self) -> u64 {
        self.iid
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

/// The documents so far, and what is still to be read.
#[derive(Debug)]
pub struct Assembly {
    /// The documents that are done.
    pub documents: DocumentFile,
    /// Numbers of what changed.
    pub changed: Vec<u64>,
    /// What is gone since the previous version, if there is one.
    pub turnover: Option<Turnover>,
    exported: Option<DocumentFile>,
}

impl Assembly {
    /// Sorts out what changed. `head` makes the document of a thing from its
    /// list entry alone.
    pub async fn begin<T: Listed>(
        context: &Context,
        found: &Found,
        relation: &str,
        listed: &BTreeMap<u64, T>,
        head: impl Fn(&T) -> Value,
        export: &RelationsExport,
    ) -> Result<Self, Trouble> {
        let path = layout::relation_path(relation);
        let mut before = Previous::read(context, found.seen.item, &path).await?;
        let mut documents = DocumentFile::new(&context.scratch)?;
        let mut changed = Vec::new();
        for thing in listed.values() {
            match before.unchanged(thing.iid(), thing.updated_at())? {
                Some(document) => {
                    documents.put(thing.iid(), &with_parts_of(document, &head(thing)))?;
                }
                None => changed.push(thing.iid()),
            }
        }
        let now: BTreeSet<u64> = listed.keys().copied().collect();
        let named = |before| Turnover::of(&before, &now, |iid| format!("{}{iid}", T::SIGIL));
        let turnover = match before.numbers() {
            Some(before) => Some(named(before)),
            None => match context.distrusted_line(found.seen.item, T::KIND) {
                None => None,
                Some(line) => match Previous::distrusted(context, found.seen.item, &path).await {
                    Some(before) => Some(named(before)),
                    None => line
                        .count
                        .map(|before| Turnover::by_number(before, now.len() as u64)),
                },
            },
        };
        let exported = if export.is_worth_it(changed.len()) {
            export.read(context, found, relation).await?
        } else {
            None
        };
        Ok(Self {
            documents,
            changed,
            turnover,
            exported,
        })
    }

    /// Whether the documents come from the relations export.
    pub const fn is_exported(&self) -> bool {
        self.exported.is_some()
    }

    /// Numbers of what the export brought.
    pub fn in_export(&self) -> BTreeSet<u64> {
        self.exported
            .as_ref()
            .map(DocumentFile::numbers)
            .unwrap_or_default()
    }

    /// Takes a document from the export.
    pub fn take_exported(&mut self, iid: u64) -> Result<(), Trouble> {
        let document = match self.exported.as_mut() {
            Some(exported) => exported.get(iid)?,
            None => None,
        };
        match document {
            Some(document) => self.documents.put(iid, &document),
            None => Err(Trouble::Bug {
                message: format!("document {iid} is not in the export after all"),
            }),
        }
    }
}

/// The earlier document with today's labels and milestone, which can change
/// without the issue changing.
fn with_parts_of(mut document: Value, head: &Value) -> Value {
    if let (Some(object), Some(head)) = (document.as_object_mut(), head.as_object()) {
        for part in ["label_links", "milestone"] {
            match head.get(part) {
                Some(value) => object.insert(part.to_owned(), value.clone()),
                None => object.remove(part),
            };
        }
    }
    document.sort_all_objects();
    document
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_renamed_label_shows_in_an_issue_that_did_not_change() {
        let before = json!({"iid": 1, "notes": [{"note": "a"}],
            "label_links": [{"label": {"title": "old"}}], "milestone": {"title": "1.0"}});
        let head = json!({"iid": 1, "label_links": [{"label": {"title": "new"}}]});
        let merged = with_parts_of(before, &head);
        assert_eq!(merged["label_links"][0]["label"]["title"], "new");
        assert_eq!(merged["notes"][0]["note"], "a");
        assert!(merged.get("milestone").is_none());
    }
}

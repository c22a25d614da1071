//! The documents of the previous snapshot, to keep those that did not change.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::context::Context;
use super::document_file::DocumentFile;
use super::got::Trouble;
use crate::backup::decide::Depth;
use crate::kind::Item;

/// Documents of one relation by their number in the project.
#[derive(Debug)]
pub struct Previous {
    documents: Option<DocumentFile>,
    is_trusted: bool,
}

impl Previous {
    /// Reads the relation from the previous snapshot, if there is one.
    pub async fn read(context: &Context, item: Item, path: &str) -> Result<Self, Trouble> {
        let documents = match context.before(item, path).await? {
            Some(text) => Some(DocumentFile::read(&context.scratch, &text, number)?),
            None => None,
        };
        Ok(Self {
            documents,
            is_trusted: context.depth == Depth::Quick,
        })
    }

    /// The numbers of the documents of an item that is distrusted, to be
    /// compared with. None if they cannot be read.
    pub async fn distrusted(context: &Context, item: Item, path: &str) -> Option<BTreeSet<u64>> {
        let text = context.distrusted_piece(item, path).await?;
        let documents = DocumentFile::read(&context.scratch, &text, number);
        let documents = documents.inspect_err(|error| {
            tracing::warn!(path, %error, "what is gone of it is only counted");
        });
        Some(documents.ok()?.numbers())
    }

    /// The document, if it was made from the same state of the thing. A
    /// thorough run trusts no mark and gets none.
    pub fn unchanged(&mut self, iid: u64, updated_at: Timestamp) -> Result<Option<Value>, Trouble> {
        if !self.is_trusted {
            return Ok(None);
        }
        let document = self.get(iid)?;
        Ok(document.filter(|document| {
            document["updated_at"]
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
                .is_some_and(|before| before.as_millisecond() == updated_at.as_millisecond())
        }))
    }

    /// The numbers of all documents; none without a previous snapshot of them.
    pub fn numbers(&self) -> Option<BTreeSet<u64>> {
        self.documents.as_ref().map(DocumentFile::numbers)
    }

    /// The document with this number.
    pub fn get(&mut self, iid: u64) -> Result<Option<Value>, Trouble> {
        match self.documents.as_mut() {
            Some(documents) => documents.get(iid),
            None => Ok(None),
        }
    }
}

fn number(document: &Value) -> Option<u64> {
    document["iid"].as_u64()
}

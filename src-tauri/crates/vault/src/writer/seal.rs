//! Turning what was written into a snapshot.
//!
//! In this order, and not further if anything differs: what was expected is
//! what was written; the root documents are archived on top of the finished
//! folders; the whole tree is read back from the storage and compared; all
//! names are made durable; the snapshot file is let through; it is read back.
//! So a snapshot that can be seen has been checked already.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::Arc;

use rustic_core::repofile::{Node, SnapshotFile};
use rustic_core::{BackupOptions, FileType, Id, TreeId};

use super::book::Book;
use super::piece::{Content, Expected, Piece, WrittenPiece};
use super::source::Root;
use super::{Archived, Shared, compare, path, readback};
use crate::backend::{FixedBackend, path_of};
use crate::error::{Error, PathProblem, Result};
use crate::guard::{guarded, library};
use crate::id::SnapshotId;
use crate::snapshot::SnapshotFacts;
use crate::veto::{Difference, Veto};

/// Everything is in the vault, but there is no snapshot yet.
///
/// Dropping it ends without a snapshot.
#[derive(Debug)]
pub struct Written {
    archived: Archived,
    shared: Arc<Shared>,
    pieces: Vec<WrittenPiece>,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Bytes of all pieces.
    pub bytes_processed: u64,
    /// Bytes that were new to the vault, before compression.
    pub bytes_added: u64,
    /// Bytes that were added to the vault, compressed.
    pub bytes_stored: u64,
    /// Pieces that were read.
    pub captured: u64,
    /// Pieces that were taken over from the parent.
    pub as_before: u64,
}

impl Written {
    pub(super) fn new(archived: Archived, shared: Arc<Shared>, pieces: Vec<WrittenPiece>) -> Self {
        Self {
            archived,
            shared,
            pieces,
        }
    }

    /// What was written, in the order of the snapshot.
    pub fn pieces(&self) -> &[WrittenPiece] {
        &self.pieces
    }

    /// How much was written.
    pub fn stats(&self) -> WriteStats {
        let summary = self.archived.snapshot.summary.as_ref();
        let as_before = self.pieces.iter().filter(|piece| piece.as_before).count() as u64;
        WriteStats {
            bytes_processed: self.pieces.iter().map(|piece| piece.size).sum(),
            bytes_added: summary.map_or(0, |s| s.data_added),
            bytes_stored: summary.map_or(0, |s| s.data_added_packed),
            captured: self.pieces.len() as u64 - as_before,
            as_before,
        }
    }

    /// Saves the snapshot with the documents at its root, if what was written
    /// is exactly what was expected and can be read back.
    ///
    /// `expected` names every piece; it may name the documents, too. Blocking.
    pub fn seal(self, documents: Vec<Piece>, expected: &[Expected]) -> Result<SnapshotFacts> {
        guarded("saving the snapshot", || self.seal_now(documents, expected))
    }

    fn seal_now(mut self, documents: Vec<Piece>, expected: &[Expected]) -> Result<SnapshotFacts> {
        for document in &documents {
            check_document(document)?;
        }
        let documents_written: Vec<_> = documents
            .iter()
            .map(|document| WrittenPiece {
                path: document.path.clone(),
                size: document.content.size(),
                as_before: false,
            })
            .collect();
        let written = merge(std::mem::take(&mut self.pieces), documents_written)?;
        compare_with(expected, &written)?;

        let snapshot = self.add_documents(documents)?;
        let tree = snapshot.tree;
        readback::verify(&self.archived.vault, tree, &written)?;
        self.save(snapshot, tree, written.len() as u64)
    }

    /// Archives the root: the finished folders, and the documents.
    fn add_documents(&self, documents: Vec<Piece>) -> Result<SnapshotFile> {
        let folders = self.root_folders()?;
        let grafted = folders.len() as u64;
        let book = Arc::new(Book::new(Arc::clone(&self.shared.trouble)));
        let root = Root::new(folders, documents, &book, self.archived.captured);
        book.end();
        let mut options = BackupOptions::default();
        options.no_scan = true;
        options.parent_opts.force = true;
        let draft = self.archived.snapshot.clone();
        let started = draft.summary.as_ref().map(|s| s.backup_start.clone());
        let result = self
            .archived
            .view
            .archive(&options, &root, draft, &[PathBuf::from("/")]);
        book.balance()?;
        let mut snapshot = result.map_err(|e| library("saving the snapshot", e))?;
        if self.shared.session.held_back() != 2 {
            return Err(Error::Vetoed(Veto::OutOfTurn));
        }
        if let (Some(summary), Some(started)) = (&mut snapshot.summary, started) {
            summary.backup_start = started;
            summary.files_new = summary.files_new.saturating_sub(grafted);
        }
        Ok(snapshot)
    }

    /// The folders that the pieces made.
    fn root_folders(&self) -> Result<Vec<Node>> {
        let tree = self.archived.snapshot.tree;
        let indexes = self.shared.session.indexes();
        let fresh = Arc::new(FixedBackend::with_indexes(
            self.archived.vault.backend(),
            indexes,
        ));
        let fresh = self
            .archived
            .vault
            .view(fresh)?
            .to_indexed()
            .map_err(|e| library("reading the index", e))?;
        // Nothing new was written if the pieces are as they were before.
        let root = if fresh.get_index_entry(&tree).is_ok() {
            fresh.get_tree(&tree)
        } else {
            self.archived.view.get_tree(&tree)
        };
        match root {
            Ok(root) => Ok(root.nodes),
            Err(error) => Err(match library("reading back", error) {
                Error::Repository { .. } => Error::Vetoed(Veto::ReadBack {
                    path: "/".to_owned(),
                    difference: Difference::NotIndexed,
                }),
                known => known,
            }),
        }
    }

    /// Lets the snapshot file through, and checks it.
    fn save(self, mut snapshot: SnapshotFile, tree: TreeId, files: u64) -> Result<SnapshotFacts> {
        let vault = &self.archived.vault;
        let storage = &vault.0.storage;
        if let Some(summary) = &mut snapshot.summary {
            summary.total_files_processed = files;
        }
        storage.settle()?;
        let (result, saved) = self
            .shared
            .session
            .let_one_through(|| self.archived.view.save_snapshots(vec![snapshot]));
        let checked = match (result, saved) {
            (Ok(()), Some(id)) => self.check_saved(id, tree),
            (Err(error), _) => Err(library("saving the snapshot", error)),
            (Ok(()), None) => Err(Error::Vetoed(Veto::OutOfTurn)),
        };
        match (checked, saved) {
            (Ok(facts), _) => Ok(facts),
            (Err(reason), None) => Err(reason),
            (Err(reason), Some(id)) => Err(self.take_back(id, reason)),
        }
    }

    fn check_saved(&self, id: Id, tree: TreeId) -> Result<SnapshotFacts> {
        let vault = &self.archived.vault;
        vault.0.storage.settle()?;
        let id = SnapshotId::from_rustic(id);
        let file = vault.snapshot_file(id)?;
        if file.tree != tree {
            return Err(Error::Vetoed(Veto::ReadBack {
                path: "/".to_owned(),
                difference: Difference::OtherTree,
            }));
        }
        Ok(SnapshotFacts::of(&file))
    }

    /// Removes a snapshot that did not pass.
    fn take_back(&self, id: Id, reason: Error) -> Error {
        let storage = &self.archived.vault.0.storage;
        let removed = storage
            .remove(&path_of(FileType::Snapshot, &id))
            .and_then(|()| storage.settle());
        match removed {
            Ok(()) => reason,
            Err(fault) => Error::NotRemoved {
                snapshot: SnapshotId::from_rustic(id),
                reason: Box::new(reason),
                source: Box::new(fault.into()),
            },
        }
    }
}

fn check_document(document: &Piece) -> Result<()> {
    path::storable(&document.path)?;
    let problem = if document.path.contains('/') {
        PathProblem::InFolder
    } else if matches!(document.content, Content::AsBefore { .. }) {
        PathProblem::NotNew
    } else {
        return Ok(());
    };
    Err(Error::InvalidPath {
        path: document.path.clone(),
        problem,
    })
}

/// Pieces and documents in the order of the snapshot.
fn merge(pieces: Vec<WrittenPiece>, documents: Vec<WrittenPiece>) -> Result<Vec<WrittenPiece>> {
    let mut written = pieces;
    written.extend(documents);
    // The pieces are sorted, the documents are few: this is one pass.
    written.sort_by(|one, other| compare(&one.path, &other.path));
    for pair in written.windows(2) {
        path::follows(&pair[1].path, Some(&pair[0].path))?;
    }
    Ok(written)
}

/// What was expected against what was written. Documents need not be expected.
fn compare_with(expected: &[Expected], written: &[WrittenPiece]) -> Result<()> {
    let mut expected: Vec<_> = expected.iter().collect();
    expected.sort_by(|one, other| compare(&one.path, &other.path));
    let mut found = written.iter().peekable();
    let surplus = |piece: &WrittenPiece| {
        if piece.path.contains('/') {
            let path = piece.path.clone();
            return Err(Error::Vetoed(Veto::NotExpected { path }));
        }
        Ok(())
    };
    for wanted in expected {
        let piece = loop {
            let Some(piece) = found.peek() else {
                break None;
            };
            match compare(&piece.path, &wanted.path) {
                Ordering::Less => surplus(piece)?,
                Ordering::Equal => break found.next(),
                Ordering::Greater => break None,
            }
            found.next();
        };
        match piece {
            None => {
                let path = wanted.path.clone();
                return Err(Error::Vetoed(Veto::NotWritten { path }));
            }
            Some(piece) if piece.size != wanted.size => {
                return Err(Error::Vetoed(Veto::OtherSize {
                    path: wanted.path.clone(),
                    expected: wanted.size,
                    found: piece.size,
                }));
            }
            Some(_) => {}
        }
    }
    found.try_for_each(surplus)
}

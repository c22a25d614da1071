//! What GitLab's importer would make of an archive.
use std::collections::BTreeMap;

use super::error::DocumentFlaw;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The importer does not look at it.
    Ignored,
    /// One record or file would be lost; the rest is imported.
    Lost,
    /// The whole import would fail.
    Fatal,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is not there, and must be.
    Missing,
    /// The format's version is another one; the importer takes 0.2.4 only.
    Version {
        /// What the archive says, at most 100 characters.
        found: String,
    },
    /// A document that cannot be read.
    Document(DocumentFlaw),
    /// An attribute that the importer needs is missing or of the wrong kind.
    Attribute {
        /// Its path in the document, such as `notes[2].author.name`.
        path: String,
    },
    /// The importer knows no such relation.
    UnknownRelation,
    /// The importer knows no such file.
    UnknownFile,
    /// The bundle cannot be read, or its pack is damaged.
    Bundle {
        /// What was found, for logs.
        detail: String,
    },
    /// The bundle builds on objects that are not in it.
    Prerequisites,
    /// An LFS object whose content is not what its name says.
    Digest,
    /// An LFS object that the list of them does not name.
    Unlisted,
    /// The path is not one that the importer recognises.
    Path,
    /// Larger than GitLab takes.
    TooLarge {
        /// What GitLab takes, in bytes.
        limit: u64,
    },
    /// Not a kind of file that GitLab takes there.
    FileKind,
}

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The path in the archive.
    pub path: String,
    /// The line, counted from one, in a file of documents.
    pub line: Option<u64>,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What was found in a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFacts {
    /// The path in the archive.
    pub path: String,
    /// Refs, `HEAD` included.
    pub refs: u64,
    /// Objects.
    pub objects: u64,
}

/// The most problems that are listed; more are only counted.
const LISTED: usize = 1000;

/// What was found in an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// The GitLab it says it comes from.
    pub gitlab_version: Option<String>,
    /// Documents in each relation that has a file.
    pub relations: BTreeMap<String, u64>,
    /// The bundles that could be read.
    pub bundles: Vec<BundleFacts>,
    /// Uploaded files.
    pub uploads: u64,
    /// LFS objects.
    pub lfs_objects: u64,
    /// The first thousand problems, in the archive's order.
    pub problems: Vec<Problem>,
    /// All problems by how bad they are.
    pub counts: BTreeMap<Severity, u64>,
}

impl ArchiveReport {
    /// Whether GitLab's importer would take it; single records may be lost.
    pub fn is_importable(&self) -> bool {
        !self.counts.contains_key(&Severity::Fatal)
    }

    /// Whether GitLab's importer would take everything that is in it.
    pub fn is_whole(&self) -> bool {
        self.is_importable() && !self.counts.contains_key(&Severity::Lost)
    }

    pub(crate) fn add(&mut self, severity: Severity, path: &str, line: Option<u64>, flaw: Flaw) {
        *self.counts.entry(severity).or_default() += 1;
        if self.problems.len() < LISTED {
            self.problems.push(Problem {
                severity,
                path: path.to_owned(),
                line,
                flaw,
            });
        }
    }
}

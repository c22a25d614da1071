//! Says whether GitLab's importer would take an archive, in one pass over it
//! (import_export/importer.rb and the restorers it runs, 15 to 19).
use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::error::{ArchiveError, DocumentFlaw};
use super::layout::{
    AVATAR, AVATAR_KINDS, AVATAR_LIMIT, DOCUMENT_LIMIT, GITLAB_REVISION_FILE, GITLAB_VERSION_FILE,
    KNOWN_RELATIONS, LFS_FILE, LFS_OBJECTS, PROJECT_FILE, Repository, SNIPPETS, UPLOADS, VERSION,
    VERSION_FILE, is_digest, is_secret,
};
use super::lfs;
use super::lines::{self, Line};
use super::reader::{ArchiveEntry, Content, Limits, relation_of, scan};
use super::report::{ArchiveReport, BundleFacts, Flaw, Severity};
use super::rules::shape_of;
use super::shape;
use crate::git::pack::{PackError, verify_bundle};

/// The longest text of a small file that is kept, in bytes.
const SHORT: u64 = 4096;
/// The longest list of LFS objects that is read, in bytes: about a million.
const LFS_LIST: u64 = 100 << 20;

/// Applies the importer's rules to an archive. An error means that the archive
/// as such cannot be read; what is wrong with its content is in the report.
pub fn check(path: &Path, limits: Limits) -> Result<ArchiveReport, ArchiveError> {
    let mut check = Check::default();
    scan(path, limits, |entry, content| {
        check.entry(entry, content)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(check.finish())
}

#[derive(Default)]
struct Check {
    report: ArchiveReport,
    has_version: bool,
    has_project: bool,
    /// LFS objects that are there, and those that the list names, if there is one.
    stored: Vec<String>,
    listed: Option<BTreeSet<String>>,
}

impl Check {
    fn entry(
        &mut self,
        entry: &ArchiveEntry,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        let path = entry.path.as_str();
        let bundles = [Repository::Project, Repository::Wiki, Repository::Design];
        match path {
            VERSION_FILE => self.version(content),
            GITLAB_VERSION_FILE => {
                let text = limited(content, SHORT)?;
                let text = String::from_utf8_lossy(&text).trim().to_owned();
                self.report.gitlab_version = Some(text);
                Ok(())
            }
            GITLAB_REVISION_FILE | "max_iids.json" => Ok(()),
            PROJECT_FILE => self.project(entry, content),
            LFS_FILE => self.lfs_list(entry, content),
            _ if bundles.iter().any(|repository| repository.bundle() == path) => {
                self.bundle(path, content)
            }
            _ => self.one_of_many(entry, content),
        }
    }

    fn one_of_many(
        &mut self,
        entry: &ArchiveEntry,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        let path = entry.path.as_str();
        if let Some(relation) = relation_of(path) {
            return self.relation(path, relation, content);
        }
        if let Some(name) = path.strip_prefix(SNIPPETS) {
            if !name.strip_suffix(".bundle").is_some_and(is_digest) {
                self.report.add(Severity::Lost, path, None, Flaw::Path);
            }
            return self.bundle(path, content);
        }
        if let Some(oid) = path.strip_prefix(LFS_OBJECTS) {
            return self.lfs_object(path, oid, content);
        }
        if let Some(rest) = path.strip_prefix(UPLOADS) {
            self.report.uploads += 1;
            // The importer looks for the secret anywhere before the file's name.
            let is_known = rest
                .rsplit_once('/')
                .is_some_and(|(folder, _)| folder.rsplit('/').next().is_some_and(is_secret));
            if !is_known {
                self.report.add(Severity::Lost, path, None, Flaw::Path);
            }
            return Ok(());
        }
        if path.strip_prefix(AVATAR).is_some() {
            self.avatar(entry);
            return Ok(());
        }
        self.report
            .add(Severity::Ignored, path, None, Flaw::UnknownFile);
        Ok(())
    }

    fn version(&mut self, content: &mut Content<'_>) -> Result<(), ArchiveError> {
        self.has_version = true;
        let text = limited(content, SHORT)?;
        let text = String::from_utf8_lossy(&text);
        if text.trim() != VERSION {
            let found = text.trim().chars().take(100).collect();
            let flaw = Flaw::Version { found };
            self.report.add(Severity::Fatal, VERSION_FILE, None, flaw);
        }
        Ok(())
    }

    fn project(
        &mut self,
        entry: &ArchiveEntry,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        self.has_project = true;
        let flaw = if entry.size > DOCUMENT_LIMIT {
            Some(DocumentFlaw::TooLong { bytes: entry.size })
        } else {
            match serde_json::from_slice(&limited(content, DOCUMENT_LIMIT)?) {
                Ok(Value::Object(_)) => None,
                Ok(_) => Some(DocumentFlaw::NotAnObject),
                Err(_) => Some(DocumentFlaw::NotJson),
            }
        };
        if let Some(flaw) = flaw {
            let flaw = Flaw::Document(flaw);
            self.report.add(Severity::Fatal, PROJECT_FILE, None, flaw);
        }
        Ok(())
    }

    fn relation(
        &mut self,
        path: &str,
        relation: &str,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        let report = &mut self.report;
        if !KNOWN_RELATIONS.contains(&relation) {
            report.add(Severity::Ignored, path, None, Flaw::UnknownRelation);
        }
        let shape = shape_of(relation);
        let mut lines = BufReader::new(content);
        let mut number = 0;
        loop {
            let line = match lines::next(&mut lines) {
                Ok(line) => line,
                Err(error) => return Err(lines.get_ref().failed(error)),
            };
            number += 1;
            let parsed = match line {
                None => break,
                Some(Line::TooLong(bytes)) => Err(DocumentFlaw::TooLong { bytes }),
                Some(Line::Whole(line)) => match serde_json::from_slice(&line) {
                    Ok(Value::Object(document)) => Ok(document),
                    Ok(Value::Null) => Ok(Map::new()),
                    Ok(_) => Err(DocumentFlaw::NotAnObject),
                    Err(_) => Err(DocumentFlaw::NotJson),
                },
            };
            match parsed {
                Err(flaw) => {
                    let flaw = Flaw::Document(flaw);
                    report.add(Severity::Fatal, path, Some(number), flaw);
                }
                Ok(document) if document.is_empty() => {}
                Ok(document) => shape::check(&document, shape, &mut |attribute| {
                    let flaw = Flaw::Attribute { path: attribute };
                    report.add(Severity::Lost, path, Some(number), flaw);
                }),
            }
        }
        report.relations.insert(relation.to_owned(), number - 1);
        Ok(())
    }

    fn bundle(&mut self, path: &str, content: &mut Content<'_>) -> Result<(), ArchiveError> {
        let mut bundle = BufReader::with_capacity(256 * 1024, content);
        match verify_bundle(&mut bundle) {
            Ok((header, facts)) => {
                if !header.prerequisites.is_empty() {
                    self.report
                        .add(Severity::Fatal, path, None, Flaw::Prerequisites);
                }
                self.report.bundles.push(BundleFacts {
                    path: path.to_owned(),
                    refs: header.refs.len() as u64,
                    objects: facts.objects,
                });
                Ok(())
            }
            Err(PackError::Read { source }) => Err(bundle.get_ref().failed(source)),
            Err(error) => {
                let detail = error.to_string();
                let flaw = Flaw::Bundle { detail };
                self.report.add(Severity::Fatal, path, None, flaw);
                Ok(())
            }
        }
    }

    fn lfs_list(
        &mut self,
        entry: &ArchiveEntry,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        let text = match entry.size {
            ..=LFS_LIST => limited(content, LFS_LIST)?,
            _ => Vec::new(),
        };
        if let Some(listed) = lfs::read(&text) {
            self.listed = Some(listed.into_iter().collect());
        } else {
            let flaw = Flaw::Document(DocumentFlaw::NotJson);
            self.report.add(Severity::Fatal, LFS_FILE, None, flaw);
        }
        Ok(())
    }

    fn lfs_object(
        &mut self,
        path: &str,
        oid: &str,
        content: &mut Content<'_>,
    ) -> Result<(), ArchiveError> {
        self.report.lfs_objects += 1;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => digest.update(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(content.failed(error)),
            }
        }
        if hex::encode(digest.finalize()) == oid {
            self.stored.push(oid.to_owned());
        } else {
            // The importer looks for the content's own name in the list.
            self.report.add(Severity::Fatal, path, None, Flaw::Digest);
        }
        Ok(())
    }

    fn avatar(&mut self, entry: &ArchiveEntry) {
        let path = entry.path.as_str();
        if entry.size > AVATAR_LIMIT {
            let flaw = Flaw::TooLarge {
                limit: AVATAR_LIMIT,
            };
            self.report.add(Severity::Fatal, path, None, flaw);
        }
        let kind = path
            .rsplit_once('.')
            .map(|(_, kind)| kind.to_ascii_lowercase());
        if !kind.is_some_and(|kind| AVATAR_KINDS.contains(&kind.as_str())) {
            self.report.add(Severity::Fatal, path, None, Flaw::FileKind);
        }
    }

    fn finish(mut self) -> ArchiveReport {
        for (is_there, path) in [
            (self.has_version, VERSION_FILE),
            (self.has_project, PROJECT_FILE),
        ] {
            if !is_there {
                self.report.add(Severity::Fatal, path, None, Flaw::Missing);
            }
        }
        // Without a list, as in old archives, every object belongs to the code.
        if let Some(listed) = &self.listed {
            for oid in self.stored.iter().filter(|oid| !listed.contains(*oid)) {
                let path = format!("{LFS_OBJECTS}{oid}");
                self.report
                    .add(Severity::Fatal, &path, None, Flaw::Unlisted);
            }
        }
        self.report
    }
}

/// The beginning of a file's content.
fn limited(content: &mut Content<'_>, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    match content.by_ref().take(limit).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(content.failed(error)),
    }
}

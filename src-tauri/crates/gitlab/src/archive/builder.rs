//! Builds a project archive that GitLab's importer takes
//! (doc/user/project/settings/import_export.md).
//!
//! First everything is named, then it is written in one go, in the order of the
//! paths: equal content gives equal archives. Only documents are copied before;
//! a bundle is made from its packs on the way.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::error::{ArchiveError, DocumentFlaw};
use super::gzip::Gzip;
use super::layout::{
    AVATAR, DOCUMENT_LIMIT, GITLAB_REVISION_FILE, GITLAB_VERSION_FILE, LFS_FILE, LFS_OBJECTS,
    PROJECT_FILE, RELATIONS, Repository, SNIPPETS, UPLOADS, VERSION, VERSION_FILE, is_digest,
    is_file_name, is_relation, is_secret,
};
use super::lfs::{self, LfsRepository};
use super::lines::{self, Line};
use super::source::Source;
use super::tar_writer::TarWriter;
use crate::git::ObjectId;
use crate::git::pack::Bundle;

/// What an archive says of the GitLab it comes from. For information only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveVersions {
    /// For example `17.10.0-ee`.
    pub gitlab: String,
    /// The revision, shortened.
    pub revision: Option<String>,
}

/// What is known of an archive that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Files in it.
    pub files: u64,
    /// Their lengths together, in bytes: what a GitLab has room for after
    /// decompressing (its limit is 25 GiB unless set otherwise).
    pub content: u64,
    /// The length of the archive, in bytes.
    pub bytes: u64,
}

/// An archive in the making.
pub struct ArchiveBuilder {
    scratch: PathBuf,
    entries: BTreeMap<String, Source>,
    lfs: BTreeMap<String, Vec<LfsRepository>>,
}

impl ArchiveBuilder {
    /// Begins an archive. Documents are kept in the folder `scratch` meanwhile.
    pub fn new(versions: &ArchiveVersions, scratch: &Path) -> ArchiveBuilder {
        let text = |text: &str| Source::Bytes(text.as_bytes().to_vec());
        let mut entries = BTreeMap::from([
            (VERSION_FILE.to_owned(), text(VERSION)),
            (GITLAB_VERSION_FILE.to_owned(), text(&versions.gitlab)),
        ]);
        if let Some(revision) = &versions.revision {
            entries.insert(GITLAB_REVISION_FILE.to_owned(), text(revision));
        }
        ArchiveBuilder {
            scratch: scratch.to_owned(),
            entries,
            lfs: BTreeMap::new(),
        }
    }

    /// The project's attributes. Every archive needs them.
    pub fn project(&mut self, attributes: &Map<String, Value>) -> Result<(), ArchiveError> {
        let text = serde_json::to_vec(attributes).expect("values are JSON");
        let bytes = text.len() as u64;
        if bytes > DOCUMENT_LIMIT {
            let flaw = DocumentFlaw::TooLong { bytes };
            return Err(document(PROJECT_FILE, 1, flaw));
        }
        self.add(PROJECT_FILE.to_owned(), Source::Bytes(text))
    }

    /// The documents of a relation, in their order; answers how many there are.
    /// None at all make no file, as in GitLab's own archives since 17.1.
    pub fn relation<D: AsRef<[u8]>>(
        &mut self,
        relation: &str,
        documents: impl IntoIterator<Item = io::Result<D>>,
    ) -> Result<u64, ArchiveError> {
        if !is_relation(relation) {
            return Err(name(relation));
        }
        let path = format!("{RELATIONS}{relation}.ndjson");
        let scratch = &self.scratch;
        let mut file =
            tempfile::NamedTempFile::new_in(scratch).map_err(ArchiveError::io(scratch))?;
        let mut out = BufWriter::new(file.as_file_mut());
        let mut count = 0;
        for item in documents {
            let item = item.map_err(|source| ArchiveError::Documents {
                relation: relation.to_owned(),
                source,
            })?;
            let text = item.as_ref();
            count += 1;
            lines::check(text).map_err(|flaw| document(&path, count, flaw))?;
            // A break between two words would cut the document.
            let mut pieces = text.split(|&byte| byte == b'\n');
            pieces
                .try_for_each(|piece| out.write_all(piece))
                .and_then(|()| out.write_all(b"\n"))
                .map_err(ArchiveError::io(scratch))?;
        }
        out.flush().map_err(ArchiveError::io(scratch))?;
        drop(out);
        if count > 0 {
            self.add(path, Source::Spooled(file))?;
        }
        Ok(count)
    }

    /// The documents of a relation from a reader of lines; empty lines are left
    /// out.
    pub fn relation_from(
        &mut self,
        relation: &str,
        mut documents: impl BufRead,
    ) -> Result<u64, ArchiveError> {
        let lines = std::iter::from_fn(|| {
            loop {
                return match lines::next(&mut documents) {
                    Ok(Some(Line::Whole(line))) if line.trim_ascii().is_empty() => continue,
                    Ok(Some(Line::Whole(line))) => Some(Ok(line)),
                    Ok(Some(Line::TooLong(_))) => Some(Err(io::ErrorKind::FileTooLarge.into())),
                    Ok(None) => None,
                    Err(error) => Some(Err(error)),
                };
            }
        });
        self.relation(relation, lines)
    }

    /// One of the project's repositories: its refs and a chain of packs. A
    /// repository without refs is left out, as GitLab does.
    pub fn repository(
        &mut self,
        repository: Repository,
        refs: &[(ObjectId, String)],
        head: Option<&ObjectId>,
        packs: &[PathBuf],
    ) -> Result<(), ArchiveError> {
        self.bundle(repository.bundle().to_owned(), refs, head, packs)
    }

    /// The repository of a snippet; `bundle` is its name
    /// ([`super::snippet_bundle_name`]).
    pub fn snippet(
        &mut self,
        bundle: &str,
        refs: &[(ObjectId, String)],
        head: Option<&ObjectId>,
        packs: &[PathBuf],
    ) -> Result<(), ArchiveError> {
        match bundle.strip_suffix(".bundle") {
            Some(digest) if is_digest(digest) => {
                self.bundle(format!("{SNIPPETS}{bundle}"), refs, head, packs)
            }
            _ => Err(name(bundle)),
        }
    }

    /// A file that texts refer to as `/uploads/<secret>/<file name>`; the import
    /// keeps the secret, so the references go on working.
    pub fn upload(
        &mut self,
        secret: &str,
        file_name: &str,
        path: &Path,
    ) -> Result<(), ArchiveError> {
        if !is_secret(secret) || !is_file_name(file_name) {
            return Err(name(&format!("{secret}/{file_name}")));
        }
        let entry = format!("{UPLOADS}{secret}/{file_name}");
        self.add(entry, Source::File(path.to_owned()))
    }

    /// The project's avatar.
    pub fn avatar(&mut self, file_name: &str, path: &Path) -> Result<(), ArchiveError> {
        if !is_file_name(file_name) {
            return Err(name(file_name));
        }
        let entry = format!("{AVATAR}{file_name}");
        self.add(entry, Source::File(path.to_owned()))
    }

    /// An LFS object and the repositories that refer to it.
    pub fn lfs_object(
        &mut self,
        oid: &str,
        repositories: &[LfsRepository],
        path: &Path,
    ) -> Result<(), ArchiveError> {
        if !is_digest(oid) {
            return Err(name(oid));
        }
        let source = Source::Named {
            path: path.to_owned(),
            oid: oid.to_owned(),
        };
        self.add(format!("{LFS_OBJECTS}{oid}"), source)?;
        self.lfs.insert(oid.to_owned(), repositories.to_vec());
        Ok(())
    }

    /// Writes the archive into the file `into`, which exists only when all went
    /// well.
    pub fn finish(mut self, into: &Path) -> Result<ArchiveFacts, ArchiveError> {
        if !self.entries.contains_key(PROJECT_FILE) {
            return Err(ArchiveError::NoProject);
        }
        let list = Source::Bytes(lfs::write(&self.lfs));
        self.entries.insert(LFS_FILE.to_owned(), list);
        let folder = match into.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(ArchiveError::io(folder))?;
        let mut file = tempfile::Builder::new()
            .prefix(".archive-")
            .tempfile_in(folder)
            .map_err(ArchiveError::io(folder))?;
        let facts = self.write(into, file.as_file_mut())?;
        file.as_file().sync_all().map_err(ArchiveError::io(into))?;
        file.persist(into)
            .map_err(|error| ArchiveError::io(into)(error.error))?;
        Ok(facts)
    }

    fn write(self, path: &Path, file: &mut fs::File) -> Result<ArchiveFacts, ArchiveError> {
        let failed = || ArchiveError::io(path);
        let out = BufWriter::with_capacity(256 * 1024, file);
        let mut tar = TarWriter::new(Gzip::new(out).map_err(failed())?);
        let (mut files, mut content) = (0, 0);
        for (entry, source) in self.entries {
            let size = source.size(&entry)?;
            tar.inner()
                .set_packing(source.packing())
                .map_err(failed())?;
            let mut out = tar.begin(&entry, size).map_err(failed())?;
            source.write(&entry, size, &mut out, failed())?;
            out.end().map_err(failed())?;
            files += 1;
            content += size;
        }
        let gzip = tar.finish().map_err(failed())?;
        let (mut out, bytes) = gzip.finish().map_err(failed())?;
        out.flush().map_err(failed())?;
        Ok(ArchiveFacts {
            files,
            content,
            bytes,
        })
    }

    fn bundle(
        &mut self,
        entry: String,
        refs: &[(ObjectId, String)],
        head: Option<&ObjectId>,
        packs: &[PathBuf],
    ) -> Result<(), ArchiveError> {
        if refs.is_empty() {
            return Ok(());
        }
        let bundle = Bundle::plan(refs, head, packs).map_err(|source| ArchiveError::Bundle {
            path: entry.clone(),
            source,
        })?;
        self.add(entry, Source::Bundle(Box::new(bundle)))
    }

    fn add(&mut self, entry: String, source: Source) -> Result<(), ArchiveError> {
        match self.entries.entry(entry) {
            Entry::Occupied(there) => Err(ArchiveError::Duplicate {
                path: there.key().clone(),
            }),
            Entry::Vacant(free) => {
                free.insert(source);
                Ok(())
            }
        }
    }
}

fn name(name: &str) -> ArchiveError {
    ArchiveError::Name {
        name: name.chars().take(200).collect(),
    }
}

fn document(path: &str, line: u64, flaw: DocumentFlaw) -> ArchiveError {
    ArchiveError::Document {
        path: path.to_owned(),
        line,
        flaw,
    }
}

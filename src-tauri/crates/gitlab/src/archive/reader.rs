//! Reads project archives, GitLab's own and ours.
//!
//! Nothing in an archive is trusted: names, links, sizes and the ratio of its
//! compression are those of whoever made it. A `tar.gz` has no list of contents,
//! so each question is a pass over the file.
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::{ArchiveError, DocumentFlaw};
use super::layout::RELATIONS;
use super::lines::{self, Line};
use super::record::{Record, Told};

/// What an archive may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, decompressed. GitLab's own limit is 25 GiB unless set otherwise.
    pub content: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            content: 25 << 30,
            entries: 5_000_000,
        }
    }
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchiveEntry {
    /// Its path, without `./` before it.
    pub path: String,
    /// Its length, in bytes.
    pub size: u64,
}

/// An archive whose list of contents was read.
#[derive(Debug, Clone)]
pub struct Archive {
    path: PathBuf,
    limits: Limits,
    entries: Vec<ArchiveEntry>,
}

impl Archive {
    /// Reads an archive to its end, so that a damaged one is found out.
    pub fn open(path: &Path, limits: Limits) -> Result<Archive, ArchiveError> {
        let mut entries = Vec::new();
        scan(path, limits, |entry, _| {
            entries.push(entry.clone());
            Ok(ControlFlow::Continue(()))
        })?;
        entries.sort_unstable();
        Ok(Archive {
            path: path.to_owned(),
            limits,
            entries,
        })
    }

    /// Its files, sorted by path.
    pub fn entries(&self) -> &[ArchiveEntry] {
        &self.entries
    }

    /// The names of the relations it has documents of.
    pub fn relations(&self) -> Vec<&str> {
        self.entries
            .iter()
            .filter_map(|entry| relation_of(&entry.path))
            .collect()
    }

    /// The content of a file, if it is not longer than `limit` bytes.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let mut found = Vec::new();
        self.find(path, |entry, content| {
            if entry.size > limit {
                return Err(ArchiveError::EntryTooLarge {
                    path: path.to_owned(),
                    limit,
                });
            }
            content.copy_to(&mut found, &self.path)
        })?;
        Ok(found)
    }

    /// Copies a file of the archive into the file `into`, which exists only when
    /// it is whole; answers its length in bytes.
    pub fn extract(&self, path: &str, into: &Path) -> Result<u64, ArchiveError> {
        let folder = match into.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(ArchiveError::io(folder))?;
        let mut size = 0;
        self.find(path, |entry, content| {
            size = entry.size;
            let mut out = BufWriter::with_capacity(256 * 1024, file.as_file_mut());
            content.copy_to(&mut out, into)?;
            out.flush().map_err(ArchiveError::io(into))
        })?;
        file.persist(into)
            .map_err(|error| ArchiveError::io(into)(error.error))?;
        Ok(size)
    }

    /// Calls `take` for each document of a relation, with its line counted from
    /// one; answers how many there were. A relation without a file has none.
    pub fn documents<E: From<ArchiveError>>(
        &self,
        relation: &str,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let path = format!("{RELATIONS}{relation}.ndjson");
        if !self.entries.iter().any(|entry| entry.path == path) {
            return Ok(0);
        }
        let mut number = 0;
        let mut stopped = None;
        self.find(&path, |_, content| {
            let mut lines = BufReader::new(content);
            loop {
                let line = match lines::next(&mut lines) {
                    Ok(line) => line,
                    Err(error) => return Err(lines.get_ref().failed(error)),
                };
                number += 1;
                match line {
                    None => break,
                    Some(Line::Whole(line)) => {
                        if let Err(error) = take(number, &line) {
                            stopped = Some(error);
                            break;
                        }
                    }
                    Some(Line::TooLong(bytes)) => {
                        return Err(ArchiveError::Document {
                            path: path.clone(),
                            line: number,
                            flaw: DocumentFlaw::TooLong { bytes },
                        });
                    }
                }
            }
            Ok(())
        })?;
        match stopped {
            Some(error) => Err(error),
            None => Ok(number - 1),
        }
    }

    fn find(
        &self,
        path: &str,
        mut take: impl FnMut(&ArchiveEntry, &mut Content<'_>) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let mut is_found = false;
        scan(&self.path, self.limits, |entry, content| {
            if entry.path != path {
                return Ok(ControlFlow::Continue(()));
            }
            is_found = true;
            take(entry, content)?;
            Ok(ControlFlow::Break(()))
        })?;
        if is_found {
            Ok(())
        } else {
            Err(ArchiveError::Missing {
                path: path.to_owned(),
            })
        }
    }
}

/// The relation that a file has documents of.
pub(crate) fn relation_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix(RELATIONS)?.strip_suffix(".ndjson")?;
    (!name.contains('/')).then_some(name)
}

/// The content of an entry, as it streams by.
pub(crate) struct Content<'a> {
    reader: &'a mut dyn Read,
    size: u64,
    read: u64,
    limit: u64,
    /// Where in the archive the entry begins, decompressed.
    start: u64,
}

impl Content<'_> {
    /// Writes all of it into `out`, which is the file `into`: its failures must
    /// not be mistaken for the archive's.
    fn copy_to(&mut self, out: &mut impl Write, into: &Path) -> Result<(), ArchiveError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            out.write_all(&buffer[..read])
                .map_err(ArchiveError::io(into))?;
        }
    }

    /// What a failure to read means.
    pub(crate) fn failed(&self, source: io::Error) -> ArchiveError {
        failed(source, self.start + self.read, self.limit)
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read += read as u64;
        if read == 0 && !buffer.is_empty() && self.read < self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

/// Calls `visit` for each file of an archive, in its order. Ends early if
/// `visit` breaks, and otherwise reads to the very end.
pub(crate) fn scan(
    path: &Path,
    limits: Limits,
    mut visit: impl FnMut(&ArchiveEntry, &mut Content<'_>) -> Result<ControlFlow<()>, ArchiveError>,
) -> Result<(), ArchiveError> {
    let file = File::open(path).map_err(ArchiveError::io(path))?;
    let counted = Counted {
        inner: MultiGzDecoder::new(BufReader::with_capacity(256 * 1024, file)),
        read: 0,
        limit: limits.content,
    };
    let mut archive = tar::Archive::new(counted);
    // Raw: names are read here, for the library reads them whatever their length.
    let mut at = 0;
    let mut count = 0;
    let mut told = Told::default();
    let mut seen = BTreeSet::new();
    let entries = archive
        .entries()
        .map_err(|error| failed(error, 0, limits.content))?
        .raw(true);
    for entry in entries {
        let mut entry = entry.map_err(|error| failed(error, at, limits.content))?;
        count += 1;
        if count > limits.entries {
            return Err(ArchiveError::TooManyEntries {
                limit: limits.entries,
            });
        }
        at = entry.raw_file_position();
        let record = told.read(&mut entry, |error| failed(error, at, limits.content))?;
        let Record::File { path, size } = record else {
            continue;
        };
        if at.saturating_add(size) > limits.content {
            return Err(ArchiveError::TooLarge {
                limit: limits.content,
            });
        }
        if !seen.insert(path.clone()) {
            return Err(ArchiveError::Duplicate { path });
        }
        let facts = ArchiveEntry { path, size };
        let mut content = Content {
            reader: &mut entry,
            size,
            read: 0,
            limit: limits.content,
            start: at,
        };
        if visit(&facts, &mut content)?.is_break() {
            return Ok(());
        }
        at += size;
    }
    // The end of the compressed stream holds its checksum.
    let mut rest = archive.into_inner();
    match io::copy(&mut rest, &mut io::sink()) {
        Ok(_) if at > 0 => Ok(()),
        Ok(_) => Err(failed(
            io::ErrorKind::UnexpectedEof.into(),
            0,
            limits.content,
        )),
        Err(error) => Err(failed(error, rest.read, limits.content)),
    }
}

fn failed(source: io::Error, bytes: u64, limit: u64) -> ArchiveError {
    if source.kind() == io::ErrorKind::QuotaExceeded {
        ArchiveError::TooLarge { limit }
    } else {
        ArchiveError::Damaged { bytes, source }
    }
}

/// Stops when too much comes out.
struct Counted<R> {
    inner: R,
    read: u64,
    limit: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        if self.read > self.limit {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        Ok(read)
    }
}

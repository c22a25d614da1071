//! Where the content of an archive's entry comes from.
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::error::ArchiveError;
use super::gzip::Packing;
use crate::git::pack::{Bundle, PackError};

/// Content that is known, but not copied yet.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    /// Documents that were written down on their way.
    Spooled(NamedTempFile),
    File(PathBuf),
    /// A file whose content has that SHA-256.
    Named {
        path: PathBuf,
        oid: String,
    },
    Bundle(Box<Bundle>),
}

impl Source {
    /// Whether compressing it is worth the work.
    pub(crate) fn packing(&self) -> Packing {
        match self {
            Source::Bytes(_) | Source::Spooled(_) => Packing::Compressed,
            Source::File(_) | Source::Named { .. } | Source::Bundle(_) => Packing::Stored,
        }
    }

    /// Its length, in bytes.
    pub(crate) fn size(&self, entry: &str) -> Result<u64, ArchiveError> {
        let of_file = |path: &PathBuf| {
            let facts = path.metadata().map_err(ArchiveError::io(path))?;
            if facts.is_file() {
                Ok(facts.len())
            } else {
                Err(ArchiveError::Name {
                    name: path.display().to_string(),
                })
            }
        };
        match self {
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
            Source::Spooled(file) => of_file(&file.path().to_owned()),
            Source::File(path) | Source::Named { path, .. } => of_file(path),
            Source::Bundle(bundle) => bundle.size().map_err(bundle_failed(entry)),
        }
    }

    /// Writes its content, which must have `size` bytes. `entry` is its path in
    /// the archive, `into` the archive.
    pub(crate) fn write(
        &self,
        entry: &str,
        size: u64,
        into: &mut impl Write,
        failed: impl FnOnce(io::Error) -> ArchiveError,
    ) -> Result<(), ArchiveError> {
        match self {
            Source::Bytes(bytes) => into.write_all(bytes).map_err(failed),
            Source::Spooled(file) => copy(file.path().to_owned(), size, None, into, failed),
            Source::File(path) => copy(path.clone(), size, None, into, failed),
            Source::Named { path, oid } => copy(path.clone(), size, Some(oid), into, failed),
            Source::Bundle(bundle) => match bundle.write(into) {
                Ok(_) => Ok(()),
                Err(PackError::Write { source }) => Err(failed(source)),
                Err(error) => Err(bundle_failed(entry)(error)),
            },
        }
    }
}

fn bundle_failed(entry: &str) -> impl FnOnce(PackError) -> ArchiveError {
    let path = entry.to_owned();
    move |source| ArchiveError::Bundle { path, source }
}

fn copy(
    path: PathBuf,
    size: u64,
    oid: Option<&str>,
    into: &mut impl Write,
    failed: impl FnOnce(io::Error) -> ArchiveError,
) -> Result<(), ArchiveError> {
    let mut file = File::open(&path).map_err(ArchiveError::io(&path))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut left = size;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::io(&path)(error)),
        };
        let Some(rest) = left.checked_sub(read as u64) else {
            return Err(ArchiveError::Changed { path });
        };
        left = rest;
        if oid.is_some() {
            digest.update(&buffer[..read]);
        }
        if let Err(error) = into.write_all(&buffer[..read]) {
            return Err(failed(error));
        }
    }
    if left > 0 {
        return Err(ArchiveError::Changed { path });
    }
    match oid {
        Some(oid) if hex::encode(digest.finalize()) != oid => Err(ArchiveError::Digest {
            oid: oid.to_owned(),
        }),
        _ => Ok(()),
    }
}

//! Unpacking an archive and checking what came out (facts of
//! `lib/gitlab/import_export/file_importer.rb`, `command_line_util.rb`,
//! `version_checker.rb`).

use std::fs::File;
use std::io::BufReader;
use std::path::{Component, Path};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::ImportError;
use crate::export::VERSION;

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn broken(reason: impl ToString) -> ImportError {
    ImportError::Archive {
        reason: reason.to_string(),
    }
}

/// Unpacks a gzipped tar. Symbolic links are left out; hard links and paths that
/// lead outside end the import.
pub fn unpack(archive: &Path, into: &Path) -> Result<(), ImportError> {
    let gzip = MultiGzDecoder::new(BufReader::new(File::open(archive)?));
    let mut tar = Archive::new(gzip);
    tar.set_overwrite(true);
    tar.set_preserve_permissions(false);
    let mut found = false;
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        found = true;
        match entry.header().entry_type() {
            EntryType::Link => return Err(ImportError::HardLink),
            EntryType::Regular | EntryType::Directory | EntryType::Continuous => {}
            // Symbolic links, devices and the like.
            _ => continue,
        }
        let outside = entry
            .path()
            .map_err(broken)?
            .components()
            .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if outside {
            return Err(broken("a path leads outside"));
        }
        entry.unpack_in(into).map_err(broken)?;
    }
    if found {
        Ok(())
    } else {
        Err(broken("the archive is empty"))
    }
}

/// Checks the format's version.
pub fn check_version(folder: &Path) -> Result<(), ImportError> {
    let found = match std::fs::read_to_string(folder.join("VERSION")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let found = found.trim().to_owned();
    if found == VERSION {
        Ok(())
    } else {
        Err(ImportError::Version { found })
    }
}

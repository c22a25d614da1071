//! What can be said about a location without a key.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::location::{Location, Place};
use crate::storage::{Found, MARKER, folder_facts};

/// The newest layout that this program knows.
pub(crate) const FORMAT: u32 = 1;

/// The marker file's content.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub format: u32,
}

/// What is at a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No such folder; the one around it is there.
    NoSuchFolder,
    /// Neither the folder nor the one around it is there. A drive may not be
    /// connected.
    Unreachable,
    /// Something that is no folder.
    NotAFolder,
    /// An empty folder: a vault can be made here.
    Empty,
    /// A folder with something else in it.
    NotEmpty,
    /// A vault.
    Vault {
        /// Labkeep's layout version; `None` for a repository that another
        /// restic client made.
        version: Option<u32>,
    },
    /// A vault of a newer program.
    NewerFormat {
        /// Its layout version.
        version: u32,
    },
}

/// What can be said about a location without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What is there.
    pub state: State,
    /// Whether files can be made there.
    pub writable: bool,
    /// Bytes of room, where that can be known.
    pub free_bytes: Option<u64>,
}

/// Looks at a location. Changes nothing.
pub fn inspect(location: &Location) -> Result<Inspection> {
    let Place::Folder(folder) = location.place();
    let facts = folder_facts(folder)?;
    Ok(Inspection {
        state: state(folder, facts.found)?,
        writable: facts.writable,
        free_bytes: facts.free,
    })
}

/// What a folder is, once it is known what is in it.
pub(crate) fn state(folder: &Path, found: Found) -> Result<State> {
    Ok(match found {
        Found::Nothing if folder.parent().is_some_and(Path::is_dir) => State::NoSuchFolder,
        Found::Nothing => State::Unreachable,
        Found::NoFolder => State::NotAFolder,
        Found::Empty => State::Empty,
        Found::Other => State::NotEmpty,
        Found::Vault => match marker(folder)? {
            Some(version) if version > FORMAT => State::NewerFormat { version },
            version => State::Vault { version },
        },
    })
}

/// The layout version in a vault's marker file.
pub(crate) fn marker(folder: &Path) -> Result<Option<u32>> {
    let path = folder.join(MARKER);
    let content = match std::fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Error::NotReadable {
                path: path.display().to_string(),
                source: Some(std::sync::Arc::new(error)),
            });
        }
    };
    serde_json::from_slice::<Marker>(&content)
        .map(|marker| Some(marker.format))
        .map_err(|_| Error::Damaged {
            path: path.display().to_string(),
            detail: "it does not name a format".to_owned(),
        })
}

//! Making a vault, and opening one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rand::RngExt;
use rustic_core::repofile::{ConfigFile, MasterKey};
use rustic_core::{
    ConfigOptions, Credentials, Id, KeyOptions, Repository, RepositoryBackends, RepositoryOptions,
};

use crate::backend::Backend;
use crate::error::{Error, Format, Result};
use crate::guard::{guarded, library};
use crate::inspect::{FORMAT, Marker, State, inspect, marker, state};
use crate::key::VaultKey;
use crate::keyfile;
use crate::location::{Location, Place};
use crate::storage::{Foundation, MARKER, OperatorStorage, Storage, found};
use crate::vault::Vault;

/// The newest restic repository version that the library knows.
const RESTIC_VERSION: u32 = 2;
/// Packs of this size keep memory low (a handful are in memory at a time) and
/// are what restic itself makes.
pub(crate) const DATA_PACK: u32 = 16 * 1024 * 1024;
pub(crate) const TREE_PACK: u32 = 4 * 1024 * 1024;

/// How a vault is made.
#[derive(Clone, Debug, Default)]
pub struct CreateOptions {
    /// A folder for the library's cache; worth it for remote storage only.
    pub cache: Option<PathBuf>,
    /// A vault whose content will be copied here: files are cut into the same
    /// parts, so that copies and what is backed up here share their data.
    pub alike: Option<Vault>,
}

/// How a vault is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// A folder for the library's cache; worth it for remote storage only.
    pub cache: Option<PathBuf>,
}

impl Vault {
    /// Makes a vault in a folder that is empty, or missing in one that is
    /// there. When it fails, everything is as it was.
    pub fn create(location: &Location, key: &VaultKey, options: CreateOptions) -> Result<Self> {
        let path = location.to_string();
        let Place::Folder(folder) = location.place();
        match inspect(location)?.state {
            State::NoSuchFolder | State::Empty => {}
            State::Unreachable => {
                let around = folder.parent().unwrap_or(folder);
                return Err(Error::NoSuchFolder {
                    path: around.display().to_string(),
                });
            }
            State::NotAFolder => return Err(Error::NotAFolder { path }),
            State::NotEmpty => return Err(Error::NotEmpty { path }),
            State::Vault { .. } | State::NewerFormat { .. } => {
                return Err(Error::AlreadyAVault { path });
            }
        }
        let foundation = Foundation::lay(folder)?;
        match guarded("making a vault", || {
            establish(folder, location, key, options)
        }) {
            Ok(vault) => Ok(vault),
            Err(error) => {
                foundation.undo();
                Err(error)
            }
        }
    }

    /// Opens a vault with its key.
    pub fn open(location: &Location, key: &VaultKey, options: OpenOptions) -> Result<Self> {
        let path = location.to_string();
        let Place::Folder(folder) = location.place();
        match state(folder, found(folder)?)? {
            State::Vault { .. } => {}
            State::NoSuchFolder | State::Unreachable => return Err(Error::NoSuchFolder { path }),
            State::NotAFolder => return Err(Error::NotAFolder { path }),
            State::Empty | State::NotEmpty => return Err(Error::NotAVault { path }),
            State::NewerFormat { version } => {
                return Err(Error::NewerFormat {
                    path,
                    format: Format::Labkeep,
                    found: version,
                    supported: FORMAT,
                });
            }
        }
        let storage: Arc<dyn Storage> = Arc::new(OperatorStorage::folder(folder)?);
        Self::open_storage(location, storage, key, options)
    }

    pub(crate) fn open_storage(
        location: &Location,
        storage: Arc<dyn Storage>,
        key: &VaultKey,
        options: OpenOptions,
    ) -> Result<Self> {
        guarded("opening the vault", || {
            let unlocked = keyfile::unlock(&*storage, key)?;
            let config = keyfile::config(&*storage, &unlocked.master)?;
            if config.version > RESTIC_VERSION {
                return Err(Error::NewerFormat {
                    path: location.to_string(),
                    format: Format::Restic,
                    found: config.version,
                    supported: RESTIC_VERSION,
                });
            }
            Ok(Self::from_parts(
                location.clone(),
                storage,
                unlocked,
                config,
                options.cache,
            ))
        })
    }
}

/// Writes a vault's first files. The config is the last: with it, the folder
/// is a vault.
fn establish(
    folder: &Path,
    location: &Location,
    key: &VaultKey,
    options: CreateOptions,
) -> Result<Vault> {
    let storage = Arc::new(OperatorStorage::folder(folder)?);
    storage.found();
    let marker_content = serde_json::to_vec(&Marker { format: FORMAT }).expect("plain JSON");
    storage.write(MARKER, vec![Bytes::from(marker_content)])?;
    let master = MasterKey::new();
    let (file, content) = keyfile::make(key, &master);
    storage.write(&format!("keys/{file}"), vec![content])?;

    let backend = Arc::new(Backend::new(storage.clone()));
    let mut repository_options = RepositoryOptions::default();
    repository_options.no_cache = true;
    Repository::new(&repository_options, &RepositoryBackends::new(backend, None))
        .and_then(|repository| {
            let (credentials, key) = (Credentials::Masterkey(master), KeyOptions::default());
            match &options.alike {
                None => repository.init(&credentials, &key, &config_options()),
                Some(other) => repository.init_with_config(&credentials, &key, config_alike(other)),
            }
        })
        .map_err(|e| library("making a vault", e))?;
    storage.settle()?;
    storage.founded();
    if let Some(around) = folder.parent() {
        // The vault's own name. Not every folder may be opened for this.
        if let Err(error) = std::fs::File::open(around).and_then(|folder| folder.sync_all()) {
            tracing::debug!(%error, "the vault's name was not made durable");
        }
    }
    debug_assert_eq!(marker(folder).ok().flatten(), Some(FORMAT));
    // Opened as any other, so that a vault that cannot be opened is none.
    let storage: Arc<dyn Storage> = storage;
    let open = OpenOptions {
        cache: options.cache,
    };
    Vault::open_storage(location, storage, key, open)
}

/// A config of its own that cuts files into parts as another vault's does.
fn config_alike(other: &Vault) -> ConfigFile {
    let other = &other.0.config;
    let id: [u8; 32] = rand::rng().random();
    let id: Id = hex::encode(id)
        .parse()
        .expect("64 hexadecimal digits are an id");
    ConfigFile {
        version: RESTIC_VERSION,
        id: id.into(),
        chunker: other.chunker,
        chunker_polynomial: other.chunker_polynomial.clone(),
        chunk_size: other.chunk_size,
        chunk_min_size: other.chunk_min_size,
        chunk_max_size: other.chunk_max_size,
        datapack_size: Some(DATA_PACK),
        datapack_growfactor: Some(0),
        treepack_size: Some(TREE_PACK),
        treepack_growfactor: Some(0),
        ..ConfigFile::default()
    }
}

fn config_options() -> ConfigOptions {
    let size = |bytes: u32| bytes.to_string().parse().expect("a size in bytes");
    let mut options = ConfigOptions::default();
    options.set_datapack_size = Some(size(DATA_PACK));
    options.set_datapack_growfactor = Some(0);
    options.set_treepack_size = Some(size(TREE_PACK));
    options.set_treepack_growfactor = Some(0);
    options
}

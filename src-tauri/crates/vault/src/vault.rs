//! An open vault.
//!
//! Opening pays for the key derivation once; everything after that works with
//! the master key. Each operation opens its own view of the repository, so
//! that no operation sees another's backend, and the vault can be shared
//! between threads.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustic_core::repofile::{ConfigFile, IndexFile, MasterKey, SnapshotFile};
use rustic_core::{
    ALL_FILE_TYPES, Credentials, FileType, Id, IndexedFullStatus, OpenStatus, Repository,
    RepositoryBackends, RepositoryOptions, WriteBackend,
};
use sha2::{Digest, Sha256};

use crate::backend::{Backend, FixedBackend, path_of};
use crate::error::{Error, Result};
use crate::guard::{guarded, library};
use crate::id::{SnapshotId, VaultId};
use crate::keyfile::{self, CipherKey};
use crate::location::{Location, Place};
use crate::progress::{Reporter, Unit};
use crate::queue::{Queue, Turn};
use crate::snapshot::SnapshotFacts;
use crate::storage::{FaultKind, Storage, folder_room};

/// An open vault. Cloning it is cheap; it can be used from several threads.
///
/// The interface is blocking: from async code, call it in `spawn_blocking`.
#[derive(Clone)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub location: Location,
    pub storage: Arc<dyn Storage>,
    pub master: MasterKey,
    pub id: VaultId,
    pub config: ConfigFile,
    /// The key file that opened the vault.
    pub key_file: Mutex<String>,
    pub cache: Option<PathBuf>,
    pub queue: Arc<Queue>,
    pub kept: Mutex<Option<KeptView>>,
}

/// A view with the whole index, kept while the vault's index files stay the
/// same.
pub(crate) struct KeptView {
    indexes: Vec<Id>,
    view: Arc<FullView>,
}

/// A view that can read contents.
pub(crate) type FullView = Repository<IndexedFullStatus>;

/// Snapshots that cannot be read, and what is wrong with each.
pub type UnreadableSnapshots = Vec<(SnapshotId, Error)>;

/// How much a vault holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Pack files.
    pub packs: u64,
    /// Snapshots.
    pub snapshots: u64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("location", &self.0.location)
            .field("id", &self.0.id)
            .finish_non_exhaustive()
    }
}

impl Vault {
    pub(crate) fn from_parts(
        location: Location,
        storage: Arc<dyn Storage>,
        unlocked: keyfile::Unlocked,
        config: ConfigFile,
        cache: Option<PathBuf>,
    ) -> Self {
        let id = VaultId::new(config.id.to_hex().as_str());
        Self(Arc::new(Inner {
            queue: Queue::of(&id),
            location,
            storage,
            master: unlocked.master,
            id,
            config,
            key_file: Mutex::new(unlocked.file),
            cache,
            kept: Mutex::new(None),
        }))
    }

    /// The vault's own name.
    pub fn id(&self) -> &VaultId {
        &self.0.id
    }

    /// Where the vault is.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Every snapshot, oldest first. A snapshot that cannot be read is an
    /// error, and so is a listing that cannot be completed.
    pub fn snapshots(&self) -> Result<Vec<SnapshotFacts>> {
        guarded("listing snapshots", || {
            let files = self
                .view(self.backend())?
                .get_all_snapshots()
                .map_err(|e| library("listing snapshots", e))?;
            let mut facts: Vec<_> = files.iter().map(SnapshotFacts::of).collect();
            facts.sort_by_key(|snapshot| (snapshot.time, snapshot.id));
            Ok(facts)
        })
    }

    /// Every snapshot that can be read, oldest first, and every one that cannot,
    /// with the reason. That nothing can be read is an error.
    pub fn snapshots_with_damage(&self) -> Result<(Vec<SnapshotFacts>, UnreadableSnapshots)> {
        let (files, damaged) = self.snapshot_files()?;
        let mut facts: Vec<_> = files.iter().map(SnapshotFacts::of).collect();
        facts.sort_by_key(|snapshot| (snapshot.time, snapshot.id));
        Ok((facts, damaged))
    }

    /// The files of the snapshots that can be read, and those that cannot.
    pub(crate) fn snapshot_files(&self) -> Result<(Vec<SnapshotFile>, UnreadableSnapshots)> {
        guarded("reading the snapshots", || {
            let view = self.view(self.backend())?;
            let (mut files, mut damaged) = (Vec::new(), Vec::new());
            for id in self.snapshot_ids()? {
                let name = id.to_rustic().into();
                match view.get_file::<SnapshotFile>(&name) {
                    Ok(file) => files.push(SnapshotFile { id: name, ..file }),
                    Err(error) => match library("reading a snapshot", error) {
                        gone @ Error::Gone { .. } => return Err(gone),
                        // Somebody removed it since it was listed.
                        Error::Missing { .. } => {}
                        Error::Damaged { detail, .. } => damaged.push((
                            id,
                            Error::Damaged {
                                path: format!("{}/snapshots/{id}", self.0.location),
                                detail,
                            },
                        )),
                        other => damaged.push((id, other)),
                    },
                }
            }
            Ok((files, damaged))
        })
    }

    /// Bytes of room where the vault is, where that can be known.
    pub fn free_bytes(&self) -> Result<Option<u64>> {
        let Place::Folder(folder) = self.0.location.place();
        let facts = folder_room(folder);
        if facts.is_none() {
            // A vault that is gone has no room; any other place says nothing.
            self.0.storage.settle()?;
        }
        Ok(facts)
    }

    /// The names of every snapshot, without reading them.
    pub(crate) fn snapshot_ids(&self) -> Result<Vec<SnapshotId>> {
        let mut ids: Vec<_> = self
            .backend()
            .all(FileType::Snapshot)?
            .into_iter()
            .map(|(id, _)| SnapshotId::from_rustic(id))
            .collect();
        ids.sort();
        Ok(ids)
    }

    /// How much the vault holds.
    pub fn usage(&self) -> Result<Usage> {
        let backend = self.backend();
        let mut usage = Usage {
            bytes: 0,
            packs: 0,
            snapshots: 0,
        };
        for kind in ALL_FILE_TYPES.into_iter().chain([FileType::Config]) {
            let files = backend.all(kind)?;
            usage.bytes += files.iter().map(|(_, size)| u64::from(*size)).sum::<u64>();
            match kind {
                FileType::Pack => usage.packs = files.len() as u64,
                FileType::Snapshot => usage.snapshots = files.len() as u64,
                _ => {}
            }
        }
        Ok(usage)
    }

    /// A backend of its own, without the library's cache.
    pub(crate) fn backend(&self) -> Arc<Backend> {
        Arc::new(Backend::new(Arc::clone(&self.0.storage)))
    }

    /// A view over a backend, read from the storage itself.
    pub(crate) fn view(&self, backend: Arc<dyn WriteBackend>) -> Result<Repository<OpenStatus>> {
        self.open_view(backend, None)
    }

    /// A view over a backend, with the library's cache where the caller of
    /// `open` gave a folder for it.
    pub(crate) fn cached_view(
        &self,
        backend: Arc<dyn WriteBackend>,
    ) -> Result<Repository<OpenStatus>> {
        self.open_view(backend, self.0.cache.clone())
    }

    /// A view over a backend that tells how far it is.
    pub(crate) fn reported_view(
        &self,
        backend: Arc<dyn WriteBackend>,
        reporter: Reporter,
    ) -> Result<Repository<OpenStatus>> {
        let mut options = RepositoryOptions::default();
        options.no_cache = true;
        let backends = RepositoryBackends::new(backend, None);
        Repository::new_with_progress(&options, &backends, reporter)
            .and_then(|repository| repository.open(&Credentials::Masterkey(self.0.master.clone())))
            .map_err(|e| library("opening the vault", e))
    }

    fn open_view(
        &self,
        backend: Arc<dyn WriteBackend>,
        cache: Option<PathBuf>,
    ) -> Result<Repository<OpenStatus>> {
        let mut options = RepositoryOptions::default();
        options.no_cache = cache.is_none();
        options.cache_dir = cache;
        Repository::new(&options, &RepositoryBackends::new(backend, None))
            .and_then(|repository| repository.open(&Credentials::Masterkey(self.0.master.clone())))
            .map_err(|e| library("opening the vault", e))
    }

    /// A view that can read contents. It is kept, and used again while the
    /// vault's index files are the same.
    pub(crate) fn full_view(&self) -> Result<Arc<FullView>> {
        let backend = self.backend();
        let mut indexes: Vec<_> = backend
            .all(FileType::Index)?
            .into_iter()
            .map(|i| i.0)
            .collect();
        indexes.sort_unstable();
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && kept.indexes == indexes
        {
            return Ok(Arc::clone(&kept.view));
        }
        let mut is_lasting = true;
        let view = guarded("reading the index", || {
            let error = match self.cached_view(backend.clone())?.to_indexed() {
                Ok(view) => return Ok(Arc::new(view)),
                Err(error) => library("reading the index", error),
            };
            // What is sound of it must not be lost with what is not.
            let sound = match &error {
                Error::Damaged { .. } | Error::Repository { .. } | Error::Storage { .. } => {
                    self.sound_indexes(&indexes)?
                }
                _ => Vec::new(),
            };
            if sound.is_empty() {
                return Err(error);
            }
            tracing::warn!(%error, "only what is sound of the index is read");
            is_lasting = !matches!(error, Error::Storage { .. });
            self.view(Arc::new(FixedBackend::with_indexes(backend, sound)))?
                .to_indexed()
                .map(Arc::new)
                .map_err(|e| library("reading the index", e))
        })?;
        if is_lasting {
            *kept = Some(KeptView {
                indexes,
                view: Arc::clone(&view),
            });
        }
        Ok(view)
    }

    /// Those of the index files that can be read and are what was written.
    fn sound_indexes(&self, indexes: &[Id]) -> Result<Vec<Id>> {
        let view = self.view(self.backend())?;
        let mut sound = Vec::new();
        for id in indexes {
            let path = path_of(FileType::Index, id);
            match self.0.storage.read(&path) {
                Ok(content) if hex::encode(Sha256::digest(&content)) == id.to_hex().as_str() => {
                    if view.get_file::<IndexFile>(&(*id).into()).is_ok() {
                        sound.push(*id);
                    }
                }
                Err(fault) if fault.kind == FaultKind::Gone => return Err(fault.into()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(sound)
    }

    /// Waits until no other writer and no prune of this process works on the
    /// vault.
    pub(crate) fn turn(&self) -> Turn {
        self.0.queue.wait()
    }

    /// The same, unless somebody wants to stop meanwhile.
    pub(crate) fn turn_unless_stopped(&self, reporter: &Reporter) -> Result<Turn> {
        let wants_to_leave = || {
            reporter.tell(Unit::Files, 0, None);
            reporter.is_stopped()
        };
        self.0
            .queue
            .wait_unless(wants_to_leave)
            .ok_or(Error::Aborted)
    }

    /// The master key in the cipher's order.
    pub(crate) fn cipher_key(&self) -> Result<CipherKey> {
        keyfile::joined(&self.0.master).ok_or_else(|| Error::Damaged {
            path: self.0.location.to_string(),
            detail: "the master key has a wrong size".to_owned(),
        })
    }
}

//! Files by name: what a vault needs from the place where it is kept.
//!
//! An error is always an error here: a listing that cannot be completed, a
//! folder that is missing, a read that is short. The one implementation lies
//! over opendal; tests put faults between it and the vault.

mod fault;
mod folder;
mod operator;

use std::fmt::Debug;

use bytes::Bytes;
use jiff::Timestamp;

pub(crate) use fault::{Fault, FaultKind, Operation};
pub(crate) use folder::{Found, Foundation, folder_facts, folder_room, found};
pub(crate) use operator::OperatorStorage;

/// The file whose presence tells that a vault is there.
pub(crate) const CONFIG: &str = "config";
/// Labkeep's own files in a vault. restic looks only at its own folders.
pub(crate) const OWN_FOLDER: &str = "labkeep";
/// Labkeep's marker: its layout's version, readable without the key.
pub(crate) const MARKER: &str = "labkeep/format";
/// Half-written files. Not in restic's folders, so nobody takes them for data.
pub(crate) const TEMPORARY: &str = "labkeep/tmp";
/// The lease of a prune.
pub(crate) const LEASE: &str = "labkeep/lease";
/// Notes of snapshots that are kept for ever.
pub(crate) const PINNED: &str = "labkeep/pinned";
/// Notes of snapshots that were removed on purpose.
pub(crate) const REMOVED: &str = "labkeep/removed";
/// restic's folders.
pub(crate) const FOLDERS: [&str; 5] = ["data", "index", "keys", "locks", "snapshots"];

/// A file in a listing.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Path from the vault's root, with slashes.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written, where the storage knows.
    pub modified: Option<Timestamp>,
}

/// Files by name. Paths are relative to the vault's root, with slashes.
pub(crate) trait Storage: Debug + Send + Sync + 'static {
    /// The vault's location, for people.
    fn root(&self) -> &str;

    /// Every file below a folder. A missing folder is a fault, and so is a
    /// vault that is not there any more.
    fn list(&self, folder: &str) -> Result<Vec<Listed>, Fault>;

    /// A file's size in bytes; `None` if it is not there.
    fn size(&self, path: &str) -> Result<Option<u64>, Fault>;

    /// A whole file.
    fn read(&self, path: &str) -> Result<Bytes, Fault>;

    /// A part of a file, exactly this long.
    fn read_range(&self, path: &str, offset: u64, length: u64) -> Result<Bytes, Fault>;

    /// Writes a whole file. Others see nothing or all of it; its content
    /// survives a power cut, its name does after [`Storage::settle`].
    fn write(&self, path: &str, content: Vec<Bytes>) -> Result<(), Fault>;

    /// Writes a file that must not be there yet; `false` if it is.
    fn create(&self, path: &str, content: Bytes) -> Result<bool, Fault>;

    /// Removes a file. That it is not there is no fault.
    fn remove(&self, path: &str) -> Result<(), Fault>;

    /// Makes the names of everything written so far survive a power cut.
    fn settle(&self) -> Result<(), Fault>;
}

//! Names of vaults and snapshots, as restic shows them.

use std::fmt;
use std::str::FromStr;

use rustic_core::Id;
use serde::{Deserialize, Serialize};

/// A vault's own name: the restic repository id, 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VaultId(String);

impl VaultId {
    pub(crate) fn new(hex: &str) -> Self {
        Self(hex.to_owned())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A snapshot's name: the SHA-256 of its file, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SnapshotId([u8; 32]);

/// Text that is no snapshot id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no snapshot id")]
pub struct NotASnapshotId(String);

impl SnapshotId {
    /// The first eight digits, enough for people.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..4])
    }

    pub(crate) fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn to_rustic(self) -> Id {
        self.to_hex()
            .parse()
            .expect("an id is 64 hexadecimal digits")
    }

    pub(crate) fn from_rustic(id: Id) -> Self {
        let mut bytes = [0; 32];
        hex::decode_to_slice(id.to_hex().as_str(), &mut bytes)
            .expect("an id is 64 hexadecimal digits");
        Self(bytes)
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl FromStr for SnapshotId {
    type Err = NotASnapshotId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotASnapshotId(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Serialize for SnapshotId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

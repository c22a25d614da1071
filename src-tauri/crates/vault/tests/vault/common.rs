//! What the vault's black-box tests share: a vault in a temporary folder,
//! pieces, and Debian's restic.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bytes::Bytes;
use jiff::Timestamp;
use labkeep_vault::{
    Content, CreateOptions, Expected, Location, OpenOptions, Piece, SnapshotFacts, SnapshotId,
    SnapshotReader, Vault, VaultKey, WriteStart, Writer, Written,
};
use tempfile::TempDir;

/// A vault in a folder that is removed at the end.
pub struct Sandbox {
    pub home: TempDir,
    pub key: VaultKey,
    pub vault: Vault,
}

impl Sandbox {
    pub fn new() -> Self {
        let home = TempDir::new().unwrap();
        let key = VaultKey::generate();
        let location = Location::folder(&home.path().join("vault")).unwrap();
        let vault = Vault::create(&location, &key, CreateOptions::default()).unwrap();
        Self { home, key, vault }
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("vault")
    }

    /// Opened again, with nothing kept from before.
    pub fn reopened(&self) -> Vault {
        let location = Location::folder(&self.folder()).unwrap();
        Vault::open(&location, &self.key, OpenOptions::default()).unwrap()
    }

    pub fn restic(&self, arguments: &[&str]) -> Output {
        restic(&self.folder(), &self.key, arguments)
    }

    /// restic has to succeed; returns what it printed.
    pub fn restic_ok(&self, arguments: &[&str]) -> String {
        let output = self.restic(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "restic {arguments:?}: {text}{errors}"
        );
        text
    }
}

/// Debian's restic on a vault's folder.
pub fn restic(folder: &Path, key: &VaultKey, arguments: &[&str]) -> Output {
    Command::new("restic")
        .args(["--no-cache", "-r"])
        .arg(folder)
        .args(arguments)
        .env("RESTIC_PASSWORD", key.expose())
        .output()
        .expect("Debian's package restic is installed")
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + seconds).unwrap()
}

pub fn start(parent: Option<SnapshotId>, time: Timestamp) -> WriteStart {
    WriteStart {
        parent,
        time,
        host: "tester".to_owned(),
        plan: "everything".to_owned(),
        tags: vec!["labkeep".to_owned()],
        run: "run-1".to_owned(),
    }
}

pub fn bytes(path: &str, content: impl Into<Bytes>) -> Piece {
    Piece {
        path: path.to_owned(),
        content: Content::Bytes(content.into()),
    }
}

/// A piece in a file, as a downloaded pack is.
pub fn file(path: &str, content: &[u8]) -> Piece {
    let mut spooled = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut spooled, content).unwrap();
    Piece {
        path: path.to_owned(),
        content: Content::File {
            path: spooled.into_temp_path(),
            size: content.len() as u64,
        },
    }
}

/// The piece that a snapshot has at a path, to be taken over.
pub fn as_before(reader: &SnapshotReader, path: &str) -> Piece {
    let entry = reader.entry(path).unwrap().expect("the parent has it");
    Piece {
        path: path.to_owned(),
        content: Content::AsBefore {
            size: entry.size,
            captured: entry.modified.expect("files have a time"),
        },
    }
}

pub fn expected(pieces: &[Piece]) -> Vec<Expected> {
    pieces
        .iter()
        .map(|piece| Expected {
            path: piece.path.clone(),
            size: piece.content.size(),
        })
        .collect()
}

pub fn push_all(writer: &Writer, pieces: Vec<Piece>) {
    for piece in pieces {
        writer.push_blocking(piece).unwrap();
    }
}

/// The documents at a snapshot's root.
pub fn documents() -> Vec<Piece> {
    vec![
        bytes("labkeep.json", r#"{"format":1}"#),
        bytes("ledger.ndjson", "{}\n"),
        bytes("users.ndjson", ""),
    ]
}

/// Writes a whole snapshot.
pub fn save(
    vault: &Vault,
    parent: Option<SnapshotId>,
    time: Timestamp,
    pieces: Vec<Piece>,
) -> labkeep_vault::Result<SnapshotFacts> {
    let expected = expected(&pieces);
    let writer = vault.writer(start(parent, time))?;
    push_all(&writer, pieces);
    writer.close_blocking()?.seal(documents(), &expected)
}

/// A few pieces in several folders, in order.
pub fn some_pieces(seed: u64) -> Vec<Piece> {
    vec![
        bytes(
            "groups/3/group.json",
            format!("{{\"id\":3,\"seed\":{seed}}}"),
        ),
        bytes(
            "projects/12/project.json",
            format!("{{\"id\":12,\"seed\":{seed}}}"),
        ),
        bytes(
            "projects/12/relations/issues.ndjson",
            "{\"iid\":1}\n".repeat(500),
        ),
        file(
            "projects/12/repository/packs/000001.pack",
            &noise(seed, 3_000_000),
        ),
        bytes("projects/12/repository/refs", "0123 refs/heads/main\n"),
        bytes("projects/7/empty", ""),
        bytes("snippets/1/ä \"quoted\"", "snippet"),
    ]
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Neither listed nor lying about.
pub fn no_snapshot(sandbox: &Sandbox) {
    let listed = sandbox.vault.snapshots().expect("the vault is sound");
    assert!(listed.is_empty(), "{listed:?}");
    let mut files = std::fs::read_dir(sandbox.folder().join("snapshots")).expect("it is a vault");
    assert!(files.next().is_none());
}

pub fn spooled(path: &str, content: &[u8], size: u64) -> Piece {
    let Content::File { path: spool, .. } = file(path, content).content else {
        unreachable!("a file was made");
    };
    Piece {
        path: path.to_owned(),
        content: Content::File { path: spool, size },
    }
}

pub fn write(sandbox: &Sandbox, pieces: Vec<Piece>) -> labkeep_vault::Result<Written> {
    let writer = sandbox.vault.writer(start(None, at(0)))?;
    for piece in pieces {
        // Once something went wrong, the writer may be closed already.
        if writer.push_blocking(piece).is_err() {
            break;
        }
    }
    writer.close_blocking()
}

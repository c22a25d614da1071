//! restic's key files: the repository's master key, encrypted with a key that
//! scrypt derives from a password (restic's `doc/design.rst`, "Keys, Encryption
//! and MAC").
//!
//! Done here, and not by the repository library, to tell a wrong key from a
//! damaged file, to learn the repository's version, and to choose what scrypt
//! costs: a key with 175 random bits needs no slow derivation, and restic
//! reads the parameters from the file.

use aes256ctr_poly1305aes::aead::Aead;
use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Key, Nonce};
use bytes::Bytes;
use rand::Rng;
use rustic_core::repofile::{ConfigFile, KeyFile, MasterKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::key::VaultKey;
use crate::storage::{CONFIG, Storage};

/// scrypt for the files made here: 16 MiB and some 40 ms.
const LOG_N: u8 = 14;
const BLOCK: u32 = 8;
const PARALLEL: u32 = 1;
/// A key file that asks for more memory than this (bytes) is not believed.
const MOST_MEMORY: u64 = 1 << 30;
/// Nor is one that asks for more passes over it; restic's own say 1 or 2.
const MOST_PARALLEL: u32 = 16;
const SALT: usize = 64;
const NONCE: usize = 16;

/// A key in the cipher's order.
pub(crate) type CipherKey = Zeroizing<[u8; 64]>;

/// A key that was found in the vault.
pub(crate) struct Unlocked {
    /// The key file's name.
    pub file: String,
    pub master: MasterKey,
}

/// Makes a key file for a master key. Returns its name and content.
pub(crate) fn make(key: &VaultKey, master: &MasterKey) -> (String, Bytes) {
    let mut salt = vec![0; SALT];
    rand::rng().fill_bytes(&mut salt);
    let derived = derive(key.expose(), &salt, LOG_N, BLOCK, PARALLEL)
        .expect("the parameters are within scrypt's limits");
    let plain = Zeroizing::new(serde_json::to_vec(master).expect("a key is plain JSON"));
    let file = KeyFile {
        hostname: None,
        username: None,
        created: Some(jiff::Zoned::now()),
        kdf: "scrypt".to_owned(),
        n: 1 << LOG_N,
        r: BLOCK,
        p: PARALLEL,
        data: encrypt(&derived, &plain),
        salt,
    };
    let content = serde_json::to_vec(&file).expect("a key file is plain JSON");
    (hex::encode(Sha256::digest(&content)), content.into())
}

/// Tries the key on every key file of the vault.
pub(crate) fn unlock(storage: &dyn Storage, key: &VaultKey) -> Result<Unlocked> {
    let mut unreadable = None;
    let files = storage.list("keys")?;
    if files.is_empty() {
        return Err(Error::Missing {
            path: format!("{}/keys/…", storage.root()),
        });
    }
    for file in files {
        let content = storage.read(&file.path)?;
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        match try_file(&content, key) {
            Ok(Some(master)) => return Ok(Unlocked { file: name, master }),
            Ok(None) => {}
            Err(detail) => {
                unreadable = Some(Error::Damaged {
                    path: format!("{}/{}", storage.root(), file.path),
                    detail,
                });
            }
        }
    }
    Err(unreadable.unwrap_or_else(|| Error::WrongKey {
        path: storage.root().to_owned(),
    }))
}

/// The repository's config, which tells its version.
pub(crate) fn config(storage: &dyn Storage, master: &MasterKey) -> Result<ConfigFile> {
    let damaged = |detail: &str| Error::Damaged {
        path: format!("{}/{CONFIG}", storage.root()),
        detail: detail.to_owned(),
    };
    let key = joined(master).ok_or_else(|| damaged("the master key has a wrong size"))?;
    let content = storage.read(CONFIG)?;
    let plain = decrypt(&key, &content).ok_or_else(|| damaged("it was changed or cut off"))?;
    serde_json::from_slice(&plain).map_err(|_| damaged("it is no repository config"))
}

/// The master key's parts in the cipher's order.
pub(crate) fn joined(master: &MasterKey) -> Option<CipherKey> {
    let parts = [&master.encrypt, &master.mac.k, &master.mac.r];
    if parts.map(Vec::len) != [32, 16, 16] {
        return None;
    }
    let mut key = Zeroizing::new([0; 64]);
    for (place, byte) in key.iter_mut().zip(parts.into_iter().flatten()) {
        *place = *byte;
    }
    Some(key)
}

/// `None` if the password is not this file's.
fn try_file(content: &[u8], key: &VaultKey) -> Result<Option<MasterKey>, String> {
    let file: KeyFile =
        serde_json::from_slice(content).map_err(|_| "it is no key file".to_owned())?;
    if file.kdf != "scrypt" || !file.n.is_power_of_two() {
        return Err("it uses an unknown key derivation".to_owned());
    }
    let memory = 128 * u128::from(file.n) * u128::from(file.r);
    if memory > u128::from(MOST_MEMORY) || file.p > MOST_PARALLEL {
        return Err(format!(
            "its key derivation asks for {memory} bytes of memory, {} times",
            file.p
        ));
    }
    let log_n = u8::try_from(file.n.ilog2()).expect("a logarithm of 32 bits is small");
    let derived = derive(key.expose(), &file.salt, log_n, file.r, file.p)
        .ok_or_else(|| "its key derivation has impossible parameters".to_owned())?;
    let Some(plain) = decrypt(&derived, &file.data) else {
        return Ok(None);
    };
    serde_json::from_slice(&plain)
        .map(Some)
        .map_err(|_| "it holds no master key".to_owned())
}

fn derive(
    password: &str,
    salt: &[u8],
    log_n: u8,
    block: u32,
    parallel: u32,
) -> Option<Zeroizing<[u8; 64]>> {
    let parameters = scrypt::Params::new(log_n, block, parallel).ok()?;
    let mut key = Zeroizing::new([0; 64]);
    scrypt::scrypt(password.as_bytes(), salt, &parameters, key.as_mut()).ok()?;
    Some(key)
}

/// Encrypts as restic does.
pub(crate) fn encrypt(key: &[u8; 64], plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = Aes256CtrPoly1305Aes::new(Key::from_slice(key))
        .encrypt(Nonce::from_slice(&nonce), plain)
        .expect("what is encrypted is far below the cipher's limit");
    [&nonce[..], &sealed].concat()
}

/// Decrypts what restic encrypted; `None` if it was changed.
pub(crate) fn decrypt(key: &[u8; 64], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    Aes256CtrPoly1305Aes::new(Key::from_slice(key))
        .decrypt(Nonce::from_slice(nonce), sealed)
        .ok()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_opens_with_its_key_only() {
        let (key, master) = (VaultKey::generate(), MasterKey::new());
        let (name, content) = make(&key, &master);
        assert_eq!(name, hex::encode(Sha256::digest(&content)));
        let found = try_file(&content, &key).unwrap().unwrap();
        assert_eq!(found.encrypt, master.encrypt);
        assert_eq!(found.mac.k, master.mac.k);
        assert_eq!(found.mac.r, master.mac.r);
        assert!(try_file(&content, &VaultKey::generate()).unwrap().is_none());
    }

    #[test]
    fn a_vault_of_a_newer_restic_is_refused_untouched() {
        use crate::{CreateOptions, Format, Location, OpenOptions, Vault};
        let home = tempfile::tempdir().unwrap();
        let location = Location::folder(&home.path().join("vault")).unwrap();
        let key = VaultKey::generate();
        let vault = Vault::create(&location, &key, CreateOptions::default()).unwrap();
        let master = joined(&vault.0.master).unwrap();
        let file = home.path().join("vault").join(CONFIG);
        let plain = decrypt(&master, &std::fs::read(&file).unwrap()).unwrap();
        let mut newer: serde_json::Value = serde_json::from_slice(&plain).unwrap();
        newer["version"] = serde_json::json!(3);
        let sealed = encrypt(&master, &serde_json::to_vec(&newer).unwrap());
        std::fs::write(&file, &sealed).unwrap();
        assert!(matches!(
            Vault::open(&location, &key, OpenOptions::default()),
            Err(Error::NewerFormat {
                format: Format::Restic,
                found: 3,
                supported: 2,
                ..
            })
        ));
        assert_eq!(std::fs::read(&file).unwrap(), sealed);
    }

    #[test]
    fn a_damaged_key_file_is_no_wrong_key() {
        let (key, master) = (VaultKey::generate(), MasterKey::new());
        let (_, content) = make(&key, &master);
        assert!(try_file(&content[..content.len() / 2], &key).is_err());
    }

    #[test]
    fn a_key_file_that_asks_for_too_much_is_not_believed() {
        let (key, master) = (VaultKey::generate(), MasterKey::new());
        let (_, content) = make(&key, &master);
        // The last would be nothing at all in 64 bits.
        for (n, r, p) in [(1_u32 << 30, 8, 1), (2, 8, 1 << 26), (1 << 31, 1 << 26, 1)] {
            let mut greedy: serde_json::Value = serde_json::from_slice(&content).unwrap();
            greedy["N"] = serde_json::json!(n);
            greedy["r"] = serde_json::json!(r);
            greedy["p"] = serde_json::json!(p);
            let tried = try_file(&serde_json::to_vec(&greedy).unwrap(), &key);
            assert!(tried.unwrap_err().contains("asks for"), "{n} {r} {p}");
        }
    }
}

//! Secrets in the system's keychain: the Secret Service on Linux, the Keychain
//! on macOS, the Credential Manager on Windows.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi;
use secrecy::{ExposeSecret, SecretString};

use super::{SecretKey, Secrets, SecretsError};

/// The program's name in the keychain.
const SERVICE: &str = "labkeep";
/// How long a person has to unlock the keychain.
const PATIENCE: Duration = Duration::from_mins(2);

/// Secrets in the system's keychain.
#[derive(Clone, Debug)]
pub struct Keychain {
    patience: Duration,
}

impl Default for Keychain {
    fn default() -> Self {
        Self::new()
    }
}

impl Keychain {
    /// This user's keychain. Whether there is one shows when it is used.
    pub fn new() -> Self {
        Self { patience: PATIENCE }
    }

    /// A keychain that is not waited for as long as usual.
    pub fn with_patience(patience: Duration) -> Self {
        Self { patience }
    }

    /// Connects and does something. On a thread of its own, as a keychain that
    /// waits for a person cannot be told to stop. Connecting anew each time
    /// costs milliseconds and survives a keychain that was restarted.
    fn run<T: Send + 'static>(
        &self,
        key: &SecretKey,
        label: Option<&str>,
        action: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, SecretsError> {
        let (key, label) = (key.to_string(), label.map(ToOwned::to_owned));
        let name = key.clone();
        let (tell, answer) = mpsc::channel();
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let result = connect().and_then(|store| {
                    entry(&*store, &key, label.as_deref())
                        .and_then(|entry| action(&entry))
                        .map_err(|error| sorted(error, &key))
                });
                // Nobody waits any more when it took too long.
                drop(tell.send(result));
            })
            .map_err(|error| SecretsError::Absent {
                detail: error.to_string(),
            })?;
        match answer.recv_timeout(self.patience) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(SecretsError::NoAnswer {
                after: self.patience,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(SecretsError::Denied {
                detail: format!("the request for {name} ended without an answer"),
            }),
        }
    }
}

impl Secrets for Keychain {
    fn get(&self, key: &SecretKey) -> Result<Option<SecretString>, SecretsError> {
        self.run(key, None, |entry| match entry.get_password() {
            Ok(value) => Ok(Some(SecretString::from(value))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, key: &SecretKey, label: &str, value: &SecretString) -> Result<(), SecretsError> {
        let value = value.clone();
        let kept = self.run(key, Some(label), move |entry| {
            entry.set_password(value.expose_secret())?;
            Ok(entry.get_password()? == value.expose_secret())
        })?;
        if kept {
            Ok(())
        } else {
            Err(SecretsError::NotKept {
                key: key.to_string(),
            })
        }
    }

    fn delete(&self, key: &SecretKey) -> Result<(), SecretsError> {
        self.run(key, None, |entry| match entry.delete_credential() {
            Err(keyring_core::Error::NoEntry) => Ok(()),
            result => result,
        })
    }

    fn describe(&self) -> String {
        if cfg!(target_os = "macos") {
            "the Keychain"
        } else if cfg!(windows) {
            "the Windows Credential Manager"
        } else {
            "the keychain (Secret Service)"
        }
        .to_owned()
    }
}

#[cfg(target_os = "linux")]
fn connect() -> Result<Arc<dyn CredentialStoreApi>, SecretsError> {
    let store = zbus_secret_service_keyring_store::Store::new();
    store.map(|store| store as _).map_err(absent)
}

#[cfg(target_os = "macos")]
fn connect() -> Result<Arc<dyn CredentialStoreApi>, SecretsError> {
    let store = apple_native_keyring_store::keychain::Store::new();
    store.map(|store| store as _).map_err(absent)
}

#[cfg(windows)]
fn connect() -> Result<Arc<dyn CredentialStoreApi>, SecretsError> {
    let store = windows_native_keyring_store::Store::new();
    store.map(|store| store as _).map_err(absent)
}

#[expect(clippy::needless_pass_by_value, reason = "an error is mapped")]
fn absent(error: keyring_core::Error) -> SecretsError {
    SecretsError::Absent {
        detail: error.to_string(),
    }
}

/// The entry of a secret. Only the Secret Service lets a label be chosen.
fn entry(
    store: &dyn CredentialStoreApi,
    key: &str,
    label: Option<&str>,
) -> keyring_core::Result<Entry> {
    match label.filter(|_| cfg!(target_os = "linux")) {
        Some(label) => store.build(SERVICE, key, Some(&[("label", label)].into())),
        None => store.build(SERVICE, key, None),
    }
}

fn sorted(error: keyring_core::Error, key: &str) -> SecretsError {
    use keyring_core::Error as Reason;
    let key = key.to_owned();
    match error {
        Reason::NoStorageAccess(_) => SecretsError::Locked {
            detail: error.to_string(),
        },
        Reason::Ambiguous(_) => SecretsError::Ambiguous { key },
        Reason::BadEncoding(_) | Reason::BadDataFormat(..) => SecretsError::NotText { key },
        other => SecretsError::Denied {
            detail: other.to_string(),
        },
    }
}

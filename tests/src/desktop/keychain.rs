//! A real Secret Service: gnome-keyring, unlocked, with a keyring of its own.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, ensure};

use super::process::Guarded;

/// The password that the keyring is encrypted with.
const PASSWORD: &[u8] = b"practice";

/// Starts a keychain, unlocks it and waits until it answers.
pub fn unlocked(variables: &[(&'static str, OsString)]) -> Result<Guarded> {
    let daemon = Guarded::start_with_input(
        Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env_clear()
            .envs(variables.iter().cloned()),
        PASSWORD,
    )?;
    let answers = Command::new("gdbus")
        .args(["wait", "--session", "--timeout", "20"])
        .arg("org.freedesktop.secrets")
        .env_clear()
        .envs(variables.iter().cloned())
        .status()?;
    ensure!(answers.success(), "the keychain does not answer");
    Ok(daemon)
}

//! The keychain against a real Secret Service: gnome-keyring in a session bus
//! that this test starts and that ends with it.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::Duration;

use labkeep_settings::{AccountId, Keychain, SecretKey, Secrets, SecretsError};
use secrecy::{ExposeSecret, SecretString};

use crate::common::{in_session, text};

/// The daemon is asked for before it answers on the bus.
const UNLOCKED: &str = "echo -n password | gnome-keyring-daemon --unlock --components=secrets \
    >/dev/null && gdbus wait --session --timeout 20 org.freedesktop.secrets && TEST";
/// Nothing was ever unlocked: there is a Secret Service, but no keyring in it.
const NEVER_USED: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null \
    && gdbus wait --session --timeout 20 org.freedesktop.secrets && TEST";
/// Makes a keyring, ends the daemon, and starts it again without the password.
const LOCKED: &str = "echo -n password | gnome-keyring-daemon --unlock --components=secrets \
    >/dev/null && gdbus wait --session --timeout 20 org.freedesktop.secrets \
    && secret-tool store --label=first service first </dev/null \
    && gnome-keyring-daemon --replace --start --components=secrets >/dev/null; TEST";

fn passed(script: &str, test: &str) {
    let output = in_session(script, &format!("keychain::{test}"));
    let printed = text(&output);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}

#[test]
fn secrets_are_kept_in_a_real_secret_service() {
    passed(UNLOCKED, "in_an_unlocked_keychain");
}

#[test]
#[ignore = "run by secrets_are_kept_in_a_real_secret_service in its session"]
fn in_an_unlocked_keychain() {
    let keychain = Keychain::new();
    let key = SecretKey::AccountToken(AccountId::random());
    assert!(keychain.get(&key).unwrap().is_none());

    let label = "Labkeep: token for gitlab.com (@mira)";
    keychain
        .set(&key, label, &SecretString::from("glpat-first"))
        .unwrap();
    keychain
        .set(&key, label, &SecretString::from("glpat-zweites ü"))
        .unwrap();
    let kept = keychain.get(&key).unwrap().unwrap();
    assert_eq!(kept.expose_secret(), "glpat-zweites ü");

    // Seen from outside, as a person sees it.
    let seen = Command::new("secret-tool")
        .args(["search", "--all", "service", "labkeep"])
        .output()
        .unwrap();
    let seen = text(&seen);
    assert!(seen.contains(&format!("label = {label}")), "{seen}");
    assert!(
        seen.contains(&format!("attribute.username = {key}")),
        "{seen}"
    );
    assert!(seen.contains("secret = glpat-zweites ü"), "{seen}");

    keychain.delete(&key).unwrap();
    keychain.delete(&key).unwrap();
    assert!(keychain.get(&key).unwrap().is_none());
}

#[test]
fn a_session_without_a_keychain_is_told_apart() {
    passed("TEST", "in_a_session_without_a_keychain");
    passed(
        "DBUS_SESSION_BUS_ADDRESS= TEST",
        "in_a_session_without_a_keychain",
    );
    passed(
        "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent TEST",
        "in_a_session_without_a_keychain",
    );
}

#[test]
#[ignore = "run by a_session_without_a_keychain_is_told_apart in its session"]
fn in_a_session_without_a_keychain() {
    let keychain = Keychain::new();
    let key = SecretKey::AccountToken(AccountId::random());
    let value = SecretString::from("x");
    for error in [
        keychain.get(&key).unwrap_err(),
        keychain.set(&key, "label", &value).unwrap_err(),
        keychain.delete(&key).unwrap_err(),
    ] {
        assert!(matches!(error, SecretsError::Absent { .. }), "{error:?}");
    }
}

#[test]
fn a_locked_keychain_is_told_apart() {
    passed(LOCKED, "in_a_locked_keychain");
    passed(NEVER_USED, "in_a_locked_keychain");
}

#[test]
#[ignore = "run by a_locked_keychain_is_told_apart in its session"]
fn in_a_locked_keychain() {
    let keychain = Keychain::with_patience(Duration::from_secs(5));
    let key = SecretKey::AccountToken(AccountId::random());
    let error = keychain
        .set(&key, "label", &SecretString::from("x"))
        .unwrap_err();
    assert!(
        matches!(
            error,
            SecretsError::Locked { .. } | SecretsError::NoAnswer { .. }
        ),
        "{error:?}"
    );
}

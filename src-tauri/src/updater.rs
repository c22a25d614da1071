//! Updates of Labkeep itself. Off, and nothing is ever asked for, unless the
//! build was given an address to ask (`LABKEEP_UPDATE_ENDPOINT`) and the key
//! that releases are signed with (`LABKEEP_UPDATE_KEY`). Even then only a
//! person asks: nothing is looked for in the background.

use labkeep_engine::Code;
use serde::Serialize;
use serde_json::json;
use specta::Type;
use tauri::utils::config::PluginConfig;
use tauri::{AppHandle, Builder, Context, Manager, Runtime};
use tauri_plugin_updater::{Update, UpdaterExt};

use crate::error::AppError;
use crate::state::Opened;

const SOURCE: Option<Source> = Source::of(
    option_env!("LABKEEP_UPDATE_ENDPOINT"),
    option_env!("LABKEEP_UPDATE_KEY"),
);

/// Where to ask, and whom to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
    endpoint: &'static str,
    key: &'static str,
}

impl Source {
    const fn of(endpoint: Option<&'static str>, key: Option<&'static str>) -> Option<Self> {
        match (endpoint, key) {
            (Some(endpoint), Some(key)) if !endpoint.is_empty() && !key.is_empty() => {
                Some(Self { endpoint, key })
            }
            _ => None,
        }
    }
}

/// A version that is newer than this one.
#[derive(Clone, Debug, Serialize, Type)]
pub struct NewVersion {
    /// Its number.
    version: String,
    /// What is new, in the words of its makers.
    notes: Option<String>,
}

/// Adds the updater, where the build has one.
pub fn register<R: Runtime>(builder: Builder<R>, context: &mut Context<R>) -> Builder<R> {
    if configure(SOURCE, &mut context.config_mut().plugins) {
        builder.plugin(tauri_plugin_updater::Builder::new().build())
    } else {
        builder
    }
}

fn configure(source: Option<Source>, plugins: &mut PluginConfig) -> bool {
    let Some(Source { endpoint, key }) = source else {
        return false;
    };
    let configuration = json!({
        "endpoints": [endpoint],
        "pubkey": key,
        // An old release with its true signature must not pass for a new one.
        "requireSignedVersion": true,
    });
    plugins.0.insert("updater".to_owned(), configuration);
    true
}

/// Whether this build can update itself.
#[tauri::command]
#[specta::specta]
pub fn can_update() -> bool {
    SOURCE.is_some()
}

/// Asks for a newer version.
#[tauri::command]
#[specta::specta]
pub async fn find_update(app: AppHandle) -> Result<Option<NewVersion>, AppError> {
    let found = find(&app).await?;
    Ok(found.map(|update| NewVersion {
        version: update.version,
        notes: update.body,
    }))
}

/// Fetches the newer version, checks its signature and installs it; it is
/// there at the next start. Refused while something is running.
#[tauri::command]
#[specta::specta]
pub async fn install_update(app: AppHandle) -> Result<(), AppError> {
    let is_running = !app.state::<Opened>().labkeep()?.running().is_empty();
    if is_running {
        return Err(refused("Labkeep is at work.", "Update when it is done."));
    }
    let Some(update) = find(&app).await? else {
        return Err(refused("This is the newest version.", "Nothing is to do."));
    };
    tracing::info!(version = update.version, "an update is being installed");
    update
        .download_and_install(|_, _| {}, || {})
        .await
        .map_err(|error| failed("installed", &error))
}

async fn find(app: &AppHandle) -> Result<Option<Update>, AppError> {
    if SOURCE.is_none() {
        return Err(refused(
            "This Labkeep does not update itself.",
            "Update it the way it was installed.",
        ));
    }
    let updater = app
        .updater()
        .map_err(|error| failed("looked for", &error))?;
    updater
        .check()
        .await
        .map_err(|error| failed("looked for", &error))
}

fn refused(message: &str, hint: &str) -> AppError {
    AppError {
        code: Code::Refused,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

fn failed(what: &str, error: &tauri_plugin_updater::Error) -> AppError {
    tracing::warn!(%error, "an update could not be {what}");
    AppError {
        code: Code::Failed,
        message: format!("An update could not be {what}: {error}."),
        hint: Some("Try it again later, or update Labkeep the way it was installed.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_and_a_key_there_is_no_updater() {
        for (endpoint, key) in [
            (None, None),
            (Some("https://updates.invalid/{{target}}"), None),
            (None, Some("key")),
            (Some(""), Some("key")),
            (Some("https://updates.invalid/{{target}}"), Some("")),
        ] {
            let mut plugins = PluginConfig::default();
            assert!(!configure(Source::of(endpoint, key), &mut plugins));
            assert!(plugins.0.is_empty(), "{endpoint:?} {key:?}");
        }
    }

    #[test]
    fn with_both_the_updater_trusts_that_key_alone() {
        let source = Source::of(Some("https://updates.invalid/{{target}}"), Some("key"));
        let mut plugins = PluginConfig::default();
        assert!(configure(source, &mut plugins));
        let updater = &plugins.0["updater"];
        assert_eq!(updater["pubkey"], "key");
        assert_eq!(updater["requireSignedVersion"], true);
        assert_eq!(
            updater["endpoints"][0],
            "https://updates.invalid/{{target}}"
        );
        assert!(updater.get("dangerousInsecureTransportProtocol").is_none());
    }

    #[test]
    fn a_build_says_whether_it_was_given_both() {
        let given = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let both = given(option_env!("LABKEEP_UPDATE_ENDPOINT"))
            && given(option_env!("LABKEEP_UPDATE_KEY"));
        assert_eq!(can_update(), both);
    }
}

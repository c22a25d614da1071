//! Starting up and shutting down.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use anyhow::Context;
use clap::Parser;
use labkeep_settings::Home;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, RunEvent, Wry};

use crate::arguments::Arguments;
use crate::state::Opened;
use crate::{commands, events, logs, window};

/// Runs Labkeep until it is quit.
pub fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let home = Home::locate()?;
    // Without a log Labkeep would still work, but nobody could help.
    let log = logs::start(&home).context("the log cannot be written")?;
    let builder = commands::builder();
    let app = tauri::Builder::default()
        .plugin(only_instance(&home))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(builder.invoke_handler())
        .setup(move |app| {
            builder.mount_events(app);
            app.manage(Mutex::new(Some(log)));
            let opened = tauri::async_runtime::block_on(async { Opened::open(&arguments) });
            if let Ok(labkeep) = opened.labkeep() {
                tauri::async_runtime::spawn(events::forward(app.handle().clone(), labkeep));
            }
            app.manage(opened);
            window::show(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window cannot be made")?;
    app.run(|app, event| {
        if let RunEvent::ExitRequested { api, code, .. } = event {
            // The last window was closed. A run goes on without it; a second
            // start brings it back.
            if code.is_none() && is_running(app) {
                tracing::info!("the window was closed during a run, which goes on");
                api.prevent_exit();
            }
        }
    });
    Ok(())
}

/// A second start shows the window of the first one. Each home has a Labkeep of
/// its own, so that a practice one never answers for the real one.
fn only_instance(home: &Home) -> TauriPlugin<Wry> {
    let mut hasher = DefaultHasher::new();
    home.settings_file().hash(&mut hasher);
    let name = format!("org.labkeep.desktop.home{:016x}", hasher.finish());
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(name)
        .callback(|app, _, _| show(app))
        .build()
}

fn show(app: &AppHandle) {
    if let Err(error) = window::show(app) {
        tracing::error!(%error, "the window could not be shown");
    }
}

fn is_running(app: &AppHandle) -> bool {
    app.state::<Opened>()
        .labkeep()
        .is_ok_and(|labkeep| !labkeep.running().is_empty())
}

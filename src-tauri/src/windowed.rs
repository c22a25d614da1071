//! The life with a window: Tauri on the main thread, until Labkeep is quit or
//! the window is closed and nothing holds it back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use labkeep_desktop::arguments::Shown;
use labkeep_desktop::background::ForMain;
use labkeep_desktop::closing::{Closing, Leaving};
use labkeep_desktop::logs::Log;
use labkeep_desktop::order::Orders;
use labkeep_desktop::place::Place;
use labkeep_desktop::system::notifications::Notifications;
use tauri::{AppHandle, Builder, Manager, RunEvent, WindowEvent, Wry};
use tokio::sync::mpsc;

use crate::events::{self, ShellEvent};
use crate::state::Opened;
use crate::{commands, updater, window};

/// How long the toolkit may take to end.
const GRACE: Duration = Duration::from_millis(400);

/// Between two looks at whether anything still runs.
const LOOK: Duration = Duration::from_secs(5);

/// What is shown first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// The window, at a place or at its own first one.
    Window(Option<Place>),
    /// Nothing: only the tray.
    #[cfg(not(target_os = "linux"))]
    Nothing,
}

/// How a life ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Labkeep is to end.
    Quit,
    /// Labkeep is to go on hidden, with these notifications shown.
    Hide(Vec<Shown>),
}

/// Shows the window and runs until the end.
pub fn run(
    opened: Opened,
    orders: Orders,
    main: mpsc::UnboundedReceiver<ForMain>,
    closing: Closing,
    first: First,
    log: &Log,
    extend: impl FnOnce(Builder<Wry>) -> Builder<Wry>,
) -> anyhow::Result<Ended> {
    tauri::async_runtime::set(tokio::runtime::Handle::current());
    let ended = Arc::new(Mutex::new(Ended::Quit));
    let builder = commands::builder();
    let mut context = tauri::generate_context!();
    let app = updater::register(extend(Builder::default()), &mut context)
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(builder.invoke_handler())
        .setup({
            let log = log.clone();
            move |app| {
                builder.mount_events(app);
                if let Ok(labkeep) = opened.labkeep() {
                    tokio::spawn(events::forward(app.handle().clone(), labkeep));
                }
                app.manage(opened);
                app.manage(orders);
                match first {
                    First::Window(place) => window::show(app.handle(), place.as_ref())?,
                    #[cfg(not(target_os = "linux"))]
                    First::Nothing => {}
                }
                tokio::spawn(serve(app.handle().clone(), main, log));
                Ok(())
            }
        })
        .on_window_event({
            let closing = closing.clone();
            move |window, event| {
                if let WindowEvent::CloseRequested { api, .. } = event
                    && closing.is_set_up()
                    && !closing.tray_is_shown()
                {
                    tracing::info!("no tray is shown, so the window is only minimised");
                    api.prevent_close();
                    window::tell(window.app_handle(), ShellEvent::Minimised);
                    if let Err(error) = window.minimize() {
                        tracing::warn!(%error, "the window could not be minimised");
                    }
                }
            }
        })
        .build(context)
        .context("the window cannot be made")?;
    app.run_return({
        let ended = Arc::clone(&ended);
        move |app, event| {
            if let RunEvent::ExitRequested { api, code, .. } = event
                && code.is_none()
                && closing.goes_on(is_running(app))
            {
                // The last window was closed; what was asked for goes on.
                api.prevent_exit();
                tokio::spawn(leave(app.clone(), closing.clone(), Arc::clone(&ended)));
            }
        }
    });
    let ended = ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(ended)
}

/// Does what only the toolkit can do.
async fn serve(app: AppHandle, mut main: mpsc::UnboundedReceiver<ForMain>, log: Log) {
    while let Some(wish) = main.recv().await {
        match wish {
            ForMain::Show(place) => {
                let handle = app.clone();
                let shown = app.run_on_main_thread(move || {
                    if let Err(error) = window::show(&handle, place.as_ref()) {
                        tracing::error!(%error, "the window could not be shown");
                    }
                });
                if let Err(error) = shown {
                    tracing::error!(%error, "the window could not be asked for");
                }
            }
            // With a window there is no new beginning before it is closed.
            ForMain::BeginAnew => {}
            ForMain::End => {
                app.exit(0);
                // A toolkit that hangs must not keep a session from ending.
                std::thread::spawn(move || {
                    std::thread::sleep(GRACE);
                    tracing::warn!("the toolkit did not end in time");
                    log.finish();
                    std::process::exit(0);
                });
                return;
            }
        }
    }
}

fn is_running(app: &AppHandle) -> bool {
    let labkeep = app.state::<Opened>().labkeep();
    labkeep.is_ok_and(|labkeep| !labkeep.is_idle())
}

/// Leaves this life once nothing would be lost, unless the window is opened
/// again meanwhile.
async fn leave(app: AppHandle, closing: Closing, ended: Arc<Mutex<Ended>>) {
    tracing::info!("the window was closed");
    let mut status = closing.status.clone();
    let leaving = loop {
        // Who ends Labkeep ends this life as well.
        if app.get_webview_window(window::MAIN).is_some() || closing.schedule.is_ending() {
            return;
        }
        let leaving = closing.leaving(is_running(&app));
        if leaving != Leaving::NotYet {
            // Nothing may begin between the last look and the end, and the
            // window may be opened again while something is told.
            closing.schedule.stop().await;
            let is_opened = app.get_webview_window(window::MAIN).is_some();
            let is_free = !is_opened && !closing.schedule.is_ending();
            if is_free && closing.leaving(is_running(&app)) == leaving {
                break leaving;
            }
            closing.schedule.go_on();
            continue;
        }
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
    };
    if leaving == Leaving::Quit {
        app.exit(0);
        return;
    }
    let shown = closing.notifications.as_ref();
    let shown = shown.map(Notifications::still_shown).unwrap_or_default();
    *ended.lock().unwrap_or_else(PoisonError::into_inner) = Ended::Hide(shown);
    app.exit(0);
}

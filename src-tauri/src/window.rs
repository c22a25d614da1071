//! The main window: made when it is wanted, destroyed when it is closed.

use labkeep_desktop::place::Place;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tauri_specta::Event;

use crate::events::{ShellEvent, ShellEvents};

/// Its label.
pub const MAIN: &str = "main";

/// Its page.
const PAGE: &str = "index.html";

/// What it is called until its first screen is drawn.
const STARTING: &str = "Starting Labkeep";

/// Shows the window at a place, or where it is, making it if there is none.
pub fn show(app: &AppHandle, place: Option<&Place>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        if let Some(place) = place {
            tell(
                app,
                ShellEvent::Go {
                    place: place.clone(),
                },
            );
        }
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    let page = format!("{PAGE}{}", place.map_or("", Place::as_str));
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App(page.into()))
        .title(STARTING)
        .on_document_title_changed(rename)
        .inner_size(1180.0, 780.0)
        .min_inner_size(860.0, 600.0)
        .center()
        .build()?;
    Ok(())
}

/// Sends a hint to the window, if there is one.
pub fn tell(app: &AppHandle, event: ShellEvent) {
    if app.get_webview_window(MAIN).is_some()
        && let Err(error) = ShellEvents(event).emit(app)
    {
        tracing::warn!(%error, "an event did not reach the window");
    }
}

/// The page names the window once its first screen is drawn.
#[expect(clippy::needless_pass_by_value, reason = "as Tauri calls it")]
fn rename(window: WebviewWindow, title: String) {
    if let Err(error) = window.set_title(&title) {
        tracing::warn!(%error, "the window could not be named");
    }
}

//! The main window: made when it is wanted, destroyed when it is closed.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};

/// Its label.
pub const MAIN: &str = "main";

/// Shows the window, making it if there is none.
pub fn show(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Labkeep")
        .inner_size(1180.0, 780.0)
        .min_inner_size(860.0, 600.0)
        .center()
        .build()?;
    Ok(())
}

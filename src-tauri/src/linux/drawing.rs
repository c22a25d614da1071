//! The window is drawn without the graphics card. Lists and forms are drawn as
//! fast without it, while its compositor would take a sixth of the time until
//! the first frame and 100 MB of memory, and with some drivers the windows of
//! WebKitGTK stay blank.

use std::sync::atomic::{AtomicBool, Ordering};

use gtk::gio::prelude::AppLaunchContextExt;
use gtk::gio::{AppInfo, AppLaunchContext};
use gtk::glib;

/// What WebKitGTK is told by; its settings come too late for the first page.
const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Whether it is Labkeep that says so, for itself alone, and not the user.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// Tells the toolkit, which is not there yet, unless the user has told it. To be
/// called before this process has a second thread, for others may read the
/// environment.
pub fn without_graphics_card() {
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    match glib::setenv(VARIABLE, "1", false) {
        Ok(()) => IS_OURS.store(true, Ordering::Relaxed),
        Err(error) => eprintln!("{VARIABLE}: {error}"),
    }
}

/// The variable that other programs must not get, if it is Labkeep's own.
pub fn own_variable() -> Option<&'static str> {
    IS_OURS.load(Ordering::Relaxed).then_some(VARIABLE)
}

/// Opens a web page in the user's browser, which keeps its graphics card.
pub fn browse(page: &str) -> Result<(), glib::Error> {
    let context = AppLaunchContext::new();
    if let Some(variable) = own_variable() {
        context.unsetenv(variable);
    }
    AppInfo::launch_default_for_uri(page, Some(&context))
}

//! Every text of the desktop itself. What is said about backups comes from the
//! engine.

/// The product's name.
pub const NAME: &str = "Labkeep";

/// Menu of the tray.
pub const BACK_UP: &str = "Back up now";
/// Cancels the run under way.
pub const CANCEL: &str = "Cancel";
/// Starts nothing for an hour.
pub const PAUSE_HOUR: &str = "Pause for an hour";
/// Starts nothing until tomorrow.
pub const PAUSE_TOMORROW: &str = "Pause until tomorrow";
/// Ends a pause.
pub const GO_ON: &str = "Resume";
/// Leads to the projects.
pub const RESTORE: &str = "Restore…";
/// Shows the window.
pub const OPEN_LABKEEP: &str = "Open Labkeep";
/// Ends Labkeep.
pub const QUIT: &str = "Quit";

/// The button of a notification whose remedy has no words of its own.
pub const OPEN: &str = "Open";

/// Buttons of notifications, by what helps.
pub const RENEW_TOKEN: &str = "Renew the token";
/// Leads to the permission checklist.
pub const SHOW_PERMISSIONS: &str = "Show permissions";
/// Leads to the projects concerned.
pub const SHOW_PROJECTS: &str = "Show projects";
/// Leads to the recovery kit.
pub const SAVE_KIT: &str = "Save the recovery kit";
/// Leads to the run.
pub const SHOW_RUN: &str = "Show what happened";
/// Leads to the settings.
pub const SHOW_SETTINGS: &str = "Show settings";

/// Why runs were stopped when the user quit.
pub const WAS_QUIT: &str = "Labkeep was quit.";
/// Why runs were stopped when the session or the machine ended.
pub const SESSION_ENDED: &str = "The session ended.";

/// Title of a notification about an order that was not carried out.
pub const NOT_DONE: &str = "Labkeep could not do that";
/// Of an entry for starting at login that could not be written.
pub const NOT_AT_LOGIN: &str = "Labkeep could not be set to start at login";
/// What helps then.
pub const START_YOURSELF: &str =
    "Start Labkeep yourself after each login, or switch it off and on in the settings.";

/// A window was asked for where there is no screen.
pub const NO_SCREEN: &str = "The window cannot be shown: there is no display to show it on.";

/// Of a second start that could not reach the first one.
pub const NOT_REACHED: &str =
    "Labkeep is running already, but could not be asked to show its window";

/// Title of a status that cannot be known.
pub const UNKNOWN: &str = "Labkeep cannot read its own files";

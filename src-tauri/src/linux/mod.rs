//! What is Linux's own: the session bus, the tray, notifications, starting at
//! login, and the two lives of one process.

mod autostart;
mod children;
mod icons;
mod instance;
mod lives;
mod memory;
mod notifications;
mod panel;
mod session;
mod tray;

pub use lives::run;
pub use notifications::Notifications;

/// Whether the process can begin anew without a window.
pub const CAN_HIDE: bool = true;

//! What is Linux's own: the session bus, the tray, notifications, starting at
//! login, one process per home, and what a process leaves behind.

pub mod autostart;
pub mod children;
mod icons;
pub mod instance;
pub mod memory;
pub mod notifications;
mod panel;
pub mod session;
pub mod tray;

//! Labkeep on a desktop, with or without a window: the tray and its menu,
//! notifications, starting at login, one process per home, and what goes on
//! in the background.
//!
//! It works without the window's toolkit, so that a hidden Labkeep is small.
#![deny(missing_docs)]

pub mod arguments;
pub mod background;
pub mod closing;
pub mod logs;
pub mod menu;
pub mod order;
pub mod place;
pub mod refusal;
pub mod schedule;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/mod.rs")]
pub mod system;
pub mod telling;
pub mod words;

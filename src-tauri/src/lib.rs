//! The shell: a window, a tray, a keychain and the engine put together. It
//! holds no domain logic; each command hands a wish to the engine and an
//! answer back.
#![deny(missing_docs)]

mod app;
mod arguments;
mod background;
mod commands;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/mod.rs")]
mod desktop;
mod error;
mod events;
mod logs;
mod menu;
mod order;
mod place;
mod schedule;
mod secret;
mod state;
mod telling;
mod updater;
mod window;
mod windowed;
mod words;

pub use app::run;
pub use commands::write_bindings;

//! The shell: a window, the desktop, a keychain and the engine put together. It
//! holds no domain logic; each command hands a wish to the engine and an
//! answer back.
#![deny(missing_docs)]

mod app;
mod commands;
mod error;
mod events;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/mod.rs")]
mod lives;
mod secret;
mod state;
mod updater;
mod window;
mod windowed;

pub use app::run;
pub use commands::write_bindings;

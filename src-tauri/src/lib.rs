//! The shell: a window, a keychain and the engine put together. It holds no
//! domain logic; each command hands a wish to the engine and an answer back.
#![deny(missing_docs)]

mod app;
mod arguments;
mod commands;
mod error;
mod events;
mod logs;
mod secret;
mod state;
mod window;

pub use app::run;
pub use commands::write_bindings;

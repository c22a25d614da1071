//! Telling people beside the desktop: which problems are due to be told, and
//! the ways to tell them (webhook, ntfy, e-mail, heartbeat).
//!
//! Addresses of webhooks, topics and heartbeats let whoever has them write
//! there. They come from the keychain and show up nowhere else: errors and logs
//! name the host alone.

mod address;
mod channels;
mod error;
mod exchange;
mod heartbeat;
mod mail;
mod message;
mod notice;
mod ntfy;
mod owed;
mod passing;
mod round;
mod sink;
mod smtp;
mod way;
mod webhook;

pub use address::host_of;
pub use channels::Channels;
pub use error::{AddressFlaw, Mailbox, SendError};
pub use message::{Message, MessageKind, machine_name};
pub use notice::{Notice, Told, due};
pub use owed::{Owed, is_fresh};
pub use round::{Round, Sent};
pub use sink::{Sink, ToldBy};
pub use way::Way;

//! The client over a real wire, against servers that misbehave on purpose.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]
mod cancel;
mod hostile;
mod limits;
mod paging;
mod proxy;
mod redirects;
mod rest;
mod retry;
mod secure;
mod server;
mod sign_in;
mod tls;
mod transfer;

//! GitLab over the wire: sign-in, scopes and roles, REST with paging and a rate
//! budget, git's upload-pack and receive-pack, export and import archives.
//!
//! No storage and no user interface: this crate answers what GitLab said, with
//! the facts a caller needs to decide, and never keeps anything.
#![deny(missing_docs)]

mod access;
mod activity;
mod address;
pub mod archive;
mod attempt;
mod budget;
mod client;
mod error;
mod failure;
mod family;
pub mod git;
mod json;
mod latch;
mod observer;
mod options;
mod rates;
mod refusal;
mod request;
mod response;
mod retry;
mod scope;
mod sending;
mod tls;

pub use access::AccessLevel;
pub use address::{AddressError, BaseUrl, encode_segment};
pub use client::Client;
pub use error::{
    BlockedReason, CaFlaw, Error, MESSAGE_LIMIT, NotGitlabReason, TlsFailure, TokenFlaw,
};
pub use observer::{Observer, RequestCounts, Wait, WaitReason};
pub use options::{ClientOptions, Pauses, Proxy, Timeouts, check_token};
pub use request::RequestKind;
pub use scope::Scope;

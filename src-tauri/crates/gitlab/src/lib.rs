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
mod checklist;
mod client;
mod credentials;
pub mod documents;
mod download;
mod error;
mod failure;
mod family;
pub mod git;
mod json;
mod latch;
mod observer;
mod options;
mod outside;
mod paging;
mod rates;
mod reason;
mod refusal;
mod request;
mod response;
pub mod rest;
mod retry;
mod scope;
mod sending;
mod server_clock;
mod sign_in;
mod steady;
mod tls;
mod token;
mod upload;
mod wire;

pub use access::AccessLevel;
pub use address::{AddressError, BaseUrl, encode_segment, host_of};
pub use checklist::{
    Ability, Authority, Capabilities, Checklist, ChecklistLine, Expiry, Loss, Need, ScopeState,
    checklist,
};
pub use client::Client;
pub use download::{Download, Downloaded};
pub use error::{Error, MESSAGE_LIMIT};
pub use failure::refused_tls;
pub use observer::{Observer, RequestCounts, Wait, WaitReason};
pub use options::{ClientOptions, Pauses, Proxy, Timeouts, check_token};
pub use outside::{Answer, Outside};
pub use paging::{PER_PAGE, Page, PageRequest, Paging, Sort};
pub use reason::{BlockedReason, CaFlaw, NotGitlabReason, TlsFailure, TokenFlaw};
pub use request::RequestKind;
pub use scope::Scope;
pub use sign_in::{Connection, connect};
pub use steady::steady;
pub use token::{
    GranularGrant, InstanceFacts, Person, RoleSummary, SignIn, Tier, TokenFacts, TokenKind,
};
pub use upload::UploadFile;

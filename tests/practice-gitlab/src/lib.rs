//! A GitLab to practise and test against: it behaves as GitLab's documentation
//! and published schemas say, down to headers, error bodies, scopes, roles,
//! limits and silently dropped parameters, and can be told to misbehave. Git over
//! HTTP is served by the real `git http-backend`.
//!
//! ```no_run
//! use practice_gitlab::{Action, FaultRule, Options, PracticeGitlab, Seed};
//!
//! let gitlab = PracticeGitlab::start(Options { seed: Seed::Many(200), ..Options::default() })?;
//! gitlab.push_commit("fleet/ship-00001", "main", &[("notes.txt", "more")])?;
//! gitlab.set_faults(vec![FaultRule::new("GET /projects", Action::status(500)).first(1)]);
//! // … let a client work on gitlab.url with gitlab.tokens.minimal …
//! assert_eq!(gitlab.requests().count("GET /projects"), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`PracticeGitlab::start`] is synchronous and the server runs on a runtime of
//! its own, so it serves blocking tests and asynchronous ones. Dropping
//! [`Running`] stops it. [`Options`] are those of the command line and a few that
//! only tests need (TLS, a relative root, a second host for downloads). The
//! format of faults is described in [`faults`], what tests can ask over HTTP in
//! [`practice`].

#![deny(missing_docs)]
// A project's JSON has more fields than the macro's usual depth allows.
#![recursion_limit = "256"]

mod answer;
mod api;
mod change;
mod clock;
mod data;
mod dispatch;
mod duration;
mod export;
pub mod faults;
mod git;
mod harm;
mod import;
mod issuables;
mod issues;
mod limits;
mod listener;
mod merge_requests;
mod model;
mod notifications;
mod object_storage;
mod options;
pub mod practice;
mod present;
mod quick_actions;
mod requests;
mod running;
mod seed;
mod server;
mod start;

pub use change::ChangeError;
pub use faults::{Action, Change, FaultRule, When};
pub use git::GitError;
pub use limits::ApplicationLimits;
pub use listener::TlsError;
pub use model::token::Grant;
pub use notifications::{Cause, Notification, Notifications};
pub use object_storage::StorageRequest;
pub use options::{
    BadStartImport, Deletion, Downloads, Options, Seed, StartImport, Tier, Tls, UnknownSeed,
};
pub use requests::{Requests, TokenPlace};
pub use running::{Running, TokenRequest};
pub use seed::people::Tokens;
pub use start::{PracticeGitlab, StartError, UserFacts};

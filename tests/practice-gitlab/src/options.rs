//! How the practice GitLab is to be: the command line's options and a few that
//! only tests need.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::faults::FaultRule;
use crate::limits::ApplicationLimits;
pub use crate::model::{Deletion, Tier};

/// What the instance holds at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seed {
    /// Users and tokens only.
    #[default]
    Empty,
    /// A small company that a newcomer understands.
    Demo,
    /// So many small projects in nested groups.
    Many(u64),
}

impl std::str::FromStr for Seed {
    type Err = UnknownSeed;

    fn from_str(text: &str) -> Result<Self, UnknownSeed> {
        match text {
            "empty" => Ok(Self::Empty),
            "demo" => Ok(Self::Demo),
            _ => text
                .strip_prefix("many:")
                .and_then(|count| count.parse().ok())
                .map(Self::Many)
                .ok_or_else(|| UnknownSeed {
                    text: text.to_owned(),
                }),
        }
    }
}

/// A seed nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("unknown seed `{text}`: use empty, demo or many:N")]
pub struct UnknownSeed {
    /// What was asked for.
    pub text: String,
}

/// An archive to import at the start, as an administrator would.
#[derive(Debug, Clone)]
pub struct StartImport {
    /// The archive.
    pub archive: PathBuf,
    /// Where the project goes, such as `group/subgroup/path`; groups that do not
    /// exist are made.
    pub path: String,
}

impl std::str::FromStr for StartImport {
    type Err = BadStartImport;

    fn from_str(text: &str) -> Result<Self, BadStartImport> {
        match text.rsplit_once('=') {
            Some((archive, path)) if !archive.is_empty() && path.contains('/') => Ok(Self {
                archive: archive.into(),
                path: path.to_owned(),
            }),
            _ => Err(BadStartImport {
                text: text.to_owned(),
            }),
        }
    }
}

/// An import that does not say what goes where.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not ARCHIVE=GROUP/PATH")]
pub struct BadStartImport {
    /// What was asked for.
    pub text: String,
}

/// A certificate chain and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificates: String,
    /// The private key.
    pub key: String,
}

/// Where finished exports are downloaded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Downloads {
    /// From GitLab itself.
    #[default]
    Direct,
    /// From "object storage": a second listener on another port, reached by a
    /// redirect, that notes the headers it gets.
    Redirected,
}

/// All options.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The host name used in URLs, when it is not the address listened on.
    pub host: Option<String>,
    /// A path below which everything lies, such as `/gitlab`; empty for none.
    pub relative_root: String,
    /// Speak TLS.
    pub tls: Option<Tls>,
    /// What the instance holds at the start.
    pub seed: Seed,
    /// Archives to import at the start.
    pub imports: Vec<StartImport>,
    /// The licence.
    pub tier: Tier,
    /// The version with its edition, such as `18.6.2-ee`.
    pub version: String,
    /// Whether "GitLab export" is an import source.
    pub import_sources: bool,
    /// Whether relations may be exported (`bulk_import_enabled`).
    pub relations_export: bool,
    /// Authenticated API requests a minute and user (Rack::Attack); no limit
    /// when `None`, as on a fresh self-managed GitLab.
    pub rate_limit: Option<u32>,
    /// Limits of single routes (`Gitlab::ApplicationRateLimiter`).
    pub application_limits: ApplicationLimits,
    /// Failed git sign-ins a minute after which an address is banned.
    pub failed_sign_ins: u32,
    /// When deleted projects and groups go.
    pub deletion: Deletion,
    /// Where finished exports are downloaded from.
    pub downloads: Downloads,
    /// Misbehaviour.
    pub faults: Vec<FaultRule>,
    /// Where repositories and archives lie, cleared of an earlier run's; a
    /// temporary folder when `None`.
    pub data: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            host: None,
            relative_root: String::new(),
            tls: None,
            seed: Seed::Empty,
            imports: Vec::new(),
            tier: Tier::Free,
            version: "18.6.2-ee".into(),
            import_sources: true,
            relations_export: true,
            rate_limit: None,
            application_limits: ApplicationLimits::SelfManaged,
            failed_sign_ins: 300,
            deletion: Deletion::Immediate,
            downloads: Downloads::Direct,
            faults: Vec::new(),
            data: None,
        }
    }
}

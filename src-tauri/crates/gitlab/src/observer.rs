//! What a caller can watch: waits, bytes and the number of requests.
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::request::RequestKind;

/// Why a request waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// A limit on requests is used up.
    RateLimit {
        /// GitLab's name of the limit, or the family of routes.
        name: String,
        /// Requests per window, if known.
        limit: Option<u64>,
    },
    /// The server said that it is down or busy.
    ServerBusy {
        /// Its status.
        status: u16,
    },
    /// The network or the connection failed.
    Network,
}

/// One wait of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// When it goes on.
    pub until: Timestamp,
    /// Why it waits.
    pub reason: WaitReason,
}

/// Is told what happens on the wire. Calls come from many tasks at once and
/// must return at once. Each `waiting` is followed by one `resumed`, also when
/// the wait was cancelled.
pub trait Observer: Send + Sync {
    /// A request waits.
    fn waiting(&self, wait: &Wait) {
        let _ = wait;
    }
    /// A wait is over.
    fn resumed(&self) {}
    /// Bytes of bodies came in.
    fn received(&self, bytes: u64) {
        let _ = bytes;
    }
    /// Bytes of bodies went out.
    fn sent(&self, bytes: u64) {
        let _ = bytes;
    }
}

/// Requests made, repetitions and followed redirects included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// REST.
    pub api: u64,
    /// Git over HTTP.
    pub git: u64,
    /// The container registry and its token service.
    pub registry: u64,
    /// LFS batches and objects.
    pub lfs: u64,
}

/// The counters behind [`RequestCounts`].
#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; RequestKind::COUNT]);

impl Counters {
    pub(crate) fn count(&self, kind: RequestKind) {
        self.0[kind.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> RequestCounts {
        let of = |kind: RequestKind| self.0[kind.index()].load(Ordering::Relaxed);
        RequestCounts {
            api: of(RequestKind::Api),
            git: of(RequestKind::Git),
            registry: of(RequestKind::Registry),
            lfs: of(RequestKind::Lfs),
        }
    }
}

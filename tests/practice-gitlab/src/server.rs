//! The running server's shared state: the world behind a lock, the data folder,
//! and everything that watches or disturbs requests.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::clock::Clock;
use crate::data::Data;
use crate::faults::Faults;
use crate::git::Git;
use crate::limits::Limits;
use crate::model::World;
use crate::object_storage::ObjectStorage;
use crate::requests::RequestLedger;

/// What all requests share.
pub struct Server {
    /// Scheme, host, port, and the path below which everything lies.
    url: String,
    /// How much of it is scheme, host and port.
    origin: usize,
    world: RwLock<World>,
    ledger: Mutex<RequestLedger>,
    faults: Mutex<Faults>,
    limits: Mutex<Limits>,
    /// The time.
    pub clock: Clock,
    /// The data folder.
    pub data: Data,
    /// Git's programs and the repositories.
    pub git: Git,
    /// The second host, where downloads may be redirected to.
    pub object_storage: Option<ObjectStorage>,
}

impl Server {
    /// A server that answers at `origin` below `relative_root`.
    pub fn new(
        origin: &str,
        relative_root: &str,
        world: World,
        limits: Limits,
        data: Data,
        git: Git,
        object_storage: Option<ObjectStorage>,
    ) -> Self {
        Self {
            url: format!("{origin}{relative_root}"),
            origin: origin.len(),
            world: RwLock::new(world),
            ledger: Mutex::default(),
            faults: Mutex::default(),
            limits: Mutex::new(limits),
            clock: Clock::default(),
            data,
            git,
            object_storage,
        }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.url[..self.origin]
    }

    /// The path below which everything lies, or empty.
    pub fn relative_root(&self) -> &str {
        &self.url[self.origin..]
    }

    /// The URL people would give a client.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The world, to look at. A panic of another request does not spoil it.
    pub fn read(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, to change.
    pub fn write(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The count of requests.
    pub fn ledger(&self) -> MutexGuard<'_, RequestLedger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules of misbehaviour.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rate limits.
    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The lease: which machine may remove data from the vault.
//!
//! Writing needs no lease, as everything is named by its content. Removing
//! does: two prunes at a time would each take away what the other relies on.
//! The lease is a small file beside restic's folders with an owner and an end;
//! whoever needs it longer renews it, and after its end others may take it
//! over; at once if the process that took it is known to have ended. The last
//! word on who holds it is what is in the file.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::process::Process;
use crate::storage::{FaultKind, LEASE, Storage};
use crate::vault::Vault;

/// How long a lease lasts unless it is renewed.
const TERM: SignedDuration = SignedDuration::from_mins(15);
/// A lease that nobody can read is given up after this time.
const UNREADABLE: SignedDuration = SignedDuration::from_hours(24);
/// One that is empty: whoever made it was ended before anything was written.
const EMPTY: SignedDuration = SignedDuration::from_mins(2);
/// After taking over, how long somebody who does the same at the same moment
/// has to show up.
const SETTLING: Duration = Duration::from_millis(250);

/// The lease file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    owner: String,
    /// Different for every lease, also of the same owner.
    nonce: String,
    /// Milliseconds since the epoch.
    until: i64,
    /// Who took it, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<Process>,
}

/// The right to remove data from the vault. Given back when dropped.
#[derive(Debug)]
pub struct Lease {
    storage: Arc<dyn Storage>,
    terms: Mutex<Terms>,
    clock: fn() -> Timestamp,
}

impl Vault {
    /// Takes the lease for an owner, who is shown to others that want it.
    pub fn lease(&self, owner: &str) -> Result<Lease> {
        take(Arc::clone(&self.0.storage), owner, Timestamp::now)
    }
}

pub(crate) fn take(
    storage: Arc<dyn Storage>,
    owner: &str,
    clock: fn() -> Timestamp,
) -> Result<Lease> {
    let nonce: u128 = rand::rng().random();
    let terms = Terms {
        owner: owner.to_owned(),
        nonce: format!("{nonce:032x}"),
        until: end_from(clock()),
        process: Process::current(),
    };
    if !storage.create(LEASE, content(&terms))? {
        match holder(&*storage, clock())? {
            Held::ByNobody => {}
            Held::By { owner, until } => return Err(Error::LeaseHeld { owner, until }),
        }
        storage.write(LEASE, vec![content(&terms)])?;
        std::thread::sleep(SETTLING);
    }
    let lease = Lease {
        storage,
        terms: Mutex::new(terms),
        clock,
    };
    match lease.check() {
        Ok(()) => Ok(lease),
        Err(Error::LeaseLost) => {
            let held = holder(&*lease.storage, clock())?;
            // It is somebody else's: nothing to give back.
            std::mem::forget(lease);
            match held {
                Held::By { owner, until } => Err(Error::LeaseHeld { owner, until }),
                Held::ByNobody => Err(Error::LeaseLost),
            }
        }
        Err(error) => Err(error),
    }
}

enum Held {
    ByNobody,
    By { owner: String, until: Timestamp },
}

fn holder(storage: &dyn Storage, now: Timestamp) -> Result<Held> {
    Ok(match read(storage)? {
        Found::Nothing => Held::ByNobody,
        Found::Terms(terms) => {
            let until = Timestamp::from_millisecond(terms.until).unwrap_or(Timestamp::MIN);
            let has_ended = terms.process.as_ref().is_some_and(Process::has_ended);
            if until <= now || has_ended {
                Held::ByNobody
            } else {
                Held::By {
                    owner: terms.owner,
                    until,
                }
            }
        }
        // Being written just now, or damaged. Its age decides.
        Found::Unreadable { modified, patience } => {
            let until = modified.unwrap_or(now) + patience;
            if until <= now {
                Held::ByNobody
            } else {
                Held::By {
                    owner: String::new(),
                    until,
                }
            }
        }
    })
}

enum Found {
    Nothing,
    Terms(Terms),
    Unreadable {
        modified: Option<Timestamp>,
        /// How long after that it is respected.
        patience: SignedDuration,
    },
}

fn read(storage: &dyn Storage) -> Result<Found> {
    let content = match storage.read(LEASE) {
        Ok(content) => content,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(Found::Nothing),
        Err(fault) => return Err(fault.into()),
    };
    if let Ok(terms) = serde_json::from_slice(&content) {
        return Ok(Found::Terms(terms));
    }
    let folder = LEASE.rsplit_once('/').map_or("", |(folder, _)| folder);
    let files = storage.list(folder)?;
    Ok(Found::Unreadable {
        modified: files
            .into_iter()
            .find(|file| file.path == LEASE)
            .and_then(|file| file.modified),
        patience: if content.is_empty() {
            EMPTY
        } else {
            UNREADABLE
        },
    })
}

fn content(terms: &Terms) -> Bytes {
    serde_json::to_vec(terms).expect("plain JSON").into()
}

fn end_from(now: Timestamp) -> i64 {
    (now + TERM).as_millisecond()
}

impl Lease {
    /// Until when the lease lasts.
    pub fn until(&self) -> Timestamp {
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_millisecond(terms.until).unwrap_or(Timestamp::MIN)
    }

    /// Makes sure that the lease is still held; to be asked before anything is
    /// removed. Renews it in the second half of its term.
    pub fn check(&self) -> Result<()> {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        match read(&*self.storage)? {
            Found::Terms(found) if found.nonce == terms.nonce => {}
            _ => return Err(Error::LeaseLost),
        }
        let now = (self.clock)();
        let left = terms.until - now.as_millisecond();
        if left <= 0 {
            // Somebody may be about to take it over.
            return Err(Error::LeaseLost);
        }
        let half: i64 = i64::try_from(TERM.as_millis() / 2).expect("minutes are few milliseconds");
        if left < half {
            terms.until = end_from(now);
            self.storage.write(LEASE, vec![content(&terms)])?;
        }
        Ok(())
    }

    fn give_back(&self) -> Result<()> {
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Found::Terms(found) = read(&*self.storage)?
            && found.nonce == terms.nonce
        {
            self.storage.remove(LEASE)?;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Err(error) = self.give_back() {
            tracing::warn!(%error, "the lease was not given back; it ends by itself");
        }
    }
}

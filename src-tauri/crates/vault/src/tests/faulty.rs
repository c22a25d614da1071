//! A storage that fails on purpose.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::storage::{Fault, FaultKind, Listed, Operation, Storage};

/// What a storage does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It reports this.
    Fails(Reported),
    /// It says that it wrote, and did not.
    Lies,
    /// It writes, and then reports this.
    FailsAfterwards(Reported),
    /// It lists nothing.
    ListsNothing,
    /// A defect.
    Panics,
}

/// What it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reported {
    Full,
    Other,
    Passing,
    Denied,
    Gone,
}

/// When it does: from the `nth` time on that `operation` is done below `folder`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub operation: Operation,
    pub folder: &'static str,
    pub nth: u32,
    pub wrong: Wrong,
}

/// A storage over another one that fails on purpose.
#[derive(Debug)]
pub(super) struct Faulty {
    storage: Arc<dyn Storage>,
    rules: Mutex<Vec<(Rule, u32)>>,
    /// Operations that are still done; nothing is after them.
    left: AtomicU64,
}

impl Faulty {
    pub(super) fn over(storage: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self {
            storage,
            rules: Mutex::default(),
            left: AtomicU64::new(u64::MAX),
        })
    }

    pub(super) fn set(&self, rules: &[Rule]) {
        *self.rules.lock().unwrap() = rules.iter().map(|rule| (*rule, 0)).collect();
    }

    /// Does so many operations more, and then fails in every one: what is seen
    /// of a program that is killed.
    pub(super) fn stop_after(&self, operations: u64) {
        self.left.store(operations, Ordering::SeqCst);
    }

    fn go_on(&self, operation: Operation, path: &str) -> Result<(), Fault> {
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .map(drop)
            .map_err(|_| self.fault(operation, path, Reported::Other))
    }

    fn wrong(&self, operation: Operation, path: &str) -> Option<Wrong> {
        let mut rules = self.rules.lock().unwrap();
        for (rule, times) in rules.iter_mut() {
            if rule.operation == operation && path.starts_with(rule.folder) {
                *times += 1;
                if *times >= rule.nth {
                    return Some(rule.wrong);
                }
            }
        }
        None
    }

    fn fault(&self, operation: Operation, path: &str, reported: Reported) -> Fault {
        Fault {
            kind: match reported {
                Reported::Full => FaultKind::Full,
                Reported::Other => FaultKind::Other { passing: false },
                Reported::Passing => FaultKind::Other { passing: true },
                Reported::Denied => FaultKind::Denied,
                Reported::Gone => FaultKind::Gone,
            },
            operation,
            root: self.storage.root().to_owned(),
            path: path.to_owned(),
            cause: None,
        }
    }

    fn act<T>(
        &self,
        operation: Operation,
        path: &str,
        lie: impl FnOnce() -> T,
        act: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.go_on(operation, path)?;
        match self.wrong(operation, path) {
            None => act(),
            Some(Wrong::Fails(reported)) => Err(self.fault(operation, path, reported)),
            Some(Wrong::FailsAfterwards(reported)) => {
                act()?;
                Err(self.fault(operation, path, reported))
            }
            Some(Wrong::Lies | Wrong::ListsNothing) => Ok(lie()),
            Some(Wrong::Panics) => panic!("a defect at {path}"),
        }
    }
}

impl Storage for Faulty {
    fn root(&self) -> &str {
        self.storage.root()
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, Fault> {
        let list = || self.storage.list(folder);
        self.act(Operation::List, folder, Vec::new, list)
    }

    fn size(&self, path: &str) -> Result<Option<u64>, Fault> {
        self.go_on(Operation::Read, path)?;
        self.storage.size(path)
    }

    fn read(&self, path: &str) -> Result<Bytes, Fault> {
        let read = || self.storage.read(path);
        self.act(Operation::Read, path, Bytes::new, read)
    }

    fn read_range(&self, path: &str, offset: u64, length: u64) -> Result<Bytes, Fault> {
        let read = || self.storage.read_range(path, offset, length);
        self.act(Operation::Read, path, Bytes::new, read)
    }

    fn write(&self, path: &str, content: Vec<Bytes>) -> Result<(), Fault> {
        let write = || self.storage.write(path, content);
        self.act(Operation::Write, path, || (), write)
    }

    fn create(&self, path: &str, content: Bytes) -> Result<bool, Fault> {
        self.go_on(Operation::Write, path)?;
        self.storage.create(path, content)
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        let remove = || self.storage.remove(path);
        self.act(Operation::Remove, path, || (), remove)
    }

    fn settle(&self) -> Result<(), Fault> {
        self.go_on(Operation::Write, "")?;
        self.storage.settle()
    }
}

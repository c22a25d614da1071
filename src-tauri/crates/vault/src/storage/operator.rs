//! The storage over one opendal operator.
//!
//! opendal's folder service writes to a temporary file, syncs it and renames
//! it. What it leaves open is closed here: an absent folder lists as empty,
//! names are not made durable, missing folders are made again (also below a
//! mount point whose drive is gone), and a retried `close` could report a
//! failed sync as done. Reads are retried by opendal, writes as a whole here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use opendal::BytesRange;
use opendal::layers::{RetryEvent, RetryLayer};
use opendal::options::{ListOptions, ReadOptions, WriteOptions};
use opendal::{Buffer, ErrorKind, Operator, services};

use super::fault::{Fault, FaultKind, Operation};
use super::folder::Names;
use super::{CONFIG, Listed, Storage, TEMPORARY};
use crate::runtime;

const WRITE_ATTEMPTS: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(100);
const DELAY_FACTOR: u32 = 4;

/// A vault's files over one opendal operator.
#[derive(Debug)]
pub(crate) struct OperatorStorage {
    root: String,
    folder: PathBuf,
    /// For everything but writing: knows no temporary folder, so it works on
    /// read-only storage, and tries again.
    reading: Operator,
    /// Made when the first file is written, as it makes the temporary folder.
    writing: OnceLock<Operator>,
    names: Names,
    /// While a vault is being founded, its config is not there yet.
    founding: AtomicBool,
}

impl OperatorStorage {
    /// A storage in a folder that is there.
    pub(crate) fn folder(folder: &Path) -> Result<Self, Fault> {
        let root = folder.display().to_string();
        // opendal would make a folder that is missing.
        fs::metadata(folder).map_err(|e| Fault::from_io(Operation::List, &root, "", e))?;
        let reading = folder_operator(folder, None)
            .map_err(|e| Fault::from_opendal(Operation::List, &root, "", e))?
            .layer(retrying());
        Ok(Self {
            names: Names::new(folder),
            folder: folder.to_owned(),
            root,
            reading,
            writing: OnceLock::new(),
            founding: AtomicBool::new(false),
        })
    }

    /// Until [`OperatorStorage::founded`], nothing expects the config.
    pub(crate) fn found(&self) {
        self.founding.store(true, Ordering::Relaxed);
    }

    /// The vault is complete.
    pub(crate) fn founded(&self) {
        self.founding.store(false, Ordering::Relaxed);
    }

    fn fault(&self, operation: Operation, path: &str, cause: opendal::Error) -> Fault {
        let fault = Fault::from_opendal(operation, &self.root, path, cause);
        self.or_gone(fault)
    }

    fn other(&self, operation: Operation, path: &str, kind: FaultKind) -> Fault {
        Fault {
            kind,
            operation,
            root: self.root.clone(),
            path: path.to_owned(),
            cause: None,
        }
    }

    /// What is missing or broken may be because everything is.
    fn or_gone(&self, mut fault: Fault) -> Fault {
        let suspicious = matches!(fault.kind, FaultKind::NotFound | FaultKind::Other { .. });
        if suspicious && self.present().is_err() {
            fault.kind = FaultKind::Gone;
        }
        fault
    }

    /// Whether the vault is still there. Asked before and after everything
    /// that would silently go on without it.
    fn present(&self) -> Result<(), Fault> {
        if self.founding.load(Ordering::Relaxed) {
            return Ok(());
        }
        match fs::metadata(self.folder.join(CONFIG)) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Err(Fault::from_io(Operation::Read, &self.root, CONFIG, error))
            }
            Err(_) => Err(self.other(Operation::Read, CONFIG, FaultKind::Gone)),
        }
    }

    fn run<T: Send + 'static>(
        &self,
        operation: Operation,
        path: &str,
        request: impl Future<Output = opendal::Result<T>> + Send + 'static,
    ) -> Result<T, Fault> {
        runtime::wait(request)
            .map_err(|_| self.other(operation, path, FaultKind::Other { passing: false }))?
            .map_err(|cause| self.fault(operation, path, cause))
    }

    fn writing(&self, path: &str) -> Result<Operator, Fault> {
        if let Some(operator) = self.writing.get() {
            return Ok(operator.clone());
        }
        let operator = folder_operator(&self.folder, Some(&self.folder.join(TEMPORARY)))
            .map_err(|e| self.fault(Operation::Write, path, e))?;
        Ok(self.writing.get_or_init(|| operator).clone())
    }

    /// Writes a whole file once; a half-written temporary file is removed.
    fn write_once(&self, path: &str, content: Buffer) -> Result<(), Fault> {
        self.present()?;
        let operator = self.writing(path)?;
        let size = content.len() as u64;
        let target = path.to_owned();
        let written = self.run(Operation::Write, path, async move {
            let mut writer = operator.writer(&target).await?;
            let result = match writer.write(content).await {
                Ok(()) => writer.close().await,
                Err(error) => Err(error),
            };
            if result.is_err()
                && let Err(error) = writer.abort().await
            {
                tracing::warn!(path = target, %error, "a temporary file stays behind");
            }
            result
        })?;
        self.names.touch(path);
        if written.content_length() == size {
            Ok(())
        } else {
            let found = written.content_length();
            let kind = FaultKind::Length {
                expected: size,
                found,
            };
            Err(self.other(Operation::Write, path, kind))
        }
    }
}

impl Storage for OperatorStorage {
    fn root(&self) -> &str {
        &self.root
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, Fault> {
        // A missing folder lists as empty, and so does everything below a
        // mount point whose drive is gone.
        let metadata = fs::metadata(self.folder.join(folder))
            .map_err(|e| Fault::from_io(Operation::List, &self.root, folder, e))
            .map_err(|fault| self.or_gone(fault))?;
        if !metadata.is_dir() {
            return Err(self.other(Operation::List, folder, FaultKind::NotFound));
        }
        let operator = self.reading.clone();
        let target = format!("{folder}/");
        let entries = self.run(Operation::List, folder, async move {
            let options = ListOptions {
                recursive: true,
                ..ListOptions::default()
            };
            operator.list_options(&target, options).await
        })?;
        self.present()?;
        Ok(entries
            .into_iter()
            .filter(|entry| entry.metadata().is_file())
            .map(|entry| Listed {
                size: entry.metadata().content_length(),
                modified: entry.metadata().last_modified().map(Timestamp::from),
                path: entry.path().to_owned(),
            })
            .collect())
    }

    fn size(&self, path: &str) -> Result<Option<u64>, Fault> {
        let operator = self.reading.clone();
        let target = path.to_owned();
        let stat = self.run(Operation::Read, path, async move {
            match operator.stat(&target).await {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                result => result.map(Some),
            }
        })?;
        match stat {
            Some(metadata) => Ok(Some(metadata.content_length())),
            None => self.present().map(|()| None),
        }
    }

    fn read(&self, path: &str) -> Result<Bytes, Fault> {
        let operator = self.reading.clone();
        let target = path.to_owned();
        let content = self.run(Operation::Read, path, async move {
            operator.read(&target).await
        })?;
        Ok(content.to_bytes())
    }

    fn read_range(&self, path: &str, offset: u64, length: u64) -> Result<Bytes, Fault> {
        let operator = self.reading.clone();
        let target = path.to_owned();
        let read = self.run(Operation::Read, path, async move {
            let options = ReadOptions {
                range: BytesRange::new(offset, Some(length)),
                ..ReadOptions::default()
            };
            match operator.read_options(&target, options).await {
                // The file is shorter than it must be; nothing failed.
                Err(error) if error.kind() == ErrorKind::RangeNotSatisfied => {
                    let size = operator.stat(&target).await?.content_length();
                    Ok(Err(size.saturating_sub(offset)))
                }
                read => read.map(Ok),
            }
        })?;
        let found = match read {
            Ok(content) if content.len() as u64 == length => return Ok(content.to_bytes()),
            Ok(content) => content.len() as u64,
            Err(left) => left,
        };
        let kind = FaultKind::Length {
            expected: length,
            found,
        };
        Err(self.other(Operation::Read, path, kind))
    }

    fn write(&self, path: &str, content: Vec<Bytes>) -> Result<(), Fault> {
        let content = Buffer::from(content);
        persistently(|| self.write_once(path, content.clone()))
    }

    fn create(&self, path: &str, content: Bytes) -> Result<bool, Fault> {
        self.present()?;
        // Without a temporary folder, so that the system decides who is first.
        let operator = self.reading.clone();
        let target = path.to_owned();
        let created = self.run(Operation::Write, path, async move {
            let options = WriteOptions {
                if_not_exists: true,
                ..WriteOptions::default()
            };
            match operator.write_options(&target, content, options).await {
                Ok(_) => Ok(true),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists
                    ) =>
                {
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        })?;
        self.names.touch(path);
        Ok(created)
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        self.present()?;
        let operator = self.reading.clone();
        let target = path.to_owned();
        self.run(Operation::Remove, path, async move {
            operator.delete(&target).await
        })?;
        self.names.touch(path);
        Ok(())
    }

    fn settle(&self) -> Result<(), Fault> {
        self.names.settle().map_err(|fault| self.or_gone(fault))?;
        self.present()
    }
}

/// Tries again, as a whole, what failed for a reason that may pass.
fn persistently<T>(mut attempt: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let mut delay = FIRST_DELAY;
    for _ in 1..WRITE_ATTEMPTS {
        match attempt() {
            Err(fault) if fault.is_passing() => {
                tracing::warn!(%fault, ?delay, "trying again");
                std::thread::sleep(delay);
                delay *= DELAY_FACTOR;
            }
            result => return result,
        }
    }
    attempt()
}

fn folder_operator(folder: &Path, temporary: Option<&Path>) -> opendal::Result<Operator> {
    let mut builder = services::Fs::default().root(&folder.to_string_lossy());
    if let Some(temporary) = temporary {
        builder = builder.atomic_write_dir(&temporary.to_string_lossy());
    }
    Operator::new(builder)
}

fn retrying() -> RetryLayer<impl opendal::layers::RetryInterceptor> {
    RetryLayer::new()
        .with_min_delay(FIRST_DELAY)
        .with_factor(4.0)
        .with_max_times(2)
        .with_jitter()
        .with_notify(|event: RetryEvent<'_>| {
            tracing::warn!(
                operation = ?event.op,
                error = %event.err,
                attempt = event.attempt,
                delay = ?event.retry_after,
                "trying again"
            );
        })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn fault(kind: io::ErrorKind) -> Fault {
        Fault::from_io(Operation::Write, "/vault", "data/x", kind.into())
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        let attempts = |kinds: &[io::ErrorKind]| {
            let mut tried = 0;
            let result = persistently(|| {
                tried += 1;
                kinds
                    .get(tried - 1)
                    .map_or(Ok(()), |kind| Err(fault(*kind)))
            });
            (tried, result.is_ok())
        };
        let busy = io::ErrorKind::ResourceBusy;
        assert_eq!(attempts(&[]), (1, true));
        assert_eq!(attempts(&[busy, busy]), (3, true));
        assert_eq!(attempts(&[busy, busy, busy]), (3, false));
        for kind in [
            io::ErrorKind::StorageFull,
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
            io::ErrorKind::NotFound,
            io::ErrorKind::Other,
        ] {
            assert_eq!(attempts(&[kind]), (1, false), "{kind}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_damaged_and_no_failure_to_read() {
        let home = tempfile::TempDir::new().unwrap();
        fs::write(home.path().join(CONFIG), "config").unwrap();
        fs::write(home.path().join("file"), "0123456789").unwrap();
        let storage = OperatorStorage::folder(home.path()).unwrap();
        assert_eq!(storage.read_range("file", 4, 6).unwrap(), "456789");
        for (offset, length, found) in [(4, 7, 6), (10, 1, 0), (20, 5, 0)] {
            let fault = storage.read_range("file", offset, length).unwrap_err();
            let expected = length;
            assert_eq!(fault.kind, FaultKind::Length { expected, found });
        }
    }
}

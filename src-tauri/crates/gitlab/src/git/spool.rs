//! A pack on its way to a file, verified on a thread of its own: decompressing
//! is work that must not stop the network.
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::error::GitError;
use super::object_id::ObjectFormat;
use super::pack::{PackFacts, Verifier, check_bases};

/// Pieces that may wait for the thread. A piece is one packet, 64 KiB at most.
const WAITING: usize = 64;

enum Message {
    Piece(Bytes),
    End,
}

/// The way into the file. Dropped before its end, it leaves nothing behind.
pub(crate) struct Spool {
    sender: mpsc::Sender<Message>,
    /// Gone once its result was taken.
    thread: Option<JoinHandle<Result<Option<PackFacts>, GitError>>>,
}

impl Spool {
    /// Begins a pack that shall become the file `into`.
    pub(crate) fn begin(format: ObjectFormat, into: &Path) -> Spool {
        let (sender, receiver) = mpsc::channel(WAITING);
        let into = into.to_owned();
        let thread = tokio::task::spawn_blocking(move || receive(receiver, format, &into));
        Spool {
            sender,
            thread: Some(thread),
        }
    }

    /// Hands on a piece. An error of the thread comes as soon as it is seen.
    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<(), GitError> {
        if self.sender.send(Message::Piece(piece)).await.is_ok() {
            return Ok(());
        }
        match self.result().await {
            Err(error) => Err(error),
            Ok(_) => Err(GitError::Worker),
        }
    }

    /// Ends the pack. The file is there when this is well; `None` and no file
    /// when the pack is empty.
    pub(crate) async fn finish(mut self) -> Result<Option<PackFacts>, GitError> {
        // If it cannot be sent, the thread has ended with the error told below.
        let _ = self.sender.send(Message::End).await;
        self.result().await
    }

    /// Gives up, and waits until nothing is left.
    pub(crate) async fn abandon(self) {
        drop(self.sender);
        if let Some(thread) = self.thread {
            let _ = thread.await;
        }
    }

    async fn result(&mut self) -> Result<Option<PackFacts>, GitError> {
        let thread = self.thread.take().ok_or(GitError::Worker)?;
        thread.await.map_err(|_| GitError::Worker)?
    }
}

fn receive(
    mut pieces: mpsc::Receiver<Message>,
    format: ObjectFormat,
    into: &Path,
) -> Result<Option<PackFacts>, GitError> {
    let folder = match into.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".pack-")
        .tempfile_in(&folder)
        .map_err(GitError::io(&folder))?;
    let mut verifier = Verifier::new(format);
    loop {
        match pieces.blocking_recv() {
            Some(Message::Piece(piece)) => {
                verifier.feed(&piece)?;
                file.write_all(&piece).map_err(GitError::io(into))?;
            }
            Some(Message::End) => break,
            // Dropped in the middle: the file goes with this.
            None => return Err(GitError::Truncated),
        }
    }
    let has_named_bases = verifier.ref_deltas() > 0;
    let facts = verifier.finish()?;
    if facts.objects == 0 {
        return Ok(None);
    }
    if has_named_bases {
        check_bases(file.path(), format)?;
    }
    file.persist(into)
        .map_err(|error| GitError::io(into)(error.error))?;
    Ok(Some(facts))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn an_error_of_the_thread_is_told_once_and_giving_up_after_it_is_fine() {
        let folder = TempDir::new().unwrap();
        let mut spool = Spool::begin(ObjectFormat::Sha1, &folder.path().join("pack"));
        let garbage = Bytes::from_static(b"no pack at all");
        let error = loop {
            if let Err(error) = spool.write(garbage.clone()).await {
                break error;
            }
        };
        assert!(matches!(error, GitError::Pack(_)), "{error}");
        let again = spool.write(garbage).await;
        assert!(matches!(again, Err(GitError::Worker)));
        spool.abandon().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

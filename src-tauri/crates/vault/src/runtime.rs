//! One small tokio runtime for the storage's requests.
//!
//! The vault's own interface is blocking and is called from blocking threads,
//! from the repository library's threads and, by mistake, from async tasks.
//! Requests are therefore spawned here and waited for on a plain channel,
//! which works everywhere.

use std::future::Future;
use std::sync::{OnceLock, mpsc};

use tokio::runtime::{Builder, Runtime};

const WORKERS: usize = 2;
const BLOCKING_THREADS: usize = 16;

/// The request's task ended without an answer: it panicked.
#[derive(Debug, thiserror::Error)]
#[error("the request ended without an answer")]
pub(crate) struct NoAnswer;

/// Runs a request to its end and returns its answer.
pub(crate) fn wait<T: Send + 'static>(
    request: impl Future<Output = T> + Send + 'static,
) -> Result<T, NoAnswer> {
    let (answer, answered) = mpsc::sync_channel(1);
    runtime().spawn(async move {
        // The receiver waits below, so this cannot fail.
        drop(answer.send(request.await));
    });
    answered.recv().map_err(|_| NoAnswer)
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("vault-io")
            .enable_all()
            .build()
            .expect("the system can start two threads")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_works_inside_an_async_task() {
        assert_eq!(wait(async { 7 }).unwrap(), 7);
    }

    #[test]
    fn a_panicking_request_is_an_error() {
        assert!(wait(async { panic!("on purpose") }).is_err());
    }
}

//! Watching a run to its end: the bar or the events meanwhile, a signal stops
//! it, its outcome is the exit code.

use std::process::ExitCode;

use labkeep_engine::Labkeep;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::RunEvent;
use labkeep_settings::RunId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::Ran;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::result::{self, RunResult};

/// What a run says that was stopped by a signal.
const STOPPED: &str = "It was interrupted.";

/// Waits for a run of this process and prints what came of it. `events` were
/// listened to before the run began, so that none is missed.
pub async fn to_its_end(
    labkeep: &Labkeep,
    id: RunId,
    events: Receiver<RunEvent>,
    output: &Output,
) -> Ran {
    let Some((result, outcome)) = to_its_result(labkeep, id, events, output).await? else {
        return Ok(ExitCode::from(Outcome::Aborted.exit_code()));
    };
    output.document(&result);
    Ok(ExitCode::from(outcome.exit_code()))
}

/// The same, with the result that scripts are to get. None for a run that was
/// not waited for any more.
pub async fn to_its_result(
    labkeep: &Labkeep,
    id: RunId,
    mut events: Receiver<RunEvent>,
    output: &Output,
) -> Result<Option<(RunResult, Outcome)>, Failure> {
    let bar = Bar::new();
    let ended = labkeep.wait_for(id);
    tokio::pin!(ended);
    let mut signals = Signals::listen()?;
    let mut stops = 0;
    let view = loop {
        tokio::select! {
            biased;
            () = signals.next() => {
                stops += 1;
                if stops > 1 {
                    // The next start notes the run as aborted.
                    return Ok(None);
                }
                if let Some(active) = labkeep.runs().get(id) {
                    active.stop(STOPPED);
                }
            }
            event = events.recv() => match event {
                Ok(event) => show(&event, id, &bar, output),
                // Progress is a hint: the next one tells more.
                Err(RecvError::Lagged(_) | RecvError::Closed) => {}
            },
            view = &mut ended => break view?,
        }
    };
    bar.clear();
    let outcome = view.outcome.unwrap_or(Outcome::Failed);
    let detail = labkeep.run_detail(id)?;
    result::say(&detail, outcome, output);
    Ok(Some((RunResult::of(&detail, outcome), outcome)))
}

fn show(event: &RunEvent, id: RunId, bar: &Bar, output: &Output) {
    let id = id.to_string();
    match event {
        RunEvent::Progress { progress } if progress.run == id => {
            bar.show(progress);
            output.event(event);
        }
        RunEvent::Started { run } if *run == id => output.event(event),
        _ => {}
    }
}

/// Ctrl-C, and what a system sends that shuts down.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| failed(&error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
    fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
fn failed(error: &std::io::Error) -> Failure {
    Failure::machine(
        format!("Signals cannot be listened to: {error}."),
        "Please report it.",
    )
}

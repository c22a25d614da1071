//! What goes on with and without a window: orders are obeyed, and the status
//! is followed for whoever shows it.

use std::time::Duration;

use labkeep_engine::advice::Advice;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::notify::Notice;
use labkeep_engine::view::{Protection, RunEvent, StatusView};
use labkeep_engine::{Error, Labkeep};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};

use crate::order::Order;
use crate::place::Place;
use crate::schedule::Schedule;
use crate::telling::Telling;
use crate::{refusal, words};

/// Between two looks at the status while nothing is heard.
const LOOK: Duration = Duration::from_mins(1);

/// Between two looks at the status while a lot is heard.
const BREATH: Duration = Duration::from_millis(500);

/// How long runs may take to stop when Labkeep ends.
const GRACE: Duration = Duration::from_millis(1500);

/// How long what is being told may take when the user ends Labkeep.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The same when the session ends, which waits for nobody.
const LAST_WORD: Duration = Duration::from_secs(1);

/// What only the main thread can do, which alone may have a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForMain {
    /// Show the window, at a place or where it is.
    Show(Option<Place>),
    /// Begin anew without a window, unless there is one.
    BeginAnew,
    /// End.
    End,
}

/// Obeys orders until one of them is to quit. What cannot be done is told to
/// `refused`.
pub async fn obey(
    labkeep: Result<Labkeep, Advice>,
    schedule: Schedule,
    mut orders: mpsc::UnboundedReceiver<Order>,
    main: mpsc::UnboundedSender<ForMain>,
    refused: impl Fn(Advice),
) {
    while let Some(order) = orders.recv().await {
        tracing::info!(?order, "obeying");
        let for_main = match order {
            Order::Open(place) => ForMain::Show(place),
            Order::Quit(why) => {
                // It would start again what is stopped now.
                schedule.end(patience(why)).await;
                if let Ok(labkeep) = &labkeep {
                    stop(labkeep, why).await;
                }
                ForMain::End
            }
            order => {
                let done = match &labkeep {
                    Ok(labkeep) => carry_out(labkeep, order).map_err(|error| refusal::told(&error)),
                    Err(advice) => Err(advice.clone()),
                };
                if let Err(advice) = done {
                    refused(advice);
                }
                continue;
            }
        };
        let is_end = for_main == ForMain::End;
        if main.send(for_main).is_err() || is_end {
            return;
        }
    }
}

fn carry_out(labkeep: &Labkeep, order: Order) -> Result<(), Box<Error>> {
    match order {
        Order::BackUp { plan } => {
            let run = labkeep.start_backup(&plan, BackupWish::default())?;
            tracing::info!(%run, "started from outside of the window");
        }
        Order::Cancel { run } => labkeep.cancel_run(labkeep.find_run(&run)?)?,
        Order::Pause(length) => labkeep.pause(length)?,
        Order::GoOn => labkeep.resume_schedule()?,
        Order::Open(_) | Order::Quit(_) => {}
    }
    Ok(())
}

/// How long what is being told may take when Labkeep ends.
fn patience(why: &str) -> Duration {
    if why == words::SESSION_ENDED {
        LAST_WORD
    } else {
        LAST_WORDS
    }
}

/// Stops every run, each noted with the reason.
async fn stop(labkeep: &Labkeep, why: &str) {
    let stopped = tokio::time::timeout(GRACE, labkeep.stop_all(why)).await;
    if stopped.is_err() {
        tracing::warn!("a run did not stop in time; it will be noted as crashed");
    }
}

/// Follows the status for as long as Labkeep lives.
pub async fn follow(labkeep: Labkeep, status: watch::Sender<StatusView>) {
    let mut events = labkeep.runs().listen();
    loop {
        let now = status_of(&labkeep).await;
        status.send_if_modified(|shown| {
            let is_news = *shown != now;
            *shown = now;
            is_news
        });
        tokio::time::sleep(BREATH).await;
        tokio::select! {
            heard = events.recv() => if matches!(heard, Err(RecvError::Closed)) { return },
            () = tokio::time::sleep(LOOK) => {}
        }
        // One look answers everything that was heard meanwhile.
        while events.try_recv().is_ok() {}
    }
}

/// Passes on what needs the user for as long as Labkeep lives.
pub async fn tell(mut notices: broadcast::Receiver<Notice>, show: impl Fn(Telling)) {
    loop {
        match notices.recv().await {
            Ok(notice) => show(notice.into()),
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "notices were missed"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// The status, or that it cannot be known, which is no good sign.
pub async fn status_of(labkeep: &Labkeep) -> StatusView {
    match labkeep.status().await {
        Ok(status) => status,
        Err(error) => unknown(refusal::told(&error)),
    }
}

/// A status that cannot be known.
pub fn unknown(why: Advice) -> StatusView {
    StatusView {
        protection: Protection::NeedsAttention,
        title: words::UNKNOWN.to_owned(),
        detail: why.message,
        running: None,
        plans: Vec::new(),
        paused_until: None,
        attention: 1,
    }
}

/// Starts at login as the user wants it: once Labkeep is set up, and whenever
/// the preference changes. `is_decided`: there is an entry already, which may
/// have been changed elsewhere and stays as it is until the switch is used.
/// What cannot be set is told to `refused`.
pub async fn follow_preference(
    labkeep: Labkeep,
    mut status: watch::Receiver<StatusView>,
    is_decided: bool,
    set: impl Fn(bool) -> std::io::Result<()>,
    refused: impl Fn(Advice),
) {
    let is_set_up = |status: &StatusView| status.protection != Protection::NotSetUp;
    let mut events = labkeep.runs().listen();
    if status.wait_for(is_set_up).await.is_err() {
        return;
    }
    let mut last = wish(&labkeep).filter(|on| *on && is_decided);
    loop {
        let now = wish(&labkeep);
        if now != last
            && let Some(on) = now
        {
            match set(on) {
                Ok(()) => tracing::info!(on, "starting at login"),
                Err(error) => {
                    tracing::warn!(%error, on, "starting at login could not be set");
                    refused(Advice::new(
                        format!("{}: {error}.", words::NOT_AT_LOGIN),
                        words::START_YOURSELF,
                    ));
                }
            }
            last = now;
        }
        loop {
            match events.recv().await {
                Ok(RunEvent::Changed) | Err(RecvError::Lagged(_)) => break,
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

fn wish(labkeep: &Labkeep) -> Option<bool> {
    match labkeep.preferences() {
        Ok(preferences) => Some(preferences.start_at_login),
        Err(error) => {
            tracing::warn!(%error, "the preferences cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use labkeep_engine::clock::SystemClock;
    use labkeep_engine::machine::{Machine, MachineConditions};
    use labkeep_settings::{Home, MemorySecrets};

    use super::*;
    use crate::order::Orders;

    /// A machine of which nothing is known.
    #[derive(Default)]
    struct Unknown(watch::Sender<u64>);

    impl Machine for Unknown {
        fn conditions(&self) -> MachineConditions {
            MachineConditions::default()
        }

        fn changes(&self) -> watch::Receiver<u64> {
            self.0.subscribe()
        }
    }

    #[tokio::test]
    async fn settings_that_cannot_be_read_are_no_good_sign() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(MemorySecrets::default());
        let home = Home::at(folder.path());
        let file = home.settings_file();
        let labkeep = Labkeep::open(home, secrets, Arc::new(SystemClock)).unwrap();
        assert_eq!(status_of(&labkeep).await.protection, Protection::NotSetUp);
        std::fs::write(file, "{").unwrap();
        let status = status_of(&labkeep).await;
        assert_eq!(status.protection, Protection::NeedsAttention);
        assert_eq!(status.title, words::UNKNOWN);
    }

    #[tokio::test]
    async fn that_it_does_not_start_at_login_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(MemorySecrets::default());
        let home = Home::at(folder.path());
        let labkeep = Labkeep::open(home, secrets, Arc::new(SystemClock)).unwrap();
        let (_status, shown) = watch::channel(unknown(Advice::new("", "")));
        let (told, mut hears) = mpsc::unbounded_channel();
        let set = |_| Err(std::io::Error::other("no room"));
        let refused = move |advice| told.send(advice).unwrap();
        tokio::spawn(follow_preference(labkeep, shown, false, set, refused));
        let advice = hears.recv().await.unwrap();
        assert!(advice.message.contains("no room"), "{advice}");
    }

    #[tokio::test]
    async fn the_schedule_ends_before_runs_are_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(MemorySecrets::default());
        let home = Home::at(folder.path());
        let labkeep = Labkeep::open(home, secrets, Arc::new(SystemClock)).unwrap();
        let machine = Arc::new(Unknown::default());
        let schedule = Schedule::new(labkeep.clone(), Arc::clone(&machine) as _);
        schedule.go_on();
        // The loop listens to the machine for as long as it goes on.
        while machine.0.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        let (orders, received) = Orders::channel();
        let (main, mut for_main) = mpsc::unbounded_channel();
        orders.give(Order::Quit(words::WAS_QUIT));
        obey(Ok(labkeep), schedule, received, main, |_| {}).await;
        assert_eq!(for_main.recv().await, Some(ForMain::End));
        tokio::time::timeout(GRACE, machine.0.closed())
            .await
            .unwrap();
    }
}

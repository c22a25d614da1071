//! The two lives of one process. Hidden, there is no toolkit: the engine, the
//! tray and the bus, and little memory. When the window is asked for, Tauri is
//! started in the same process, on its main thread; everything else goes on.
//! Its web engine would stay in memory after the window was closed, so the
//! process then begins anew, hidden, as soon as nothing would be lost by it.

mod drawing;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use labkeep_desktop::arguments::{Arguments, Shown};
use labkeep_desktop::background::{self, ForMain};
use labkeep_desktop::closing::Closing;
use labkeep_desktop::logs::{self, Log};
use labkeep_desktop::order::{Order, Orders};
use labkeep_desktop::schedule::Schedule;
use labkeep_desktop::system::autostart::Autostart;
use labkeep_desktop::system::instance::{self, Claim};
use labkeep_desktop::system::notifications::Notifications;
use labkeep_desktop::system::{children, memory, session, tray};
use labkeep_desktop::telling::Telling;
use labkeep_desktop::words;
use labkeep_engine::Labkeep;
use labkeep_engine::advice::Advice;
use labkeep_engine::view::{Protection, StatusView};
use labkeep_settings::Home;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

pub use self::drawing::browse;
use crate::state::Opened;
use crate::windowed::{self, Ended, First};

/// Threads that work. Blocking work, and that of the vault, has its own.
const THREADS: usize = 4;

/// Runs Labkeep until it is quit or begins anew.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    drawing::without_graphics_card();
    // Asked for now: once an update has replaced it, it has another name.
    let program = std::env::current_exe().context("the program's own path is not known")?;
    let home = Home::locate()?;
    let runtime = runtime()?;
    let Claim::First(lock) = runtime.block_on(instance::claim(&home, arguments.hidden))? else {
        return Ok(());
    };
    // Without a log Labkeep would still work, but nobody could help.
    let log = logs::start(&home).context("the log cannot be written")?;
    let ended = live(&runtime, arguments, &home, &program, &log);
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "Labkeep ends");
    }
    log.finish();
    let ended = ended?;
    match ended {
        Ended::Quit => {
            runtime.shutdown_background();
            drop(lock);
            Ok(())
        }
        // The lock and everything on the bus are let go of by the exec itself.
        Ended::Hide(shown) => Err(again(&program, arguments, &shown).into()),
    }
}

fn runtime() -> std::io::Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.min(THREADS))
        .thread_name("labkeep")
        .enable_all()
        .build()
}

/// Replaces this process by a hidden one; comes back only if that failed.
fn again(program: &Path, arguments: &Arguments, shown: &[Shown]) -> std::io::Error {
    children::end();
    let mut command = Command::new(program);
    command.arg("--hidden");
    if let Some(variable) = drawing::own_variable() {
        command.env_remove(variable);
    }
    if let Some(folder) = &arguments.secrets {
        command.arg("--secrets").arg(folder);
    }
    for shown in shown {
        command.arg("--shown").arg(shown.to_string());
    }
    command.exec()
}

fn live(
    runtime: &Runtime,
    arguments: &Arguments,
    home: &Home,
    program: &Path,
    log: &Log,
) -> anyhow::Result<Ended> {
    let _in_runtime = runtime.enter();
    let (orders, received) = Orders::channel();
    let (main_sender, mut main) = mpsc::unbounded_channel();
    let preparing = runtime.spawn(prepare(arguments.clone(), home.clone(), orders.clone()));
    // The toolkit takes as long, and only this thread may start it.
    let screen = (!arguments.hidden).then(gtk::init);
    let Some(prepared) = runtime.block_on(preparing)? else {
        return Ok(Ended::Quit);
    };
    let Prepared {
        opened,
        status_sender,
        status,
        bus,
    } = prepared;
    let refused = {
        let notifications = bus.notifications.clone();
        move |advice: Advice| {
            if let Some(notifications) = &notifications {
                notifications.show(Telling::not_done(&advice.message, Some(&advice.hint)));
            }
        }
    };
    let schedule = opened
        .labkeep()
        .map_or_else(|_| Schedule::none(), Schedule::of_this_machine);
    runtime.spawn(background::obey(
        opened.labkeep().map_err(Advice::from),
        schedule.clone(),
        received,
        main_sender.clone(),
        refused.clone(),
    ));
    listen_to_signals(&orders);
    if let Ok(labkeep) = opened.labkeep() {
        if let Some(notifications) = bus.notifications.clone() {
            let show = move |telling| notifications.show(telling);
            runtime.spawn(background::tell(labkeep.notices(), show));
        }
        schedule.go_on();
        runtime.spawn(background::follow(labkeep.clone(), status_sender));
        runtime.spawn(memory::stay_small(
            labkeep.clone(),
            bus.notifications.clone(),
            main_sender,
        ));
        match Autostart::new(arguments, home, program) {
            Ok(entry) => drop(runtime.spawn(background::follow_preference(
                labkeep,
                status.clone(),
                entry.is_decided(),
                move |on| entry.set(on),
                refused,
            ))),
            Err(error) => tracing::warn!(%error, "starting at login cannot be set"),
        }
    }

    let place = if let Some(screen) = screen {
        screen.context(words::NO_SCREEN)?;
        None
    } else {
        let mut wish = main.blocking_recv();
        loop {
            match wish {
                Some(ForMain::Show(place)) if has_screen(&bus) => break place,
                Some(ForMain::BeginAnew) => {
                    // Nothing may begin between the last look and the end.
                    let heard = runtime.block_on(async {
                        tokio::select! {
                            biased;
                            heard = main.recv() => Some(heard),
                            () = schedule.stop() => None,
                        }
                    });
                    let is_idle = |labkeep: Labkeep| labkeep.is_idle();
                    let is_free = heard.is_none() && !schedule.is_ending();
                    if is_free && opened.labkeep().is_ok_and(is_idle) {
                        return Ok(Ended::Hide(bus.still_shown()));
                    }
                    schedule.go_on();
                    if let Some(heard) = heard {
                        wish = heard;
                        continue;
                    }
                }
                Some(ForMain::Show(_)) => {}
                Some(ForMain::End) | None => return Ok(Ended::Quit),
            }
            wish = main.blocking_recv();
        }
    };
    let closing = Closing {
        tray_is_shown: bus.tray_is_shown,
        status,
        notifications: bus.notifications,
        schedule,
        can_hide: true,
    };
    let first = First::Window(place);
    windowed::run(opened, orders, main, closing, first, log, |builder| builder)
}

/// What both lives work with.
struct Prepared {
    opened: Opened,
    status_sender: watch::Sender<StatusView>,
    status: watch::Receiver<StatusView>,
    bus: Bus,
}

/// Opens Labkeep and joins the bus. None: hidden, with nothing to do.
async fn prepare(arguments: Arguments, home: Home, orders: Orders) -> Option<Prepared> {
    let opened = Opened::open(&arguments);
    let status = match opened.labkeep() {
        Ok(labkeep) => background::status_of(&labkeep).await,
        Err(error) => background::unknown(error.into()),
    };
    if arguments.hidden && status.protection == Protection::NotSetUp {
        return None;
    }
    let (status_sender, status) = watch::channel(status);
    let bus = on_the_bus(&home, &orders, &status, &arguments.shown).await;
    Some(Prepared {
        opened,
        status_sender,
        status,
        bus,
    })
}

/// Whether a window can be shown. Without a screen the user is told.
fn has_screen(bus: &Bus) -> bool {
    match gtk::init() {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "no window can be shown");
            if let Some(notifications) = &bus.notifications {
                notifications.show(Telling::not_done(words::NO_SCREEN, None));
            }
            false
        }
    }
}

/// What needs the session bus; all of it is missing where there is none.
struct Bus {
    notifications: Option<Notifications>,
    tray_is_shown: watch::Receiver<bool>,
}

impl Bus {
    fn still_shown(&self) -> Vec<Shown> {
        let notifications = self.notifications.as_ref();
        notifications
            .map(Notifications::still_shown)
            .unwrap_or_default()
    }
}

async fn on_the_bus(
    home: &Home,
    orders: &Orders,
    status: &watch::Receiver<StatusView>,
    shown: &[Shown],
) -> Bus {
    let connection = match session::join(&instance::bus_name(home), orders.clone()).await {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(%error, "there is no session bus: no tray and no notifications");
            return Bus {
                notifications: None,
                tray_is_shown: watch::channel(false).1,
            };
        }
    };
    let notifications = match Notifications::start(&connection, orders.clone(), shown).await {
        Ok(notifications) => Some(notifications),
        Err(error) => {
            tracing::warn!(%error, "there will be no notifications");
            None
        }
    };
    // When the bus goes, the session is over.
    tokio::spawn({
        let (connection, orders) = (connection.clone(), orders.clone());
        async move {
            connection.closed().await;
            orders.give(Order::Quit(words::SESSION_ENDED));
        }
    });
    Bus {
        tray_is_shown: tray::start(connection.clone(), status.clone(), orders.clone()),
        notifications,
    }
}

/// A session that ends, or a Ctrl+C, is an order to quit.
fn listen_to_signals(orders: &Orders) {
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ];
    for kind in kinds {
        match signal(kind) {
            Ok(mut signals) => {
                let orders = orders.clone();
                tokio::spawn(async move {
                    while signals.recv().await.is_some() {
                        orders.give(Order::Quit(words::SESSION_ENDED));
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "a signal cannot be listened to"),
        }
    }
}

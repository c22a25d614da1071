//! The life on systems other than Linux: one only, with Tauri and its tray from
//! the start, for nothing can be gained by beginning anew.

mod tray;

use anyhow::Context;
use labkeep_desktop::arguments::Arguments;
use labkeep_desktop::background;
use labkeep_desktop::closing::Closing;
use labkeep_desktop::logs;
use labkeep_desktop::order::{Order, Orders};
use labkeep_desktop::schedule::Schedule;
use labkeep_desktop::system::autostart::Autostart;
use labkeep_desktop::system::notifications::Notifications;
use labkeep_desktop::telling::Telling;
use labkeep_desktop::words;
use labkeep_engine::advice::Advice;
use labkeep_engine::view::Protection;
use labkeep_settings::Home;
use tokio::sync::{mpsc, watch};

use crate::state::Opened;
use crate::windowed::{self, First};

/// Runs Labkeep until it is quit.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the program's own path is not known")?;
    let home = Home::locate()?;
    let log = logs::start(&home).context("the log cannot be written")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let _in_runtime = runtime.enter();
    let opened = Opened::open(arguments);
    let status = match opened.labkeep() {
        Ok(labkeep) => runtime.block_on(background::status_of(&labkeep)),
        Err(error) => background::unknown(error.into()),
    };
    if arguments.hidden && status.protection == Protection::NotSetUp {
        return Ok(());
    }
    let (status_sender, status) = watch::channel(status);
    let (orders, received) = Orders::channel();
    let (main_sender, main) = mpsc::unbounded_channel();
    let notifications = Notifications::new(orders.clone());
    let refused = {
        let notifications = notifications.clone();
        move |advice: Advice| {
            notifications.show(Telling::not_done(&advice.message, Some(&advice.hint)));
        }
    };
    let schedule = opened
        .labkeep()
        .map_or_else(|_| Schedule::none(), Schedule::of_this_machine);
    runtime.spawn(background::obey(
        opened.labkeep().map_err(Advice::from),
        schedule.clone(),
        received,
        main_sender,
        refused.clone(),
    ));
    runtime.spawn(listen_to_interrupts(orders.clone()));
    if let Ok(labkeep) = opened.labkeep() {
        let shown = notifications.clone();
        let show = move |telling| shown.show(telling);
        runtime.spawn(background::tell(labkeep.notices(), show));
        schedule.go_on();
        runtime.spawn(background::follow(labkeep.clone(), status_sender));
        match Autostart::new(arguments, &program) {
            Ok(entry) => drop(runtime.spawn(background::follow_preference(
                labkeep,
                status.clone(),
                false,
                move |on| entry.set(on),
                refused,
            ))),
            Err(error) => tracing::warn!(%error, "starting at login cannot be set"),
        }
    }
    let closing = Closing {
        // Every desktop of these systems has a tray.
        tray_is_shown: watch::channel(true).1,
        status: status.clone(),
        notifications: Some(notifications),
        schedule,
        can_hide: false,
    };
    let first = if arguments.hidden {
        First::Nothing
    } else {
        First::Window(None)
    };
    let extend = |builder: tauri::Builder<tauri::Wry>| {
        let again = orders.clone();
        builder
            .plugin(
                tauri_plugin_single_instance::Builder::new()
                    .callback(move |_, _, _| again.give(Order::Open(None)))
                    .build(),
            )
            .plugin(tray::plugin(status, orders.clone()))
    };
    let ended = windowed::run(opened, orders.clone(), main, closing, first, &log, extend);
    log.finish();
    ended.map(drop)
}

async fn listen_to_interrupts(orders: Orders) {
    match tokio::signal::ctrl_c().await {
        Ok(()) => orders.give(Order::Quit(words::SESSION_ENDED)),
        Err(error) => tracing::warn!(%error, "interrupts cannot be listened to"),
    }
}

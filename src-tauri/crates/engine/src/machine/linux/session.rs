//! Sleep and shutdown, by logind
//! (<https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>).

use futures::StreamExt;
use zbus::message::Body;
use zbus::{Connection, Proxy};

use crate::machine::Known;

pub(super) async fn watch(bus: &Connection, known: &Known) {
    if let Err(error) = follow(bus, known).await {
        tracing::info!(%error, "sleep and shutdown are not told any more");
    }
    known.learn(|conditions| conditions.is_shutting_down = false);
}

async fn follow(bus: &Connection, known: &Known) -> zbus::Result<()> {
    let mut first = super::First::new(known);
    let manager = Proxy::new(
        bus,
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    )
    .await?;
    let mut sleeps = manager.receive_signal("PrepareForSleep").await?;
    let mut shutdowns = manager.receive_signal("PrepareForShutdown").await?;
    first.answered();
    loop {
        tokio::select! {
            sleep = sleeps.next() => {
                let Some(sleep) = sleep else { return Ok(()) };
                // False: it is over.
                if !begins(&sleep.body())? {
                    known.learn(|conditions| conditions.wakes += 1);
                }
            }
            shutdown = shutdowns.next() => {
                let Some(shutdown) = shutdown else { return Ok(()) };
                let begins = begins(&shutdown.body())?;
                known.learn(|conditions| conditions.is_shutting_down = begins);
            }
        }
    }
}

/// Whether it is about to happen, as the signal says.
fn begins(body: &Body) -> zbus::Result<bool> {
    body.deserialize()
}

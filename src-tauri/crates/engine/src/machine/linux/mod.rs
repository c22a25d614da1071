//! Linux: logind, UPower and NetworkManager on the system's message bus. Any
//! of them may be missing, come later or go; a container has no bus at all.

mod network;
mod power;
mod routes;
mod service;
mod session;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use zbus::Connection;
use zbus::connection::Builder;

use super::Known;

/// A service that hangs is one that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it takes until a bus that is gone is joined again, at first and
/// at most.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);
/// Power, network and session.
const SERVICES: usize = 3;

/// Starts watching the services on the bus at this address, or on the
/// system's.
pub(super) fn watch(known: &Arc<Known>, watchers: &mut JoinSet<()>, address: Option<String>) {
    known.asked.send_replace(SERVICES);
    let known = Arc::clone(known);
    watchers.spawn(async move {
        let mut pause = SHORTEST;
        loop {
            match connect(address.clone()).await {
                Ok(bus) => {
                    pause = SHORTEST;
                    known.asked.send_replace(SERVICES);
                    follow(&bus, &known).await;
                    tracing::info!("the system bus is gone; it is joined again when it is back");
                }
                Err(error) => {
                    tracing::info!(%error, "no system bus: power, network and sleep are not known");
                }
            }
            known.asked.send_replace(0);
            tokio::select! {
                () = network::watch_routes(&known) => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST);
        }
    });
}

/// Follows the services for as long as the bus is there. What they said is not
/// known any more after it.
async fn follow(bus: &Connection, known: &Known) {
    tokio::select! {
        ((), (), ()) = async {
            tokio::join!(
                power::watch(bus, known),
                network::watch(bus, known),
                session::watch(bus, known),
            )
        } => {}
        () = bus.closed() => {}
    }
    known.learn(|conditions| {
        conditions.on_battery = None;
        conditions.metered = None;
        conditions.online = None;
        conditions.is_shutting_down = false;
    });
}

async fn connect(address: Option<String>) -> zbus::Result<Connection> {
    let builder = match address {
        Some(address) => Builder::address(address.as_str())?,
        None => Builder::system()?,
    };
    builder.method_timeout(PATIENCE).build().await
}

/// A first answer that is waited for. Counted once, even if it never comes
/// because the watcher ended.
struct First<'known> {
    known: &'known Known,
    is_open: bool,
}

impl<'known> First<'known> {
    const fn new(known: &'known Known) -> Self {
        Self {
            known,
            is_open: true,
        }
    }

    fn answered(&mut self) {
        if std::mem::replace(&mut self.is_open, false) {
            self.known.asked.send_modify(|asked| *asked -= 1);
        }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.answered();
    }
}

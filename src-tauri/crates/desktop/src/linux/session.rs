//! Labkeep on the session bus: a name per home, and the interface that
//! desktops start and call applications by.
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/dbus.html>
#![expect(
    clippy::needless_pass_by_value,
    clippy::used_underscore_binding,
    reason = "the arguments are the interface's, of use here or not"
)]

use std::collections::HashMap;
use std::time::Duration;

use zbus::fdo::DBusProxy;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, connection, interface};

use crate::order::{Order, Orders};
use crate::place::Place;
use crate::words;

/// The action that opens the window at a place.
const GO: &str = "go";

/// The action that ends Labkeep.
const QUIT: &str = "quit";

/// How often is looked whether the bus has heard of an end.
const TRIES: u32 = 100;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

type Hints = HashMap<String, OwnedValue>;

/// The application, as others on the bus see it.
struct Application(Orders);

#[interface(name = "org.freedesktop.Application")]
impl Application {
    /// Shows the window.
    fn activate(&self, _hints: Hints) {
        self.0.give(Order::Open(None));
    }

    /// Labkeep opens no files; it shows its window.
    fn open(&self, _addresses: Vec<String>, _hints: Hints) {
        self.0.give(Order::Open(None));
    }

    /// Does one of the actions of the desktop entry.
    fn activate_action(&self, name: &str, parameter: Vec<OwnedValue>, _hints: Hints) {
        match name {
            QUIT => self.0.give(Order::Quit(words::WAS_QUIT)),
            GO => self.0.give(Order::Open(place(&parameter))),
            _ => tracing::warn!(name, "an unknown action was asked for"),
        }
    }
}

fn place(parameter: &[OwnedValue]) -> Option<Place> {
    match &**parameter.first()? {
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
}

/// Joins the session bus under this name.
pub async fn join(name: &str, orders: Orders) -> zbus::Result<Connection> {
    let bus = connection::Builder::session()?
        .serve_at(object_path(name), Application(orders))?
        .build()
        .await?;
    // After a new beginning the bus may not have heard of the end yet.
    for _ in 0..TRIES {
        match bus.request_name(name).await {
            Err(zbus::Error::NameTaken) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
            Ok(()) => return Ok(bus),
        }
    }
    tracing::warn!(
        name,
        "somebody else has the name; a second start will not reach us"
    );
    Ok(bus)
}

/// Waits until the bus has heard of the end of this process's life before:
/// the tray's name is made of the process's number, which stays.
pub async fn forget_the_last_life(bus: &Connection) -> zbus::Result<()> {
    let ours = format!("org.kde.StatusNotifierItem-{}-", std::process::id());
    let names = DBusProxy::new(bus).await?;
    for _ in 0..TRIES {
        let all = names.list_names().await?;
        if !all.iter().any(|name| name.as_str().starts_with(&ours)) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(zbus::Error::NameTaken)
}

/// Asks the application with this name to show its window.
pub async fn activate(bus: &Connection, name: &str) -> zbus::Result<()> {
    let hints: HashMap<&str, Value<'_>> = HashMap::new();
    bus.call_method(
        Some(name),
        object_path(name),
        Some("org.freedesktop.Application"),
        "Activate",
        &hints,
    )
    .await?;
    Ok(())
}

fn object_path(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

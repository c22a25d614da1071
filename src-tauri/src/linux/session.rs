//! Labkeep on the session bus: a name per home, and the interface that
//! desktops start and call applications by.
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/dbus.html>

use std::collections::HashMap;

use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, connection, interface};

use crate::order::{Order, Orders};
use crate::place::Place;
use crate::words;

/// The action that opens the window at a place.
const GO: &str = "go";

/// The action that ends Labkeep.
const QUIT: &str = "quit";

type Hints = HashMap<String, OwnedValue>;

/// The application, as others on the bus see it.
struct Application(Orders);

#[interface(name = "org.freedesktop.Application")]
impl Application {
    /// Shows the window.
    async fn activate(&self, _hints: Hints) {
        self.0.give(Order::Open(None));
    }

    /// Labkeep opens no files; it shows its window.
    async fn open(&self, _addresses: Vec<String>, _hints: Hints) {
        self.0.give(Order::Open(None));
    }

    /// Does one of the actions of the desktop entry.
    async fn activate_action(&self, name: &str, parameter: Vec<OwnedValue>, _hints: Hints) {
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
    connection::Builder::session()?
        .serve_at(object_path(name), Application(orders))?
        .name(name)?
        .build()
        .await
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

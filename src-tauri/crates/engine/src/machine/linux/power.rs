//! Battery or mains, by UPower
//! (<https://upower.freedesktop.org/docs/UPower.html>).

use zbus::Connection;

use super::service::Service;
use crate::machine::Known;

const UPOWER: Service = Service {
    name: "org.freedesktop.UPower",
    path: "/org/freedesktop/UPower",
    interface: "org.freedesktop.UPower",
    properties: &["OnBattery"],
};

pub(super) async fn watch(bus: &Connection, known: &Known) {
    let mut first = super::First::new(known);
    let followed = UPOWER
        .follow(bus, |values| {
            known.learn(|conditions| {
                conditions.on_battery = values
                    .get("OnBattery")
                    .and_then(|value| value.downcast_ref::<bool>().ok());
            });
            first.answered();
        })
        .await;
    if let Err(error) = followed {
        tracing::info!(%error, "power is not known any more");
    }
    known.learn(|conditions| conditions.on_battery = None);
}

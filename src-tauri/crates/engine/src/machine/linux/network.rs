//! The network, by NetworkManager
//! (<https://networkmanager.dev/docs/api/latest/nm-dbus-types.html>). It knows
//! nothing of networks that others manage, so "disconnected" is believed only
//! if the kernel has no route either.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use zbus::Connection;

use super::routes;
use super::service::{Service, Values};
use crate::machine::Known;

const NETWORK_MANAGER: Service = Service {
    name: "org.freedesktop.NetworkManager",
    path: "/org/freedesktop/NetworkManager",
    interface: "org.freedesktop.NetworkManager",
    properties: &["State", "Connectivity", "Metered"],
};
/// How often the kernel's routes are looked at, which nobody tells of.
const LOOK: Duration = Duration::from_secs(30);

/// NetworkManager's words, as far as they decide something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It has checked, or trusts, that the internet can be reached.
    Connected,
    /// It has no connection.
    Disconnected,
    /// On the way, limited, behind a portal, or not there itself.
    Unsure,
}

/// The last of them, for those who look at the routes.
struct Last(Mutex<Told>);

impl Last {
    const fn unsure() -> Self {
        Self(Mutex::new(Told::Unsure))
    }

    fn get(&self) -> Told {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, told: Told) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

pub(super) async fn watch(bus: &Connection, known: &Known) {
    let told = Last::unsure();
    let follow = async {
        let mut first = super::First::new(known);
        let followed = NETWORK_MANAGER
            .follow(bus, |values| {
                told.set(state(values));
                let online = online(told.get(), routes::exist());
                known.learn(|conditions| {
                    conditions.online = online;
                    conditions.metered = metered(values);
                });
                first.answered();
            })
            .await;
        if let Err(error) = followed {
            tracing::info!(%error, "the network is not known any more");
        }
        told.set(Told::Unsure);
        known.learn(|conditions| {
            conditions.online = None;
            conditions.metered = None;
        });
    };
    tokio::join!(follow, look_at_routes(known, &told));
}

/// Without anybody who tells of the network.
pub(super) async fn watch_routes(known: &Known) {
    look_at_routes(known, &Last::unsure()).await;
}

/// Routes can go after NetworkManager has told, and come without it.
async fn look_at_routes(known: &Known, told: &Last) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut had = routes::exist();
    loop {
        looks.tick().await;
        let has = routes::exist();
        let came = has && !std::mem::replace(&mut had, has);
        known.learn(|conditions| conditions.online = online(told.get(), has));
        if came {
            known.tell();
        }
    }
}

/// Whether there is a network, when anybody can say.
fn online(told: Told, has_route: bool) -> Option<bool> {
    match told {
        Told::Connected => Some(true),
        Told::Disconnected if !has_route => Some(false),
        Told::Disconnected | Told::Unsure => None,
    }
}

/// NMState and NMConnectivityState.
fn state(values: &Values) -> Told {
    const FULL: u32 = 4;
    const ASLEEP: u32 = 10;
    const DISCONNECTED: u32 = 20;
    const CONNECTED_GLOBAL: u32 = 70;
    let state = number(values, "State");
    if number(values, "Connectivity") == Some(FULL) || state == Some(CONNECTED_GLOBAL) {
        Told::Connected
    } else if matches!(state, Some(ASLEEP | DISCONNECTED)) {
        Told::Disconnected
    } else {
        Told::Unsure
    }
}

/// NMMetered; a guess counts, it is made for tethered phones.
fn metered(values: &Values) -> Option<bool> {
    const YES: u32 = 1;
    const NO: u32 = 2;
    const GUESS_YES: u32 = 3;
    const GUESS_NO: u32 = 4;
    match number(values, "Metered")? {
        YES | GUESS_YES => Some(true),
        NO | GUESS_NO => Some(false),
        _ => None,
    }
}

fn number(values: &Values, name: &str) -> Option<u32> {
    values.get(name)?.downcast_ref::<u32>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_disconnected_manager_and_no_route_mean_offline() {
        assert_eq!(online(Told::Disconnected, false), Some(false));
        assert_eq!(online(Told::Disconnected, true), None);
        assert_eq!(online(Told::Unsure, false), None);
        assert_eq!(online(Told::Unsure, true), None);
        assert_eq!(online(Told::Connected, false), Some(true));
    }

    #[test]
    fn a_portal_or_a_network_without_internet_is_not_offline() {
        let told = |state: u32, connectivity: u32| {
            super::state(&Values::from([
                ("State", state.into()),
                ("Connectivity", connectivity.into()),
            ]))
        };
        assert_eq!(told(70, 4), Told::Connected);
        assert_eq!(told(60, 2), Told::Unsure);
        assert_eq!(told(50, 3), Told::Unsure);
        assert_eq!(told(50, 1), Told::Unsure);
        assert_eq!(told(40, 0), Told::Unsure);
        assert_eq!(told(0, 0), Told::Unsure);
        assert_eq!(told(20, 1), Told::Disconnected);
        assert_eq!(state(&Values::new()), Told::Unsure);
    }
}

//! Desktop notifications by the system's own service.

use std::time::Instant;

use notify_rust::{Notification, NotificationResponse, Urgency};

use crate::arguments::Shown;
use crate::order::{Order, Orders};
use crate::telling::Telling;
use crate::words;

/// The key of the button.
const BUTTON: &str = "open";

/// The notification service. Clones are the same.
#[derive(Clone)]
pub struct Notifications(Orders);

impl Notifications {
    /// Clicks become orders.
    pub fn new(orders: Orders) -> Self {
        Self(orders)
    }

    /// Shows one, without waiting for it.
    pub fn show(&self, telling: Telling) {
        let orders = self.0.clone();
        // It waits for a click.
        std::thread::spawn(move || {
            let mut notification = Notification::new();
            notification
                .appname(words::NAME)
                .summary(&telling.title)
                .body(&telling.body)
                .action(BUTTON, telling.button);
            if telling.urgent {
                notification.urgency(Urgency::Critical);
            }
            let place = telling.place;
            let answered = notification.show().and_then(|shown| {
                shown.wait_for_response(|response: &NotificationResponse| {
                    if !matches!(response, NotificationResponse::Closed(_)) {
                        orders.give(Order::Open(Some(place.clone())));
                    }
                })
            });
            if let Err(error) = answered {
                tracing::warn!(%error, "the notification could not be shown");
            }
        });
    }

    /// Nothing is handed over: the process stays.
    pub fn still_shown(&self) -> Vec<Shown> {
        Vec::new()
    }

    /// Nothing keeps the process as it is.
    pub fn fresh_until(&self) -> Option<Instant> {
        None
    }
}

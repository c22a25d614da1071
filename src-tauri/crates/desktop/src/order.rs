//! What the tray, a notification, another start or the system asks for. All of
//! them only send orders; one task obeys, so that every way behaves the same.

use labkeep_engine::view::PauseFor;
use tokio::sync::mpsc;

use crate::place::Place;

/// Something that is asked for from outside of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Show the window, at a place or where it is.
    Open(Option<Place>),
    /// Back up a plan now.
    BackUp {
        /// The plan's id.
        plan: String,
    },
    /// Cancel a run.
    Cancel {
        /// The run's id.
        run: String,
    },
    /// Start nothing by itself for a while.
    Pause(PauseFor),
    /// Go on after a pause.
    GoOn,
    /// End Labkeep; runs are stopped with this reason.
    Quit(&'static str),
}

/// Where orders go.
#[derive(Clone)]
pub struct Orders(mpsc::UnboundedSender<Order>);

impl Orders {
    /// A channel for orders.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Order>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Gives an order.
    pub fn give(&self, order: Order) {
        if self.0.send(order).is_err() {
            tracing::warn!("an order came while Labkeep was ending");
        }
    }
}

//! One round of telling: several messages to the same channels. A channel that
//! could not be reached is left alone for the rest of it, for each attempt may
//! take a minute in which nobody else is told and nothing is started.

use super::{Channels, Message, SendError};
use crate::view::Channel;

/// How it went with each channel that something was sent to.
pub type Sent = Vec<(Channel, Result<(), SendError>)>;

/// The channels, and which of them could not be reached.
#[derive(Debug)]
pub struct Round {
    channels: Channels,
    silent: Vec<Channel>,
}

impl Round {
    /// Begins: nothing is known against any of them.
    pub const fn new(channels: Channels) -> Self {
        Self {
            channels,
            silent: Vec::new(),
        }
    }

    /// Sends a message to those of these channels that are not silent.
    pub async fn send_to(&mut self, wanted: &[Channel], message: &Message) -> Sent {
        let mut wanted = wanted.to_vec();
        wanted.retain(|channel| !self.is_silent(*channel));
        let sent = self.channels.send_to(&wanted, message).await;
        for (channel, result) in &sent {
            if result.as_ref().is_err_and(SendError::may_pass) {
                self.silent.push(*channel);
            }
        }
        sent
    }

    /// Whether it could not be reached, and is to be tried in another round.
    pub fn is_silent(&self, channel: Channel) -> bool {
        self.silent.contains(&channel)
    }
}

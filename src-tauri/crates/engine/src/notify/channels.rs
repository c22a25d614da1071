//! Every channel that is set up, with its secret from the keychain.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use labkeep_settings::{Email, SecretKey, Secrets, SecretsError, Settings};
use secrecy::SecretString;

use super::address::Address;
use super::error::SendError;
use super::exchange::send;
use super::message::{Message, MessageKind};
use super::smtp::Mail;
use super::way::Way;
use super::{heartbeat, ntfy, webhook};
use crate::error::chain;
use crate::view::Channel;

/// The ways to tell people that are set up on this machine.
#[derive(Debug)]
pub struct Channels {
    all: Vec<SetUp>,
    tells_success: bool,
    way: Way,
}

/// A channel as it is set up.
#[derive(Debug)]
struct SetUp {
    target: Target,
    /// What the keychain gave.
    secret: Result<Option<SecretString>, Arc<SecretsError>>,
}

/// What is known of a channel without its secret.
#[derive(Debug)]
enum Target {
    Webhook,
    Ntfy,
    Heartbeat,
    Mail(Email),
}

impl Channels {
    /// The channels of the settings. One whose secret is missing is among them,
    /// and says so when it is used. Blocks, maybe until a person has unlocked
    /// the keychain.
    pub fn load(settings: &Settings, secrets: &dyn Secrets) -> Self {
        Self::load_with(settings, secrets, Way::of(&settings.preferences))
    }

    /// The same, reached in another way.
    pub fn load_with(settings: &Settings, secrets: &dyn Secrets, way: Way) -> Self {
        let set_up = &settings.preferences.notifications;
        let targets = [
            set_up.webhook.as_ref().map(|_| Target::Webhook),
            set_up.ntfy.as_ref().map(|_| Target::Ntfy),
            set_up.heartbeat.as_ref().map(|_| Target::Heartbeat),
            set_up.email.clone().map(Target::Mail),
        ];
        Self {
            all: targets
                .into_iter()
                .flatten()
                .map(|target| SetUp::load(target, secrets))
                .collect(),
            tells_success: settings.preferences.notify_success,
            way,
        }
    }

    /// Whether none is set up.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Sends a message to every channel that it is for, all at once, and says
    /// how it went with each. The heartbeat gets what is all well and nothing
    /// else; the others get no success unless that was asked for.
    pub async fn send(&self, message: &Message) -> Vec<(Channel, Result<(), SendError>)> {
        self.send_to(&Channel::ALL, message).await
    }

    /// The same, to these channels alone.
    pub async fn send_to(
        &self,
        wanted: &[Channel],
        message: &Message,
    ) -> Vec<(Channel, Result<(), SendError>)> {
        let receivers = self
            .all
            .iter()
            .filter(|one| wanted.contains(&one.target.channel()) && self.is_for(one, message));
        let (channels, sending): (Vec<Channel>, Vec<_>) = receivers
            .map(|one| (one.target.channel(), self.deliver(one, message)))
            .unzip();
        channels.into_iter().zip(join_all(sending).await).collect()
    }

    /// Sends a test message through one channel. For a heartbeat that is a
    /// beat, so whoever waits for it is content until the next is due.
    pub async fn test(
        &self,
        channel: Channel,
        machine: &str,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let one = self
            .all
            .iter()
            .find(|one| one.target.channel() == channel)
            .ok_or(SendError::NotSetUp { channel })?;
        self.deliver(one, &Message::test(machine, now)).await
    }

    fn is_for(&self, one: &SetUp, message: &Message) -> bool {
        let is_success = message.kind == MessageKind::Success;
        match one.target {
            Target::Heartbeat => is_success && message.is_all_well,
            Target::Webhook | Target::Ntfy | Target::Mail(_) => !is_success || self.tells_success,
        }
    }

    async fn deliver(&self, one: &SetUp, message: &Message) -> Result<(), SendError> {
        let channel = one.target.channel().name();
        let kind = message.kind.name();
        let sent = one.send(message, &self.way).await;
        match &sent {
            Ok(()) => tracing::info!(channel, kind, "told"),
            Err(error) => tracing::warn!(channel, kind, error = chain(error), "could not tell"),
        }
        sent
    }
}

impl Target {
    const fn channel(&self) -> Channel {
        match self {
            Self::Webhook => Channel::Webhook,
            Self::Ntfy => Channel::Ntfy,
            Self::Heartbeat => Channel::Heartbeat,
            Self::Mail(_) => Channel::Email,
        }
    }
}

impl SetUp {
    fn load(target: Target, secrets: &dyn Secrets) -> Self {
        let key = SecretKey::Channel(target.channel().name().to_owned());
        // A mail server that wants no name wants no password either.
        let needs_none = matches!(&target, Target::Mail(email) if email.username.is_none());
        let secret = if needs_none {
            Ok(None)
        } else {
            secrets.get(&key).map_err(Arc::new)
        };
        Self { target, secret }
    }

    async fn send(&self, message: &Message, way: &Way) -> Result<(), SendError> {
        let channel = self.target.channel();
        let secret = self
            .secret
            .clone()
            .map_err(|source| SendError::Secrets { channel, source })?;
        let outgoing = match &self.target {
            Target::Mail(email) => {
                return Mail::new(email.clone(), secret)?.send(message, way).await;
            }
            Target::Webhook => webhook::outgoing(message),
            Target::Ntfy => ntfy::outgoing(message),
            Target::Heartbeat => heartbeat::outgoing(),
        };
        let secret = secret.ok_or(SendError::SecretMissing { channel })?;
        send(&Address::read(channel, &secret)?, &outgoing, way).await
    }
}

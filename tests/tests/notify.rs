//! Telling people beside the desktop, against servers that remember what they
//! were sent: HTTP, and aiosmtpd, which was not written here.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "notify/log.rs"]
mod log;
#[path = "notify/mail.rs"]
mod mail;
#[path = "notify/mail_server.rs"]
mod mail_server;
#[path = "notify/recorder.rs"]
mod recorder;
#[path = "notify/secrecy.rs"]
mod secrecy;
#[path = "notify/web.rs"]
mod web;

use std::time::Duration;

use ::secrecy::SecretString;
use labkeep_engine::notify::{Channels, Message, MessageKind, SendError, Way};
use labkeep_engine::view::Channel;
use labkeep_gitlab::Proxy;
use labkeep_settings::{
    Email, Endpoint, MailSecurity, MemorySecrets, SecretKey, Secrets, Settings,
};

/// What a channel is called in the keychain.
fn key(channel: Channel) -> SecretKey {
    SecretKey::Channel(channel.name().to_owned())
}

/// A way that does not make tests wait.
fn way() -> Way {
    Way {
        proxy: Proxy::None,
        ca_pem: None,
        timeout: Duration::from_secs(20),
        pause: Duration::from_millis(1),
    }
}

fn message(kind: MessageKind) -> Message {
    Message {
        kind,
        title: "The last backup of “Everything” failed".to_owned(),
        body: "git.example.com does not answer.\nCheck the network.".to_owned(),
        machine: "desk".to_owned(),
        plan: Some("Everything".to_owned()),
        at: "2026-11-25T21:00:00Z".parse().unwrap(),
        is_all_well: kind == MessageKind::Success,
    }
}

/// Settings and keychain with these channels.
#[derive(Default)]
struct Desk {
    settings: Settings,
    secrets: MemorySecrets,
}

impl Desk {
    fn with(mut self, channel: Channel, address: &str) -> Self {
        let endpoint = Some(Endpoint {
            host: "told.example.com".to_owned(),
        });
        let set_up = &mut self.settings.preferences.notifications;
        match channel {
            Channel::Webhook => set_up.webhook = endpoint,
            Channel::Ntfy => set_up.ntfy = endpoint,
            Channel::Heartbeat => set_up.heartbeat = endpoint,
            Channel::Email => unreachable!("mail is set up by itself"),
        }
        self.keep(channel, address)
    }

    fn with_mail(mut self, port: u16, security: MailSecurity, login: Option<(&str, &str)>) -> Self {
        self.settings.preferences.notifications.email = Some(Email {
            server: "localhost".to_owned(),
            port,
            security,
            username: login.map(|(name, _)| name.to_owned()),
            from: "Labkeep <labkeep@example.com>".to_owned(),
            to: "mira@example.com, Ops <ops@example.org>".to_owned(),
        });
        match login {
            Some((_, password)) => self.keep(Channel::Email, password),
            None => self,
        }
    }

    fn keep(self, channel: Channel, secret: &str) -> Self {
        let secret = SecretString::from(secret);
        self.secrets.set(&key(channel), "", &secret).unwrap();
        self
    }

    fn channels(&self, way: Way) -> Channels {
        Channels::load_with(&self.settings, &self.secrets, way)
    }
}

/// What became of a message on the only channel that it is for. On a task of
/// its own, as the scheduler sends it.
async fn sent(desk: &Desk, way: Way, kind: MessageKind) -> Result<(), SendError> {
    log::listen();
    let channels = desk.channels(way);
    let sending = tokio::spawn(async move { channels.send(&message(kind)).await });
    let mut all = sending.await.expect("sending does not panic");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).1
}

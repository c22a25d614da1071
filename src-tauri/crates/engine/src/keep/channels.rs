//! Whom Labkeep tells beside the desktop: set up, shown, removed. What lets
//! others write there goes into the keychain before the settings name it.

use labkeep_settings::{Email, Endpoint, Notifications, SecretKey};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Labkeep, blocking};
use crate::error::{Error, Result};
use crate::view::{Channel, ChannelProblem, ChannelsView};

/// Memo of what could not be told lately.
pub(super) const PROBLEMS: &str = "channel-problems";

impl Labkeep {
    /// Whom Labkeep tells.
    pub fn channels(&self) -> Result<ChannelsView> {
        let Notifications {
            webhook,
            ntfy,
            heartbeat,
            email,
        } = self.settings()?.preferences.notifications;
        Ok(ChannelsView {
            webhook,
            ntfy,
            heartbeat,
            email,
            problems: self.channel_problems()?,
        })
    }

    /// Whom Labkeep could not tell lately.
    pub(super) fn channel_problems(&self) -> Result<Vec<ChannelProblem>> {
        let memo = self.0.catalogue.memo(PROBLEMS)?;
        Ok(memo
            .map(serde_json::from_value)
            .transpose()
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "what could not be told is not understood");
                None
            })
            .unwrap_or_default())
    }

    /// Sets an address up, in place of the one before.
    pub async fn set_endpoint(
        &self,
        channel: Channel,
        address: SecretString,
    ) -> Result<ChannelsView> {
        let endpoint = endpoint_of(&address)?;
        if channel == Channel::Email {
            return Err(Error::NoAddress);
        }
        self.keep_channel(channel, &endpoint.host, address).await?;
        self.set_channels(|channels| match channel {
            Channel::Webhook => channels.webhook = Some(endpoint),
            Channel::Ntfy => channels.ntfy = Some(endpoint),
            Channel::Heartbeat => channels.heartbeat = Some(endpoint),
            Channel::Email => {}
        })
    }

    /// Sets a mailbox up. Without a password the one that is kept stays.
    pub async fn set_email(
        &self,
        email: Email,
        password: Option<SecretString>,
    ) -> Result<ChannelsView> {
        if let Some(password) = password {
            self.keep_channel(Channel::Email, &email.server, password)
                .await?;
        }
        self.set_channels(|channels| channels.email = Some(email))
    }

    /// Tells nobody there any more.
    pub async fn remove_channel(&self, channel: Channel) -> Result<ChannelsView> {
        let secrets = self.0.secrets.clone();
        let key = SecretKey::Channel(channel.name().to_owned());
        blocking(move || Ok(secrets.delete(&key)?)).await?;
        self.set_channels(|channels| match channel {
            Channel::Webhook => channels.webhook = None,
            Channel::Ntfy => channels.ntfy = None,
            Channel::Heartbeat => channels.heartbeat = None,
            Channel::Email => channels.email = None,
        })
    }

    async fn keep_channel(&self, channel: Channel, host: &str, secret: SecretString) -> Result<()> {
        let secrets = self.0.secrets.clone();
        let key = SecretKey::Channel(channel.name().to_owned());
        let label = format!("Labkeep: {} at {host}", channel.name());
        blocking(move || Ok(secrets.set(&key, &label, &secret)?)).await
    }

    fn set_channels(&self, change: impl FnOnce(&mut Notifications)) -> Result<ChannelsView> {
        self.0
            .store
            .update(|settings| change(&mut settings.preferences.notifications))?;
        self.0.runs.changed();
        self.channels()
    }
}

/// What may be shown of an address.
fn endpoint_of(address: &SecretString) -> Result<Endpoint> {
    // The parser's error is left out: it could quote what must not be shown.
    let url = Url::parse(address.expose_secret().trim()).map_err(|_| Error::NoAddress)?;
    let host = url.host_str().filter(|host| !host.is_empty());
    match (url.scheme(), host) {
        ("http" | "https", Some(host)) => Ok(Endpoint {
            host: match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
        }),
        _ => Err(Error::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_an_address_is_kept() {
        let address = SecretString::from("https://user:pass@hooks.example.org:8443/T0/B0/secret");
        assert_eq!(
            endpoint_of(&address).unwrap().host,
            "hooks.example.org:8443"
        );
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_being_repeated() {
        for bad in ["secret-thing", "ftp://host/secret-thing", "https://"] {
            let error = endpoint_of(&SecretString::from(bad)).unwrap_err();
            let said = format!("{error} {error:?} {}", error.advice());
            assert!(!said.contains("secret-thing"), "{said}");
        }
    }
}

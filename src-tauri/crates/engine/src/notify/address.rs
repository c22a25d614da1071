//! The address of a webhook, topic or heartbeat. All of it but its host is a
//! secret, with or without a name and a password in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::{AddressFlaw, SendError};
use crate::view::Channel;

/// What is kept in settings for people to know the address by: its host, with
/// the port if it is not the usual one. Refuses what cannot be an address of
/// this channel. Mail has no such address, so everything is refused for it.
pub fn host_of(channel: Channel, address: &SecretString) -> Result<String, SendError> {
    Ok(Address::read(channel, address)?.host)
}

/// An address that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Address {
    secret: SecretString,
    channel: Channel,
    /// Its host, for people.
    pub(super) host: String,
}

impl Address {
    pub(super) fn read(channel: Channel, secret: &SecretString) -> Result<Self, SendError> {
        let flawed = |flaw| SendError::Address { channel, flaw };
        let url = parse(channel, secret).map_err(flawed)?;
        let topic = || url.path_segments().and_then(|mut parts| parts.next_back());
        if channel == Channel::Ntfy && topic().is_none_or(str::is_empty) {
            return Err(flawed(AddressFlaw::NoTopic));
        }
        Ok(Self {
            host: labkeep_gitlab::host_of(&url),
            secret: secret.clone(),
            channel,
        })
    }

    /// Where to send, without name and password, and how to sign in there.
    pub(super) fn open(&self) -> Result<(Url, Option<HeaderValue>), SendError> {
        let flawed = |flaw| SendError::Address {
            channel: self.channel,
            flaw,
        };
        let mut url = parse(self.channel, &self.secret).map_err(flawed)?;
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let name = decoded(url.username());
        let password = url.password().map(decoded).filter(|text| !text.is_empty());
        let value = match (name.as_slice(), password.as_deref()) {
            ([], None) => None,
            // ntfy calls a token what stands alone (docs.ntfy.sh/publish, "Access
            // tokens"); a bearer token everywhere else, too.
            (token, None) | ([], Some(token)) if self.channel == Channel::Ntfy => {
                Some([b"Bearer ", token].concat())
            }
            (name, password) => {
                let pair = [name, b":", password.unwrap_or_default()].concat();
                Some(format!("Basic {}", STANDARD.encode(pair)).into_bytes())
            }
        };
        let mut value = value
            .map(HeaderValue::try_from)
            .transpose()
            .map_err(|_| flawed(AddressFlaw::Unreadable))?;
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        forget_user(&mut url);
        url.set_fragment(None);
        Ok((url, value))
    }
}

/// Removes name and password, which would be sent along.
pub(super) fn forget_user(url: &mut Url) {
    // Only addresses without a host cannot do this, and they have neither.
    let is_done = url.set_username("").is_ok() && url.set_password(None).is_ok();
    debug_assert!(is_done, "an http address has a host");
}

fn parse(channel: Channel, secret: &SecretString) -> Result<Url, AddressFlaw> {
    let text = secret.expose_secret().trim();
    if text.is_empty() {
        return Err(AddressFlaw::Empty);
    }
    let mut url = Url::parse(text).map_err(|_| AddressFlaw::Unreadable)?;
    if channel == Channel::Email || !matches!(url.scheme(), "http" | "https") {
        return Err(AddressFlaw::NotHttp);
    }
    // The same topic, copied with a stroke at its end.
    if channel == Channel::Ntfy {
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(channel: Channel, text: &str) -> Result<Address, AddressFlaw> {
        Address::read(channel, &SecretString::from(text)).map_err(|error| match error {
            SendError::Address { flaw, .. } => flaw,
            other => panic!("{other:?}"),
        })
    }

    fn opened(channel: Channel, text: &str) -> (String, Option<String>) {
        let (url, value) = read(channel, text).unwrap().open().unwrap();
        let value = value.map(|value| {
            assert!(value.is_sensitive());
            value.to_str().unwrap().to_owned()
        });
        (url.to_string(), value)
    }

    #[test]
    fn texts_that_are_no_address_are_told_apart() {
        let flaw = |channel, text| read(channel, text).unwrap_err();
        assert_eq!(flaw(Channel::Webhook, " "), AddressFlaw::Empty);
        assert_eq!(flaw(Channel::Webhook, "hooks/abc"), AddressFlaw::Unreadable);
        assert_eq!(flaw(Channel::Webhook, "https://"), AddressFlaw::Unreadable);
        assert_eq!(
            flaw(Channel::Webhook, "ftp://example.com/a"),
            AddressFlaw::NotHttp
        );
        assert_eq!(
            flaw(Channel::Ntfy, "https://ntfy.sh/"),
            AddressFlaw::NoTopic
        );
        assert!(read(Channel::Heartbeat, "https://beat.example.com").is_ok());
    }

    #[test]
    fn only_the_host_is_known() {
        let address = read(
            Channel::Webhook,
            "https://user:hush@hooks.example.com:8443/services/T0/B0/hush?key=hush#hush",
        )
        .unwrap();
        assert_eq!(address.host, "hooks.example.com:8443");
        assert!(!format!("{address:?}").contains("hush"));
        let error = host_of(Channel::Webhook, &SecretString::from("hush://hush")).unwrap_err();
        assert!(!format!("{error} {error:?} {}", error.advice()).contains("hush"));
    }

    #[test]
    fn names_and_passwords_go_into_a_header() {
        assert_eq!(
            opened(Channel::Webhook, " https://me:p%40ss@example.com/a?b=c#d\n"),
            (
                "https://example.com/a?b=c".to_owned(),
                Some(format!("Basic {}", STANDARD.encode("me:p@ss")))
            )
        );
        assert_eq!(
            opened(Channel::Ntfy, "https://me:pass@ntfy.sh/topic/"),
            (
                "https://ntfy.sh/topic".to_owned(),
                Some(format!("Basic {}", STANDARD.encode("me:pass")))
            )
        );
        for token in ["tk_abc@", ":tk_abc@", "tk_abc:@"] {
            assert_eq!(
                opened(Channel::Ntfy, &format!("https://{token}ntfy.sh/topic")),
                (
                    "https://ntfy.sh/topic".to_owned(),
                    Some("Bearer tk_abc".to_owned())
                )
            );
        }
        assert_eq!(opened(Channel::Ntfy, "https://ntfy.sh/topic").1, None);
    }
}

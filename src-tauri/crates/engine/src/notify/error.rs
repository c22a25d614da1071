//! Why a message did not arrive. Facts alone: hosts, codes, never an address, a
//! password or what a server said about them.

use std::sync::Arc;
use std::time::Duration;

use labkeep_gitlab::{Error as Wire, TlsFailure};
use labkeep_settings::SecretsError;
use thiserror::Error;

use crate::advice::{Advice, capital, of_gitlab, of_secrets};
use crate::view::Channel;

/// Why a text cannot be the address of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFlaw {
    /// There is none.
    Empty,
    /// It is no address at all.
    Unreadable,
    /// It begins with neither `https://` nor `http://`.
    NotHttp,
    /// A server of ntfy without a topic.
    NoTopic,
}

/// A mailbox among the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// Who sends.
    From,
    /// Who receives.
    To,
}

/// Why a message did not arrive.
#[derive(Debug, Error)]
pub enum SendError {
    /// The channel is not set up.
    #[error("there is no {}", channel.name())]
    NotSetUp {
        /// The channel.
        channel: Channel,
    },
    /// Its address or password is not in the keychain.
    #[error("no secret is kept for {}", channel.name())]
    SecretMissing {
        /// The channel.
        channel: Channel,
    },
    /// The keychain does not give it.
    #[error("the secret of {} cannot be read", channel.name())]
    Secrets {
        /// The channel.
        channel: Channel,
        /// Why.
        #[source]
        source: Arc<SecretsError>,
    },
    /// What is kept is no address of this kind.
    #[error("the address of {} cannot be used ({flaw:?})", channel.name())]
    Address {
        /// The channel.
        channel: Channel,
        /// What is wrong.
        flaw: AddressFlaw,
    },
    /// The way to the server.
    #[error(transparent)]
    Wire(#[from] Wire),
    /// The server sends elsewhere, where the message must not go.
    #[error("{host} redirects to {target}, which is not followed")]
    Redirected {
        /// The server.
        host: String,
        /// Scheme and host of where it sends; empty if it does not say.
        target: String,
    },
    /// The server does not take it.
    #[error("{host} refuses it ({status})")]
    Refused {
        /// The server.
        host: String,
        /// Its status.
        status: u16,
    },
    /// The server takes no more for a while.
    #[error("{host} takes no more for a while")]
    TooMany {
        /// The server.
        host: String,
    },
    /// The server has trouble of its own.
    #[error("{host} failed ({status})")]
    Failed {
        /// The server.
        host: String,
        /// Its status.
        status: u16,
    },

    /// A mailbox of the settings is none.
    #[error("the mailbox of {mailbox:?} is none")]
    Mailbox {
        /// Which.
        mailbox: Mailbox,
    },
    /// The mail server's name has no address.
    #[error("the name of {host} cannot be resolved")]
    MailUnknown {
        /// The mail server.
        host: String,
    },
    /// Nobody answers there, or the connection broke.
    #[error("no connection to {host}")]
    MailConnection {
        /// The mail server.
        host: String,
    },
    /// Something else than a mail server answers there.
    #[error("{host} does not speak SMTP there")]
    NotMail {
        /// The mail server.
        host: String,
    },
    /// The server does not offer STARTTLS; nothing was sent.
    #[error("{host} does not offer STARTTLS")]
    NoStartTls {
        /// The mail server.
        host: String,
    },
    /// The password would go over the network for all to read.
    #[error("the password for {host} would not be encrypted")]
    PasswordInPlain {
        /// The mail server.
        host: String,
    },
    /// The server knows no way to sign in that Labkeep knows.
    #[error("{host} offers no way to sign in")]
    NoSignIn {
        /// The mail server.
        host: String,
    },
    /// Name or password are wrong.
    #[error("{host} refuses name and password ({code})")]
    SignInRefused {
        /// The mail server.
        host: String,
        /// Its code.
        code: u16,
    },
    /// The server does not take the mail.
    #[error("{host} refuses the mail ({code})")]
    MailRefused {
        /// The mail server.
        host: String,
        /// Its code.
        code: u16,
        /// What it said, if that repeats no secret.
        said: Option<String>,
    },
    /// The server cannot take mail to such an address.
    #[error("{host} takes no mail with letters beyond ASCII in an address")]
    MailLetters {
        /// The mail server.
        host: String,
    },
}

impl SendError {
    /// The server had no time for it.
    pub(super) fn timeout(host: &str, after: Duration) -> Self {
        Self::Wire(Wire::Timeout {
            host: host.to_owned(),
            after,
        })
    }

    /// The sentence and the remedy.
    pub fn advice(&self) -> Advice {
        match self {
            Self::NotSetUp { channel } => Advice::new(
                format!("{} is not set up.", capital(words(*channel))),
                "Set it up in the settings.",
            ),
            Self::SecretMissing { channel } => Advice::new(
                format!(
                    "The {} of {} is not in the keychain of this machine.",
                    secret(*channel),
                    words(*channel)
                ),
                "Enter it again in the settings.",
            ),
            Self::Secrets { source, .. } => of_secrets(source),
            Self::Address { channel, flaw } => address(*channel, *flaw),
            Self::Wire(error) => wire(error),
            Self::Redirected { host, target } => Advice::new(
                if target.is_empty() {
                    format!("{host} sends messages on, but does not say where.")
                } else {
                    format!("{host} sends messages on to {target}, where they must not go.")
                },
                "Enter the address that takes them itself.",
            ),
            Self::Refused { host, status } => refused(host, *status),
            Self::TooMany { host } => Advice::new(
                format!("{host} takes no more messages for a while."),
                "It gets too many, from here or from others. Labkeep tells the next problem again.",
            ),
            Self::Failed { host, status } => Advice::new(
                format!("{host} failed, again and again ({status})."),
                "Try again later. If it stays so, its administrator finds the reason in its log.",
            ),
            other => other.advice_of_mail(),
        }
    }

    fn advice_of_mail(&self) -> Advice {
        match self {
            Self::Mailbox { mailbox } => Advice::new(
                match mailbox {
                    Mailbox::From => "The sender is no mail address.",
                    Mailbox::To => "The receiver is no mail address.",
                },
                "Write it as name@example.com; several receivers with commas in between.",
            ),
            Self::MailUnknown { host } => Advice::new(
                format!("There is no address for the mail server {host}."),
                "Check the spelling and the network. Mail goes through no proxy.",
            ),
            Self::MailConnection { host } => Advice::new(
                format!("The mail server {host} does not answer, or broke the connection off."),
                "Check the server, its port and the network. Port 587 is usual for STARTTLS, 465 for TLS. Mail goes through no proxy.",
            ),
            Self::NotMail { host } => Advice::new(
                format!("What answers at {host} does not speak SMTP as it should."),
                "Check the port: 587 is usual for STARTTLS, 465 for TLS.",
            ),
            Self::NoStartTls { host } => Advice::new(
                format!("The mail server {host} does not offer STARTTLS. Nothing was sent."),
                "Use TLS, usually on port 465, or ask the server's administrator.",
            ),
            Self::PasswordInPlain { host } => Advice::new(
                format!("The password for {host} would be sent without encryption."),
                "Choose STARTTLS or TLS. Without them, a password goes only to this machine itself.",
            ),
            Self::NoSignIn { host } => Advice::new(
                format!("The mail server {host} offers no way to sign in with a password."),
                "Check the port, or leave the name empty if the server wants none.",
            ),
            Self::SignInRefused { host, code } => Advice::new(
                format!("The mail server {host} refuses the name and password ({code})."),
                "Enter them again. Many servers want a password made for one program.",
            ),
            Self::MailRefused { host, code, said } => Advice::new(
                match said {
                    Some(said) => {
                        format!("The mail server {host} refuses the mail ({code}): {said}")
                    }
                    None => format!("The mail server {host} refuses the mail ({code})."),
                },
                "Check the sender and the receiver; many servers take mail only from a sender they know.",
            ),
            Self::MailLetters { host } => Advice::new(
                format!("The mail server {host} takes no address with letters beyond a to z."),
                "Use another address.",
            ),
            other => Advice::new(
                format!("{}.", capital(&other.to_string())),
                "Please report it.",
            ),
        }
    }
}

/// As a sentence calls it.
const fn words(channel: Channel) -> &'static str {
    match channel {
        Channel::Webhook => "the webhook",
        Channel::Ntfy => "ntfy",
        Channel::Heartbeat => "the heartbeat",
        Channel::Email => "e-mail",
    }
}

const fn secret(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "password",
        Channel::Webhook | Channel::Ntfy | Channel::Heartbeat => "address",
    }
}

fn address(channel: Channel, flaw: AddressFlaw) -> Advice {
    let message = match flaw {
        AddressFlaw::Empty => "No address was entered.".to_owned(),
        AddressFlaw::Unreadable => format!("This is not an address for {}.", words(channel)),
        AddressFlaw::NotHttp => "The address has to begin with https:// (or http://).".to_owned(),
        AddressFlaw::NoTopic => "The address names a server, but no topic.".to_owned(),
    };
    let hint = match channel {
        Channel::Ntfy => {
            "Write server and topic, for example https://ntfy.sh/ followed by the topic's name."
        }
        Channel::Webhook | Channel::Heartbeat | Channel::Email => {
            "Copy the whole address from the service that gave it to you."
        }
    };
    Advice::new(message, hint)
}

fn refused(host: &str, status: u16) -> Advice {
    match status {
        401 | 403 => Advice::new(
            format!("{host} does not allow it ({status})."),
            "The address or the token in it may be withdrawn. Make a new one there and enter it.",
        ),
        404 | 410 => Advice::new(
            format!("{host} does not know the address ({status})."),
            "It may have been deleted. Make a new one there and enter it.",
        ),
        _ => Advice::new(
            format!("{host} does not take the message ({status})."),
            "Check that the address is one that takes messages of this kind.",
        ),
    }
}

/// The same sentences as for GitLab, with what helps here.
fn wire(error: &Wire) -> Advice {
    let advice = of_gitlab(error);
    match error {
        Wire::Resolve { .. } => Advice::new(
            advice.message,
            "Check the spelling of the host and the network.",
        ),
        Wire::Interrupted { host, .. } => Advice::new(
            format!("{host} broke the connection off, again and again."),
            "Check the network, or try again later.",
        ),
        Wire::Tls {
            failure: TlsFailure::UnknownIssuer,
            ..
        } => Advice::new(
            advice.message,
            "If your company has its own certificate authority, install it on this machine.",
        ),
        Wire::Tls {
            host,
            failure: TlsFailure::NotTls,
            ..
        } => Advice::new(
            format!("{host} does not speak TLS there."),
            "Check the address and the port.",
        ),
        _ => advice,
    }
}

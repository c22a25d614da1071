//! Handing a mail to its server. Step by step, so that an error says at which
//! one it happened; and never without the encryption that was asked for.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use labkeep_settings::{Email, MailSecurity};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};

use super::error::SendError;
use super::exchange::Patience;
use super::message::{Message, clip};
use super::way::Way;
use crate::view::Channel;

/// Bytes at most of what a server says about a mail.
const LONGEST_SAYING: usize = 200;

/// A mailbox and how to reach it.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    email: Email,
    password: Option<SecretString>,
}

/// The steps that fail in ways of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    SignIn,
    Mail,
}

impl Mail {
    /// A mailbox; the password is for the name, if there is one.
    pub(super) fn new(email: Email, password: Option<SecretString>) -> Result<Self, SendError> {
        let host = email.server.clone();
        if email.username.is_none() {
            return Ok(Self {
                email,
                password: None,
            });
        }
        if password.is_none() {
            return Err(SendError::SecretMissing {
                channel: Channel::Email,
            });
        }
        if email.security == MailSecurity::None && !is_this_machine(&host) {
            return Err(SendError::PasswordInPlain { host });
        }
        Ok(Self { email, password })
    }

    /// Sends it. Done means that the server has taken it on.
    pub(super) async fn send(&self, message: &Message, way: &Way) -> Result<(), SendError> {
        let mail = super::mail::write(message, &self.email)?;
        let mut patience = Patience::new(way);
        loop {
            let sent = tokio::time::timeout(way.timeout, self.attempt(&mail, way))
                .await
                .unwrap_or_else(|_| Err(SendError::timeout(&self.email.server, way.timeout)));
            match sent {
                Ok(()) => return Ok(()),
                Err(error) => tokio::time::sleep(patience.after(error)?).await,
            }
        }
    }

    async fn attempt(&self, mail: &lettre::Message, way: &Way) -> Result<(), SendError> {
        let mut connection = self.connect(way).await?;
        if let (Some(name), Some(password)) = (&self.email.username, &self.password) {
            let credentials = Credentials::new(name.clone(), password.expose_secret().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(|error| self.failure(Step::SignIn, &error, way))?;
        }
        connection
            .send(mail.envelope(), &mail.formatted())
            .await
            .map_err(|error| self.failure(Step::Mail, &error, way))?;
        if connection.quit().await.is_err() {
            // The server has the mail already. What it says may repeat anything.
            tracing::debug!("the mail server did not say goodbye");
        }
        Ok(())
    }

    /// A connection that is as protected as was asked for.
    async fn connect(&self, way: &Way) -> Result<AsyncSmtpConnection, SendError> {
        let (host, port) = (self.email.server.as_str(), self.email.port);
        let failed = |error: SmtpError| self.failure(Step::Greeting, &error, way);
        let address = tokio::net::lookup_host((host, port))
            .await
            .ok()
            .and_then(|mut all| all.next());
        if address.is_none() {
            return Err(SendError::MailUnknown {
                host: host.to_owned(),
            });
        }
        let hello = ClientId::default();
        let wrapped = match self.email.security {
            MailSecurity::Tls => Some(self.tls(way).map_err(failed)?),
            MailSecurity::StartTls | MailSecurity::None => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host, port),
            Some(way.timeout),
            &hello,
            wrapped,
            None,
        )
        .await
        .map_err(failed)?;
        if self.email.security == MailSecurity::StartTls {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(SendError::NoStartTls {
                    host: host.to_owned(),
                });
            }
            let tls = self.tls(way).map_err(failed)?;
            connection.starttls(tls, &hello).await.map_err(failed)?;
        }
        Ok(connection)
    }

    /// The certificates that everything else is judged by, too.
    fn tls(&self, way: &Way) -> Result<TlsParameters, SmtpError> {
        let mut builder = TlsParameters::builder(self.email.server.clone());
        if let Some(pem) = &way.ca_pem {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build_rustls()
    }

    fn failure(&self, step: Step, error: &SmtpError, way: &Way) -> SendError {
        let host = self.email.server.clone();
        if let Some(refused) = labkeep_gitlab::refused_tls(error, &host) {
            return refused.into();
        }
        if error.is_timeout() {
            return SendError::timeout(&host, way.timeout);
        }
        if let Some(code) = error.status().map(u16::from) {
            return match step {
                Step::SignIn => SendError::SignInRefused { host, code },
                Step::Greeting | Step::Mail => SendError::MailRefused {
                    host,
                    code,
                    said: self.saying(error),
                },
            };
        }
        match step {
            Step::Greeting if error.is_response() => SendError::NotMail { host },
            Step::SignIn if error.is_client() => SendError::NoSignIn { host },
            Step::Mail if error.is_client() => SendError::MailLetters { host },
            _ => SendError::MailConnection { host },
        }
    }

    /// What the server said, unless it repeats the password.
    fn saying(&self, error: &SmtpError) -> Option<String> {
        let said = std::error::Error::source(error)?.to_string();
        let said: Vec<&str> = said
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let said = said.join(" ");
        let repeats = self.forms().iter().any(|form| said.contains(form.as_str()));
        (!said.is_empty() && !repeats).then(|| clip(&said, LONGEST_SAYING))
    }

    /// The password as it is sent, by any mechanism.
    fn forms(&self) -> Vec<String> {
        let Some(password) = self.password.as_ref().map(SecretString::expose_secret) else {
            return Vec::new();
        };
        let name = self.email.username.as_deref().unwrap_or_default();
        vec![
            password.to_owned(),
            STANDARD.encode(password),
            STANDARD.encode(format!("\0{name}\0{password}")),
        ]
    }
}

/// Whether what is sent there never leaves this machine.
fn is_this_machine(server: &str) -> bool {
    server.eq_ignore_ascii_case("localhost")
        || server
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

//! A message as mail: plain text, marked as written by a program, so that no
//! absence note answers it (RFC 3834).

use std::time::SystemTime;

use labkeep_settings::Email;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox as Written, Mailboxes, SinglePart};
use uuid::Uuid;

use super::error::{Mailbox, SendError};
use super::message::Message;

/// Bytes of the subject at most.
const LONGEST_SUBJECT: usize = 200;

/// `Auto-Submitted: auto-generated`.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Writes the mail. Tried again, it is the same mail, by its `Message-ID`.
pub(super) fn write(message: &Message, email: &Email) -> Result<lettre::Message, SendError> {
    let no = |mailbox| SendError::Mailbox { mailbox };
    let from: Written = email.from.trim().parse().map_err(|_| no(Mailbox::From))?;
    let to: Mailboxes = email.to.trim().parse().map_err(|_| no(Mailbox::To))?;
    let id = format!("<{}@{}>", Uuid::new_v4(), from.email.domain());
    let mut builder = lettre::Message::builder()
        .from(from)
        .subject(format!("Labkeep: {}", message.headline(LONGEST_SUBJECT)))
        .message_id(Some(id))
        .date(SystemTime::from(message.at))
        .header(AutoSubmitted);
    for one in to {
        builder = builder.to(one);
    }
    builder
        .singlepart(SinglePart::plain(text(message)))
        .map_err(|_| no(Mailbox::To))
}

fn text(message: &Message) -> String {
    let mut parts = vec![message.title.clone()];
    if !message.body.trim().is_empty() {
        parts.push(message.body.clone());
    }
    let mut facts = Vec::new();
    if let Some(plan) = &message.plan {
        facts.push(format!("Plan: {plan}"));
    }
    facts.push(format!("Machine: {}", message.machine));
    facts.push(format!(
        "Time: {}",
        message.at.strftime("%Y-%m-%d %H:%M UTC")
    ));
    parts.push(facts.join("\n"));
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use labkeep_settings::MailSecurity;

    use super::*;

    fn email(from: &str, to: &str) -> Email {
        Email {
            server: "mail.example.com".to_owned(),
            port: 587,
            security: MailSecurity::StartTls,
            username: None,
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    fn message() -> Message {
        Message::test("desk", "2026-11-25T21:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_mail_has_what_mail_needs() {
        let mut message = message();
        message.title = "“Ä”\r\nBcc: all@example.com".to_owned();
        message.plan = Some("Everything".to_owned());
        let email = email(
            "Labkeep <labkeep@example.com>",
            "a@example.com, B <b@example.org>",
        );
        let mail = write(&message, &email).unwrap();
        let written = String::from_utf8(mail.formatted()).unwrap();
        let (head, _) = written.split_once("\r\n\r\n").unwrap();
        assert!(written.is_ascii());
        for line in [
            "From: Labkeep <labkeep@example.com>",
            "To: a@example.com, B <b@example.org>",
            "Date: Wed, 25 Nov 2026 21:00:00 +0000",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(head.lines().any(|one| one == line), "{line} in {head}");
        }
        assert!(head.contains("@example.com>"), "a Message-ID in {head}");
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!(mail.envelope().to().len(), 2);
    }

    #[test]
    fn mailboxes_that_are_none_are_told_apart() {
        let which = |from, to| match write(&message(), &email(from, to)) {
            Err(SendError::Mailbox { mailbox }) => Some(mailbox),
            _ => None,
        };
        assert_eq!(which("nobody", "a@example.com"), Some(Mailbox::From));
        assert_eq!(which("a@example.com", ""), Some(Mailbox::To));
        assert_eq!(
            which("a@example.com", "b@example.com, c"),
            Some(Mailbox::To)
        );
        assert_eq!(which("a@example.com", "b@example.com"), None);
    }
}

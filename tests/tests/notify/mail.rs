//! E-mail.

use std::time::Duration;

use anyhow::Result;
use labkeep_engine::notify::{MessageKind, SendError};
use labkeep_engine::view::Channel;
use labkeep_gitlab::{Error as Wire, Proxy, TlsFailure};
use labkeep_settings::{MailSecurity, Secrets};
use serde_json::{Value, json};

use crate::mail_server::{MailServer, called};
use crate::recorder::{Recorder, mute};
use crate::{Desk, sent, way};

const LOGIN: Option<(&str, &str)> = Some(("labkeep", "päss wörd"));

fn setup(security: &str) -> Value {
    json!({ "security": security, "name": "labkeep", "password": "päss wörd" })
}

/// Sends to it, trusting its certificate.
async fn tell(
    server: &MailServer,
    security: MailSecurity,
    login: Option<(&str, &str)>,
) -> Result<(), SendError> {
    let mut way = way();
    way.ca_pem = Some(server.ca_pem.clone());
    let desk = Desk::default().with_mail(server.port, security, login);
    sent(&desk, way, MessageKind::Failed).await
}

#[tokio::test]
async fn mail_arrives_encrypted_and_signed_in() -> Result<()> {
    for (name, security) in [
        ("start_tls", MailSecurity::StartTls),
        ("tls", MailSecurity::Tls),
    ] {
        let server = MailServer::start(setup(name)).await?;
        tell(&server, security, LOGIN).await?;
        let events = server.end().await?;
        let mails = called(&events, "mail");
        assert_eq!(mails.len(), 1, "{events:#?}");
        let mail = mails[0];
        assert_eq!(mail["encrypted"], true);
        assert_eq!(mail["signed_in"], true);
        assert_eq!(mail["sender"], "labkeep@example.com");
        assert_eq!(
            mail["receivers"],
            json!(["mira@example.com", "ops@example.org"])
        );
        assert_eq!(mail["defects"], json!([]));
        let headers = &mail["headers"];
        assert_eq!(
            headers["subject"],
            "Labkeep: The last backup of “Everything” failed"
        );
        assert_eq!(headers["date"], "Wed, 25 Nov 2026 21:00:00 +0000");
        assert_eq!(headers["auto-submitted"], "auto-generated");
        let id = headers["message-id"].as_str().unwrap_or_default();
        assert!(id.ends_with("@example.com>"), "{id}");
        let text = mail["text"].as_str().unwrap_or_default();
        assert_eq!(
            text.replace("\r\n", "\n").trim_end(),
            "The last backup of “Everything” failed\n\n\
             git.example.com does not answer.\nCheck the network.\n\n\
             Plan: Everything\nMachine: desk\nTime: 2026-11-25 21:00 UTC"
        );
    }
    Ok(())
}

/// As the window says where it is set up.
#[tokio::test]
async fn mail_goes_straight_to_its_server_whatever_proxy_there_is() -> Result<()> {
    let proxy = Recorder::start(|_, _| "ok").await?;
    let server = MailServer::start(setup("start_tls")).await?;
    let mut way = crate::way();
    way.proxy = Proxy::Url(proxy.url(""));
    way.ca_pem = Some(server.ca_pem.clone());
    let desk = Desk::default().with_mail(server.port, MailSecurity::StartTls, LOGIN);
    sent(&desk, way, MessageKind::Failed).await?;
    assert_eq!(called(&server.end().await?, "mail").len(), 1);
    assert!(proxy.seen().is_empty());
    // Who waits in vain for one is told so.
    let nobody = MailServer::start(setup("start_tls")).await?;
    let port = nobody.port;
    nobody.end().await?;
    let desk = Desk::default().with_mail(port, MailSecurity::StartTls, LOGIN);
    let error = sent(&desk, crate::way(), MessageKind::Failed).await;
    let advice = error.expect_err("nobody is there").advice();
    assert!(advice.hint.contains("no proxy"), "{advice}");
    Ok(())
}

#[tokio::test]
async fn mail_goes_without_encryption_only_when_told_so() -> Result<()> {
    let server = MailServer::start(json!({ "security": "none" })).await?;
    let outcome = tell(&server, MailSecurity::StartTls, LOGIN).await;
    assert!(matches!(outcome, Err(SendError::NoStartTls { .. })));
    let outcome = tell(&server, MailSecurity::Tls, LOGIN).await;
    assert!(
        matches!(
            outcome,
            Err(SendError::Wire(Wire::Tls {
                failure: TlsFailure::NotTls,
                ..
            }))
        ),
        "{outcome:?}"
    );
    tell(&server, MailSecurity::None, None).await?;
    let events = server.end().await?;
    let mails = called(&events, "mail");
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["encrypted"], false);
    Ok(())
}

#[tokio::test]
async fn a_password_never_leaves_this_machine_in_plain() -> Result<()> {
    let server = MailServer::start(setup("none")).await?;
    tell(&server, MailSecurity::None, LOGIN).await?;
    let mut desk = Desk::default().with_mail(server.port, MailSecurity::None, LOGIN);
    if let Some(email) = &mut desk.settings.preferences.notifications.email {
        email.server = "mail.invalid".to_owned();
    }
    let outcome = sent(&desk, way(), MessageKind::Failed).await;
    assert!(matches!(outcome, Err(SendError::PasswordInPlain { .. })));
    assert_eq!(called(&server.end().await?, "mail").len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_server_with_a_bad_certificate_gets_no_password() -> Result<()> {
    for (name, security) in [
        ("start_tls", MailSecurity::StartTls),
        ("tls", MailSecurity::Tls),
    ] {
        let server = MailServer::start(setup(name)).await?;
        let desk = Desk::default().with_mail(server.port, security, LOGIN);
        let outcome = sent(&desk, way(), MessageKind::Failed).await;
        assert_eq!(failure(&outcome), Some(TlsFailure::UnknownIssuer), "{name}");
        assert!(called(&server.end().await?, "sign_in").is_empty());

        let server = MailServer::start_as("other.example.com", setup(name)).await?;
        let outcome = tell(&server, security, LOGIN).await;
        assert_eq!(failure(&outcome), Some(TlsFailure::WrongName), "{name}");
        assert!(called(&server.end().await?, "sign_in").is_empty());
    }
    Ok(())
}

fn failure(outcome: &Result<(), SendError>) -> Option<TlsFailure> {
    match outcome {
        Err(SendError::Wire(Wire::Tls { failure, .. })) => Some(*failure),
        _ => None,
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() -> Result<()> {
    let server = MailServer::start(setup("start_tls")).await?;
    let outcome = tell(&server, MailSecurity::StartTls, Some(("labkeep", "no"))).await;
    assert!(
        matches!(outcome, Err(SendError::SignInRefused { code: 535, .. })),
        "{outcome:?}"
    );
    let events = server.end().await?;
    assert_eq!(called(&events, "sign_in").len(), 1);
    assert!(called(&events, "mail").is_empty());
    Ok(())
}

#[tokio::test]
async fn a_name_without_a_password_is_not_tried() -> Result<()> {
    let server = MailServer::start(json!({ "security": "start_tls" })).await?;
    tell(&server, MailSecurity::StartTls, None).await?;
    let desk = Desk::default().with_mail(server.port, MailSecurity::StartTls, LOGIN);
    desk.secrets.delete(&crate::key(Channel::Email))?;
    let outcome = sent(&desk, way(), MessageKind::Failed).await;
    assert!(matches!(outcome, Err(SendError::SecretMissing { .. })));
    assert_eq!(called(&server.end().await?, "mail").len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_busy_server_is_waited_for_and_gets_the_mail_once() -> Result<()> {
    let mut busy = setup("start_tls");
    busy["busy"] = json!(2);
    let server = MailServer::start(busy).await?;
    tell(&server, MailSecurity::StartTls, LOGIN).await?;
    let events = server.end().await?;
    assert_eq!(called(&events, "busy").len(), 2);
    assert_eq!(called(&events, "mail").len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_a_server_says_about_a_refusal_is_told_unless_it_is_the_password() -> Result<()> {
    for (says, told) in [
        ("No relay for you", Some("5.7.1 No relay for you")),
        ("No relay for horse battery", None),
        ("No relay for aG9yc2UgYmF0dGVyeQ==", None),
        ("No relay for AGxhYmtlZXAAaG9yc2UgYmF0dGVyeQ==", None),
    ] {
        let server = MailServer::start(json!({
            "security": "start_tls",
            "name": "labkeep",
            "password": "horse battery",
            "refuse": says,
        }))
        .await?;
        let login = Some(("labkeep", "horse battery"));
        let outcome = tell(&server, MailSecurity::StartTls, login).await;
        let Err(SendError::MailRefused { code, said, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((code, said.as_deref()), (550, told));
        assert!(called(&server.end().await?, "mail").is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_apart() -> Result<()> {
    let try_at = async |port, patience| {
        let mut way = way();
        way.timeout = patience;
        let desk = Desk::default().with_mail(port, MailSecurity::StartTls, None);
        sent(&desk, way, MessageKind::Failed).await
    };
    let patient = Duration::from_secs(20);
    let (address, _) = mute("HTTP/1.1 400 Bad Request\r\n\r\n").await?;
    let outcome = try_at(address.port(), patient).await;
    assert!(
        matches!(outcome, Err(SendError::NotMail { .. })),
        "{outcome:?}"
    );
    let (address, count) = mute("").await?;
    let outcome = try_at(address.port(), Duration::from_millis(100)).await;
    assert!(
        matches!(outcome, Err(SendError::Wire(Wire::Timeout { .. }))),
        "{outcome:?}"
    );
    assert_eq!(*count.lock().unwrap(), 3);
    // Nobody listens there.
    let outcome = try_at(1, patient).await;
    assert!(
        matches!(outcome, Err(SendError::MailConnection { .. })),
        "{outcome:?}"
    );
    Ok(())
}

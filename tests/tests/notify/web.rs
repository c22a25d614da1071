//! Webhook, ntfy and heartbeat.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use labkeep_engine::notify::{Channels, MessageKind, SendError};
use labkeep_engine::view::Channel;
use labkeep_gitlab::{Error as Wire, Proxy, TlsFailure};
use labkeep_settings::{SecretKey, Secrets, SecretsError};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::mail_server::issue;
use crate::recorder::{Recorder, mute};
use crate::{Desk, message, sent, way};

fn webhook(url: &str) -> Desk {
    Desk::default().with(Channel::Webhook, url)
}

#[tokio::test]
async fn a_webhook_gets_what_chats_show_and_programs_read() -> Result<()> {
    let server = Recorder::start(|_, _| "ok").await?;
    let desk = webhook(&server.url("/services/T0/B0/key?v=1"));
    sent(&desk, way(), MessageKind::Failed).await?;
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "POST");
    assert_eq!(seen[0].uri.to_string(), "/services/T0/B0/key?v=1");
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let document: Value = serde_json::from_slice(&seen[0].body)?;
    assert_eq!(
        document,
        json!({
            "text": "The last backup of “Everything” failed\ngit.example.com does not answer.\nCheck the network.",
            "labkeep": {
                "kind": "failed",
                "title": "The last backup of “Everything” failed",
                "body": "git.example.com does not answer.\nCheck the network.",
                "machine": "desk",
                "plan": "Everything",
                "at": "2026-11-25T21:00:00Z",
            },
        })
    );
    Ok(())
}

#[tokio::test]
async fn ntfy_gets_title_priority_and_token_in_headers() -> Result<()> {
    let server = Recorder::start(|_, _| "{}").await?;
    let url = server.url("/backups/").replace("http://", "http://tk_abc@");
    let desk = Desk::default().with(Channel::Ntfy, &url);
    sent(&desk, way(), MessageKind::Stale).await?;
    let one = &server.seen()[0];
    assert_eq!(one.method, "POST");
    assert_eq!(one.uri.to_string(), "/backups");
    assert_eq!(one.header("authorization"), Some("Bearer tk_abc"));
    assert_eq!(one.header("priority"), Some("high"));
    assert_eq!(one.header("tags"), Some("rotating_light"));
    let title = one.header("title").context("it has a title")?;
    let title = title
        .strip_prefix("=?UTF-8?B?")
        .and_then(|rest| rest.strip_suffix("?="))
        .context("it is encoded")?;
    assert_eq!(
        String::from_utf8(STANDARD.decode(title)?)?,
        "The last backup of “Everything” failed"
    );
    assert_eq!(
        one.body,
        "git.example.com does not answer.\nCheck the network.\ndesk"
    );
    Ok(())
}

#[tokio::test]
async fn a_heartbeat_beats_only_when_all_is_well() -> Result<()> {
    let server = Recorder::start(|_, _| "OK").await?;
    let desk = Desk::default().with(Channel::Heartbeat, &server.url("/ping/uuid"));
    let channels = desk.channels(way());
    for kind in MessageKind::ALL {
        let mut told = message(kind);
        told.is_all_well = false;
        assert!(channels.send(&told).await.is_empty(), "{kind:?}");
    }
    assert!(server.seen().is_empty());
    sent(&desk, way(), MessageKind::Success).await?;
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "GET");
    assert_eq!(seen[0].uri, "/ping/uuid");
    assert!(seen[0].body.is_empty());
    Ok(())
}

#[tokio::test]
async fn success_is_told_only_where_it_was_asked_for() -> Result<()> {
    let server = Recorder::start(|_, _| "ok").await?;
    let mut desk = webhook(&server.url("/hook"));
    let success = message(MessageKind::Success);
    assert!(desk.channels(way()).send(&success).await.is_empty());
    desk.settings.preferences.notify_success = true;
    sent(&desk, way(), MessageKind::Success).await?;
    assert_eq!(server.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_failure_that_passes_is_waited_for() -> Result<()> {
    let server = Recorder::start(|number, _| match number {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "0")]),
        1 => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "0")]),
        _ => (StatusCode::NO_CONTENT, [(RETRY_AFTER, "0")]),
    })
    .await?;
    sent(&webhook(&server.url("/hook")), way(), MessageKind::Failed).await?;
    let bodies: Vec<_> = server.seen().into_iter().map(|one| one.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    Ok(())
}

#[tokio::test]
async fn a_failure_that_stays_is_told_after_three_attempts() -> Result<()> {
    let server = Recorder::start(|_, _| StatusCode::BAD_GATEWAY).await?;
    let outcome = sent(&webhook(&server.url("/hook")), way(), MessageKind::Failed).await;
    assert!(matches!(
        outcome,
        Err(SendError::Failed { status: 502, .. })
    ));
    assert_eq!(server.seen().len(), 3);
    Ok(())
}

#[tokio::test]
async fn what_is_refused_is_not_sent_again() -> Result<()> {
    for status in [400, 401, 403, 404, 410, 413, 501] {
        let code = StatusCode::from_u16(status)?;
        let server = Recorder::start(move |_, _| code).await?;
        let outcome = sent(&webhook(&server.url("/hook")), way(), MessageKind::Failed).await;
        let told = match outcome {
            Err(SendError::Refused { status, .. } | SendError::Failed { status, .. }) => status,
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!((told, server.seen().len()), (status, 1));
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_wants_a_long_pause_is_not_waited_for() -> Result<()> {
    let server =
        Recorder::start(|_, _| (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "3600")])).await?;
    let outcome = sent(&webhook(&server.url("/hook")), way(), MessageKind::Failed).await;
    assert!(matches!(outcome, Err(SendError::TooMany { .. })));
    assert_eq!(server.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() -> Result<()> {
    let (address, count) = mute("").await?;
    let mut way = way();
    way.timeout = Duration::from_millis(100);
    let desk = webhook(&format!("http://{address}/hook"));
    let outcome = sent(&desk, way, MessageKind::Failed).await;
    assert!(matches!(
        outcome,
        Err(SendError::Wire(Wire::Timeout { .. }))
    ));
    assert_eq!(*count.lock().unwrap(), 3);
    Ok(())
}

#[tokio::test]
async fn a_message_never_follows_to_another_server() -> Result<()> {
    let other = Recorder::start(|_, _| "ok").await?;
    for target in [
        other.url("/hook"),
        format!("http://localhost:{}/hook", other.port()),
        "https://127.0.0.1/hook".to_owned(),
        "ftp://127.0.0.1/hook".to_owned(),
        "//other.invalid/hook".to_owned(),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let code = StatusCode::from_u16(status)?;
            let to = target.clone();
            let server = Recorder::start(move |_, _| (code, [(LOCATION, to.clone())])).await?;
            for channel in [Channel::Webhook, Channel::Heartbeat] {
                let desk = Desk::default().with(channel, &server.url("/hook"));
                let outcome = sent(&desk, way(), of(channel)).await;
                assert!(
                    matches!(outcome, Err(SendError::Redirected { .. })),
                    "{target} {status}: {outcome:?}"
                );
            }
        }
    }
    assert!(other.seen().is_empty());
    Ok(())
}

/// A kind of message that goes through a channel.
fn of(channel: Channel) -> MessageKind {
    match channel {
        Channel::Heartbeat => MessageKind::Success,
        Channel::Webhook | Channel::Ntfy | Channel::Email => MessageKind::Failed,
    }
}

#[tokio::test]
async fn a_server_may_move_a_message_within_itself() -> Result<()> {
    for (status, channel, arrives) in [
        (302, Channel::Heartbeat, true),
        (308, Channel::Heartbeat, true),
        (307, Channel::Webhook, true),
        (308, Channel::Ntfy, true),
        // A browser would ask for the page instead, and call that a success.
        (301, Channel::Webhook, false),
        (302, Channel::Webhook, false),
        (303, Channel::Ntfy, false),
    ] {
        let code = StatusCode::from_u16(status)?;
        let server = Recorder::start(move |number, _| match number {
            0 => (code, [(LOCATION, "/new")]),
            _ => (StatusCode::OK, [(LOCATION, "")]),
        })
        .await?;
        let desk = Desk::default().with(channel, &server.url("/old"));
        let outcome = sent(&desk, way(), of(channel)).await;
        assert_eq!(outcome.is_ok(), arrives, "{status} {channel:?}");
        let seen = server.seen();
        assert_eq!(seen.len(), if arrives { 2 } else { 1 });
        if arrives {
            assert_eq!(seen[1].uri, "/new");
            assert_eq!(seen[1].method, seen[0].method);
            assert_eq!(seen[1].body, seen[0].body);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_moves_in_a_circle_is_left() -> Result<()> {
    let server = Recorder::start(|_, _| (StatusCode::FOUND, [(LOCATION, "/again")])).await?;
    let desk = Desk::default().with(Channel::Heartbeat, &server.url("/old"));
    let outcome = sent(&desk, way(), MessageKind::Success).await;
    assert!(matches!(outcome, Err(SendError::Redirected { .. })));
    assert_eq!(server.seen().len(), 4);
    Ok(())
}

#[tokio::test]
async fn messages_go_through_the_proxy_of_the_settings() -> Result<()> {
    let proxy = Recorder::start(|_, _| "ok").await?;
    let mut way = way();
    way.proxy = Proxy::Url(proxy.url(""));
    let desk = webhook("http://hooks.invalid/hook");
    sent(&desk, way, MessageKind::Failed).await?;
    assert_eq!(proxy.seen()[0].uri.host(), Some("hooks.invalid"));
    Ok(())
}

#[tokio::test]
async fn certificates_are_checked() -> Result<()> {
    let issued = issue("localhost")?;
    let server = Recorder::secure(&issued, |_, _| "ok").await?;
    let desk = webhook(&server.url("/hook"));
    let outcome = sent(&desk, way(), MessageKind::Failed).await;
    assert!(
        matches!(
            outcome,
            Err(SendError::Wire(Wire::Tls {
                failure: TlsFailure::UnknownIssuer,
                ..
            }))
        ),
        "{outcome:?}"
    );
    assert!(server.seen().is_empty());
    let mut way = way();
    way.ca_pem = Some(issued.authority.into_bytes());
    sent(&desk, way, MessageKind::Failed).await?;
    assert_eq!(server.seen().len(), 1);
    Ok(())
}

/// A keychain that nobody unlocks.
#[derive(Debug)]
struct Locked;

impl Secrets for Locked {
    fn get(&self, _: &SecretKey) -> Result<Option<SecretString>, SecretsError> {
        Err(SecretsError::Locked {
            detail: String::new(),
        })
    }

    fn set(&self, _: &SecretKey, _: &str, _: &SecretString) -> Result<(), SecretsError> {
        Ok(())
    }

    fn delete(&self, _: &SecretKey) -> Result<(), SecretsError> {
        Ok(())
    }

    fn describe(&self) -> String {
        "nothing".to_owned()
    }
}

#[tokio::test]
async fn a_channel_without_its_secret_says_so_and_hinders_no_other() -> Result<()> {
    let server = Recorder::start(|_, _| "ok").await?;
    let desk = Desk::default()
        .with(Channel::Webhook, "")
        .with(Channel::Ntfy, &server.url("/topic"))
        .with(Channel::Heartbeat, &server.url("/beat"));
    desk.secrets.delete(&crate::key(Channel::Webhook))?;
    let told = desk
        .channels(way())
        .send(&message(MessageKind::Partial))
        .await;
    assert!(
        matches!(
            told.as_slice(),
            [
                (
                    Channel::Webhook,
                    Err(SendError::SecretMissing {
                        channel: Channel::Webhook
                    })
                ),
                (Channel::Ntfy, Ok(())),
            ]
        ),
        "{told:?}"
    );
    let locked = Channels::load_with(&desk.settings, &Locked, way());
    for (_, outcome) in locked.send(&message(MessageKind::Partial)).await {
        assert!(matches!(outcome, Err(SendError::Secrets { .. })));
    }
    Ok(())
}

#[tokio::test]
async fn each_channel_can_be_tried() -> Result<()> {
    let server = Recorder::start(|_, _| "ok").await?;
    let desk = Desk::default()
        .with(Channel::Webhook, &server.url("/hook"))
        .with(Channel::Heartbeat, &server.url("/beat"));
    let channels = desk.channels(way());
    let now = "2026-11-25T21:00:00Z".parse()?;
    channels.test(Channel::Webhook, "desk", now).await?;
    channels.test(Channel::Heartbeat, "desk", now).await?;
    let outcome = channels.test(Channel::Ntfy, "desk", now).await;
    assert!(matches!(outcome, Err(SendError::NotSetUp { .. })));
    let seen = server.seen();
    let document: Value = serde_json::from_slice(&seen[0].body)?;
    assert_eq!(document["labkeep"]["kind"], "test");
    assert_eq!(seen[1].uri, "/beat");
    Ok(())
}

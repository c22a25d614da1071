//! No address, token or password shows up in what is logged or reported.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use labkeep_engine::error::chain;
use labkeep_engine::notify::{MessageKind, SendError};
use labkeep_engine::view::Channel;
use labkeep_settings::MailSecurity;
use serde_json::json;

use crate::mail_server::{MailServer, issue};
use crate::recorder::{Recorder, Seen, mute};
use crate::{Desk, log, message, way};

/// Part of each address and password here.
const HUSH: &str = "hush-7f3a9c";

/// It as it could be written down.
fn forms() -> Vec<String> {
    let mut forms = vec![HUSH.to_owned(), hex::encode(HUSH)];
    // Base64 of anything that it is in, whatever stands before it.
    for before in ["", "x", "xy"] {
        let text = STANDARD.encode(format!("{before}{HUSH}"));
        forms.push(text[4..text.len() - 4].to_owned());
    }
    let bytes: Vec<String> = HUSH.bytes().map(|byte| byte.to_string()).collect();
    forms.push(bytes.join(", "));
    forms
}

/// Everything that could be shown of an error.
fn report(error: &SendError) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {} {}",
        chain(error),
        error.advice()
    );
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        let _ = write!(text, " {source} {source:?}");
        next = source.source();
    }
    text
}

/// A server that says what it was sent, wherever a careless client would look.
fn echo(
    status: u16,
) -> impl Fn(usize, &Seen) -> (StatusCode, [(http::HeaderName, String); 1], String) + Clone {
    move |_, seen| {
        (
            StatusCode::from_u16(status).unwrap(),
            [(LOCATION, format!("http://other.invalid{}", seen.uri))],
            format!("{seen:?}"),
        )
    }
}

/// Tries every channel at a server; how many went through.
async fn try_all(root: &str, ca_pem: Option<Vec<u8>>, said: &mut String) -> usize {
    let mut way = way();
    way.ca_pem = ca_pem;
    way.timeout = Duration::from_secs(2);
    let signed_in = root.replace("://", &format!("://me:{HUSH}@"));
    let mut desk = Desk::default()
        .with(
            Channel::Webhook,
            &format!("{root}/{HUSH}?key={HUSH}#{HUSH}"),
        )
        .with(Channel::Ntfy, &format!("{signed_in}/{HUSH}"))
        .with(Channel::Heartbeat, &format!("{signed_in}/{HUSH}"));
    desk.settings.preferences.notify_success = true;
    let channels = desk.channels(way);
    let _ = write!(said, "{channels:?}");
    let mut arrived = 0;
    for (_, outcome) in channels.send(&message(MessageKind::Success)).await {
        match outcome {
            Ok(()) => arrived += 1,
            Err(error) => said.push_str(&report(&error)),
        }
    }
    arrived
}

#[tokio::test]
async fn no_secret_is_in_any_error_or_log() -> Result<()> {
    log::listen();
    let mut said = String::new();
    for status in [200, 302, 307, 400, 401, 403, 404, 407, 429, 500, 503] {
        let server = Recorder::start(echo(status)).await?;
        let arrived = try_all(&server.url(""), None, &mut said).await;
        assert_eq!(arrived, if status == 200 { 3 } else { 0 }, "{status}");
        assert!(
            server
                .seen()
                .iter()
                .all(|one| one.uri.path().contains(HUSH))
        );
    }
    let issued = issue("localhost")?;
    let server = Recorder::secure(&issued, echo(200)).await?;
    assert_eq!(try_all(&server.url(""), None, &mut said).await, 0);
    let trusted = Some(issued.authority.clone().into_bytes());
    assert_eq!(try_all(&server.url(""), trusted, &mut said).await, 3);
    assert_eq!(
        server.seen()[0].uri.scheme_str(),
        Some("https"),
        "in HTTP/2"
    );
    let (silent, _) = mute("HTTP/1.1 200 OK\r\n\r\nnothing").await?;
    for dead in [
        "http://127.0.0.1:1".to_owned(),
        "http://no-such-host.invalid".to_owned(),
        format!("https://{silent}"),
        "ftp://127.0.0.1".to_owned(),
        "nothing at all".to_owned(),
    ] {
        assert_eq!(try_all(&dead, None, &mut said).await, 0, "{dead}");
    }

    for (name, password) in [("start_tls", HUSH), ("start_tls", "right"), ("tls", HUSH)] {
        let server = MailServer::start(json!({
            "security": name,
            "name": "me",
            "password": password,
            "refuse": format!("no {HUSH} {}", STANDARD.encode(format!("\0me\0{HUSH}"))),
        }))
        .await?;
        let security = match name {
            "tls" => MailSecurity::Tls,
            _ => MailSecurity::StartTls,
        };
        let desk = Desk::default().with_mail(server.port, security, Some(("me", HUSH)));
        for ca_pem in [Some(server.ca_pem.clone()), None] {
            let mut way = way();
            way.ca_pem = ca_pem;
            let channels = desk.channels(way);
            let _ = write!(said, "{channels:?}");
            for (_, outcome) in channels.send(&message(MessageKind::Failed)).await {
                said.push_str(&report(&outcome.expect_err("it is refused")));
            }
        }
    }

    let logged = log::logged();
    for told in [
        "TRACE",
        "could not tell",
        "reqwest::connect",
        "h2::codec",
        "rustls",
    ] {
        assert!(
            logged.contains(told),
            "{told} is not among what was captured"
        );
    }
    for form in forms() {
        assert!(
            !logged.contains(&form),
            "logged: {}",
            around(&logged, &form)
        );
        assert!(!said.contains(&form), "reported: {}", around(&said, &form));
    }
    Ok(())
}

fn around(text: &str, form: &str) -> String {
    let at = text.find(form).unwrap_or_default();
    let start = text[..at].rfind('\n').unwrap_or(0);
    text[start..].chars().take(600).collect()
}

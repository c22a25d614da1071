//! A token never shows up in what is logged or reported, in any form.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "wire/secure.rs"]
mod secure;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use labkeep_gitlab::git::ObjectFormat;
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Error, Pauses, Proxy, UploadFile};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

const TOKEN: &str = "glpat-Sec+ret/0123456789=x";

/// A password in the address of a proxy.
const PASSWORD: &str = "hunter2-the-second";

/// Everything that was logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        self.0.lock().unwrap().extend_from_slice(line.as_bytes());
    }

    fn flush(&self) {}
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// The token as it could be written down.
fn forms() -> Vec<String> {
    let base64 = base64::engine::general_purpose::STANDARD;
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bytes: Vec<String> = TOKEN.bytes().map(|byte| byte.to_string()).collect();
    vec![
        TOKEN.to_owned(),
        utf8_percent_encode(TOKEN, NON_ALPHANUMERIC).to_string(),
        base64.encode(TOKEN),
        url_safe.encode(TOKEN),
        base64.encode(format!("oauth2:{TOKEN}")),
        bytes.join(", "),
        hex::encode(TOKEN),
        // A part of it is as bad.
        TOKEN[6..20].to_owned(),
        PASSWORD.to_owned(),
        base64.encode(format!("me:{PASSWORD}")),
    ]
}

fn report(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        let _ = write!(text, " {source} {source:?}");
        next = source.source();
    }
    text
}

/// A GitLab that echoes what it was sent where a careless client would log it.
async fn start() -> String {
    let router = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        let status = match request.uri().path() {
            "/api/v4/unauthorized" => 401,
            "/api/v4/forbidden" => 403,
            "/api/v4/failed" => 502,
            "/api/v4/limited" => 429,
            "/api/v4/moved" => 302,
            "/api/v4/invalid" => 422,
            _ => 200,
        };
        let header = |name| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
        };
        let sent = format!(
            "{:?} {:?}",
            header("private-token"),
            header("authorization")
        );
        let said = match request.uri().path() {
            "/api/v4/page" => format!("<html><title>Blocked {sent}</title></html>"),
            _ => json!({ "message": sent }).to_string(),
        };
        (
            axum::http::StatusCode::from_u16(status).unwrap(),
            [
                ("content-type", "application/json"),
                ("location", "http://other.invalid/?private_token=abc"),
            ],
            said,
        )
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn client(url: &str) -> Client {
    Client::new(options(url)).unwrap()
}

fn options(url: &str) -> ClientOptions {
    ClientOptions {
        proxy: Proxy::None,
        pauses: Pauses {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            window: Duration::from_millis(10),
            patience: Duration::from_millis(50),
        },
        ..ClientOptions::new(
            BaseUrl::parse(url).unwrap(),
            Some(SecretString::from(TOKEN)),
        )
    }
}

#[tokio::test]
async fn a_token_never_shows_up_in_logs_or_errors() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    log::set_logger(Box::leak(Box::new(log.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let url = start().await;
    let mut said = String::new();
    for path in [
        "fine",
        "forbidden",
        "failed",
        "limited",
        "moved",
        "invalid",
        "unauthorized",
        "page",
    ] {
        let client = client(&url);
        let _ = write!(said, "{client:?}");
        let outcome = client.get::<Value>(path, &[("search", "x")]).await;
        assert_eq!(outcome.is_ok(), path == "fine", "{path}");
        if let Err(error) = outcome {
            said.push_str(&report(&error));
        }
        if let Err(error) = client.download(path, &[]).await {
            said.push_str(&report(&error));
        }
        let upload = UploadFile {
            field: "file",
            file_name: "a",
            path: std::path::Path::new("/nowhere"),
            size: 1,
            content_type: "text/plain",
        };
        if let Err(error) = client.upload::<Value>(path, &[], upload).await {
            said.push_str(&report(&error));
        }
        let remote = client.repository("group/project");
        if let Err(error) = remote.ls_refs(ObjectFormat::Sha1).await {
            said.push_str(&report(&error));
        }
        if let Err(error) = client.sign_in().await {
            said.push_str(&report(&error));
        }
    }
    // Below HTTP: nobody there, no such name, no TLS there.
    for dead in [
        "http://127.0.0.1:1",
        "http://no-such-host.invalid",
        &url.replace("http:", "https:"),
    ] {
        let error = client(dead).get::<Value>("user", &[]).await.unwrap_err();
        said.push_str(&report(&error));
    }
    // Through a proxy that is asked with a password, and one that is not there.
    for proxy in [url.trim_start_matches("http://"), "127.0.0.1:1"] {
        let mut options = options(&url);
        options.proxy = Proxy::Url(format!("http://me:{PASSWORD}@{proxy}"));
        let _ = write!(said, "{:?}", options.proxy);
        let outcome = Client::new(options)
            .unwrap()
            .get::<Value>("fine", &[])
            .await;
        if let Err(error) = outcome {
            said.push_str(&report(&error));
        }
    }
    // The same in HTTP/2, whose library has its own traces.
    let issued = secure::issue("localhost", false);
    let server = secure::Secure::start(issued.config).await;
    let mut options = options(&server.url());
    options.ca_pem = Some(issued.ca_pem.into_bytes());
    let answer: Value = Client::new(options)
        .unwrap()
        .get("version", &[])
        .await
        .unwrap();
    assert_eq!(answer["version"], "HTTP/2.0");
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("TRACE"),
        "nothing was captured at the lowest level"
    );
    for told in ["request failed", "reqwest::connect", "h2::codec"] {
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
}

fn around(text: &str, form: &str) -> String {
    let at = text.find(form).unwrap_or_default();
    let start = text[..at].rfind('\n').unwrap_or(at.saturating_sub(200));
    text[start..].chars().take(600).collect()
}

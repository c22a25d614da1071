//! What is tried again, and what is not.
use std::time::Duration;

use labkeep_gitlab::{Client, Error, NotGitlabReason};
use serde_json::{Value, json};

use crate::server::{Act, RawServer, Server, json as answer, options, refusal};

#[tokio::test]
async fn passing_failures_are_tried_again_until_they_pass() {
    let server = Server::start(|seen| match seen.before {
        0 => refusal(500, "500 Internal Server Error"),
        1 => refusal(502, ""),
        2 => refusal(503, "503 Service Unavailable"),
        _ => answer(200, &json!({"id": 1})),
    })
    .await;
    let client = server.client();
    let user: Value = client.get("user", &[]).await.unwrap();
    assert_eq!(user["id"], 1);
    assert_eq!(client.counts().api, 4);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn attempts_end() {
    let server = Server::start(|_| refusal(504, "504 Gateway Timeout")).await;
    let client = server.client();
    let error = client.get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(error, Error::Server { status: 504, .. }));
    assert_eq!(server.seen().len(), 5);
    let error = client
        .with_attempts(2)
        .get::<Value>("user", &[])
        .await
        .unwrap_err();
    assert!(error.is_transient());
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn what_was_created_once_is_not_sent_again() {
    let server = Server::start(|_| refusal(502, "")).await;
    let error = server
        .client()
        .post::<Value>("projects/1/issues", &json!({}))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Server { status: 502, .. }));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_again() {
    // Nobody listens on a port that was given back.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(options(&format!("http://{address}"))).unwrap();
    let error = client
        .post::<Value>("projects/1/issues", &json!({}))
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Connect { host, .. } if *host == address.to_string()));
    assert_eq!(client.counts().api, 5);
}

#[tokio::test]
async fn refusals_are_never_tried_again() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/forbidden" => refusal(403, "403 Forbidden"),
        "/api/v4/absent" => refusal(404, "404 Project Not Found"),
        _ => refusal(422, "422 Unprocessable Entity"),
    })
    .await;
    let client = server.client();
    assert!(matches!(
        client.get::<Value>("forbidden", &[]).await.unwrap_err(),
        Error::Forbidden { .. }
    ));
    assert!(matches!(
        client.get::<Value>("absent", &[]).await.unwrap_err(),
        Error::NotFound { what } if what == "404 Project Not Found"
    ));
    assert!(
        client
            .get_optional::<Value>("absent", &[])
            .await
            .unwrap()
            .is_none()
    );
    assert!(matches!(
        client.get::<Value>("other", &[]).await.unwrap_err(),
        Error::Invalid { status: 422, .. }
    ));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_dead_token_is_tried_once_whatever_the_number_of_workers() {
    let server = Server::start(|_| refusal(401, "401 Unauthorized")).await;
    let mut one = options(&server.url());
    one.concurrency = 1;
    let client = Client::new(one).unwrap();
    let calls = (0..8).map(|_| client.get::<Value>("user", &[]));
    for outcome in futures::future::join_all(calls).await {
        assert!(matches!(outcome.unwrap_err(), Error::Unauthorized { .. }));
    }
    assert_eq!(server.seen().len(), 1);
    // Eight at once may all be under way, but none of them comes back.
    let many = server.client();
    for _ in 0..3 {
        let calls = (0..8).map(|_| many.get::<Value>("user", &[]));
        for outcome in futures::future::join_all(calls).await {
            assert!(outcome.unwrap_err().is_dead_token());
        }
    }
    assert!(server.seen().len() <= 9);
}

#[tokio::test]
async fn without_a_token_a_closed_door_closes_no_other() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects/1" => refusal(401, "401 Unauthorized"),
        _ => answer(200, &json!({})),
    })
    .await;
    let mut anonymous = options(&server.url());
    anonymous.token = None;
    let client = Client::new(anonymous).unwrap();
    assert!(client.get::<Value>("projects/1", &[]).await.is_err());
    assert!(client.get::<Value>("projects/2", &[]).await.is_ok());
}

#[tokio::test]
async fn a_short_body_is_asked_for_again() {
    let short =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"id\":"
            .to_vec();
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"id\r\n".to_vec();
    let whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"id\":7}".to_vec();
    let server = RawServer::start(vec![
        Act::Send(short),
        Act::Send(cut),
        Act::Reset,
        Act::Send(whole),
    ])
    .await;
    let client = Client::new(options(&server.url())).unwrap();
    let user: Value = client.get("user", &[]).await.unwrap();
    assert_eq!(user["id"], 7);
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_body_that_stays_short_is_an_interruption() {
    let short =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"id\":1"
            .to_vec();
    let server = RawServer::start(vec![Act::Send(short)]).await;
    let client = Client::new(options(&server.url())).unwrap();
    let error = client.get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Interrupted {
            received: 7,
            expected: Some(20),
            ..
        }
    ));
    assert_eq!(server.connections(), 5);
}

#[tokio::test]
async fn silence_ends_a_request_before_and_within_the_body() {
    let server = RawServer::start(vec![
        Act::Hang(Vec::new()),
        Act::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"id\"".to_vec()),
    ])
    .await;
    let mut impatient = options(&server.url());
    impatient.timeouts.idle = Duration::from_millis(100);
    impatient.attempts = 2;
    let error = Client::new(impatient)
        .unwrap()
        .get::<Value>("user", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }));
    assert_eq!(server.connections(), 2);
}

#[derive(Debug, serde::Deserialize)]
struct Numbered {
    #[expect(dead_code, reason = "it is decoded, and that fails")]
    id: u64,
}

#[tokio::test]
async fn what_is_no_gitlab_is_told_apart_from_what_is_not_understood() {
    let server = Server::start(|seen| {
        use axum::response::{Html, IntoResponse};
        match seen.path() {
            "/api/v4/page" => Html("<html><title>Hotel Wi-Fi</title></html>").into_response(),
            "/api/v4/text" => "pong".into_response(),
            _ => answer(200, &json!({"id": "hunter2"})),
        }
    })
    .await;
    let client = server.client();
    assert!(matches!(
        client.get::<Value>("page", &[]).await.unwrap_err(),
        Error::NotGitlab { why: NotGitlabReason::WebPage { title: Some(title) }, .. }
            if title == "Hotel Wi-Fi"
    ));
    assert!(matches!(
        client.get::<Value>("text", &[]).await.unwrap_err(),
        Error::NotGitlab { why: NotGitlabReason::NotJson { content_type: Some(kind) }, .. }
            if kind.starts_with("text/plain")
    ));
    let error = client.get::<Numbered>("user", &[]).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { route, .. } if route == "user"));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn names_without_an_address_are_told_apart() {
    let client = Client::new(options("http://no-such-host.invalid")).unwrap();
    let error = client
        .with_attempts(1)
        .get::<Value>("user", &[])
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Resolve { host, .. } if host == "no-such-host.invalid"),
        "{error:?}"
    );
}

//! Through proxies.
use axum::response::IntoResponse;
use labkeep_gitlab::{Client, Error, Proxy};
use serde_json::{Value, json};

use crate::server::{Act, RawServer, Server, json as answer, options};

#[tokio::test]
async fn requests_go_through_the_given_proxy() {
    let proxy = Server::start(|_| answer(200, &json!({"id": 1}))).await;
    let mut through = options("http://gitlab.invalid");
    through.proxy = Proxy::Url(format!("http://me:hunter2@{}", proxy.address));
    let user: Value = Client::new(through)
        .unwrap()
        .get("user", &[])
        .await
        .unwrap();
    assert_eq!(user["id"], 1);
    let seen = proxy.seen();
    assert_eq!(seen[0].uri.host(), Some("gitlab.invalid"));
    assert!(
        seen[0]
            .header("proxy-authorization")
            .is_some_and(|value| value.starts_with("Basic "))
    );
}

#[tokio::test]
async fn a_proxy_that_wants_to_know_who_asks_is_told_apart() {
    let proxy = Server::start(|_| {
        (
            axum::http::StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            "who?",
        )
            .into_response()
    })
    .await;
    let mut through = options("http://gitlab.invalid");
    through.proxy = Proxy::Url(proxy.url());
    let error = Client::new(through)
        .unwrap()
        .get::<Value>("user", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ProxyUnauthorized { host } if host == "gitlab.invalid"));
}

#[tokio::test]
async fn a_tunnel_that_is_refused_is_a_failed_connection() {
    let proxy = RawServer::start(vec![Act::Send(b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec())]).await;
    let mut through = options("https://gitlab.invalid");
    through.proxy = Proxy::Url(proxy.url());
    through.attempts = 1;
    let error = Client::new(through)
        .unwrap()
        .get::<Value>("user", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Connect { host, .. } if host == "gitlab.invalid"));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_repeated() {
    let mut through = options("http://gitlab.invalid");
    through.proxy = Proxy::Url("http://me:hunter2@ proxy".to_owned());
    let error = Client::new(through).unwrap_err();
    assert!(matches!(error, Error::InvalidProxy));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

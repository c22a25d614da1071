//! Certificates, HTTP/2, and the move from http to https.
use std::sync::{Arc, Mutex};

use labkeep_gitlab::{Client, Error, TlsFailure, connect};
use serde_json::{Value, json};

use crate::secure::{Secure, issue};
use crate::server::{Server, TOKEN, json as answer, options, redirect, router};

async fn ask(url: &str, ca_pem: Option<&str>) -> Result<Value, Error> {
    let mut options = options(url);
    options.ca_pem = ca_pem.map(|pem| pem.as_bytes().to_vec());
    Client::new(options).unwrap().get("version", &[]).await
}

fn failure(outcome: Result<Value, Error>) -> TlsFailure {
    match outcome {
        Err(Error::Tls { failure, host, .. }) => {
            assert!(host.starts_with("localhost:"));
            failure
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_custom_authority_is_trusted_and_http_2_is_spoken() {
    let issued = issue("localhost", false);
    let server = Secure::start(issued.config).await;
    let answer = ask(&server.url(), Some(&issued.ca_pem)).await.unwrap();
    assert_eq!(answer["version"], "HTTP/2.0");
}

#[tokio::test]
async fn an_unknown_authority_is_told_apart() {
    let issued = issue("localhost", false);
    let server = Secure::start(issued.config).await;
    assert_eq!(
        failure(ask(&server.url(), None).await),
        TlsFailure::UnknownIssuer
    );
    let other = issue("localhost", false);
    assert_eq!(
        failure(ask(&server.url(), Some(&other.ca_pem)).await),
        TlsFailure::UnknownIssuer
    );
}

#[tokio::test]
async fn a_wrong_name_and_a_past_date_are_told_apart() {
    let issued = issue("elsewhere.example", false);
    let server = Secure::start(issued.config).await;
    assert_eq!(
        failure(ask(&server.url(), Some(&issued.ca_pem)).await),
        TlsFailure::WrongName
    );
    let issued = issue("localhost", true);
    let server = Secure::start(issued.config).await;
    assert_eq!(
        failure(ask(&server.url(), Some(&issued.ca_pem)).await),
        TlsFailure::Expired
    );
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    let plain = Server::start(|_| answer(200, &json!({}))).await;
    let url = format!("https://localhost:{}", plain.address.port());
    assert_eq!(failure(ask(&url, None).await), TlsFailure::NotTls);
}

#[tokio::test]
async fn a_move_from_http_to_https_is_followed_and_told() {
    let issued = issue("localhost", false);
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let gitlab = router(seen.clone(), |seen| match seen.path() {
        "/api/v4/personal_access_tokens/self" => answer(
            200,
            &json!({"id": 1, "name": "n", "scopes": ["api"], "user_id": 1}),
        ),
        "/api/v4/user" => answer(200, &json!({"id": 1, "username": "ada", "name": "Ada"})),
        "/api/v4/metadata" => answer(200, &json!({"version": "18.6.2"})),
        _ => answer(404, &json!({"error": "404 Not Found"})),
    });
    let secure = Secure::start_with(issued.config, gitlab).await;
    let target = secure.url();
    let plain = Server::start(move |seen| redirect(301, &format!("{target}{}", seen.uri))).await;
    let mut from_http = options(&format!("http://localhost:{}", plain.address.port()));
    from_http.ca_pem = Some(issued.ca_pem.into_bytes());
    let connection = connect(from_http).await.unwrap();
    assert_eq!(connection.client.base().as_str(), secure.url());
    assert_eq!(connection.sign_in.user.unwrap().username, "ada");
    assert!(plain.seen().iter().all(|seen| !seen.has_credentials()));
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter()
            .all(|seen| seen.header("private-token") == Some(TOKEN))
    );
}

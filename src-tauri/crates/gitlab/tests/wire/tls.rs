use labkeep_gitlab::{Client, Error, TlsFailure};
use serde_json::{Value, json};

use crate::secure::{Secure, issue};
use crate::server::{Server, json as answer, options};

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

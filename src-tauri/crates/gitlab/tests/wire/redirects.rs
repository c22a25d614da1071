//! Where redirects lead, and what does not go along.
use axum::response::IntoResponse;
use labkeep_gitlab::{Client, Error};
use serde_json::{Value, json};

use crate::server::{Server, TOKEN, json as answer, options, redirect};

#[tokio::test]
async fn a_moved_project_is_followed_with_the_token() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects/old%2Fname" => redirect(301, "/api/v4/projects/7"),
        _ => answer(200, &json!({"id": 7})),
    })
    .await;
    let project: Value = server
        .client()
        .get("projects/old%2Fname", &[])
        .await
        .unwrap();
    assert_eq!(project["id"], 7);
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.header("private-token") == Some(TOKEN))
    );
}

#[tokio::test]
async fn an_answer_never_leads_the_token_to_another_host() {
    let other = Server::start(|_| answer(200, &json!({}))).await;
    let target = format!("{}/stolen", other.url());
    let moved = format!("{}/api/v4/user", other.url());
    let server = Server::start(move |seen| match seen.path() {
        "/api/v4/user" => redirect(302, &moved),
        _ => redirect(307, &target),
    })
    .await;
    let client = server.client();
    let error = client.get::<Value>("projects", &[]).await.unwrap_err();
    assert!(
        matches!(&error, Error::Redirected { target, .. } if *target == other.url()),
        "{error:?}"
    );
    let error = client.get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(&error, Error::Moved { to } if to.as_str() == other.url()));
    assert!(client.post::<Value>("projects", &json!({})).await.is_err());
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_download_goes_to_the_storage_without_any_credentials() {
    let storage = Server::start(|_| "the file".into_response()).await;
    let target = format!("{}/bucket/file?X-Amz-Signature=abc", storage.url());
    let server = Server::start(move |_| redirect(302, &target)).await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("file");
    let downloaded = client
        .download_to("projects/1/packages/2/package_files/3/download", &[], &into)
        .await
        .unwrap();
    assert_eq!(downloaded.size, 8);
    assert_eq!(std::fs::read(&into).unwrap(), b"the file");
    assert_eq!(server.seen()[0].header("private-token"), Some(TOKEN));
    let seen = storage.seen();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].has_credentials(), "{:?}", seen[0].headers);
    assert_eq!(seen[0].header("if-none-match"), None);
    assert_eq!(seen[0].query()["X-Amz-Signature"], "abc");
}

#[tokio::test]
async fn a_storage_that_refuses_does_not_kill_the_token() {
    let storage =
        Server::start(|_| (axum::http::StatusCode::UNAUTHORIZED, "no").into_response()).await;
    let target = format!("{}/bucket/file", storage.url());
    let server = Server::start(move |seen| match seen.path() {
        "/api/v4/user" => answer(200, &json!({"id": 1})),
        _ => redirect(302, &target),
    })
    .await;
    let client = server.client();
    assert!(matches!(
        client.download("projects/1/avatar", &[]).await.err(),
        Some(Error::Server { status: 401, .. })
    ));
    client.get::<Value>("user", &[]).await.unwrap();
}

#[tokio::test]
async fn a_circle_ends() {
    let server = Server::start(|seen| redirect(302, seen.path())).await;
    let error = server.client().get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(error, Error::Redirected { .. }));
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn what_changes_something_is_never_redirected() {
    let server = Server::start(|_| redirect(308, "/api/v4/elsewhere")).await;
    let client = Client::new(options(&server.url())).unwrap();
    assert!(matches!(
        client
            .put::<Value>("projects/1", &json!({}))
            .await
            .unwrap_err(),
        Error::Redirected { .. }
    ));
    assert_eq!(server.seen().len(), 1);
}

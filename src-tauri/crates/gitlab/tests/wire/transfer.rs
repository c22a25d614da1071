//! Files and headers on their way.
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::IntoResponse;
use labkeep_gitlab::{Client, Error, Observer, UploadFile};
use serde_json::{Value, json};

use crate::server::{Act, RawServer, Server, TOKEN, json as answer, options, refusal};

#[derive(Default)]
struct Bytes {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Observer for Bytes {
    fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn file(size: usize) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![b'x'; size]).unwrap();
    file.flush().unwrap();
    file
}

#[tokio::test]
async fn an_upload_is_streamed_with_its_length() {
    let server = Server::start(|_| answer(201, &json!({"id": 5}))).await;
    let file = file(300_000);
    let watched = Arc::new(Bytes::default());
    let client = server.client().with_observer(watched.clone());
    let upload = UploadFile {
        field: "file",
        file_name: "project.tar.gz",
        path: file.path(),
        size: 300_000,
        content_type: "application/gzip",
    };
    let made: Value = client
        .upload(
            "projects/import",
            &[("path", "restored"), ("namespace", "group")],
            upload,
        )
        .await
        .unwrap();
    assert_eq!(made["id"], 5);
    let seen = &server.seen()[0];
    let body = String::from_utf8_lossy(&seen.body).to_ascii_lowercase();
    assert_eq!(
        seen.header("content-length").unwrap(),
        seen.body.len().to_string()
    );
    assert!(
        seen.header("content-type")
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
    assert!(body.contains("name=\"path\"\r\n\r\nrestored\r\n"));
    assert!(
        body.contains(
            "name=\"file\"; filename=\"project.tar.gz\"\r\ncontent-type: application/gzip"
        )
    );
    assert_eq!(body.matches('x').count(), 300_000);
    assert_eq!(watched.sent.load(Ordering::Relaxed), 300_000);
}

#[tokio::test]
async fn an_upload_is_repeated_after_a_limit_but_not_after_a_failure() {
    let server = Server::start(|seen| match seen.before {
        0 => refusal(429, "This endpoint has been requested too many times."),
        1 => answer(201, &json!({"id": 5})),
        _ => refusal(502, ""),
    })
    .await;
    let file = file(10);
    let upload = UploadFile {
        field: "file",
        file_name: "a",
        path: file.path(),
        size: 10,
        content_type: "application/gzip",
    };
    let client = server.client();
    client
        .upload::<Value>("projects/import", &[], upload)
        .await
        .unwrap();
    let error = client
        .upload::<Value>("projects/import", &[], upload)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Server { status: 502, .. }));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let server = Server::start(|_| answer(201, &json!({}))).await;
    let upload = UploadFile {
        field: "file",
        file_name: "a",
        path: std::path::Path::new("/nowhere/at/all"),
        size: 10,
        content_type: "application/gzip",
    };
    let error = server
        .client()
        .upload::<Value>("projects/import", &[], upload)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Io { path, .. } if path.ends_with("nowhere/at/all")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_broken_download_begins_again_and_leaves_nothing_half() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let whole =
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n0123456789".to_vec();
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("file");
    let server = RawServer::start(vec![Act::Send(half.clone()), Act::Send(whole)]).await;
    let client = Client::new(options(&server.url())).unwrap();
    let watched = Arc::new(Bytes::default());
    client
        .with_observer(watched.clone())
        .download_to("x", &[], &into)
        .await
        .unwrap();
    assert_eq!(std::fs::read(&into).unwrap(), b"0123456789");
    assert_eq!(watched.received.load(Ordering::Relaxed), 14);

    let server = RawServer::start(vec![Act::Send(half)]).await;
    let client = Client::new(options(&server.url())).unwrap();
    let error = client.download_to("x", &[], &into).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }));
    assert!(!into.exists());
}

#[tokio::test]
async fn compressed_answers_are_understood_and_files_stay_as_they_are() {
    let server = Server::start(|seen| {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"id\":3}").unwrap();
        let packed = packed.finish().unwrap();
        if seen.path() == "/api/v4/user" {
            let headers = [
                ("content-encoding", "gzip"),
                ("content-type", "application/json"),
            ];
            return (headers, packed).into_response();
        }
        ([("content-type", "application/gzip")], packed).into_response()
    })
    .await;
    let client = server.client();
    let user: Value = client.get("user", &[]).await.unwrap();
    assert_eq!(user["id"], 3);
    assert!(
        server.seen()[0]
            .header("accept-encoding")
            .unwrap()
            .contains("gzip")
    );
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("labels.ndjson.gz");
    client
        .download_to("projects/1/export_relations/download", &[], &into)
        .await
        .unwrap();
    assert_eq!(&std::fs::read(&into).unwrap()[..2], [0x1f, 0x8b]);
    assert_eq!(server.seen()[1].header("accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn personal_tokens_and_oauth_tokens_travel_in_their_own_headers() {
    let server = Server::start(|_| answer(200, &json!({}))).await;
    server.client().get::<Value>("user", &[]).await.unwrap();
    let mut oauth = options(&server.url());
    let token = "0a".repeat(32);
    oauth.token = Some(token.as_str().into());
    Client::new(oauth)
        .unwrap()
        .get::<Value>("user", &[])
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("private-token"), Some(TOKEN));
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(seen[1].header("private-token"), None);
    assert_eq!(
        seen[1].header("authorization"),
        Some(format!("Bearer {token}").as_str())
    );
    assert!(
        seen[0]
            .header("user-agent")
            .unwrap()
            .starts_with("Labkeep/")
    );
}

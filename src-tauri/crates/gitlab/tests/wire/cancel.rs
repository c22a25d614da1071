//! Stopping in the middle of everything.
use futures::StreamExt;
use labkeep_gitlab::{Client, Error};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::server::{Act, RawServer, Server, options, refusal};

#[tokio::test]
async fn a_wait_ends_at_once() {
    let server = Server::start(|_| refusal(503, "")).await;
    let mut slow = options(&server.url());
    slow.pauses.first = std::time::Duration::from_hours(1);
    slow.pauses.longest = slow.pauses.first;
    slow.pauses.patience = slow.pauses.first * 2;
    let cancel = CancellationToken::new();
    let client = Client::new(slow).unwrap().with_cancel(cancel.clone());
    let call = tokio::spawn(async move { client.get::<Value>("user", &[]).await });
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    assert!(matches!(call.await.unwrap().unwrap_err(), Error::Cancelled));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_request_under_way_ends_at_once() {
    let server = RawServer::start(vec![Act::Hang(Vec::new())]).await;
    let cancel = CancellationToken::new();
    let client = Client::new(options(&server.url()))
        .unwrap()
        .with_cancel(cancel.clone());
    let call = tokio::spawn(async move { client.get::<Value>("user", &[]).await });
    while server.connections() == 0 {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    assert!(matches!(call.await.unwrap().unwrap_err(), Error::Cancelled));
}

#[tokio::test]
async fn a_stream_ends_with_the_reason() {
    let server = RawServer::start(vec![Act::Hang(
        b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf".to_vec(),
    )])
    .await;
    let cancel = CancellationToken::new();
    let client = Client::new(options(&server.url()))
        .unwrap()
        .with_cancel(cancel.clone());
    let download = client
        .download("projects/1/export/download", &[])
        .await
        .unwrap();
    assert_eq!(download.size, Some(20));
    let mut stream = Box::pin(download.into_stream());
    assert_eq!(stream.next().await.unwrap().unwrap().as_ref(), b"half");
    cancel.cancel();
    assert!(matches!(
        stream.next().await.unwrap().unwrap_err(),
        Error::Cancelled
    ));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_sent_after_it() {
    let server = Server::start(|_| crate::server::json(200, &json!({}))).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let client = server.client().with_cancel(cancel);
    assert!(matches!(
        client.get::<Value>("user", &[]).await.unwrap_err(),
        Error::Cancelled
    ));
    assert!(server.seen().is_empty());
}

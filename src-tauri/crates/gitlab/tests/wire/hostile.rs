//! Answers that somebody made to do harm.
use std::io::Write;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use labkeep_gitlab::{Error, PageRequest, Paging};
use serde_json::{Value, json};

use super::server::{Act, RawServer, Server, TOKEN, options};

#[tokio::test]
async fn json_of_any_depth_is_an_error_and_no_crash() {
    let server = Server::start(|seen| {
        let status = match seen.path() {
            "/api/v4/refused" => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        };
        let deep = "[".repeat(300_000) + &"{\"a\":".repeat(300_000);
        (status, [("content-type", "application/json")], deep).into_response()
    })
    .await;
    let client = server.client();
    let error = client.get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error}");
    let error = client.get::<Value>("refused", &[]).await.unwrap_err();
    assert!(
        matches!(error, Error::Invalid { status: 422, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_unpacks_to_more_than_is_believed_is_given_up() {
    let server = Server::start(|_| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&vec![b' '; 8 << 20]).unwrap();
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 100_000);
        ([("content-encoding", "gzip")], packed).into_response()
    })
    .await;
    let error = server.client().delete("projects/1", &[]).await.unwrap_err();
    assert!(
        matches!(error, Error::AnswerTooLong { limit, .. } if limit == 1 << 20),
        "{error}"
    );
}

#[tokio::test]
async fn lengths_that_are_not_true_are_interruptions() {
    for length in ["18446744073709551615", "9999999999"] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{}}");
        let server = RawServer::start(vec![Act::Send(head.into_bytes())]).await;
        let client = labkeep_gitlab::Client::new(options(&server.url())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("file");
        let error = client.get::<Value>("user", &[]).await.unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
        let error = client.download_to("x", &[], &into).await.unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
        assert!(!into.exists());
    }
}

#[tokio::test]
async fn headers_that_make_no_sense_change_nothing() {
    let server = Server::start(|_| {
        let headers = [
            ("link", "<<<;;;rel=next\", <>; rel=\"next"),
            ("x-next-page", "99999999999999999999999999"),
            ("x-total", "-1"),
            ("ratelimit-limit", "NaN"),
            ("ratelimit-remaining", "-9223372036854775808"),
            ("ratelimit-reset", "99999999999999999999"),
            ("retry-after", "-5"),
            ("date", "the day after tomorrow"),
        ];
        (headers, json!([1, 2]).to_string()).into_response()
    })
    .await;
    let client = server.client();
    let page = PageRequest::first(Paging::Offset);
    for _ in 0..2 {
        let page = client.page::<u64>("projects", &[], &page).await.unwrap();
        assert_eq!((page.items.len(), page.next, page.total), (2, None, None));
    }
}

#[tokio::test]
async fn a_page_that_shows_the_token_is_told_without_it() {
    let server = Server::start(|seen| {
        let token = seen.header("private-token").unwrap();
        let page = format!("<html><title>Blocked: PRIVATE-TOKEN {token}</title></html>");
        let status = match seen.path() {
            "/api/v4/user" => StatusCode::OK,
            _ => StatusCode::FORBIDDEN,
        };
        (status, [("content-type", "text/html")], page).into_response()
    })
    .await;
    for path in ["user", "version"] {
        let error = server.client().get::<Value>(path, &[]).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains("Blocked: PRIVATE-TOKEN …"), "{told}");
        assert!(!told.contains(&TOKEN[6..]), "{told}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_downloaded_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start(|_| "content".into_response()).await;
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("file");
    server.client().download_to("x", &[], &into).await.unwrap();
    let mode = into.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

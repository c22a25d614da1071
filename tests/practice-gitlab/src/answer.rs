//! Turning replies and refusals into HTTP responses, with the headers GitLab's
//! answers carry and conditional requests as Rack::ETag handles them.

use std::path::Path;

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use crate::api::refusal::RefusalBody;
use crate::api::reply::{Answer, Reply};
use crate::api::{FileReply, Refusal};
use crate::limits::Throttled;

/// A plain text.
pub fn plain(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// JSON of any status.
fn json(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// JSON of status 200 that may be unchanged since the client saw it.
fn conditional(body: &serde_json::Value, asked: &HeaderMap) -> Response<Body> {
    let text = body.to_string();
    let tag = format!("W/\"{}\"", &hex::encode(Sha256::digest(&text))[..32]);
    let known = asked
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|sent| {
            sent.split(',')
                .any(|one| one.trim() == tag || one.trim() == "*")
        });
    let mut response = Response::new(if known {
        Body::empty()
    } else {
        Body::from(text)
    });
    let headers = response.headers_mut();
    put(headers, ETAG.as_str(), &tag);
    put(
        headers,
        "cache-control",
        "max-age=0, private, must-revalidate",
    );
    put(headers, "vary", "Origin");
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

/// A file, streamed.
pub async fn file_response(path: &Path, name: &str, content_type: &'static str) -> Response<Body> {
    let opened = async {
        let file = tokio::fs::File::open(path).await?;
        let size = file.metadata().await?.len();
        Ok::<_, std::io::Error>((file, size))
    };
    let Ok((file, size)) = opened.await else {
        return refused(&Refusal::not_found(""));
    };
    let stream = ReaderStream::with_capacity(file, 64 * 1024);
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, size.into());
    put(
        headers,
        CONTENT_DISPOSITION.as_str(),
        &format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}"),
    );
    response
}

/// The response for a refusal.
pub fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = match &refusal.body {
        RefusalBody::Json(body) => json(refusal.status, body),
        RefusalBody::Text(text) => plain(refusal.status, text.clone()),
    };
    for (name, value) in &refusal.headers {
        put(response.headers_mut(), name, value);
    }
    response
}

/// The response for whatever a route answered; `asked` are the request's headers.
pub async fn respond(answer: Answer, asked: &HeaderMap) -> Response<Body> {
    match answer {
        Ok(Reply::Json(StatusCode::OK, body)) => conditional(&body, asked),
        Ok(Reply::Json(status, body)) => json(status, &body),
        Ok(Reply::Headed(body, headers)) => {
            let mut response = conditional(&body, asked);
            for (name, value) in headers {
                put(response.headers_mut(), name, &value);
            }
            response
        }
        Ok(Reply::Empty(status)) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        }
        Ok(Reply::File(FileReply {
            path,
            name,
            content_type,
        })) => file_response(&path, &name, content_type).await,
        Ok(Reply::Redirect(location)) => {
            let mut response = plain(StatusCode::FOUND, "");
            put(response.headers_mut(), "location", &location);
            response
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Rack::Attack's refusal (`lib/gitlab/rack_attack.rb`): text, not JSON, with
/// all of its headers.
pub fn throttled(throttled: Throttled) -> Response<Body> {
    let mut response = plain(StatusCode::TOO_MANY_REQUESTS, "Retry later\n");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    let reset_time = jiff::Timestamp::from_second(throttled.reset)
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default();
    for (name, value) in [
        ("ratelimit-name", "throttle_authenticated_api".to_owned()),
        ("ratelimit-limit", throttled.limit.to_string()),
        ("ratelimit-observed", throttled.observed.to_string()),
        ("ratelimit-remaining", "0".to_owned()),
        ("ratelimit-reset", throttled.reset.to_string()),
        ("ratelimit-resettime", reset_time),
        ("retry-after", throttled.retry_after.to_string()),
    ] {
        put(headers, name, &value);
    }
    response
}

/// The headers every API answer carries.
pub fn finish(response: &mut Response<Body>, request_id: &str, runtime: std::time::Duration) {
    let headers = response.headers_mut();
    put(headers, "x-request-id", request_id);
    put(
        headers,
        "x-runtime",
        &format!("{:.6}", runtime.as_secs_f64()),
    );
    put(headers, "x-content-type-options", "nosniff");
    put(headers, "x-frame-options", "SAMEORIGIN");
    put(
        headers,
        "x-gitlab-meta",
        &format!("{{\"correlation_id\":\"{request_id}\",\"version\":\"1\"}}"),
    );
}

//! What faults do to an answer: put another one in its place, or break its body.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{plain, refused, throttled};
use crate::api::Refusal;
use crate::faults::Action;
use crate::limits::Throttled;
use crate::listener::Cut;

/// The answer that a fault gives in place of the real one.
pub fn false_answer(action: &Action, now: Timestamp) -> Response<Body> {
    match action {
        Action::Status {
            code,
            body,
            headers,
        } => status(*code, body.as_ref(), headers),
        Action::Throttle { retry_after } => {
            let retry_after = i64::try_from(*retry_after).unwrap_or(i64::MAX);
            throttled(Throttled {
                limit: 2000,
                observed: 2001,
                reset: now.as_second().saturating_add(retry_after),
                retry_after,
            })
        }
        Action::ApplicationLimit { retry_after } => refused(&Refusal::too_many(*retry_after)),
        _ => refused(&Refusal::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "500 Internal Server Error",
        )),
    }
}

fn status(code: u16, body: Option<&Value>, headers: &BTreeMap<String, String>) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(Value::String(text)) => plain(status, text.clone()),
        Some(body) => refused(&Refusal::json(status, body.clone())),
        None => refused(&usual(status)),
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// GitLab's own body for a status.
fn usual(status: StatusCode) -> Refusal {
    match status.as_u16() {
        401 => Refusal::unauthorized(),
        403 => Refusal::forbidden(),
        404 => Refusal::not_found(""),
        405 => Refusal::message(status, "405 Method Not Allowed"),
        409 => Refusal::conflict("409 Conflict"),
        413 => Refusal::message(status, "413 Request Entity Too Large"),
        422 => Refusal::message(status, "422 Unprocessable Entity"),
        429 => Refusal::too_many(60),
        500 => Refusal::message(status, "500 Internal Server Error"),
        502 => Refusal::text(
            status,
            "<html><head><title>GitLab is not responding</title></head><body>502</body></html>",
        )
        .with_header("content-type", "text/html"),
        503 => Refusal::message(status, "503 Service Unavailable"),
        _ => Refusal::json(
            status,
            json!({
                "message": format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error")),
            }),
        ),
    }
}

/// A body that breaks: cut off, flipped, cut through, or slow.
pub fn harm(response: Response<Body>, action: &Action, cut: Cut) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let body = body.into_data_stream();
    let body = match *action {
        Action::Truncate { after_bytes } => {
            // A length would give the cut away; without one the end looks proper.
            head.headers.remove(CONTENT_LENGTH);
            Body::from_stream(shortened(body, after_bytes))
        }
        Action::Reset { after_bytes } => {
            Body::from_stream(shortened(body, after_bytes).chain(reset(cut)))
        }
        Action::WrongDigest { at_byte } => Body::from_stream(Flipped {
            body,
            at: Some(at_byte),
        }),
        Action::Slow { bytes_per_second } => Body::from_stream(slow(body, bytes_per_second.max(1))),
        _ => Body::from_stream(body),
    };
    if !head.headers.contains_key(CONTENT_TYPE) {
        head.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
    }
    Response::from_parts(head, body)
}

type Piece = Result<Bytes, axum::Error>;

/// The first bytes of a body.
fn shortened(
    body: impl Stream<Item = Piece> + Send + Unpin,
    bytes: u64,
) -> impl Stream<Item = Piece> + Send {
    futures::stream::unfold((body, bytes), |(mut body, left)| async move {
        if left == 0 {
            return None;
        }
        let piece = body.next().await?.map(|mut bytes| {
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            bytes
        });
        let taken = piece.as_ref().map_or(left, |bytes| bytes.len() as u64);
        Some((piece, (body, left - taken)))
    })
}

/// The end of a connection. A reset also takes what the client has not read yet,
/// so the bytes before it get a moment to arrive.
fn reset(cut: Cut) -> impl Stream<Item = Piece> + Send {
    futures::stream::once(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cut.pull();
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Err(axum::Error::new(reset))
    })
}

/// A body with one byte flipped.
struct Flipped<B> {
    body: B,
    at: Option<u64>,
}

impl<B: Stream<Item = Piece> + Unpin> Stream for Flipped<B> {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.body.poll_next_unpin(context).map(|piece| {
            piece.map(|piece| {
                piece.map(|bytes| {
                    let Some(at) = self.at else { return bytes };
                    let length = bytes.len() as u64;
                    if at >= length {
                        self.at = Some(at - length);
                        return bytes;
                    }
                    self.at = None;
                    let mut changed = bytes.to_vec();
                    if let Some(byte) = usize::try_from(at).ok().and_then(|at| changed.get_mut(at))
                    {
                        *byte ^= 0xff;
                    }
                    changed.into()
                })
            })
        })
    }
}

/// A body in pieces of a tenth of a second each.
fn slow(
    body: impl Stream<Item = Piece> + Send + Unpin,
    per_second: u64,
) -> impl Stream<Item = Piece> + Send {
    let piece = usize::try_from(per_second.div_ceil(10)).unwrap_or(usize::MAX);
    futures::stream::unfold(
        (body, Bytes::new()),
        move |(mut body, mut rest)| async move {
            while rest.is_empty() {
                match body.next().await? {
                    Ok(bytes) => rest = bytes,
                    Err(error) => return Some((Err(error), (body, rest))),
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            let next = rest.split_to(piece.min(rest.len()));
            Some((Ok(next), (body, rest)))
        },
    )
}

//! What a route answers when it has something to answer.

use std::path::PathBuf;

use http::StatusCode;
use serde_json::Value;

use super::Refusal;

/// A file to be streamed.
#[derive(Debug)]
pub struct FileReply {
    /// Where it is.
    pub path: PathBuf,
    /// The name the client should give it.
    pub name: String,
    /// Its type.
    pub content_type: &'static str,
}

/// An answer.
#[derive(Debug)]
pub enum Reply {
    /// JSON with a status.
    Json(StatusCode, Value),
    /// JSON with headers, such as those of a page.
    Headed(Value, Vec<(&'static str, String)>),
    /// No body.
    Empty(StatusCode),
    /// A file.
    File(FileReply),
    /// The thing lies elsewhere, perhaps on another host.
    Redirect(String),
}

/// What routes return.
pub type Answer = Result<Reply, Refusal>;

/// 200 with `body`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it ends routes, which return answers"
)]
pub fn ok(body: Value) -> Answer {
    Ok(Reply::Json(StatusCode::OK, body))
}

/// 201 with `body`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it ends routes, which return answers"
)]
pub fn created(body: Value) -> Answer {
    Ok(Reply::Json(StatusCode::CREATED, body))
}

/// 202 with `{"message":"202 Accepted"}`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it ends routes, which return answers"
)]
pub fn accepted() -> Answer {
    Ok(Reply::Json(
        StatusCode::ACCEPTED,
        serde_json::json!({ "message": "202 Accepted" }),
    ))
}

/// 204.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it ends routes, which return answers"
)]
pub fn no_content() -> Answer {
    Ok(Reply::Empty(StatusCode::NO_CONTENT))
}

//! Routes below `/-/practice/`, for tests only: what was asked, faults, tokens,
//! roles, and changes to the data. They need no token and are not counted.
//!
//! | route | does |
//! | --- | --- |
//! | `GET requests` · `POST reset-requests` | counts since the last reset |
//! | `GET faults` · `PUT faults` | rules, see [`crate::faults`] |
//! | `POST tokens` | `{"user", "name", "scopes", "expires_at", "grants"}` → `{"id", "token"}` |
//! | `PUT users/:id/role` | `{"project"` or `"group", "level"}`; level 0 ends the membership |
//! | `POST change` | makes one change, see [`crate::faults::Change`] |
//! | `GET notifications` | what would have woken people up: occasions by cause, and mails |
//! | `POST clock` | `{"advance_seconds"}` moves the server's time |
//! | `GET storage-requests` | what reached the second host |

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer;
use crate::api::Refusal;
use crate::api::reply::{Answer, created, no_content, ok};
use crate::change::{self, ChangeError};
use crate::faults::{Change, FaultRule};
use crate::model::token::{Grant, NewToken};
use crate::server::Server;

/// Answers a request; `path` is what follows `/-/practice/`.
pub async fn answer(server: &Arc<Server>, path: &str, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, 16 * 1024 * 1024).await else {
        return answer::plain(StatusCode::PAYLOAD_TOO_LARGE, "");
    };
    let (server, path) = (Arc::clone(server), path.to_owned());
    let answered = tokio::task::spawn_blocking(move || route(&server, &head.method, &path, &bytes));
    let answered = answered.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a practice route panicked");
        Err(Refusal::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "500 Internal Server Error",
        ))
    });
    answer::respond(answered, &http::HeaderMap::new()).await
}

fn read<T: for<'d> Deserialize<'d>>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::bad_request(&error.to_string()))
}

#[derive(Deserialize)]
struct Rules {
    rules: Vec<FaultRule>,
}

#[derive(Deserialize)]
struct TokenWish {
    user: Value,
    #[serde(default)]
    name: Option<String>,
    scopes: Vec<String>,
    #[serde(default)]
    expires_at: Option<jiff::civil::Date>,
    #[serde(default)]
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
struct RoleWish {
    #[serde(default)]
    project: Option<Value>,
    #[serde(default)]
    group: Option<Value>,
    level: u8,
}

#[derive(Deserialize)]
struct ClockWish {
    advance_seconds: i64,
}

fn route(server: &Server, method: &Method, path: &str, bytes: &[u8]) -> Answer {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["requests"]) => ok(json!(server.ledger().counted())),
        ("POST", ["reset-requests"]) => {
            server.ledger().reset();
            no_content()
        }
        ("GET", ["faults"]) => ok(json!({ "rules": server.faults().rules() })),
        ("PUT", ["faults"]) => {
            let wanted: Rules = read(bytes)?;
            server.faults().set(wanted.rules);
            ok(json!({ "rules": server.faults().rules() }))
        }
        ("POST", ["tokens"]) => make_token(server, read(bytes)?),
        ("PUT", ["users", id, "role"]) => set_role(server, id, &read(bytes)?),
        ("POST", ["change"]) => {
            let wanted: Change = read(bytes)?;
            change::apply(server, &wanted).map_err(refusal)?;
            no_content()
        }
        ("GET", ["notifications"]) => ok(json!(server.read().notifications)),
        ("POST", ["clock"]) => {
            let wish: ClockWish = read(bytes)?;
            server
                .clock
                .advance(SignedDuration::from_secs(wish.advance_seconds));
            ok(json!({ "now": crate::clock::stamp(server.clock.now()) }))
        }
        ("GET", ["storage-requests"]) => ok(json!(
            server
                .object_storage
                .as_ref()
                .map(crate::object_storage::ObjectStorage::seen)
        )),
        _ => Err(Refusal::no_route()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn refusal(error: ChangeError) -> Refusal {
    Refusal::bad_request(&error.to_string())
}

/// A number or a text, as a text.
fn name(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn make_token(server: &Server, wish: TokenWish) -> Answer {
    let mut world = server.write();
    let user = world
        .find_user(&name(&wish.user))
        .ok_or_else(|| Refusal::not_found("User"))?
        .id;
    let new = NewToken {
        name: wish.name.unwrap_or_else(|| "made by a test".into()),
        description: None,
        user_id: user,
        scopes: wish.scopes,
        grants: wish.grants,
        expires_at: wish.expires_at,
        resource: None,
    };
    let id = world.add_token(new, server.clock.now());
    created(json!({ "id": id, "token": world.tokens[&id].value }))
}

fn set_role(server: &Server, user: &str, wish: &RoleWish) -> Answer {
    let wanted = match (&wish.project, &wish.group) {
        (Some(project), None) => change::set_role(server, user, &name(project), wish.level),
        (None, Some(group)) => change::set_group_role(server, user, &name(group), wish.level),
        _ => {
            return Err(Refusal::invalid(
                "project, group are missing, exactly one parameter must be provided",
            ));
        }
    };
    wanted.map_err(refusal)?;
    no_content()
}

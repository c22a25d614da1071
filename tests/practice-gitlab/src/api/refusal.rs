//! Errors as GitLab words them (`lib/api/helpers.rb`, `lib/api/api_guard.rb`,
//! `doc/api/rest/troubleshooting.md`): status, exact body, headers.

use http::StatusCode;
use serde_json::{Value, json};

/// A body of an error.
#[derive(Debug, Clone)]
pub enum RefusalBody {
    /// JSON, as the API answers.
    Json(Value),
    /// Plain text, as Rack::Attack and the git routes answer.
    Text(String),
}

/// A request that is not fulfilled.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: RefusalBody,
    /// Headers beyond the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// `status` with a JSON body.
    pub fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: RefusalBody::Json(body),
            headers: Vec::new(),
        }
    }

    /// `status` with `{"message": …}`.
    pub fn message(status: StatusCode, message: impl Into<Value>) -> Self {
        Self::json(status, json!({ "message": message.into() }))
    }

    /// `status` with a plain text.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            body: RefusalBody::Text(text.into()),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// No token, or one nobody knows.
    pub fn unauthorized() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "401 Unauthorized")
    }

    fn bearer(error: &str, description: &str) -> Self {
        let challenge = format!(
            "Bearer realm=\"Protected by OAuth 2.0\", error=\"{error}\", error_description=\"{description}\""
        );
        let body = json!({ "error": error, "error_description": description });
        Self::json(StatusCode::UNAUTHORIZED, body).with_header("www-authenticate", challenge)
    }

    /// The token's last day is over.
    pub fn expired() -> Self {
        Self::bearer(
            "invalid_token",
            "Token is expired. You can either do re-authorization or token refresh.",
        )
    }

    /// The token was revoked.
    pub fn revoked() -> Self {
        Self::bearer(
            "invalid_token",
            "Token was revoked. You have to re-authorize from the user.",
        )
    }

    /// The token has none of `scopes`.
    pub fn insufficient_scope(scopes: &[&str]) -> Self {
        Self::json(
            StatusCode::FORBIDDEN,
            json!({
                "error": "insufficient_scope",
                "error_description":
                    "The request requires higher privileges than provided by the access token.",
                "scope": scopes.join(" "),
            }),
        )
    }

    /// A fine-grained token was not granted `permission` (such as `read_issue`)
    /// at `boundary`.
    pub fn insufficient_grant(boundary: &str, permission: &str) -> Self {
        let words: Vec<String> = permission
            .split('_')
            .map(|word| {
                let mut letters = word.chars();
                letters.next().map_or_else(String::new, |first| {
                    first.to_uppercase().chain(letters).collect()
                })
            })
            .collect();
        let description = format!(
            "Access denied: Your fine-grained personal access token lacks the required {boundary} permissions: [{}].",
            words.join(" ")
        );
        Self::json(
            StatusCode::FORBIDDEN,
            json!({ "error": "insufficient_granular_scope", "error_description": description }),
        )
    }

    /// The role is too small.
    pub fn forbidden() -> Self {
        Self::message(StatusCode::FORBIDDEN, "403 Forbidden")
    }

    /// Forbidden, with a reason.
    pub fn forbidden_because(reason: &str) -> Self {
        Self::message(StatusCode::FORBIDDEN, format!("403 Forbidden - {reason}"))
    }

    /// There is no such thing, or the user may not know that there is. `what` is
    /// the thing's name, such as `Project`; empty for none.
    pub fn not_found(what: &str) -> Self {
        let message = if what.is_empty() {
            "404 Not Found".to_owned()
        } else {
            format!("404 {what} Not Found")
        };
        Self::message(StatusCode::NOT_FOUND, message)
    }

    /// A record looked up by number inside another does not exist.
    pub fn record_not_found() -> Self {
        Self::message(StatusCode::NOT_FOUND, "404 Not found")
    }

    /// The API has no such route.
    pub fn no_route() -> Self {
        Self::json(StatusCode::NOT_FOUND, json!({ "error": "404 Not Found" }))
    }

    /// The route has no such method.
    pub fn method_not_allowed() -> Self {
        Self::json(
            StatusCode::METHOD_NOT_ALLOWED,
            json!({ "error": "405 Not Allowed" }),
        )
    }

    /// Parameters that must be given are not.
    pub fn missing(names: &[&str]) -> Self {
        let text: Vec<String> = names
            .iter()
            .map(|name| format!("{name} is missing"))
            .collect();
        Self::invalid(&text.join(", "))
    }

    /// A parameter is not as it must be; Grape's sentence.
    pub fn invalid(sentence: &str) -> Self {
        Self::json(StatusCode::BAD_REQUEST, json!({ "error": sentence }))
    }

    /// The request makes no sense.
    pub fn bad_request(reason: &str) -> Self {
        Self::message(
            StatusCode::BAD_REQUEST,
            format!("400 Bad request - {reason}"),
        )
    }

    /// A record is not valid: field to sentences.
    pub fn validation(fields: Value) -> Self {
        Self::message(StatusCode::BAD_REQUEST, fields)
    }

    /// One field of a record is not valid.
    pub fn invalid_field(field: &str, sentence: &str) -> Self {
        Self::validation(json!({ field: [sentence] }))
    }

    /// Something else is in the way.
    pub fn conflict(message: impl Into<Value>) -> Self {
        Self::message(StatusCode::CONFLICT, message)
    }

    /// An application rate limit (`Gitlab::ApplicationRateLimiter`) was reached.
    /// `retry_after` is in seconds.
    pub fn too_many(retry_after: u64) -> Self {
        Self::message(
            StatusCode::TOO_MANY_REQUESTS,
            json!({ "error": "This endpoint has been requested too many times. Try again later." }),
        )
        .with_header("retry-after", retry_after.to_string())
    }

    /// A project moved; `location` is where the request belongs now.
    pub fn moved(location: &str) -> Self {
        Self::text(
            StatusCode::MOVED_PERMANENTLY,
            format!("This resource has been moved permanently to {location}"),
        )
        .with_header("location", location)
    }
}

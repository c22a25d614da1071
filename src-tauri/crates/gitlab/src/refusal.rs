//! What a status from 400 up means, with GitLab's own words where it has any
//! (doc/api/rest/troubleshooting.md, lib/api/helpers.rb, lib/api/api_guard.rb).
use serde_json::Value;

use crate::error::{Error, clip};
use crate::reason::{BlockedReason, NotGitlabReason};
use crate::request::RequestKind;
use crate::scope::Scope;

/// A refused request, as far as its meaning depends on it.
pub(crate) struct Refusal<'a> {
    pub(crate) status: u16,
    pub(crate) kind: RequestKind,
    /// Whether the answer is of the host that was asked, and not of a storage
    /// to which it redirected.
    pub(crate) is_asked: bool,
    pub(crate) host: &'a str,
    /// The URL without query.
    pub(crate) url: &'a str,
    pub(crate) route: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Refusal<'_> {
    /// The error it stands for.
    pub(crate) fn into_error(self) -> Error {
        let json: Option<Value> = serde_json::from_slice(self.body).ok();
        let said = json.as_ref().and_then(sentence);
        let text = said.clone().unwrap_or_else(|| self.plain_text());
        let message = clip(&text);
        let code = json
            .as_ref()
            .and_then(|json| json.get("error"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let status = self.status;
        let is_page = json.is_none() && is_web_page(self.content_type, self.body);
        if is_page && self.is_api() && matches!(status, 401 | 403 | 404) {
            let why = if status == 404 && title(self.body).is_none() {
                NotGitlabReason::NoApi
            } else {
                NotGitlabReason::WebPage {
                    title: title(self.body),
                }
            };
            return Error::NotGitlab {
                url: self.url.to_owned(),
                why,
            };
        }
        if !self.is_asked && !matches!(status, 404 | 410) {
            return Error::Server { status, message };
        }
        match status {
            401 => self.unauthorized(&message),
            403 => self.forbidden(code, json.as_ref(), message),
            404 | 410 => Error::NotFound {
                what: if message.is_empty() {
                    self.route.to_owned()
                } else {
                    message
                },
            },
            407 => Error::ProxyUnauthorized {
                host: self.host.to_owned(),
            },
            409 | 412 => Error::Conflict { message },
            413 => Error::TooLarge { message },
            408 | 429 | 500.. => Error::Server { status, message },
            _ => Error::Invalid { status, message },
        }
    }

    fn is_api(&self) -> bool {
        self.is_asked && self.kind == RequestKind::Api
    }

    fn unauthorized(&self, message: &str) -> Error {
        // `invalid_token` comes with a sentence and nothing else to go by.
        let lower = message.to_ascii_lowercase();
        if lower.contains("expired") {
            Error::TokenExpired
        } else if lower.contains("revoked") {
            Error::TokenRevoked
        } else {
            Error::Unauthorized {
                host: self.host.to_owned(),
            }
        }
    }

    fn forbidden(&self, code: &str, json: Option<&Value>, message: String) -> Error {
        match code {
            "insufficient_scope" => {
                let needed = json
                    .and_then(|json| json.get("scope"))
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                return Error::InsufficientScope {
                    needed: needed.split_whitespace().map(Scope::parse).collect(),
                };
            }
            "insufficient_granular_scope" => {
                return Error::InsufficientGranularScope { message };
            }
            _ => {}
        }
        if let Some(reason) = blocked_reason(&message) {
            return Error::UserBlocked { reason, message };
        }
        // Rack::Attack's answer to a banned address: one word, no JSON.
        if json.is_none() && message == "Forbidden" {
            return Error::AddressBanned {
                host: self.host.to_owned(),
            };
        }
        Error::Forbidden { message }
    }

    /// The text of a body that is no JSON: a page's title, or its first line.
    fn plain_text(&self) -> String {
        if is_web_page(self.content_type, self.body) {
            return title(self.body).unwrap_or_default();
        }
        String::from_utf8_lossy(&self.body[..self.body.len().min(4096)]).into_owned()
    }
}

/// The sentence of a JSON error in any of GitLab's forms: `message` as text,
/// list, or fields with lists; `error` with `error_description`; the registry's
/// `errors`.
fn sentence(json: &Value) -> Option<String> {
    let text = ["error_description", "message", "error", "errors"]
        .iter()
        .find_map(|key| json.get(key).filter(|value| !value.is_null()))
        .map(flatten)?;
    Some(text)
}

fn flatten(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flatten).collect();
            items.join(", ")
        }
        Value::Object(fields) => {
            if let Some(text) = fields.get("error").or_else(|| fields.get("message")) {
                return flatten(text);
            }
            let fields: Vec<String> = fields
                .iter()
                .map(|(field, value)| format!("{field} {}", flatten(value)))
                .collect();
            fields.join("; ")
        }
        other => other.to_string(),
    }
}

/// The reason in GitLab's sentence
/// (lib/gitlab/auth/user_access_denied_reason.rb; there is no code for it).
fn blocked_reason(message: &str) -> Option<BlockedReason> {
    const REASONS: [(&str, BlockedReason); 8] = [
        (
            "account is pending approval",
            BlockedReason::PendingApproval,
        ),
        ("account has been deactivated", BlockedReason::Deactivated),
        ("account has been blocked", BlockedReason::Blocked),
        ("account has been banned", BlockedReason::Blocked),
        (
            "accept the terms of service",
            BlockedReason::TermsNotAccepted,
        ),
        ("email address is not confirmed", BlockedReason::Unconfirmed),
        ("password expired", BlockedReason::PasswordExpired),
        ("performed by internal users", BlockedReason::Internal),
    ];
    let lower = message.to_ascii_lowercase();
    REASONS
        .iter()
        .find(|(part, _)| lower.contains(part))
        .map(|(_, reason)| *reason)
}

/// Whether a body is a web page, by its content type or its first characters.
pub(crate) fn is_web_page(content_type: Option<&str>, body: &[u8]) -> bool {
    if content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
        return true;
    }
    let start = body.trim_ascii_start();
    let start = String::from_utf8_lossy(&start[..start.len().min(15)]).to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The title of a web page, at most 100 characters on one line.
pub(crate) fn title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words: Vec<&str> = page.get(start..end)?.split_whitespace().collect();
    let title: String = words.join(" ").chars().take(100).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, content_type: &str, body: &str) -> Error {
        Refusal {
            status,
            kind: RequestKind::Api,
            is_asked: true,
            host: "gitlab.example.com",
            url: "https://gitlab.example.com/api/v4/user",
            route: "user",
            content_type: Some(content_type),
            body: body.as_bytes(),
        }
        .into_error()
    }

    fn json(status: u16, body: &str) -> Error {
        refused(status, "application/json", body)
    }

    #[test]
    fn dead_tokens_are_told_apart() {
        assert!(matches!(
            json(401, r#"{"message":"401 Unauthorized"}"#),
            Error::Unauthorized { .. }
        ));
        assert!(matches!(
            json(
                401,
                r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}"#
            ),
            Error::TokenExpired
        ));
        assert!(matches!(
            json(
                401,
                r#"{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}"#
            ),
            Error::TokenRevoked
        ));
    }

    #[test]
    fn missing_scopes_are_named() {
        let error = json(
            403,
            r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}"#,
        );
        assert!(matches!(
            error,
            Error::InsufficientScope { needed } if needed == [Scope::Api, Scope::ReadApi]
        ));
        let error = json(
            403,
            r#"{"error":"insufficient_granular_scope","error_description":"Access denied: it lacks [Read Project]."}"#,
        );
        assert!(matches!(
            error,
            Error::InsufficientGranularScope { message } if message.contains("Read Project")
        ));
    }

    #[test]
    fn refused_users_are_told_apart_from_small_roles() {
        for (sentence, reason) in [
            (
                "403 Forbidden - Your account has been blocked.",
                BlockedReason::Blocked,
            ),
            (
                "403 Forbidden - Your account is pending approval from your administrator and hence blocked.",
                BlockedReason::PendingApproval,
            ),
            (
                "403 Forbidden - You (@ada) must accept the Terms of Service in order to perform this action.",
                BlockedReason::TermsNotAccepted,
            ),
            (
                "403 Forbidden - Your password expired. Please",
                BlockedReason::PasswordExpired,
            ),
        ] {
            let body = serde_json::json!({ "message": sentence }).to_string();
            assert!(
                matches!(json(403, &body), Error::UserBlocked { reason: found, .. } if found == reason),
                "{sentence}"
            );
        }
        assert!(matches!(
            json(403, r#"{"message":"403 Forbidden"}"#),
            Error::Forbidden { message } if message == "403 Forbidden"
        ));
        assert!(matches!(
            refused(403, "text/plain", "Forbidden\n"),
            Error::AddressBanned { .. }
        ));
    }

    #[test]
    fn every_form_of_message_becomes_one_line() {
        for (body, line) in [
            (r#"{"error":"title is missing"}"#, "title is missing"),
            (
                r#"{"message":{"name":["has already been taken"],"path":["is bad","is long"]}}"#,
                "name has already been taken; path is bad, is long",
            ),
            (
                r#"{"message":{"error":"This endpoint has been requested too many times."}}"#,
                "This endpoint has been requested too many times.",
            ),
            (
                r#"{"errors":[{"code":"DENIED","message":"access forbidden"}]}"#,
                "access forbidden",
            ),
        ] {
            assert!(
                matches!(json(400, body), Error::Invalid { status: 400, message } if message == line),
                "{body}"
            );
        }
        assert!(matches!(
            json(409, r#"{"message":["Another open merge request already exists"]}"#),
            Error::Conflict { message } if message.starts_with("Another")
        ));
    }

    #[test]
    fn web_pages_where_json_is_due_are_no_gitlab() {
        let page = "<!DOCTYPE html><html><head><title> Sign in\n · Wi-Fi </title></head></html>";
        for status in [401, 403, 404] {
            assert!(matches!(
                refused(status, "text/html", page),
                Error::NotGitlab { why: NotGitlabReason::WebPage { title: Some(title) }, .. }
                    if title == "Sign in · Wi-Fi"
            ));
        }
        assert!(matches!(
            refused(502, "text/html", page),
            Error::Server { status: 502, message } if message == "Sign in · Wi-Fi"
        ));
    }

    #[test]
    fn a_storage_elsewhere_says_nothing_about_the_token() {
        let error = Refusal {
            status: 401,
            kind: RequestKind::Api,
            is_asked: false,
            host: "storage.example.com",
            url: "https://storage.example.com/x",
            route: "x",
            content_type: Some("application/xml"),
            body: b"<Error/>",
        }
        .into_error();
        assert!(matches!(error, Error::Server { status: 401, .. }));
    }
}

//! Signing in to everything that may be at an address.
use axum::response::{Html, IntoResponse, Response};
use labkeep_gitlab::{
    AccessLevel, BlockedReason, Client, Error, NotGitlabReason, Scope, TokenKind, connect,
};
use serde_json::{Value, json};

use crate::server::{Seen, Server, json as answer, options, redirect, refusal};

fn token(scopes: &Value) -> Value {
    json!({
        "id": 4, "name": "Labkeep", "revoked": false, "created_at": "2026-01-02T03:04:05.678Z",
        "description": "", "scopes": scopes, "user_id": 3, "last_used_at": null,
        "active": true, "expires_at": "2026-12-31"
    })
}

fn user(username: &str, is_bot: bool) -> Value {
    json!({
        "id": 3, "username": username, "name": "Ada", "state": "active", "public_email": "",
        "bot": is_bot
    })
}

fn associations() -> Value {
    json!({
        "groups": [
            {"id": 1, "name": "G", "access_levels": 50},
            {"id": 2, "name": "H", "access_levels": 20}
        ],
        "projects": [
            {"id": 1, "access_levels": {"project_access_level": null, "group_access_level": 50}},
            {"id": 2, "access_levels": {"project_access_level": 40, "group_access_level": 20}}
        ]
    })
}

/// A GitLab of today for a token with `read_api`.
fn gitlab(seen: &Seen) -> Response {
    match seen.path() {
        "/api/v4/version" if !seen.has_credentials() => refusal(401, "401 Unauthorized"),
        "/api/v4/personal_access_tokens/self" => answer(200, &token(&json!(["read_api"]))),
        "/api/v4/user" => answer(200, &user("ada", false)),
        "/api/v4/metadata" => answer(
            200,
            &json!({"version": "18.6.2-ee", "revision": "abc", "enterprise": true, "kas": {}}),
        ),
        "/api/v4/bulk_imports" => answer(200, &json!([])),
        "/api/v4/personal_access_tokens/self/associations" => {
            assert_eq!(seen.query()["min_access_level"], "10");
            answer(200, &associations())
        }
        _ => json_not_found(),
    }
}

fn json_not_found() -> Response {
    answer(404, &json!({"error": "404 Not Found"}))
}

fn scope_missing() -> Response {
    answer(
        403,
        &json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": "api read_api"
        }),
    )
}

async fn refused(answer: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Error {
    let server = Server::start(answer).await;
    server.client().sign_in().await.unwrap_err()
}

#[tokio::test]
async fn everything_is_learned_in_a_few_requests() {
    let server = Server::start(gitlab).await;
    let signed_in = server.client().sign_in().await.unwrap();
    let token = signed_in.token.unwrap();
    assert_eq!(token.scopes, [Scope::ReadApi]);
    assert_eq!(token.kind, TokenKind::Personal);
    assert_eq!(token.expires_on.unwrap().to_string(), "2026-12-31");
    assert_eq!(signed_in.user.unwrap().public_email, None);
    assert_eq!(signed_in.instance.version.as_deref(), Some("18.6.2-ee"));
    assert_eq!(signed_in.instance.enterprise, Some(true));
    assert_eq!(signed_in.instance.tier, None);
    assert_eq!(signed_in.instance.direct_import, Some(true));
    assert!(signed_in.roles.is_complete && signed_in.roles.is_known);
    assert_eq!(signed_in.roles.projects_from(AccessLevel::MAINTAINER), 2);
    assert_eq!(signed_in.roles.projects_from(AccessLevel::OWNER), 1);
    assert_eq!(signed_in.roles.groups[&AccessLevel::REPORTER], 1);
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn a_token_for_code_alone_still_reads_itself() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/personal_access_tokens/self" => answer(200, &token(&json!(["read_repository"]))),
        "/api/v4/personal_access_tokens/self/associations" => answer(200, &associations()),
        _ => scope_missing(),
    })
    .await;
    let signed_in = server.client().sign_in().await.unwrap();
    assert_eq!(signed_in.token.unwrap().scopes, [Scope::ReadRepository]);
    assert_eq!(signed_in.kind, TokenKind::Unknown);
    assert!(signed_in.user.is_none());
    assert!(signed_in.instance.version.is_none());
    assert_eq!(signed_in.roles.project_count(), 2);
}

#[tokio::test]
async fn a_fine_grained_token_that_may_read_little_is_no_failure() {
    let denied = || {
        answer(
            403,
            &json!({
                "error": "insufficient_granular_scope",
                "error_description": "Access denied: Your fine-grained personal access token lacks the required user permissions: [Read User]."
            }),
        )
    };
    let server = Server::start(move |seen| match seen.path() {
        "/api/v4/personal_access_tokens/self" => {
            let mut token = token(&json!(["granular"]));
            token["granular_scopes"] = json!([
                {"access": "selected_memberships", "permissions": ["read_job"], "project_id": 6, "group_id": null}
            ]);
            answer(200, &token)
        }
        _ => denied(),
    })
    .await;
    let signed_in = server.client().sign_in().await.unwrap();
    let token = signed_in.token.unwrap();
    assert_eq!(token.scopes, [Scope::Granular]);
    assert_eq!(token.granular[0].permissions, ["read_job"]);
    assert!(!signed_in.roles.is_known);
}

#[tokio::test]
async fn tokens_of_projects_and_groups_are_known_by_their_bots() {
    for (username, kind) in [
        ("project_12_bot_0a1b2c3d", TokenKind::Project),
        ("group_9_bot_0a1b2c3d", TokenKind::Group),
    ] {
        let server = Server::start(move |seen| match seen.path() {
            "/api/v4/user" => answer(200, &user(username, true)),
            _ => gitlab(seen),
        })
        .await;
        let signed_in = server.client().sign_in().await.unwrap();
        assert_eq!(signed_in.kind, kind);
        assert_eq!(signed_in.token.unwrap().kind, kind);
        assert!(signed_in.user.unwrap().bot);
    }
}

#[tokio::test]
async fn an_oauth_token_is_no_failure() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/personal_access_tokens/self"
        | "/api/v4/personal_access_tokens/self/associations" => refusal(
            400,
            "400 Bad request - This endpoint requires token type to be a personal access token",
        ),
        "/api/v4/projects" => answer(
            200,
            &json!([{"id": 1, "permissions": {"project_access": {"access_level": 40, "notification_level": 3}, "group_access": null}}]),
        ),
        _ => gitlab(seen),
    })
    .await;
    let signed_in = server.client().sign_in().await.unwrap();
    assert_eq!(signed_in.kind, TokenKind::OAuth);
    assert!(signed_in.token.is_none());
    assert_eq!(signed_in.roles.projects[&AccessLevel::MAINTAINER], 1);
}

#[tokio::test]
async fn an_old_gitlab_and_a_closed_door_for_bulk_exports() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/version" if seen.has_credentials() => {
            answer(200, &json!({"version": "15.1.0", "revision": "abc"}))
        }
        "/api/v4/metadata"
        | "/api/v4/bulk_imports"
        | "/api/v4/personal_access_tokens/self/associations" => json_not_found(),
        "/api/v4/projects" => answer(200, &json!([])),
        _ => gitlab(seen),
    })
    .await;
    let signed_in = server.client().sign_in().await.unwrap();
    assert_eq!(signed_in.instance.version.as_deref(), Some("15.1.0"));
    assert_eq!(signed_in.instance.enterprise, None);
    assert_eq!(signed_in.instance.direct_import, Some(false));
    assert_eq!(signed_in.roles.project_count(), 0);
}

#[tokio::test]
async fn dead_tokens_and_blocked_users_are_told_apart() {
    let invalid = |text: &'static str| {
        move |seen: &Seen| {
            if seen.has_credentials() {
                answer(
                    401,
                    &json!({"error": "invalid_token", "error_description": text}),
                )
            } else {
                refusal(401, "401 Unauthorized")
            }
        }
    };
    assert!(matches!(
        refused(|_| refusal(401, "401 Unauthorized")).await,
        Error::Unauthorized { .. }
    ));
    assert!(matches!(
        refused(invalid(
            "Token is expired. You can either do re-authorization or token refresh."
        ))
        .await,
        Error::TokenExpired
    ));
    assert!(matches!(
        refused(invalid(
            "Token was revoked. You have to re-authorize from the user."
        ))
        .await,
        Error::TokenRevoked
    ));
    assert!(matches!(
        refused(|_| refusal(403, "403 Forbidden - Your account has been blocked.")).await,
        Error::UserBlocked {
            reason: BlockedReason::Blocked,
            ..
        }
    ));
    assert!(matches!(
        refused(|_| (axum::http::StatusCode::FORBIDDEN, "Forbidden\n").into_response()).await,
        Error::AddressBanned { .. }
    ));
}

#[tokio::test]
async fn what_is_no_gitlab_is_found_out() {
    assert!(matches!(
        refused(|_| Html("<html><title>Example Domain</title></html>").into_response()).await,
        Error::NotGitlab { why: NotGitlabReason::WebPage { title: Some(title) }, .. }
            if title == "Example Domain"
    ));
    assert!(matches!(
        refused(|_| (axum::http::StatusCode::NOT_FOUND, Html("<html></html>")).into_response())
            .await,
        Error::NotGitlab {
            why: NotGitlabReason::NoApi,
            ..
        }
    ));
    assert!(matches!(
        refused(|_| json_not_found()).await,
        Error::NotGitlab {
            why: NotGitlabReason::NoApi,
            ..
        }
    ));
    assert!(matches!(
        refused(|_| answer(200, &json!({"hello": "world"}))).await,
        Error::NotGitlab {
            why: NotGitlabReason::ForeignJson,
            ..
        }
    ));
}

#[tokio::test]
async fn a_move_is_found_before_the_token_is_sent() {
    let other = Server::start(gitlab).await;
    let target = other.url();
    let server = Server::start(move |seen| redirect(301, &format!("{target}{}", seen.uri))).await;
    let error = server.client().sign_in().await.unwrap_err();
    assert!(matches!(&error, Error::Moved { to } if to.as_str() == other.url()));
    assert!(server.seen().iter().all(|seen| !seen.has_credentials()));
    // Another host is for the user to judge, also here.
    let error = connect(options(&server.url())).await.unwrap_err();
    assert!(matches!(error, Error::Moved { .. }));
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn without_a_token_nothing_is_asked() {
    let server = Server::start(gitlab).await;
    let mut anonymous = options(&server.url());
    anonymous.token = None;
    let error = Client::new(anonymous).unwrap().sign_in().await.unwrap_err();
    assert!(matches!(error, Error::TokenMissing { .. }));
    let mut flawed = options(&server.url());
    flawed.token = Some("glpat-abc\n".into());
    assert!(matches!(
        Client::new(flawed).unwrap_err(),
        Error::TokenMalformed { .. }
    ));
    assert!(server.seen().is_empty());
}

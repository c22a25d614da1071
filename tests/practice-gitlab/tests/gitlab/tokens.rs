//! Tokens: scopes, roles, expiry, and the exact bodies of refusals.

use practice_gitlab::{Options, Seed, TokenRequest};
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, fleet, start};

#[tokio::test]
async fn tokens_that_do_not_work_are_refused_in_gitlabs_words() {
    let gitlab = fleet(1);
    let refused = async |token: &str, path: &str| {
        let got = Client::new(&gitlab, token).get(path).await;
        (got.status, got.json())
    };
    let tokens = &gitlab.tokens;
    assert_eq!(
        refused("", "/user").await,
        (401, json!({"message": "401 Unauthorized"}))
    );
    assert_eq!(
        refused("glpat-unknown", "/version").await,
        (401, json!({"message": "401 Unauthorized"}))
    );
    assert_eq!(
        refused("glpat-unknown", "/projects").await.0,
        401,
        "a wrong token is refused even where none is needed"
    );
    assert_eq!(
        refused(&tokens.expired, "/user").await,
        (
            401,
            json!({
                "error": "invalid_token",
                "error_description": "Token is expired. You can either do re-authorization or token refresh.",
            })
        )
    );
    assert_eq!(
        refused(&tokens.revoked, "/user").await,
        (
            401,
            json!({
                "error": "invalid_token",
                "error_description": "Token was revoked. You have to re-authorize from the user.",
            })
        )
    );
    assert_eq!(
        refused(&tokens.blocked, "/user").await,
        (
            403,
            json!({"message": "403 Forbidden - Your account has been blocked."})
        )
    );
    assert_eq!(
        refused(&tokens.code_only, "/projects").await,
        (
            403,
            json!({
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": "api read_api",
            })
        )
    );
    assert_eq!(
        refused(&tokens.granular, "/user").await,
        (
            403,
            json!({
                "error": "insufficient_granular_scope",
                "error_description": "Access denied: Your fine-grained personal access token lacks the required user permissions: [Read User].",
            })
        )
    );
}

#[tokio::test]
async fn every_token_may_ask_about_itself() {
    let gitlab = fleet(1);
    for (token, scopes) in [
        (&gitlab.tokens.code_only, json!(["read_repository"])),
        (
            &gitlab.tokens.minimal,
            json!(["read_api", "read_repository"]),
        ),
        (&gitlab.tokens.read_user, json!(["read_user"])),
        (&gitlab.tokens.granular, json!(["granular"])),
    ] {
        let this = Client::new(&gitlab, token)
            .get("/personal_access_tokens/self")
            .await
            .expect(200);
        assert_eq!(this["scopes"], scopes);
        assert_eq!(this["active"], true);
        assert_eq!(this["user_id"], gitlab.users["owner"].id);
    }
    let granular = Client::new(&gitlab, &gitlab.tokens.granular);
    let this = granular
        .get("/personal_access_tokens/self")
        .await
        .expect(200);
    assert_eq!(this["granular_scopes"][0]["access"], "all_memberships");
}

#[tokio::test]
async fn writing_needs_the_scope_api() {
    let gitlab = fleet(1);
    let got = Client::new(&gitlab, &gitlab.tokens.minimal)
        .post("/projects", json!({"name": "x"}))
        .await;
    assert_eq!(got.expect(403)["scope"], "api");
    let got = Client::new(&gitlab, &gitlab.tokens.read_user)
        .get("/user")
        .await;
    assert_eq!(got.expect(200)["username"], "olivia");
    assert_eq!(
        Client::new(&gitlab, &gitlab.tokens.read_user)
            .get("/projects")
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn tokens_are_taken_from_header_bearer_and_query() {
    let gitlab = fleet(1);
    let client = Client::new(&gitlab, "");
    let token = &gitlab.tokens.owner;
    let bearer = client.request(Method::GET, "/user").bearer_auth(token);
    assert_eq!(client.send(bearer).await.status, 200);
    assert_eq!(
        client
            .get(&format!("/user?private_token={token}"))
            .await
            .status,
        200
    );
    assert_eq!(Client::new(&gitlab, token).get("/user").await.status, 200);
    let requests = gitlab.requests();
    let seen: Vec<u64> = requests.tokens.values().copied().collect();
    assert_eq!(seen, [1, 1, 1], "each place was noted once: {requests:?}");
}

#[tokio::test]
async fn private_things_do_not_exist_for_outsiders() {
    let gitlab = fleet(1);
    let outsider = Client::new(&gitlab, &gitlab.tokens.outsider);
    assert_eq!(
        outsider.get("/projects/1").await.expect(404),
        json!({"message": "404 Project Not Found"})
    );
    assert_eq!(
        outsider.get("/groups/fleet").await.expect(404),
        json!({"message": "404 Group Not Found"})
    );
    assert_eq!(outsider.get("/projects").await.expect(200), json!([]));
    let guest = Client::new(&gitlab, &gitlab.tokens.guest);
    let rename = guest.put("/projects/1", json!({"name": "Mine"})).await;
    assert_eq!(rename.expect(403), json!({"message": "403 Forbidden"}));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_told_apart() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    assert_eq!(
        owner.get("/no/such/route").await.expect(404),
        json!({"error": "404 Not Found"})
    );
    assert_eq!(
        owner.delete("/version").await.expect(405),
        json!({"error": "405 Not Allowed"})
    );
}

#[tokio::test]
async fn only_administrators_with_the_scope_may_sudo() {
    let gitlab = fleet(1);
    let admin = Client::new(&gitlab, &gitlab.tokens.admin);
    assert_eq!(
        admin.get("/user?sudo=dana").await.expect(200)["username"],
        "dana"
    );
    let nobody = admin.get("/user?sudo=nobody").await;
    assert_eq!(
        nobody.expect(404),
        json!({"message": "404 User with ID or username 'nobody' Not Found"})
    );
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let refused = owner.get("/user?sudo=dana").await;
    assert_eq!(
        refused.expect(403),
        json!({"message": "403 Forbidden - Must be admin to use sudo"})
    );
    let plain = gitlab
        .make_token(&TokenRequest::new("root", &["api"]))
        .unwrap();
    let refused = Client::new(&gitlab, &plain).get("/user?sudo=dana").await;
    assert_eq!(refused.expect(403)["scope"], "sudo");
}

#[tokio::test]
async fn a_rotated_token_replaces_the_old_one() {
    let gitlab = start(Options {
        seed: Seed::Empty,
        ..Options::default()
    });
    let token = gitlab
        .make_token(&TokenRequest::new("olivia", &["self_rotate", "read_api"]))
        .unwrap();
    let client = Client::new(&gitlab, &token);
    let rotated = client
        .post("/personal_access_tokens/self/rotate", json!({}))
        .await
        .expect(200);
    assert_eq!(
        client.get("/user").await.expect(401)["error_description"],
        "Token was revoked. You have to re-authorize from the user."
    );
    let renewed = Client::new(&gitlab, rotated["token"].as_str().unwrap());
    assert_eq!(renewed.get("/user").await.status, 200);
    let minimal = Client::new(&gitlab, &gitlab.tokens.minimal);
    assert_eq!(
        minimal
            .post("/personal_access_tokens/self/rotate", json!({}))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn bots_of_project_and_group_tokens_have_the_role_they_were_given() {
    let gitlab = fleet(2);
    let project = gitlab
        .make_project_token("fleet/ship-00001", 20, &["read_api"])
        .unwrap();
    let bot = Client::new(&gitlab, &project);
    let user = bot.get("/user").await.expect(200);
    assert_eq!(user["bot"], true);
    assert!(
        user["username"]
            .as_str()
            .unwrap()
            .starts_with("project_1_bot_")
    );
    assert_eq!(bot.get("/projects/1").await.status, 200);
    assert_eq!(bot.get("/projects/2").await.status, 404);
    let group = gitlab.make_group_token("fleet", 40, &["api"]).unwrap();
    let bot = Client::new(&gitlab, &group);
    assert_eq!(
        bot.get("/projects/2").await.expect(200)["permissions"]["group_access"]["access_level"],
        40
    );
    let listed = Client::new(&gitlab, &gitlab.tokens.owner)
        .get("/groups/fleet/access_tokens")
        .await
        .expect(200);
    assert_eq!(listed[0]["access_level"], 40);
    assert!(
        listed[0].get("token").is_none(),
        "a token's secret is shown only once"
    );
}

#[tokio::test]
async fn expiry_follows_the_clock() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    assert_eq!(owner.get("/user").await.status, 200);
    gitlab.advance_clock(jiff::SignedDuration::from_hours(24 * 301));
    assert_eq!(
        owner.get("/user").await.expect(401)["error"],
        "invalid_token"
    );
}

//! Making, changing, moving and removing groups, projects and members.

use practice_gitlab::{Cause, Deletion, Options, Seed};
use serde_json::json;

use crate::support::{Client, fleet, start};

#[tokio::test]
async fn groups_projects_and_members_are_made_changed_and_removed() {
    let gitlab = start(Options {
        seed: Seed::Empty,
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let group = owner
        .post("/groups", json!({"name": "Acme", "path": "acme"}))
        .await
        .expect(201);
    let again = owner
        .post("/groups", json!({"name": "Acme", "path": "acme"}))
        .await;
    assert_eq!(
        again.expect(400)["message"],
        "Failed to save group {:path=>[\"has already been taken\"]}"
    );
    let sub = json!({"name": "Web", "path": "web", "parent_id": group["id"]});
    let sub = owner.post("/groups", sub).await.expect(201);
    assert_eq!(sub["full_path"], "acme/web");

    let wish = json!({"name": "Shop Front", "namespace_id": sub["id"], "description": "It sells", "initialize_with_readme": true});
    let project = owner.post("/projects", wish.clone()).await.expect(201);
    assert_eq!(project["path_with_namespace"], "acme/web/shop-front");
    assert_eq!(project["default_branch"], "main");
    assert_eq!(project["empty_repo"], false);
    let taken = owner.post("/projects", wish).await;
    assert_eq!(
        taken.expect(400)["message"],
        json!({
            "project_namespace.name": ["has already been taken"],
            "name": ["has already been taken"],
            "path": ["has already been taken"],
        })
    );

    let id = project["id"].as_u64().unwrap();
    let member = json!({"user_id": gitlab.users["developer"].id, "access_level": 30});
    let added = owner
        .post(&format!("/projects/{id}/members"), member.clone())
        .await
        .expect(201);
    assert_eq!(added["username"], "dana");
    assert_eq!(
        owner
            .post(&format!("/projects/{id}/members"), member)
            .await
            .expect(409)["message"],
        "Member already exists"
    );
    assert_eq!(gitlab.notifications().mails[0].cause, Cause::MemberAdded);
    let everybody = owner.all(&format!("/projects/{id}/members/all")).await;
    assert_eq!(everybody.len(), 2, "the Owner is inherited: {everybody:?}");
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(
        developer.get(&format!("/projects/{id}")).await.expect(200)["permissions"]["project_access"]
            ["access_level"],
        30
    );
    assert_eq!(
        developer.delete(&format!("/projects/{id}")).await.status,
        403
    );
    assert_eq!(
        owner
            .delete(&format!(
                "/projects/{id}/members/{}",
                gitlab.users["developer"].id
            ))
            .await
            .status,
        204
    );
    assert_eq!(developer.get(&format!("/projects/{id}")).await.status, 404);

    assert_eq!(
        owner.delete(&format!("/projects/{id}")).await.expect(202),
        json!({"message": "202 Accepted"})
    );
    assert_eq!(owner.get(&format!("/projects/{id}")).await.status, 404);
    owner.delete("/groups/acme").await.expect(202);
    assert_eq!(owner.get("/groups/acme%2Fweb").await.status, 404);
}

#[tokio::test]
async fn a_renamed_or_moved_project_keeps_its_number_and_is_found_by_its_old_path() {
    let gitlab = fleet(2);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let renamed = owner
        .put("/projects/1", json!({"path": "flagship"}))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["id"], &renamed["path_with_namespace"]),
        (&json!(1), &json!("fleet/flagship"))
    );
    let old = owner
        .get("/projects/fleet%2Fship-00001?statistics=true")
        .await;
    assert_eq!(old.status, 301);
    assert_eq!(
        old.header("location"),
        format!("{}/api/v4/projects/1?statistics=true", gitlab.url)
    );
    assert!(
        old.text
            .starts_with("This resource has been moved permanently to ")
    );
    gitlab.create_groups("harbour/docks", "olivia").unwrap();
    let moved = owner
        .put(
            "/projects/1/transfer",
            json!({"namespace": "harbour/docks"}),
        )
        .await
        .expect(200);
    assert_eq!(moved["path_with_namespace"], "harbour/docks/flagship");
    assert_eq!(owner.get("/projects/fleet%2Fflagship").await.status, 301);
    let outsider = Client::new(&gitlab, &gitlab.tokens.outsider);
    assert_eq!(outsider.get("/projects/fleet%2Fflagship").await.status, 404);
    owner
        .put("/groups/harbour", json!({"path": "port"}))
        .await
        .expect(200);
    assert_eq!(
        owner.get("/projects/1").await.expect(200)["path_with_namespace"],
        "port/docks/flagship"
    );
}

#[tokio::test]
async fn delayed_deletion_keeps_the_path_taken() {
    let gitlab = fleet(1);
    gitlab.set_deletion(Deletion::Delayed { days: 30 });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner.delete("/projects/1").await.expect(202);
    let marked = owner.get("/projects/1").await.expect(200);
    assert!(marked["marked_for_deletion_on"].is_string());
    let taken = owner
        .post(
            "/projects",
            json!({"path": "ship-00001", "namespace_id": 10}),
        )
        .await;
    assert_eq!(taken.status, 400);
    let final_wish = json!({"permanently_remove": true, "full_path": "fleet/ship-00001"});
    let request = owner
        .request(reqwest::Method::DELETE, "/projects/1")
        .json(&final_wish);
    assert_eq!(owner.send(request).await.status, 202);
    assert_eq!(owner.get("/projects/1").await.status, 404);
}

#[tokio::test]
async fn parameters_that_are_missing_are_named() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    assert_eq!(
        owner.post("/groups", json!({})).await.expect(400),
        json!({"error": "name is missing, path is missing"})
    );
    assert_eq!(
        owner.post("/projects", json!({})).await.expect(400),
        json!({"error": "name, path are missing, at least one parameter must be provided"})
    );
    assert_eq!(
        owner.get("/projects?order_by=mood").await.expect(400),
        json!({"error": "order_by does not have a valid value"})
    );
}

#[tokio::test]
async fn activity_moves_at_most_once_an_hour_and_not_by_settings() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let activity = async || owner.get("/projects/1").await.expect(200)["last_activity_at"].clone();
    let seeded = activity().await;
    owner
        .put("/projects/1", json!({"description": "New words"}))
        .await
        .expect(200);
    assert_eq!(activity().await, seeded, "settings are no activity");
    gitlab.create_issue("fleet/ship-00001", "One").unwrap();
    let first = activity().await;
    assert_ne!(first, seeded);
    gitlab.create_issue("fleet/ship-00001", "Two").unwrap();
    assert_eq!(
        activity().await,
        first,
        "a second event in the same hour leaves no mark"
    );
    gitlab.advance_clock(jiff::SignedDuration::from_mins(61));
    gitlab.create_issue("fleet/ship-00001", "Three").unwrap();
    assert_ne!(activity().await, first);
}

#[tokio::test]
async fn a_fork_has_the_code_and_knows_its_upstream() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let fork = owner
        .post("/projects/1/fork", json!({"namespace_path": "olivia"}))
        .await
        .expect(201);
    assert_eq!(fork["forked_from_project"]["id"], 1);
    assert_eq!(fork["default_branch"], "main");
    assert_eq!(fork["owner"]["username"], "olivia");
    assert_eq!(owner.get("/projects/1").await.expect(200)["forks_count"], 1);
    assert_eq!(owner.all("/projects/1/forks").await.len(), 1);
    assert_eq!(
        owner
            .post("/projects/1/fork", json!({"namespace_path": "olivia"}))
            .await
            .status,
        409
    );
}

//! A project that was exported and imported again, compared over REST: what an
//! administrator gets back, and what everybody else does.

use practice_gitlab::{Options, Seed, Tier};
use serde_json::{Map, Value, json};

use super::furnish::{SHIP, furnish};
use super::{export, import};
use crate::support::{Client, complaint, git, repository_url, start, succeeded};

/// What must be the same before and after, with numbers that may differ taken out.
fn comparable(value: Value) -> Value {
    const OWN: [&str; 22] = [
        "id",
        "project_id",
        "web_url",
        "_links",
        "references",
        "noteable_id",
        "imported",
        "imported_from",
        "awardable_id",
        "resource_id",
        "source_project_id",
        "target_project_id",
        "merge_request_id",
        "avatar_url",
        "full",
        "subscribed",
        "user",
        "is_project_label",
        "prepared_at",
        "description_html",
        "commands_changes",
        "expired",
    ];
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .map(|(name, value)| (name, comparable(value)))
                .collect::<Map<String, Value>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(comparable).collect()),
        other => other,
    }
}

#[tokio::test]
async fn an_administrators_round_trip_loses_nothing() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        tier: Tier::Premium,
        ..Options::default()
    });
    furnish(&gitlab).await;
    let admin = Client::new(&gitlab, &gitlab.tokens.admin);
    let woken = gitlab.notifications();
    let done = import(&admin, export(&admin, 1).await, "fleet", "copy").await;
    assert_eq!(
        (&done["import_status"], &done["failed_relations"]),
        (&json!("finished"), &json!([]))
    );
    assert_eq!(gitlab.notifications(), woken, "an import wakes nobody");
    let copy = done["id"].as_u64().unwrap();
    for path in [
        "issues?with_labels_details=true&sort=asc",
        "issues/40",
        "issues/40/discussions",
        "issues/40/award_emoji",
        "issues/40/resource_state_events",
        "issues/40/resource_label_events",
        "issues/40/resource_milestone_events",
        "issues/40/time_stats",
        "merge_requests?sort=asc",
        "merge_requests/1",
        "merge_requests/1/discussions",
        "merge_requests/1/diffs",
        "merge_requests/1/reviewers",
        "merge_requests/1/approvals",
        "merge_requests/2",
        "labels",
        "milestones",
    ] {
        let before = admin.get(&format!("/projects/1/{path}")).await.expect(200);
        let after = admin
            .get(&format!("/projects/{copy}/{path}"))
            .await
            .expect(200);
        assert_eq!(comparable(before), comparable(after), "{path}");
    }
    let commits = async |id: u64| -> Vec<Value> {
        let list = admin
            .get(&format!("/projects/{id}/merge_requests/1/commits"))
            .await
            .expect(200);
        list.as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["id"].clone())
            .collect()
    };
    assert_eq!(commits(1).await, commits(copy).await);
    let project = admin.get(&format!("/projects/{copy}")).await.expect(200);
    for (name, value) in [
        ("description", "A *ship*"),
        ("squash_option", "always"),
        ("wiki_access_level", "private"),
        ("default_branch", "main"),
    ] {
        assert_eq!(project[name], value, "{name}");
    }

    let folder = tempfile::tempdir().unwrap();
    let refs = async |path: &str| {
        let url = repository_url(&gitlab, path, &gitlab.tokens.owner);
        succeeded(&git(folder.path(), &["ls-remote", &url]).await)
    };
    assert_eq!(
        refs(SHIP).await,
        refs("fleet/copy").await,
        "merge requests' refs came along"
    );
    assert_eq!(
        refs("fleet/ship-00001.wiki").await,
        refs("fleet/copy.wiki").await
    );
    let kept = succeeded(
        &git(
            &gitlab.repository("fleet/copy").unwrap(),
            &["for-each-ref", "refs/keep-around"],
        )
        .await,
    );
    assert!(!kept.is_empty(), "hidden refs came along too");
    let url = repository_url(&gitlab, "fleet/copy", &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "copy"]).await);
    let said = complaint(
        &git(
            &folder.path().join("copy"),
            &["push", "origin", "HEAD:refs/merge-requests/7/head"],
        )
        .await,
    );
    assert!(said.contains("deny updating a hidden ref"), "{said}");
}

#[tokio::test]
async fn without_an_administrator_authors_become_the_importer() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        tier: Tier::Premium,
        ..Options::default()
    });
    furnish(&gitlab).await;
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let archive = export(&owner, 1).await;
    let maintainer = Client::new(&gitlab, &gitlab.tokens.maintainer);
    let done = import(&maintainer, archive, "fleet", "copy").await;
    assert_eq!(done["failed_relations"], json!([]));
    let copy = done["id"].as_u64().unwrap();
    let issue = owner
        .get(&format!("/projects/{copy}/issues/40"))
        .await
        .expect(200);
    assert_eq!(
        (
            &issue["author"]["username"],
            &issue["created_at"],
            &issue["state"]
        ),
        (
            &json!("max"),
            &json!("2024-01-02T03:04:05.678Z"),
            &json!("closed")
        )
    );
    assert_eq!(
        issue["assignees"].as_array().unwrap().len(),
        1,
        "two strangers become one importer"
    );
    let before = owner.get("/projects/1/issues/40/discussions").await.json();
    let note = before
        .as_array()
        .unwrap()
        .iter()
        .find(|thread| thread["notes"][0]["body"] == "Where?")
        .unwrap()["notes"][0]
        .clone();
    let threads = owner
        .get(&format!("/projects/{copy}/issues/40/discussions"))
        .await
        .json();
    let bodies: Vec<&str> = threads
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|thread| thread["notes"].as_array().unwrap())
        .map(|note| note["body"].as_str().unwrap())
        .collect();
    let moment = note["updated_at"]
        .as_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap();
    assert!(
        bodies.contains(&format!("Where?\n\n *By Dana Dvorak on {moment}*").as_str()),
        "{bodies:?}"
    );
    assert!(
        bodies.iter().all(|body| body.contains("\n\n *By ")),
        "system notes as well: {bodies:?}"
    );
    let members = owner.get(&format!("/projects/{copy}/members")).await.json();
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!(
        (&members[0]["username"], &members[0]["access_level"]),
        (&json!("max"), &json!(40))
    );
}

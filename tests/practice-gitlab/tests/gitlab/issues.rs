//! Issues: labels, milestones, dates, lists, time, and what only Owners may set.

use practice_gitlab::{Options, Seed, Tier};
use serde_json::{Value, json};

use crate::support::{Client, fleet, start};

const ISSUES: &str = "/projects/1/issues";

#[tokio::test]
async fn owners_set_numbers_and_dates_and_others_are_silently_ignored() {
    let gitlab = fleet(1);
    let wish = json!({"title": "Old", "iid": 70, "created_at": "2020-02-03T04:05:06Z"});
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let issue = owner.post(ISSUES, wish.clone()).await.expect(201);
    assert_eq!(
        (&issue["iid"], &issue["created_at"]),
        (&json!(70), &json!("2020-02-03T04:05:06.000Z"))
    );
    assert_eq!(
        owner.post(ISSUES, wish).await.expect(409),
        json!({"message": "Duplicated issue"})
    );
    assert_eq!(
        owner
            .post(ISSUES, json!({"title": "Next"}))
            .await
            .expect(201)["iid"],
        71
    );

    let maintainer = Client::new(&gitlab, &gitlab.tokens.maintainer);
    let wish = json!({"title": "Newer", "iid": 90, "created_at": "2020-02-03T04:05:06Z"});
    let issue = maintainer.post(ISSUES, wish).await.expect(201);
    assert_eq!(issue["iid"], 72);
    assert_ne!(issue["created_at"], "2020-02-03T04:05:06.000Z");

    let note = json!({"body": "Once", "created_at": "2020-02-03T04:05:06Z"});
    let kept = owner
        .post("/projects/1/issues/70/notes", note.clone())
        .await
        .expect(201);
    assert_eq!(
        (&kept["created_at"], &kept["updated_at"]),
        (
            &json!("2020-02-03T04:05:06.000Z"),
            &json!("2020-02-03T04:05:06.000Z")
        )
    );
    let dropped = maintainer
        .post("/projects/1/issues/70/notes", note)
        .await
        .expect(201);
    assert_ne!(dropped["created_at"], "2020-02-03T04:05:06.000Z");
    let edited = json!({"description": "x", "updated_at": "2021-01-01T00:00:00Z"});
    assert_eq!(
        owner
            .put("/projects/1/issues/70", edited.clone())
            .await
            .expect(200)["updated_at"],
        "2021-01-01T00:00:00.000Z"
    );
    assert_ne!(
        maintainer
            .put("/projects/1/issues/70", edited)
            .await
            .expect(200)["updated_at"],
        "2021-01-01T00:00:00.000Z"
    );
}

#[tokio::test]
async fn an_issue_carries_labels_milestone_dates_and_tasks() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        tier: Tier::Premium,
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .post(
            "/groups/fleet/labels",
            json!({"name": "shared", "color": "#ff0000"}),
        )
        .await
        .expect(201);
    let label = owner
        .post(
            "/projects/1/labels",
            json!({"name": "bug", "color": "crimson", "priority": 3}),
        )
        .await
        .expect(201);
    assert_eq!(
        (
            &label["color"],
            &label["priority"],
            &label["is_project_label"]
        ),
        (&json!("#DC143C"), &json!(3), &json!(true))
    );
    assert_eq!(
        owner
            .post(
                "/projects/1/labels",
                json!({"name": "bug", "color": "#123"})
            )
            .await
            .expect(409)["message"],
        "Label already exists"
    );
    let milestone = owner
        .post(
            "/projects/1/milestones",
            json!({"title": "1.0", "due_date": "2024-01-31"}),
        )
        .await
        .expect(201);
    assert_eq!(milestone["expired"], true);
    let wish = json!({
        "title": "Everything", "description": "- [x] one\n- [ ] two", "labels": "bug,shared,brand new",
        "milestone_id": milestone["id"], "assignee_ids": [gitlab.users["developer"].id, gitlab.users["guest"].id],
        "due_date": "2026-12-24", "weight": 5, "issue_type": "incident", "confidential": true,
    });
    let issue = owner.post(ISSUES, wish).await.expect(201);
    assert_eq!(issue["labels"], json!(["brand new", "bug", "shared"]));
    assert_eq!(issue["milestone"]["title"], "1.0");
    assert_eq!(issue["assignees"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&issue["due_date"], &issue["weight"]),
        (&json!("2026-12-24"), &json!(5))
    );
    assert_eq!(
        (&issue["type"], &issue["issue_type"]),
        (&json!("INCIDENT"), &json!("incident"))
    );
    assert_eq!(
        issue["task_completion_status"],
        json!({"count": 2, "completed_count": 1})
    );
    assert_eq!(issue["task_status"], "1 of 2 checklist items completed");
    assert_eq!(
        issue["references"]["full"],
        format!("fleet/ship-00001#{}", issue["iid"])
    );

    let iid = &issue["iid"];
    let listed = owner
        .get(&format!("{ISSUES}?iids[]={iid}&with_labels_details=true"))
        .await
        .expect(200);
    assert_eq!(listed[0]["labels"][1]["color"], "#DC143C");
    let events = owner
        .get(&format!("{ISSUES}/{iid}/resource_label_events"))
        .await
        .expect(200);
    assert_eq!(events.as_array().unwrap().len(), 3);
    owner
        .put(
            &format!("{ISSUES}/{iid}"),
            json!({"remove_labels": "bug", "milestone_id": 0, "state_event": "close"}),
        )
        .await
        .expect(200);
    let closed = owner.get(&format!("{ISSUES}/{iid}")).await.expect(200);
    assert_eq!(
        (
            &closed["state"],
            &closed["milestone"],
            &closed["closed_by"]["username"]
        ),
        (&json!("closed"), &Value::Null, &json!("olivia"))
    );
    let states = owner
        .get(&format!("{ISSUES}/{iid}/resource_state_events"))
        .await
        .expect(200);
    assert_eq!(states[0]["state"], "closed");
    let milestones = owner
        .get(&format!("{ISSUES}/{iid}/resource_milestone_events"))
        .await
        .expect(200);
    assert_eq!(
        (
            &milestones[0]["action"],
            &milestones[0]["milestone"]["title"]
        ),
        (&json!("remove"), &json!("1.0"))
    );
}

#[tokio::test]
async fn the_free_tier_has_one_assignee_no_weight_and_no_blocking() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let wish = json!({"title": "t", "weight": 4, "assignee_ids": [gitlab.users["developer"].id, gitlab.users["guest"].id]});
    let issue = owner.post(ISSUES, wish).await.expect(201);
    assert_eq!(issue["weight"], Value::Null);
    assert_eq!(issue["assignees"].as_array().unwrap().len(), 1);
    let other = owner.post(ISSUES, json!({"title": "u"})).await.expect(201);
    let link =
        json!({"target_project_id": 1, "target_issue_iid": other["iid"], "link_type": "blocks"});
    let refused = owner
        .post(&format!("{ISSUES}/{}/links", issue["iid"]), link)
        .await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn confidential_issues_and_internal_notes_are_for_planners_and_above() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let secret = owner
        .post(ISSUES, json!({"title": "Secret", "confidential": true}))
        .await
        .expect(201);
    let guest = Client::new(&gitlab, &gitlab.tokens.guest);
    let planner = Client::new(&gitlab, &gitlab.tokens.planner);
    let path = format!("{ISSUES}/{}", secret["iid"]);
    assert_eq!(
        guest.get(&path).await.expect(404),
        json!({"message": "404 Not found"})
    );
    assert_eq!(planner.get(&path).await.status, 200);
    let count = async |client: &Client| client.get(ISSUES).await.header("x-total").to_owned();
    assert_ne!(count(&guest).await, count(&planner).await);

    let open = format!("{ISSUES}/1/notes");
    owner
        .post(&open, json!({"body": "for us", "internal": true}))
        .await
        .expect(201);
    owner
        .post(&open, json!({"body": "for all"}))
        .await
        .expect(201);
    let page = guest
        .get(&format!("{open}?per_page=2&sort=asc&page=1"))
        .await;
    assert_eq!(
        page.header("x-total"),
        "3",
        "what may not be read is counted"
    );
    assert_eq!(
        page.json().as_array().unwrap().len(),
        1,
        "but dropped from the page"
    );
    assert_eq!(page.header("x-next-page"), "2");
    assert_eq!(
        guest
            .post(&open, json!({"body": "x", "internal": true}))
            .await
            .status,
        403
    );
    assert_eq!(planner.get(&open).await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_paged_by_cursor() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    for number in 0..25 {
        gitlab.advance_clock(jiff::SignedDuration::from_secs(2));
        owner.post(ISSUES, json!({"title": format!("Issue {number}"), "labels": if number % 2 == 0 { "even" } else { "odd" }})).await.expect(201);
    }
    let titles = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|issue| issue["title"].as_str().unwrap().to_owned())
            .collect()
    };
    let middle = owner.get(&format!("{ISSUES}?search=Issue 12")).await.json()[0]["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let since = owner
        .get(&format!(
            "{ISSUES}?updated_after={middle}&order_by=updated_at&sort=asc&per_page=100"
        ))
        .await
        .expect(200);
    assert_eq!(
        titles(&since).first().map(String::as_str),
        Some("Issue 12"),
        "at or after"
    );
    assert_eq!(titles(&since).len(), 13);
    assert_eq!(
        owner
            .get(&format!("{ISSUES}?labels=even&state=opened"))
            .await
            .header("x-total"),
        "13"
    );
    assert_eq!(
        owner
            .get(&format!("{ISSUES}?labels=None"))
            .await
            .header("x-total"),
        "1"
    );
    assert_eq!(
        owner.get(&format!("{ISSUES}?state=ajar")).await.expect(400),
        json!({"error": "state does not have a valid value"})
    );
    let keyset = format!("{ISSUES}?pagination=keyset&order_by=updated_at&sort=asc&per_page=10");
    let all = owner.all(&keyset).await;
    assert_eq!(all.len(), 27);
    assert!(
        owner
            .get(&keyset)
            .await
            .headers
            .get("x-next-cursor")
            .is_some()
    );
}

#[tokio::test]
async fn time_is_tracked() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .post(
            &format!("{ISSUES}/1/time_estimate"),
            json!({"duration": "1w"}),
        )
        .await
        .expect(200);
    owner
        .post(
            &format!("{ISSUES}/1/add_spent_time"),
            json!({"duration": "1h30m", "summary": "work"}),
        )
        .await
        .expect(201);
    assert_eq!(
        owner
            .get(&format!("{ISSUES}/1/time_stats"))
            .await
            .expect(200),
        json!({"time_estimate": 144_000, "total_time_spent": 5400, "human_time_estimate": "1w", "human_total_time_spent": "1h 30m"})
    );
}

//! Issues with everything that hangs on them: labels, milestones, threads,
//! reactions, links, events, quick actions, and what only Owners may set.

mod support;

use practice_gitlab::{Cause, Options, Seed, Tier};
use serde_json::{Value, json};
use support::{Client, fleet, start};

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
async fn threads_are_begun_answered_and_edited() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let threads = format!("{ISSUES}/1/discussions");
    let thread = owner
        .post(&threads, json!({"body": "First"}))
        .await
        .expect(201);
    assert_eq!(thread["individual_note"], false);
    let id = thread["id"].as_str().unwrap();
    assert_eq!(id.len(), 40);
    let answer = owner
        .post(&format!("{threads}/{id}/notes"), json!({"body": "Second"}))
        .await
        .expect(201);
    assert_eq!(
        (&answer["type"], &answer["resolvable"]),
        (&json!("DiscussionNote"), &json!(false))
    );
    let single = owner
        .post(&format!("{ISSUES}/1/notes"), json!({"body": "Alone"}))
        .await
        .expect(201);
    assert_eq!(single["type"], Value::Null);
    let all = owner.all(&threads).await;
    let bodies: Vec<Vec<&str>> = all
        .iter()
        .map(|thread| {
            thread["notes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|note| note["body"].as_str().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(
        bodies,
        [vec!["On it."], vec!["First", "Second"], vec!["Alone"]]
    );

    let alone = all[2]["id"].as_str().unwrap();
    owner
        .post(
            &format!("{threads}/{alone}/notes"),
            json!({"body": "No longer"}),
        )
        .await
        .expect(201);
    let thread = owner.get(&format!("{threads}/{alone}")).await.expect(200);
    assert_eq!(
        thread["individual_note"], false,
        "an answered comment becomes a thread"
    );
    let note = &answer["id"];
    let edited = owner
        .put(
            &format!("{threads}/{id}/notes/{note}"),
            json!({"body": "Better"}),
        )
        .await
        .expect(200);
    assert_eq!(edited["body"], "Better");
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(
        developer
            .put(&format!("{ISSUES}/1/notes/{note}"), json!({"body": "Mine"}))
            .await
            .status,
        403
    );
    assert_eq!(
        owner
            .delete(&format!("{ISSUES}/1/notes/{note}"))
            .await
            .status,
        204
    );
    assert_eq!(
        owner
            .get(&format!("{ISSUES}/1/notes/{note}"))
            .await
            .expect(404),
        json!({"message": "404 Note Not Found"})
    );
}

#[tokio::test]
async fn issues_are_linked_and_reacted_to() {
    let gitlab = fleet(2);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let link = json!({"target_project_id": 2, "target_issue_iid": 1});
    let made = owner
        .post(&format!("{ISSUES}/1/links"), link.clone())
        .await
        .expect(201);
    assert_eq!(
        (
            &made["source_issue"]["project_id"],
            &made["target_issue"]["project_id"]
        ),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        owner.post(&format!("{ISSUES}/1/links"), link).await.status,
        409
    );
    let back = owner.get("/projects/2/issues/1/links").await.expect(200);
    assert_eq!(
        (&back[0]["project_id"], &back[0]["link_type"]),
        (&json!(1), &json!("relates_to"))
    );
    let id = &back[0]["issue_link_id"];
    assert_eq!(
        owner.delete(&format!("{ISSUES}/1/links/{id}")).await.status,
        200
    );
    assert_eq!(
        owner.get("/projects/2/issues/1/links").await.expect(200),
        json!([])
    );

    let award = owner
        .post(
            &format!("{ISSUES}/1/award_emoji"),
            json!({"name": "thumbsup"}),
        )
        .await
        .expect(201);
    assert_eq!(
        (&award["awardable_type"], &award["user"]["username"]),
        (&json!("Issue"), &json!("olivia"))
    );
    let twice = owner
        .post(
            &format!("{ISSUES}/1/award_emoji"),
            json!({"name": "thumbsup"}),
        )
        .await;
    assert_eq!(
        twice.expect(404)["message"],
        "404 Award Emoji Name has already been taken Not Found"
    );
    assert_eq!(
        owner.get(&format!("{ISSUES}/1")).await.expect(200)["upvotes"],
        1
    );
    let note = owner.get(&format!("{ISSUES}/1/notes")).await.json()[0]["id"].clone();
    let on_note = format!("{ISSUES}/1/notes/{note}/award_emoji");
    assert_eq!(
        owner
            .post(&on_note, json!({"name": "rocket"}))
            .await
            .expect(201)["awardable_type"],
        "Note"
    );
    assert_eq!(owner.get(&on_note).await.expect(200)[0]["name"], "rocket");
    assert_eq!(
        owner
            .delete(&format!("{ISSUES}/1/award_emoji/{}", award["id"]))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn quick_actions_in_texts_sent_by_rest_are_carried_out() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let wish = json!({"title": "t", "description": "Look\n/label ~urgent\n/assign @dana"});
    let issue = owner.post(ISSUES, wish).await.expect(201);
    assert_eq!(
        (&issue["description"], &issue["labels"]),
        (&json!("Look"), &json!(["urgent"]))
    );
    assert_eq!(issue["assignee"]["username"], "dana");
    let notes = format!("{ISSUES}/{}/notes", issue["iid"]);
    let before = owner.get(&notes).await.header("x-total").to_owned();
    let commands = owner
        .post(&notes, json!({"body": "/close\n/title Closed now"}))
        .await
        .expect(202);
    assert_eq!(
        commands["commands_changes"],
        json!({"state_event": "close", "title": "Closed now"})
    );
    assert!(commands["summary"].is_array());
    let closed = owner
        .get(&format!("{ISSUES}/{}", issue["iid"]))
        .await
        .expect(200);
    assert_eq!(
        (&closed["state"], &closed["title"]),
        (&json!("closed"), &json!("Closed now"))
    );
    let after = owner
        .get(&format!("{notes}?activity_filter=only_comments"))
        .await;
    assert_eq!(
        (before.as_str(), after.header("x-total")),
        ("1", "0"),
        "a note of commands alone is not stored"
    );
    let quoted = owner
        .post(&notes, json!({"body": "```\n/reopen\n```"}))
        .await
        .expect(201);
    assert_eq!(quoted["body"], "```\n/reopen\n```");
    assert_eq!(
        owner
            .get(&format!("{ISSUES}/{}", issue["iid"]))
            .await
            .expect(200)["state"],
        "closed"
    );
}

#[tokio::test]
async fn rest_wakes_people_up() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let wish = json!({"title": "t", "description": "ping @petra", "assignee_id": gitlab.users["developer"].id});
    let issue = owner.post(ISSUES, wish).await.expect(201);
    let mut causes: Vec<(Cause, String)> = gitlab
        .notifications()
        .into_iter()
        .map(|mail| (mail.cause, mail.to))
        .collect();
    causes.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(
        causes,
        [
            (Cause::Opened, "dana".into()),
            (Cause::Opened, "max".into()),
            (Cause::Mention, "petra".into()),
        ]
    );
    let count = gitlab.notifications().len();
    owner
        .post(
            &format!("{ISSUES}/{}/notes", issue["iid"]),
            json!({"body": "hello"}),
        )
        .await
        .expect(201);
    assert!(gitlab.notifications().len() > count);
    let seen = owner
        .practice(reqwest::Method::GET, "notifications", None)
        .await
        .expect(200);
    assert_eq!(seen.as_array().unwrap().len(), gitlab.notifications().len());
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
async fn locked_discussions_are_for_members() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .put("/groups/fleet", json!({"visibility": "public"}))
        .await
        .expect(200);
    owner
        .put("/projects/1", json!({"visibility": "public"}))
        .await
        .expect(200);
    let outsider = Client::new(&gitlab, &gitlab.tokens.outsider);
    let notes = format!("{ISSUES}/1/notes");
    assert_eq!(
        outsider.post(&notes, json!({"body": "hi"})).await.status,
        201
    );
    owner
        .put(&format!("{ISSUES}/1"), json!({"discussion_locked": true}))
        .await
        .expect(200);
    assert_eq!(
        outsider.post(&notes, json!({"body": "hi"})).await.status,
        403
    );
    assert_eq!(
        Client::new(&gitlab, &gitlab.tokens.guest)
            .post(&notes, json!({"body": "hi"}))
            .await
            .status,
        201
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

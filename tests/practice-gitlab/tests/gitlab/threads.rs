//! What is said at issues: threads, reactions, links between issues, quick
//! actions, and whom all that wakes up.

use practice_gitlab::Cause;
use serde_json::{Value, json};

use crate::support::{Client, fleet};

const ISSUES: &str = "/projects/1/issues";

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
    let woken = gitlab.notifications();
    let mut causes: Vec<(Cause, &str)> = woken
        .mails
        .iter()
        .map(|mail| (mail.cause, mail.to.as_str()))
        .collect();
    causes.sort_by_key(|(_, to)| *to);
    assert_eq!(
        causes,
        [
            (Cause::Opened, "dana"),
            (Cause::Opened, "max"),
            (Cause::Mention, "petra")
        ]
    );
    let notes = format!("{ISSUES}/{}/notes", issue["iid"]);
    owner
        .post(&notes, json!({"body": "hello"}))
        .await
        .expect(201);
    owner
        .post(&notes, json!({"body": "/label ~task\n/close"}))
        .await
        .expect(202);
    let woken = gitlab.notifications();
    let occasions: Vec<(Cause, u64)> = woken.occasions.clone().into_iter().collect();
    assert_eq!(
        occasions,
        [
            (Cause::Opened, 1),
            (Cause::StateChanged, 1),
            (Cause::Note, 1),
            (Cause::Mention, 1),
            (Cause::QuickAction, 2),
        ]
    );
    let seen = owner
        .practice(reqwest::Method::GET, "notifications", None)
        .await
        .expect(200);
    assert_eq!(seen["occasions"]["quick_action"], 2);
    assert_eq!(seen["mails"].as_array().unwrap().len(), woken.mails.len());
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

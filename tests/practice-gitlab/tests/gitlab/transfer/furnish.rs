//! A project with something of everything that an archive carries.

use practice_gitlab::Running;
use serde_json::json;

use crate::support::{Client, git, repository_url, succeeded};

/// The project.
pub const SHIP: &str = "fleet/ship-00001";

/// A project with everything that this server knows.
pub async fn furnish(gitlab: &Running) {
    let owner = Client::new(gitlab, &gitlab.tokens.owner);
    let developer = Client::new(gitlab, &gitlab.tokens.developer);
    owner.put("/projects/1", json!({"description": "A *ship*", "squash_option": "always", "topics": ["sea"], "wiki_access_level": "private"})).await.expect(200);
    owner
        .post(
            "/groups/fleet/labels",
            json!({"name": "shared", "color": "#00ff00"}),
        )
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/labels",
            json!({"name": "bug", "color": "#ff0000", "description": "Broken", "priority": 2}),
        )
        .await
        .expect(201);
    let milestone = json!({"title": "1.0", "due_date": "2025-05-01", "start_date": "2025-04-01", "description": "First"});
    let milestone = owner
        .post("/projects/1/milestones", milestone)
        .await
        .expect(201);
    let issue = json!({
        "title": "Leak", "description": "Water\n- [x] pump", "labels": "bug,shared", "milestone_id": milestone["id"],
        "assignee_ids": [gitlab.users["developer"].id, gitlab.users["maintainer"].id], "confidential": true,
        "issue_type": "incident", "due_date": "2025-06-07", "weight": 3, "iid": 40, "created_at": "2024-01-02T03:04:05.678Z",
    });
    owner.post("/projects/1/issues", issue).await.expect(201);
    let thread = developer
        .post(
            "/projects/1/issues/40/discussions",
            json!({"body": "Where?"}),
        )
        .await
        .expect(201);
    let reply = format!(
        "/projects/1/issues/40/discussions/{}/notes",
        thread["id"].as_str().unwrap()
    );
    let note = owner
        .post(&reply, json!({"body": "Below"}))
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/issues/40/notes",
            json!({"body": "Quiet", "internal": true}),
        )
        .await
        .expect(201);
    owner
        .post(
            &format!("/projects/1/issues/40/notes/{}/award_emoji", note["id"]),
            json!({"name": "eyes"}),
        )
        .await
        .expect(201);
    developer
        .post(
            "/projects/1/issues/40/award_emoji",
            json!({"name": "thumbsup"}),
        )
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/issues/40/add_spent_time",
            json!({"duration": "2h"}),
        )
        .await
        .expect(201);
    owner
        .put(
            "/projects/1/issues/40",
            json!({"title": "Big leak", "state_event": "close", "discussion_locked": true}),
        )
        .await
        .expect(200);

    gitlab
        .push_commit(SHIP, "topic", &[("pump.txt", "one\ntwo\n")])
        .unwrap();
    let wish = json!({"source_branch": "topic", "target_branch": "main", "title": "Pump", "description": "Closes #1", "labels": "bug", "reviewer_ids": [gitlab.users["maintainer"].id]});
    let request = owner
        .post("/projects/1/merge_requests", wish)
        .await
        .expect(201);
    let mut position = request["diff_refs"].clone();
    for (name, value) in [
        ("position_type", json!("text")),
        ("new_path", json!("pump.txt")),
        ("old_path", json!("pump.txt")),
        ("new_line", json!(1)),
    ] {
        position[name] = value;
    }
    let thread = developer
        .post(
            "/projects/1/merge_requests/1/discussions",
            json!({"body": "Why one?", "position": position}),
        )
        .await
        .expect(201);
    owner
        .put(
            &format!(
                "/projects/1/merge_requests/1/discussions/{}",
                thread["id"].as_str().unwrap()
            ),
            json!({"resolved": true}),
        )
        .await
        .expect(200);
    developer
        .post("/projects/1/merge_requests/1/approve", json!({}))
        .await
        .expect(201);
    owner
        .put("/projects/1/merge_requests/1/merge", json!({}))
        .await
        .expect(200);
    gitlab
        .push_commit(SHIP, "second", &[("sail.txt", "white\n")])
        .unwrap();
    let wish = json!({"source_branch": "second", "target_branch": "main", "title": "Draft: Sail"});
    owner
        .post("/projects/1/merge_requests", wish)
        .await
        .expect(201);
    owner
        .put(
            "/projects/1/merge_requests/2",
            json!({"state_event": "close"}),
        )
        .await
        .expect(200);
    let wiki = tempfile::tempdir().unwrap();
    succeeded(&git(wiki.path(), &["init", "--quiet", "-b", "main"]).await);
    succeeded(
        &git(
            wiki.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "home"],
        )
        .await,
    );
    let url = repository_url(gitlab, "fleet/ship-00001.wiki", &gitlab.tokens.owner);
    succeeded(&git(wiki.path(), &["push", "--quiet", &url, "main"]).await);
}

//! A project with a bit of everything, made over REST by several people.
use labkeep_gitlab::{Client, Error};
use practice_gitlab::Running;
use serde_json::{Value, json};

use crate::client;

/// What was made.
pub struct Furnished {
    pub project: u64,
    pub issue: u64,
    pub merge_request: u64,
}

async fn say(client: &Client, path: &str, body: Value) -> Result<Value, Error> {
    client.post(path, &body).await
}

/// Fills the first project of `many:N`.
pub async fn furnish(gitlab: &Running) -> Furnished {
    let (project, path) = gitlab.projects().swap_remove(0);
    let owner = client(gitlab, &gitlab.tokens.owner);
    let developer = client(gitlab, &gitlab.tokens.developer);
    gitlab
        .set_role(&gitlab.users["developer"].username, &path, 30)
        .unwrap();
    let issue = issue(gitlab, &owner, &developer, project).await.unwrap();
    let merge_request = merge_request(gitlab, &owner, &developer, project, &path)
        .await
        .unwrap();
    Furnished {
        project,
        issue,
        merge_request,
    }
}

async fn issue(
    gitlab: &Running,
    owner: &Client,
    developer: &Client,
    project: u64,
) -> Result<u64, Error> {
    let base = format!("projects/{project}");
    say(
        owner,
        &format!("{base}/labels"),
        json!({"name": "bug", "color": "#ff0000", "description": "Broken", "priority": 1}),
    )
    .await?;
    say(
        owner,
        "groups/fleet/labels",
        json!({"name": "team", "color": "#00ff00"}),
    )
    .await?;
    let milestone = say(
        owner,
        &format!("{base}/milestones"),
        json!({"title": "v1", "due_date": "2026-12-01", "description": "First"}),
    )
    .await?;
    let made = say(
        developer,
        &format!("{base}/issues"),
        json!({
            "title": "It breaks", "description": "Every\n\nday", "labels": "bug,team",
            "milestone_id": milestone["id"], "due_date": "2026-11-01",
            "assignee_ids": [gitlab.users["developer"].id], "issue_type": "incident"
        }),
    )
    .await?;
    let iid = made["iid"].as_u64().unwrap();
    let issue = format!("{base}/issues/{iid}");
    let thread = say(
        owner,
        &format!("{issue}/discussions"),
        json!({"body": "Why?"}),
    )
    .await?;
    let (thread, note) = (thread["id"].as_str().unwrap(), &thread["notes"][0]["id"]);
    say(
        developer,
        &format!("{issue}/discussions/{thread}/notes"),
        json!({"body": "Because."}),
    )
    .await?;
    say(
        developer,
        &format!("{issue}/notes"),
        json!({"body": "A single comment"}),
    )
    .await?;
    say(
        owner,
        &format!("{issue}/notes"),
        json!({"body": "Between us", "internal": true}),
    )
    .await?;
    say(
        developer,
        &format!("{issue}/notes/{note}/award_emoji"),
        json!({"name": "thumbsup"}),
    )
    .await?;
    say(
        owner,
        &format!("{issue}/award_emoji"),
        json!({"name": "eyes"}),
    )
    .await?;
    say(
        owner,
        &format!("{issue}/time_estimate"),
        json!({"duration": "2h"}),
    )
    .await?;
    let _: Value = owner.put(&issue, &json!({"state_event": "close"})).await?;
    let _: Value = owner
        .put(
            &issue,
            &json!({"state_event": "reopen", "remove_labels": "bug"}),
        )
        .await?;
    let _: Value = owner
        .put(
            &issue,
            &json!({"title": "It still breaks", "milestone_id": 0}),
        )
        .await?;
    let _: Value = owner.put(&issue, &json!({"state_event": "close"})).await?;
    Ok(iid)
}

async fn merge_request(
    gitlab: &Running,
    owner: &Client,
    developer: &Client,
    project: u64,
    path: &str,
) -> Result<u64, Error> {
    gitlab
        .push_commit(path, "mend", &[("mended.txt", "one\ntwo\n")])
        .unwrap();
    gitlab
        .push_commit(path, "mend", &[("mended.txt", "one\ntwo\nthree\n")])
        .unwrap();
    let base = format!("projects/{project}/merge_requests");
    let made = say(
        developer,
        &base,
        json!({
            "title": "Mend it", "source_branch": "mend", "target_branch": "main",
            "labels": "bug", "reviewer_ids": [gitlab.users["owner"].id],
            "assignee_ids": [gitlab.users["developer"].id], "remove_source_branch": true
        }),
    )
    .await?;
    let iid = made["iid"].as_u64().unwrap();
    let request = format!("{base}/{iid}");
    let refs: Value = owner.get(&request, &[]).await?;
    let refs = &refs["diff_refs"];
    let position = json!({
        "position_type": "text", "base_sha": refs["base_sha"], "start_sha": refs["start_sha"],
        "head_sha": refs["head_sha"], "old_path": "mended.txt", "new_path": "mended.txt",
        "new_line": 2
    });
    let thread = say(
        owner,
        &format!("{request}/discussions"),
        json!({"body": "Why two?", "position": position}),
    )
    .await?;
    let thread = thread["id"].as_str().unwrap().to_owned();
    say(
        developer,
        &format!("{request}/discussions/{thread}/notes"),
        json!({"body": "It is."}),
    )
    .await?;
    let resolve = format!("{request}/discussions/{thread}");
    let _: Value = owner.put(&resolve, &json!({"resolved": true})).await?;
    say(owner, &format!("{request}/approve"), json!({})).await?;
    say(
        developer,
        &format!("{request}/award_emoji"),
        json!({"name": "rocket"}),
    )
    .await?;
    let _: Value = owner.put(&format!("{request}/merge"), &json!({})).await?;
    Ok(iid)
}

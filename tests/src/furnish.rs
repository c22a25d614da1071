//! A project with a bit of everything, made over REST and git by several
//! people, as users would.

use anyhow::{Context, Result};
use labkeep_engine::kind::Item;
use labkeep_gitlab::Client;
use serde_json::{Value, json};

use crate::git::{address, git};
use crate::world::World;

/// What was made.
#[derive(Clone, Debug)]
pub struct Furnished {
    /// The project.
    pub project: u64,
    /// Its path.
    pub path: String,
    /// The group that it lies in.
    pub group: u64,
    /// An issue with threads, emoji, events, labels and a milestone; closed.
    pub issue: u64,
    /// A confidential issue, linked to the first one.
    pub secret: u64,
    /// A merged request with a review.
    pub merged: u64,
    /// An open one.
    pub open: u64,
}

impl Furnished {
    /// The project as an item.
    pub const fn item(&self) -> Item {
        Item::project(self.project)
    }

    /// The group as an item.
    pub const fn group(&self) -> Item {
        Item::group(self.group)
    }
}

/// Furnishes the first project of `many:N`.
pub async fn furnish(world: &World) -> Result<Furnished> {
    let gitlab = &world.gitlab;
    let (project, path) = gitlab.projects().swap_remove(0);
    let owner = world.client(&gitlab.tokens.owner)?;
    let developer = world.client(&gitlab.tokens.developer)?;
    let base = format!("projects/{project}");
    gitlab.set_role(&gitlab.users["developer"].username, &path, 30)?;

    post(
        &owner,
        &format!("{base}/labels"),
        json!({"name": "bug", "color": "#ff0000", "description": "Broken", "priority": 1}),
    )
    .await?;
    let label = json!({"name": "team", "color": "#00ff00"});
    post(&owner, "groups/fleet/labels", label).await?;
    let milestone = json!({"title": "v1", "due_date": "2026-12-01", "description": "First"});
    let milestone = post(&owner, &format!("{base}/milestones"), milestone).await?;
    let shared = json!({"title": "Autumn", "start_date": "2026-09-01"});
    post(&owner, "groups/fleet/milestones", shared).await?;

    let issue = issue(world, &owner, &developer, &base, &milestone["id"]).await?;
    let secret = json!({"title": "Not for all", "description": "Hush", "confidential": true});
    let secret = number(&post(&owner, &format!("{base}/issues"), secret).await?)?;
    let link = json!({"target_project_id": project, "target_issue_iid": issue});
    post(&owner, &format!("{base}/issues/{secret}/links"), link).await?;

    let merged = merged(world, &owner, &developer, project, &path).await?;
    let open = open(world, &developer, project, &path).await?;
    push(world, &path)?;
    write_wiki(world, &path, "home", "Welcome")?;
    let group: Value = owner.get("groups/fleet", &[]).await?;
    Ok(Furnished {
        project,
        path,
        group: group["id"].as_u64().context("a group has a number")?,
        issue,
        secret,
        merged,
        open,
    })
}

/// Sends a POST and gives what was made.
pub async fn post(client: &Client, path: &str, body: Value) -> Result<Value> {
    client
        .post(path, &body)
        .await
        .with_context(|| format!("POST {path}"))
}

/// Sends a PUT and gives what became of it.
pub async fn put(client: &Client, path: &str, body: Value) -> Result<Value> {
    client
        .put(path, &body)
        .await
        .with_context(|| format!("PUT {path}"))
}

fn number(made: &Value) -> Result<u64> {
    made["iid"].as_u64().context("what was made has a number")
}

async fn issue(
    world: &World,
    owner: &Client,
    developer: &Client,
    base: &str,
    milestone: &Value,
) -> Result<u64> {
    let made = post(
        developer,
        &format!("{base}/issues"),
        json!({
            "title": "It breaks", "description": "Every\n\nday, says @olivia", "labels": "bug,team",
            "milestone_id": milestone, "due_date": "2026-11-01",
            "assignee_ids": [world.gitlab.users["developer"].id], "issue_type": "incident"
        }),
    )
    .await?;
    let iid = number(&made)?;
    let issue = format!("{base}/issues/{iid}");
    let thread = json!({"body": "Why?"});
    let thread = post(owner, &format!("{issue}/discussions"), thread).await?;
    let note = thread["notes"][0]["id"].clone();
    let thread = thread["id"].as_str().context("a thread has an ID")?;
    let answers = format!("{issue}/discussions/{thread}/notes");
    post(developer, &answers, json!({"body": "Because."})).await?;
    let notes = format!("{issue}/notes");
    post(developer, &notes, json!({"body": "A single comment"})).await?;
    post(
        owner,
        &notes,
        json!({"body": "Between us", "internal": true}),
    )
    .await?;
    let emoji = format!("{notes}/{note}/award_emoji");
    post(developer, &emoji, json!({"name": "thumbsup"})).await?;
    let emoji = format!("{issue}/award_emoji");
    post(owner, &emoji, json!({"name": "eyes"})).await?;
    let estimate = format!("{issue}/time_estimate");
    post(owner, &estimate, json!({"duration": "2h"})).await?;
    put(owner, &issue, json!({"state_event": "close"})).await?;
    let reopened = json!({"state_event": "reopen", "remove_labels": "bug"});
    put(owner, &issue, reopened).await?;
    put(owner, &issue, json!({"title": "It still breaks"})).await?;
    put(
        owner,
        &issue,
        json!({"add_labels": "bug", "state_event": "close"}),
    )
    .await?;
    Ok(iid)
}

async fn merged(
    world: &World,
    owner: &Client,
    developer: &Client,
    project: u64,
    path: &str,
) -> Result<u64> {
    let gitlab = &world.gitlab;
    gitlab.push_commit(path, "mend", &[("mended.txt", "one\ntwo\n")])?;
    gitlab.push_commit(path, "mend", &[("mended.txt", "one\ntwo\nthree\n")])?;
    let base = format!("projects/{project}/merge_requests");
    let made = post(
        developer,
        &base,
        json!({
            "title": "Mend it", "source_branch": "mend", "target_branch": "main",
            "description": "As asked", "labels": "bug",
            "reviewer_ids": [gitlab.users["owner"].id],
            "assignee_ids": [gitlab.users["developer"].id], "remove_source_branch": true
        }),
    )
    .await?;
    let iid = number(&made)?;
    let request = format!("{base}/{iid}");
    let shown: Value = owner.get(&request, &[]).await?;
    let refs = &shown["diff_refs"];
    let position = json!({
        "position_type": "text", "base_sha": refs["base_sha"], "start_sha": refs["start_sha"],
        "head_sha": refs["head_sha"], "old_path": "mended.txt", "new_path": "mended.txt",
        "new_line": 2
    });
    let thread = json!({"body": "Why two?", "position": position});
    let thread = post(owner, &format!("{request}/discussions"), thread).await?;
    let thread = thread["id"].as_str().context("a thread has an ID")?;
    let thread = format!("{request}/discussions/{thread}");
    post(
        developer,
        &format!("{thread}/notes"),
        json!({"body": "It is."}),
    )
    .await?;
    put(owner, &thread, json!({"resolved": true})).await?;
    post(owner, &format!("{request}/approve"), json!({})).await?;
    let emoji = format!("{request}/award_emoji");
    post(developer, &emoji, json!({"name": "rocket"})).await?;
    put(owner, &format!("{request}/merge"), json!({})).await?;
    Ok(iid)
}

async fn open(world: &World, developer: &Client, project: u64, path: &str) -> Result<u64> {
    world
        .gitlab
        .push_commit(path, "idea", &[("idea.txt", "perhaps\n")])?;
    let request = json!({"title": "An idea", "source_branch": "idea", "target_branch": "main"});
    let base = format!("projects/{project}/merge_requests");
    number(&post(developer, &base, request).await?)
}

/// Pushes two tags, one of them annotated, and a note.
fn push(world: &World, path: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clone = clone(world, path, folder.path())?;
    git(&clone, &["tag", "light"])?;
    git(&clone, &["tag", "-a", "-m", "The first", "v1.0"])?;
    git(&clone, &["notes", "add", "-m", "noted", "HEAD"])?;
    git(
        &clone,
        &["push", "-q", "origin", "--tags", "refs/notes/commits"],
    )?;
    Ok(())
}

/// Clones a repository as the Maintainer into `folder`.
pub fn clone(world: &World, path: &str, folder: &std::path::Path) -> Result<std::path::PathBuf> {
    let url = address(&world.gitlab, &world.gitlab.tokens.maintainer, path);
    git(folder, &["clone", "-q", &url, "clone"])?;
    Ok(folder.join("clone"))
}

/// Writes a page of a project's wiki by pushing it.
pub fn write_wiki(world: &World, path: &str, page: &str, text: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let wiki = clone(world, &format!("{path}.wiki"), folder.path()).or_else(|_| {
        let url = address(
            &world.gitlab,
            &world.gitlab.tokens.maintainer,
            &format!("{path}.wiki"),
        );
        let made = folder.path().join("made");
        std::fs::create_dir(&made)?;
        git(&made, &["init", "-q", "-b", "main"])?;
        git(&made, &["remote", "add", "origin", &url])?;
        anyhow::Ok(made)
    })?;
    std::fs::write(wiki.join(format!("{page}.md")), text)?;
    git(&wiki, &["add", "."])?;
    git(&wiki, &["commit", "-q", "-m", &format!("Write {page}")])?;
    git(&wiki, &["push", "-q", "origin", "HEAD:refs/heads/main"])?;
    Ok(())
}

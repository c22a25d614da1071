//! What is saved of each kind, judged against GitLab's own REST answers.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::{Item, Kind, Sort};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::LedgerState;
use labkeep_gitlab::{Client, Paging};
use labkeep_tests::furnish::furnish;
use labkeep_tests::git::advertised;
use labkeep_tests::honesty;
use labkeep_tests::saved::Saved;
use labkeep_tests::world::{Wish, World, many, seeded};
use practice_gitlab::Seed;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_the_demo_is_saved_as_gitlab_shows_it() -> Result<()> {
    let world = World::new(seeded(Seed::Demo))?;
    let result = world.back_up(Wish::default()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    let saved = world.saved(&result)?;
    saved.check()?;
    let client = world.client(&world.gitlab.tokens.minimal)?;
    let projects: Vec<Value> = list(&client, "projects?membership=true").await?;
    let groups: Vec<Value> = list(&client, "groups?min_access_level=10").await?;
    assert_eq!((projects.len(), groups.len()), (12, 6));
    assert_eq!(
        saved.ledger.len(),
        12 * Kind::OF_PROJECT.len() + 6 * Kind::OF_GROUP.len()
    );
    for project in &projects {
        let path = project["path_with_namespace"].as_str().context("a path")?;
        as_gitlab_shows(&world, &saved, &client, project)
            .await
            .context(path.to_owned())?;
    }
    for group in &groups {
        let item = Item::group(group["id"].as_u64().context("a number")?);
        assert_eq!(
            honesty::steady(saved.settings(item)?),
            honesty::steady(group.clone())
        );
        let path = format!("groups/{}", item.id);
        labels(&saved, &client, item, &path).await?;
        milestones(&saved, &client, item, &path).await?;
        members(&saved, &client, item, &path).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_furnished_project_is_saved_as_gitlab_shows_it() -> Result<()> {
    let world = World::new(many(1))?;
    let made = furnish(&world).await?;
    let result = world.back_up(Wish::default()).await?;
    assert_eq!(result.outcome, Outcome::Complete);
    let saved = world.saved(&result)?;
    saved.check()?;
    let client = world.client(&world.gitlab.tokens.minimal)?;
    let project: Value = client
        .get(&format!("projects/{}", made.project), &[])
        .await?;
    as_gitlab_shows(&world, &saved, &client, &project).await?;
    for kind in Kind::OF_PROJECT {
        let line = saved.line(made.item(), kind)?;
        assert_eq!(line.state, LedgerState::Saved, "{line:?}");
        assert!(line.count.is_some_and(|count| count > 0), "{line:?}");
    }
    let links = saved.extra(made.item(), "issue_links")?;
    let linked: Vec<_> = links.iter().map(|one| one["iid"].as_u64()).collect();
    assert_eq!(linked, [Some(made.issue), Some(made.secret)]);
    Ok(())
}

async fn list(client: &Client, path: &str) -> Result<Vec<Value>> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<(&str, &str)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    Ok(client.all(path, &query, Paging::Offset).await?)
}

async fn as_gitlab_shows(
    world: &World,
    saved: &Saved,
    client: &Client,
    project: &Value,
) -> Result<()> {
    let item = Item::project(project["id"].as_u64().context("a number")?);
    let path = project["path_with_namespace"].as_str().context("a path")?;
    let of = format!("projects/{}", item.id);
    for line in saved.ledger.of(item) {
        ensure!(
            matches!(line.state, LedgerState::Saved | LedgerState::Empty),
            "{line:?}"
        );
    }
    let (settings, shown) = (saved.settings(item)?, honesty::steady(project.clone()));
    for (name, value) in honesty::steady(settings).as_object().context("an object")? {
        assert_eq!(*value, shown[name], "{name}");
    }
    repository(world, saved, item, Kind::Repository, path)?;
    repository(world, saved, item, Kind::Wiki, path)?;
    labels(saved, client, item, &of).await?;
    milestones(saved, client, item, &of).await?;
    members(saved, client, item, &of).await?;

    let issues = list(client, &format!("{of}/issues?scope=all&state=all")).await?;
    let documents = saved.documents(item, "issues")?;
    ensure!(
        issues.len() == documents.len(),
        "{} issues",
        documents.len()
    );
    for issue in &issues {
        let iid = issue["iid"].as_u64().context("a number")?;
        let document = saved.document(item, "issues", iid)?;
        as_shown(&document, issue);
        let thing = format!("{of}/issues/{iid}");
        hanging_on_it(client, &document, &thing).await?;
        let links = list(client, &format!("{thing}/links")).await?;
        let kept = saved.extra(item, "issue_links")?;
        let kept = kept.iter().find(|line| line["iid"] == iid);
        let kept = kept.map_or(0, |line| line["links"].as_array().map_or(0, Vec::len));
        assert_eq!(kept, links.len(), "links of #{iid}");
    }

    let requests = list(client, &format!("{of}/merge_requests?scope=all&state=all")).await?;
    let documents = saved.documents(item, "merge_requests")?;
    ensure!(
        requests.len() == documents.len(),
        "{} requests",
        documents.len()
    );
    for request in &requests {
        let iid = request["iid"].as_u64().context("a number")?;
        let document = saved.document(item, "merge_requests", iid)?;
        as_shown(&document, request);
        for name in ["source_branch", "target_branch", "source_project_id"] {
            assert_eq!(document[name], request[name], "{name} of !{iid}");
        }
        let thing = format!("{of}/merge_requests/{iid}");
        hanging_on_it(client, &document, &thing).await?;
        latest_diff(client, &document, &thing).await?;
        let approvals: Value = client.get(&format!("{thing}/approvals"), &[]).await?;
        let approved: Vec<_> = array(&approvals["approved_by"])
            .iter()
            .map(|one| &one["user"]["id"])
            .collect();
        let kept: Vec<_> = array(&document["approvals"])
            .iter()
            .map(|one| &one["user_id"])
            .collect();
        assert_eq!(kept, approved, "approvals of !{iid}");
    }
    Ok(())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What issues and merge requests have in common.
fn as_shown(document: &Value, shown: &Value) {
    for name in ["iid", "title", "state", "created_at", "updated_at"] {
        assert_eq!(document[name], shown[name], "{name}");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&document["description"]), text(&shown["description"]));
    assert_eq!(document["author_id"], shown["author"]["id"]);
    let confidential = |value: &Value| value["confidential"] == true;
    assert_eq!(confidential(document), confidential(shown));
    if document.get("due_date").is_some() || shown["due_date"].is_string() {
        assert_eq!(document["due_date"], shown["due_date"]);
    }
    let labels: BTreeSet<_> = array(&document["label_links"])
        .iter()
        .map(|link| text(&link["label"]["title"]))
        .collect();
    let real: BTreeSet<_> = array(&shown["labels"]).iter().map(text).collect();
    assert_eq!(labels, real);
    assert_eq!(
        text(&document["milestone"]["title"]),
        text(&shown["milestone"]["title"])
    );
    let assignees = ["issue_assignees", "merge_request_assignees"]
        .iter()
        .find_map(|name| document.get(name));
    let assignees: BTreeSet<_> = assignees
        .map_or(&[][..], array)
        .iter()
        .map(|one| one["user_id"].to_string())
        .collect();
    let real: BTreeSet<_> = array(&shown["assignees"])
        .iter()
        .map(|one| one["id"].to_string())
        .collect();
    assert_eq!(assignees, real);
}

/// Threads, emoji and events.
async fn hanging_on_it(client: &Client, document: &Value, thing: &str) -> Result<()> {
    let discussions = list(client, &format!("{thing}/discussions")).await?;
    let notes: Vec<(&Value, &Value)> = discussions
        .iter()
        .flat_map(|thread| {
            array(&thread["notes"])
                .iter()
                .map(|note| (&thread["id"], note))
        })
        .collect();
    let kept = array(&document["notes"]);
    ensure!(kept.len() == notes.len(), "{} notes are saved", kept.len());
    for (thread, note) in notes {
        let its = kept
            .iter()
            .find(|kept| {
                kept["note"] == note["body"]
                    && kept["created_at"] == note["created_at"]
                    && kept["discussion_id"] == *thread
            })
            .with_context(|| format!("{note} is not saved"))?;
        assert_eq!(its["author_id"], note["author"]["id"]);
        assert_eq!(its["author"]["name"], note["author"]["name"]);
        assert_eq!(its["system"], note["system"]);
        assert_eq!(its["confidential"] == true, note["internal"] == true);
        assert_eq!(its["resolved_at"].is_string(), note["resolved"] == true);
        assert_eq!(its["position"].is_object(), note["position"].is_object());
        let emoji = if note["system"] == true {
            Vec::new()
        } else {
            list(client, &format!("{thing}/notes/{}/award_emoji", note["id"])).await?
        };
        assert_eq!(array(&its["award_emoji"]).len(), emoji.len());
    }
    for (part, route) in [
        ("award_emoji", "award_emoji"),
        ("resource_state_events", "resource_state_events"),
        ("resource_label_events", "resource_label_events"),
        ("resource_milestone_events", "resource_milestone_events"),
    ] {
        let shown = list(client, &format!("{thing}/{route}")).await?;
        assert_eq!(
            array(&document[part]).len(),
            shown.len(),
            "{part} of {thing}"
        );
    }
    Ok(())
}

async fn latest_diff(client: &Client, document: &Value, thing: &str) -> Result<()> {
    let versions = list(client, &format!("{thing}/versions")).await?;
    let latest = versions.first().context("a version")?;
    let version: Value = client
        .get(&format!("{thing}/versions/{}", latest["id"]), &[])
        .await?;
    let diff = &document["merge_request_diff"];
    assert_eq!(diff["head_commit_sha"], version["head_commit_sha"]);
    assert_eq!(diff["base_commit_sha"], version["base_commit_sha"]);
    let kept: Vec<_> = array(&diff["merge_request_diff_files"])
        .iter()
        .map(|file| (&file["new_path"], &file["utf8_diff"]))
        .collect();
    let shown: Vec<_> = array(&version["diffs"])
        .iter()
        .map(|file| (&file["new_path"], &file["diff"]))
        .collect();
    assert_eq!(kept, shown);
    let mut kept: Vec<_> = array(&diff["merge_request_diff_commits"])
        .iter()
        .map(|commit| commit["sha"].to_string())
        .collect();
    let mut shown: Vec<_> = array(&version["commits"])
        .iter()
        .map(|commit| commit["id"].to_string())
        .collect();
    kept.sort();
    shown.sort();
    assert_eq!(kept, shown);
    Ok(())
}

fn repository(world: &World, saved: &Saved, item: Item, kind: Kind, path: &str) -> Result<()> {
    let full = if kind == Kind::Wiki {
        format!("{path}.wiki")
    } else {
        path.to_owned()
    };
    let shown = advertised(&world.gitlab, &world.gitlab.tokens.minimal, &full);
    let line = saved.line(item, kind)?;
    if kind == Kind::Wiki && shown.is_err() {
        assert_eq!(line.state, LedgerState::Empty);
        return Ok(());
    }
    let (refs, shown) = (saved.refs(item, kind.name())?, shown?);
    if shown.is_empty() {
        // Only the protocol's version 2 tells the branch that is to come.
        assert!(refs.is_empty());
        return Ok(());
    }
    assert_eq!(String::from_utf8(refs.to_bytes())?, shown);
    Ok(())
}

async fn labels(saved: &Saved, client: &Client, item: Item, of: &str) -> Result<()> {
    let shown = match item.sort {
        Sort::Project => {
            list(
                client,
                &format!("{of}/labels?include_ancestor_groups=false"),
            )
            .await?
        }
        Sort::Group => {
            list(
                client,
                &format!("{of}/labels?only_group_labels=true&include_ancestor_groups=false"),
            )
            .await?
        }
    };
    let pair = |title: &Value, label: &Value| {
        let description = label["description"].as_str().unwrap_or_default();
        format!("{title} {} {description}", label["color"])
    };
    let shown: BTreeSet<_> = shown.iter().map(|l| pair(&l["name"], l)).collect();
    let kept: BTreeSet<_> = saved
        .documents(item, "labels")?
        .iter()
        .map(|label| pair(&label["title"], label))
        .collect();
    assert_eq!(kept, shown);
    Ok(())
}

async fn milestones(saved: &Saved, client: &Client, item: Item, of: &str) -> Result<()> {
    let shown = list(client, &format!("{of}/milestones")).await?;
    let facts = |one: &Value| {
        let names = [
            "iid",
            "title",
            "state",
            "due_date",
            "start_date",
            "created_at",
        ];
        names.map(|name| one[name].to_string()).join(" ")
    };
    let shown: BTreeSet<_> = shown.iter().map(facts).collect();
    let kept = saved.documents(item, "milestones")?;
    let kept: BTreeSet<_> = kept.iter().map(facts).collect();
    assert_eq!(kept, shown);
    Ok(())
}

async fn members(saved: &Saved, client: &Client, item: Item, of: &str) -> Result<()> {
    let all = list(client, &format!("{of}/members/all")).await?;
    let kept = saved.extra(item, "members")?;
    assert_eq!(kept.len(), all.len());
    for member in &all {
        assert!(kept.contains(member), "{member} is not saved");
    }
    let direct = list(client, &format!("{of}/members")).await?;
    let relation = match item.sort {
        Sort::Project => "project_members",
        Sort::Group => "members",
    };
    let pair = |id: &Value, one: &Value| (id.as_u64(), one["access_level"].as_u64());
    let kept: BTreeSet<_> = saved
        .documents(item, relation)?
        .iter()
        .map(|one| pair(&one["user_id"], one))
        .collect();
    let shown: BTreeSet<_> = direct.iter().map(|one| pair(&one["id"], one)).collect();
    assert_eq!(kept, shown);
    Ok(())
}

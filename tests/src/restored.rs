//! Whether a restored project is what was saved: GitLab is read anew, over a
//! way that no restore takes, and compared document by document.

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::{Item, Kind};
use serde_json::Value;

use crate::git::advertised;
use crate::saved::Saved;
use crate::world::{Wish, World};

/// Attributes that say where a document lies, which a restore changes.
const PLACES: [&str; 5] = [
    "id",
    "project_id",
    "group_id",
    "source_project_id",
    "target_project_id",
];

/// Attributes that say who, which only an administrator's import keeps.
const PEOPLE: [&str; 12] = [
    "author_id",
    "assignee_id",
    "updated_by_id",
    "merged_by_id",
    "latest_closed_by_id",
    "user_id",
    "created_by_id",
    "last_edited_by_id",
    "merge_user_id",
    "resolved_by_id",
    "closed_by_id",
    "owner_id",
];

/// How authors come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authors {
    /// As they were.
    Kept,
    /// As the importer, with their name in the text.
    Named,
}

/// Checks the project at `path` against what is saved of `item`.
pub async fn check(
    world: &World,
    saved: &Saved,
    item: Item,
    path: &str,
    authors: Authors,
) -> Result<()> {
    git(world, saved, item, path, Kind::Repository, "")?;
    git(world, saved, item, path, Kind::Wiki, ".wiki")?;
    let wish = Wish {
        include: vec![path.to_owned()],
        ..Wish::by(&world.gitlab.tokens.minimal)
    };
    let now = world.truth(&wish).await?;
    let other = Item::project(world.project(path)?);
    for relation in ["labels", "milestones", "issues", "merge_requests"] {
        let before = saved.documents(item, relation)?;
        let after = now.documents(other, relation)?;
        for old in &before {
            let new = after
                .iter()
                .find(|new| name(relation, new) == name(relation, old))
                .with_context(|| format!("{relation} {} is not back", name(relation, old)))?;
            same(relation, old, new, authors)
                .with_context(|| format!("{relation} {}", name(relation, old)))?;
        }
        // The milestones of the group become the project's own.
        ensure!(
            before.len() == after.len() || relation == "milestones",
            "there are {} {relation}, there were {}",
            after.len(),
            before.len()
        );
    }
    links(saved, item, &now, other)
}

fn git(
    world: &World,
    saved: &Saved,
    item: Item,
    path: &str,
    kind: Kind,
    suffix: &str,
) -> Result<()> {
    if saved.line(item, kind)?.pieces.is_empty() {
        return Ok(());
    }
    let text = saved.refs(item, kind.name())?.to_bytes();
    let before = String::from_utf8(text)?;
    let token = &world.gitlab.tokens.owner;
    let after = advertised(&world.gitlab, token, &format!("{path}{suffix}"))?;
    for line in before.lines() {
        let is_own = ["refs/pipelines/", "refs/environments/"]
            .iter()
            .any(|own| line.contains(own));
        // HEAD of an empty repository leads nowhere, and is the server's choice.
        let is_own = is_own || before.lines().count() == 1;
        ensure!(
            is_own || after.lines().any(|other| other == line),
            "{} lacks {line}; it has\n{after}",
            kind.name()
        );
    }
    Ok(())
}

fn name(relation: &str, document: &Value) -> String {
    match relation {
        "issues" | "merge_requests" => document["iid"].to_string(),
        _ => document["title"].to_string(),
    }
}

fn same(relation: &str, old: &Value, new: &Value, authors: Authors) -> Result<()> {
    let mut old = old.clone();
    let mut new = new.clone();
    if authors == Authors::Named {
        texts(&old, &new, relation)?;
        blank(&mut old);
        blank(&mut new);
    }
    settle(&mut old, authors);
    settle(&mut new, authors);
    ensure!(
        old == new,
        "was\n{}\nis\n{}",
        serde_json::to_string_pretty(&old)?,
        serde_json::to_string_pretty(&new)?
    );
    Ok(())
}

/// Texts are as they were, with the author's name behind them.
fn texts(old: &Value, new: &Value, relation: &str) -> Result<()> {
    if matches!(relation, "issues" | "merge_requests") {
        let (text, now) = (old["description"].as_str(), new["description"].as_str());
        follows(text.unwrap_or_default(), now.unwrap_or_default(), None)?;
    }
    let notes = |document: &Value| document["notes"].as_array().cloned().unwrap_or_default();
    let (before, after) = (notes(old), notes(new));
    ensure!(before.len() == after.len(), "a thread lost or got notes");
    for (old, new) in before.iter().zip(&after) {
        let (text, now) = (old["note"].as_str(), new["note"].as_str());
        let author = old["author"]["name"].as_str();
        follows(text.unwrap_or_default(), now.unwrap_or_default(), author)?;
    }
    Ok(())
}

fn follows(text: &str, now: &str, author: Option<&str>) -> Result<()> {
    let rest = now
        .strip_prefix(text)
        .with_context(|| format!("{now:?} was {text:?}"))?;
    match author {
        Some(author) => ensure!(
            rest.starts_with(&format!("\n\n *By {author} on ")) && rest.ends_with('*'),
            "{now:?} does not name {author}"
        ),
        None => ensure!(
            rest.is_empty() || rest.contains(" *By "),
            "{now:?} was {text:?}"
        ),
    }
    Ok(())
}

/// Takes out texts that were compared already.
fn blank(document: &mut Value) {
    if let Some(object) = document.as_object_mut() {
        object.remove("description");
    }
    let notes = document["notes"].as_array_mut();
    for note in notes.into_iter().flatten() {
        if let Some(note) = note.as_object_mut() {
            note.remove("note");
            note.remove("author");
        }
    }
}

/// Takes out what a restore changes by its nature, at any depth.
fn settle(value: &mut Value, authors: Authors) {
    match value {
        Value::Object(object) => {
            let is_moved = |name: &str| {
                PLACES.contains(&name) || (PEOPLE.contains(&name) && authors == Authors::Named)
            };
            object.retain(|name, _| !is_moved(name));
            for value in object.values_mut() {
                settle(value, authors);
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                settle(item, authors);
            }
            if authors == Authors::Named {
                items.dedup();
            }
        }
        _ => {}
    }
}

fn links(saved: &Saved, item: Item, now: &Saved, other: Item) -> Result<()> {
    let of = |saved: &Saved, item: Item| -> Result<Vec<String>> {
        let mut links: Vec<String> = saved
            .extra(item, "issue_links")?
            .iter()
            .flat_map(|line| {
                let from = line["iid"].clone();
                let links = line["links"].as_array().cloned().unwrap_or_default();
                links.into_iter().map(move |link| {
                    let is_own = link["project_id"] == item.id;
                    let project = if is_own {
                        Value::Null
                    } else {
                        link["project_id"].clone()
                    };
                    format!("{from} {project} {} {}", link["iid"], link["link_type"])
                })
            })
            .collect();
        links.sort();
        Ok(links)
    };
    let (before, after) = (of(saved, item)?, of(now, other)?);
    ensure!(before == after, "links were {before:?}, are {after:?}");
    Ok(())
}

//! Compare: what a restored project has at GitLab with what the snapshot has.
//! A restore is Complete only if they are the same.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use jiff::Timestamp;
use labkeep_gitlab::Client;
use labkeep_gitlab::git::{Advertisement, Head, ObjectFormat, ObjectId};
use labkeep_gitlab::rest::{IssueQuery, MergeRequestQuery};
use serde_json::Value;

use super::error::RestoreError;
use super::material::{Material, Repository};
use super::text::without_author;
use crate::advice::capital;
use crate::kind::Kind;

/// Names in a sentence at most.
const NAMED: usize = 3;

/// A kind that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The kind.
    pub kind: Kind,
    /// What differs, in a sentence.
    pub text: String,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is the same: kind and number of things.
    pub same: Vec<(Kind, u64)>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// What must be the same of a thing: the words for it, and what it is.
type Facts = Vec<(&'static str, String)>;

/// Things by their name in a sentence.
type Things = BTreeMap<String, Facts>;

/// Compares a restored project with the material it was made of.
pub async fn compare(
    client: &Client,
    material: &Material,
    project: u64,
    path: &str,
) -> Result<Comparison, RestoreError> {
    let mut comparison = Comparison::default();
    for (kind, repository, path) in [
        (Kind::Repository, &material.repository, path.to_owned()),
        (Kind::Wiki, &material.wiki, format!("{path}.wiki")),
    ] {
        if let Some(repository) = repository {
            let there = refs(client, &path, repository.format).await?;
            comparison.take_repository(kind, repository, &there);
        }
    }
    for relation in material.relations.keys().copied() {
        let (kind, there) = match relation {
            "issues" => (Kind::Issues, issues(client, project).await?),
            "merge_requests" => (Kind::MergeRequests, merge_requests(client, project).await?),
            "labels" => (Kind::Labels, labels(client, project).await?),
            "milestones" => (Kind::Milestones, milestones(client, project).await?),
            _ => continue,
        };
        let mut saved = BTreeMap::new();
        for document in material.documents(relation)? {
            let (name, facts) = facts(relation, &document?);
            saved.insert(name, facts);
        }
        comparison.take(kind, &saved, &there);
    }
    Ok(comparison)
}

impl Comparison {
    fn take_repository(&mut self, kind: Kind, saved: &Repository, there: &Advertisement) {
        let named = |refs: BTreeMap<String, ObjectId>| -> Things {
            refs.into_iter()
                .map(|(name, id)| (name, vec![("commit", id.to_string())]))
                .collect()
        };
        let refs = there.refs.iter().map(|one| (one.name.clone(), one.id));
        let (before, after) = (named(saved.refs.branches_and_tags()), named(refs.collect()));
        if let (Some(Head::Ref(was)), Some(Head::Ref(is))) = (saved.refs.head(), there.head())
            && *was != is
            && before.contains_key(was)
        {
            let short = |name: &str| name.trim_start_matches("refs/heads/").to_owned();
            self.differences.push(Difference {
                kind,
                text: format!(
                    "{}: the default branch is {}, and was {}.",
                    capital(kind.words()),
                    short(&is),
                    short(was)
                ),
            });
        }
        self.take(kind, &before, &after);
    }

    fn take(&mut self, kind: Kind, saved: &Things, there: &Things) {
        let missing: Vec<String> = saved
            .keys()
            .filter(|name| !there.contains_key(*name))
            .cloned()
            .collect();
        let changed: Vec<String> = saved
            .iter()
            .filter_map(|(name, facts)| {
                let what = differing(facts, there.get(name)?);
                (!what.is_empty()).then(|| format!("{name} ({})", what.join(", ")))
            })
            .collect();
        if missing.is_empty() && changed.is_empty() {
            self.same.push((kind, saved.len() as u64));
            return;
        }
        let mut parts = Vec::new();
        if !missing.is_empty() {
            parts.push(format!("missing: {}", some(&missing)));
        }
        if !changed.is_empty() {
            parts.push(format!("different: {}", some(&changed)));
        }
        self.differences.push(Difference {
            kind,
            text: format!("{}: {}.", capital(kind.words()), parts.join("; ")),
        });
    }
}

/// The words for what is not the same.
fn differing(saved: &Facts, there: &Facts) -> Vec<&'static str> {
    saved
        .iter()
        .filter(|(what, value)| !there.iter().any(|(other, is)| other == what && is == value))
        .map(|(what, _)| *what)
        .collect()
}

fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

async fn refs(
    client: &Client,
    path: &str,
    format: ObjectFormat,
) -> Result<Advertisement, RestoreError> {
    match client.repository(path).ls_refs(format).await {
        Ok(advertisement) => Ok(advertisement),
        // An empty repository may not have been made.
        Err(labkeep_gitlab::Error::NotFound { .. }) => Ok(Advertisement {
            format,
            refs: Vec::new(),
            head: None,
            detached_head: None,
            unreadable: Vec::new(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// What must be the same of a saved document, and its name in a sentence.
fn facts(relation: &str, document: &Value) -> (String, Facts) {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| moment(document[name].as_str().and_then(|time| time.parse().ok()));
    let title = text("title");
    match relation {
        "milestones" => (title, vec![("state", text("state"))]),
        "labels" => (title, vec![("colour", text("color").to_lowercase())]),
        _ => {
            let sign = if relation == "issues" { '#' } else { '!' };
            let mut facts = vec![
                ("title", title),
                ("state", text("state")),
                ("description", plain(&text("description"))),
                ("date", time("created_at")),
                ("labels", titles(&document["label_links"])),
                ("comments", comments(document).to_string()),
            ];
            if relation == "issues" {
                let is_secret = document["confidential"] == true;
                facts.push(("confidentiality", is_secret.to_string()));
                facts.push(("closing date", time("closed_at")));
            } else {
                facts.push(("source branch", text("source_branch")));
                facts.push(("target branch", text("target_branch")));
            }
            let milestone = document["milestone"]["title"].as_str();
            facts.push(("milestone", milestone.unwrap_or_default().to_owned()));
            (format!("{sign}{}", document["iid"]), facts)
        }
    }
}

/// A text without the names of authors behind it, and without the marks that
/// GitLab puts around `@names` so that nobody is notified.
fn plain(text: &str) -> String {
    let mut text = text;
    loop {
        let shorter = without_author(text);
        if shorter.len() == text.len() {
            return text.replace('`', "");
        }
        text = shorter;
    }
}

fn titles(links: &Value) -> String {
    let titles = links.as_array().into_iter().flatten();
    sorted(titles.filter_map(|link| link["label"]["title"].as_str()))
}

fn sorted<'a>(titles: impl Iterator<Item = &'a str>) -> String {
    let mut titles: Vec<&str> = titles.collect();
    titles.sort_unstable();
    titles.join(",")
}

/// Comments of people, as GitLab counts them.
fn comments(document: &Value) -> usize {
    let notes = document["notes"].as_array().into_iter().flatten();
    notes.filter(|note| note["system"] != true).count()
}

/// A time to the second: the form of its fraction is not the same everywhere.
fn moment(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| time.as_second().to_string())
}

async fn issues(client: &Client, project: u64) -> Result<Things, RestoreError> {
    let pages = client.issues(project, IssueQuery::default());
    pin_mut!(pages);
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for issue in page?.items {
            let description = issue.description.as_deref().unwrap_or_default();
            let milestone = issue.milestone.as_ref().map(|one| one.title.clone());
            let facts = vec![
                ("title", issue.title.clone()),
                ("state", issue.state.clone()),
                ("description", plain(description)),
                ("date", moment(Some(issue.created_at))),
                ("closing date", moment(issue.closed_at)),
                ("labels", sorted(issue.labels.iter().map(String::as_str))),
                ("comments", issue.user_notes_count.to_string()),
                ("confidentiality", issue.confidential.to_string()),
                ("milestone", milestone.unwrap_or_default()),
            ];
            found.insert(format!("#{}", issue.iid), facts);
        }
    }
    Ok(found)
}

async fn merge_requests(client: &Client, project: u64) -> Result<Things, RestoreError> {
    let pages = client.merge_requests(project, MergeRequestQuery::default());
    pin_mut!(pages);
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for request in page?.items {
            let description = request.description.as_deref().unwrap_or_default();
            let milestone = request.milestone.as_ref().map(|one| one.title.clone());
            let facts = vec![
                ("title", request.title.clone()),
                ("state", request.state.clone()),
                ("description", plain(description)),
                ("date", moment(Some(request.created_at))),
                ("labels", sorted(request.labels.iter().map(String::as_str))),
                ("comments", request.user_notes_count.to_string()),
                ("source branch", request.source_branch.clone()),
                ("target branch", request.target_branch.clone()),
                ("milestone", milestone.unwrap_or_default()),
            ];
            found.insert(format!("!{}", request.iid), facts);
        }
    }
    Ok(found)
}

async fn labels(client: &Client, project: u64) -> Result<Things, RestoreError> {
    let labels = client.project_labels(project).await?;
    Ok(labels
        .iter()
        .map(|label| {
            (
                label.name.clone(),
                vec![("colour", label.color.to_lowercase())],
            )
        })
        .collect())
}

async fn milestones(client: &Client, project: u64) -> Result<Things, RestoreError> {
    let milestones = client.project_milestones(project).await?;
    Ok(milestones
        .iter()
        .map(|milestone| {
            (
                milestone.title.clone(),
                vec![("state", milestone.state.clone())],
            )
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things(entries: &[(&str, u32)]) -> Things {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![("title", value.to_string())]))
            .collect()
    }

    #[test]
    fn what_is_missing_and_what_differs_is_named() {
        let mut comparison = Comparison::default();
        comparison.take(
            Kind::Issues,
            &things(&[("#1", 1), ("#2", 2)]),
            &things(&[("#1", 1), ("#2", 2), ("#9", 9)]),
        );
        assert_eq!(comparison.same, [(Kind::Issues, 2)]);
        comparison.take(
            Kind::MergeRequests,
            &things(&[("!1", 1), ("!2", 1), ("!3", 1), ("!4", 1), ("!5", 1)]),
            &things(&[("!5", 2)]),
        );
        assert_eq!(
            comparison.differences[0].text,
            "Merge requests: missing: !1, !2, !3 and 1 more; different: !5 (title)."
        );
    }
}

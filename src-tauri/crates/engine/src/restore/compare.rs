//! Compare: what a restored project has at GitLab with what the snapshot has.
//! A restore is Complete only if they are the same.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use labkeep_gitlab::Client;
use labkeep_gitlab::git::{ObjectFormat, ObjectId};
use labkeep_gitlab::rest::{IssueQuery, MergeRequestQuery};
use serde_json::Value;

use super::error::RestoreError;
use super::material::{Material, Repository};
use super::text::without_author;
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

/// Compares a restored project with the material it was made of.
pub async fn compare(
    client: &Client,
    material: &Material,
    project: u64,
    path: &str,
) -> Result<Comparison, RestoreError> {
    let mut comparison = Comparison::default();
    if let Some(repository) = &material.repository {
        let there = refs(client, path, repository.format).await?;
        comparison.take(Kind::Repository, &branches_and_tags(repository), &there);
    }
    if let Some(wiki) = &material.wiki {
        let there = refs(client, &format!("{path}.wiki"), wiki.format).await?;
        comparison.take(Kind::Wiki, &branches_and_tags(wiki), &there);
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
    fn take<V: PartialEq>(
        &mut self,
        kind: Kind,
        saved: &BTreeMap<String, V>,
        there: &BTreeMap<String, V>,
    ) {
        let missing: Vec<&String> = saved
            .keys()
            .filter(|name| !there.contains_key(*name))
            .collect();
        let changed: Vec<&String> = saved
            .iter()
            .filter(|(name, facts)| there.get(*name).is_some_and(|other| other != *facts))
            .map(|(name, _)| name)
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

fn some(names: &[&String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn branches_and_tags(repository: &Repository) -> BTreeMap<String, ObjectId> {
    repository.refs.branches_and_tags()
}

async fn refs(
    client: &Client,
    path: &str,
    format: ObjectFormat,
) -> Result<BTreeMap<String, ObjectId>, RestoreError> {
    let advertisement = match client.repository(path).ls_refs(format).await {
        Ok(advertisement) => advertisement,
        // An empty repository may not have been made.
        Err(labkeep_gitlab::Error::NotFound { .. }) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(advertisement
        .refs
        .into_iter()
        .map(|one| (one.name, one.id))
        .collect())
}

/// What must be the same of a document, and its name in a sentence.
fn facts(relation: &str, document: &Value) -> (String, Vec<String>) {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let number = || document["iid"].as_u64().unwrap_or(0);
    match relation {
        "issues" => (
            format!("#{}", number()),
            vec![text("title"), text("state"), text("description")],
        ),
        "merge_requests" => (
            format!("!{}", number()),
            vec![
                text("title"),
                text("state"),
                text("description"),
                text("source_branch"),
                text("target_branch"),
            ],
        ),
        "milestones" => (text("title"), vec![text("state")]),
        _ => (text("title"), vec![text("color").to_lowercase()]),
    }
}

async fn issues(
    client: &Client,
    project: u64,
) -> Result<BTreeMap<String, Vec<String>>, RestoreError> {
    let pages = client.issues(project, IssueQuery::default());
    pin_mut!(pages);
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for issue in page?.items {
            let description = issue.description.as_deref().unwrap_or_default();
            let facts = vec![
                issue.title.clone(),
                issue.state.clone(),
                without_author(description).to_owned(),
            ];
            found.insert(format!("#{}", issue.iid), facts);
        }
    }
    Ok(found)
}

async fn merge_requests(
    client: &Client,
    project: u64,
) -> Result<BTreeMap<String, Vec<String>>, RestoreError> {
    let pages = client.merge_requests(project, MergeRequestQuery::default());
    pin_mut!(pages);
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for request in page?.items {
            let description = request.description.as_deref().unwrap_or_default();
            let facts = vec![
                request.title.clone(),
                request.state.clone(),
                without_author(description).to_owned(),
                request.source_branch.clone(),
                request.target_branch.clone(),
            ];
            found.insert(format!("!{}", request.iid), facts);
        }
    }
    Ok(found)
}

async fn labels(
    client: &Client,
    project: u64,
) -> Result<BTreeMap<String, Vec<String>>, RestoreError> {
    let labels = client.project_labels(project).await?;
    Ok(labels
        .iter()
        .map(|label| (label.name.clone(), vec![label.color.to_lowercase()]))
        .collect())
}

async fn milestones(
    client: &Client,
    project: u64,
) -> Result<BTreeMap<String, Vec<String>>, RestoreError> {
    let milestones = client.project_milestones(project).await?;
    Ok(milestones
        .iter()
        .map(|milestone| (milestone.title.clone(), vec![milestone.state.clone()]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, u32)]) -> BTreeMap<String, u32> {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn what_is_missing_and_what_differs_is_named() {
        let mut comparison = Comparison::default();
        comparison.take(
            Kind::Issues,
            &map(&[("#1", 1), ("#2", 2)]),
            &map(&[("#1", 1), ("#2", 2), ("#9", 9)]),
        );
        assert_eq!(comparison.same, [(Kind::Issues, 2)]);
        comparison.take(
            Kind::MergeRequests,
            &map(&[("!1", 1), ("!2", 1), ("!3", 1), ("!4", 1), ("!5", 1)]),
            &map(&[("!5", 2)]),
        );
        assert_eq!(
            comparison.differences[0].text,
            "Merge requests: missing: !1, !2, !3 and 1 more; different: !5."
        );
    }
}

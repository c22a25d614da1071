//! Issues of all types with threads, links and emoji. All are listed; details
//! are asked for only where an issue changed since the previous snapshot.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use labkeep_gitlab::documents::{IssueParts, Labels, issue};
use labkeep_gitlab::rest::{Issuable, Issue, IssueLink, IssueQuery, Kept};
use labkeep_gitlab::{AccessLevel, Client, steady};
use serde_json::{Value, json};

use super::assembly::Assembly;
use super::context::Context;
use super::document_file::DocumentFile;
use super::got::{Fresh, Got, Trouble};
use super::previous::Previous;
use super::relations::RelationsExport;
use super::threads::Threads;
use crate::backup::discover::Found;
use crate::kind::Kind;
use crate::layout;
use crate::run::Work;
use crate::view::Unit;

/// Issues whose details are asked for at once.
const AT_ONCE: usize = 4;

/// The file with links between issues, which no export carries.
pub const LINKS: &str = "issue_links";

/// Captures the issues of a project.
pub async fn capture_issues(
    context: &Context,
    found: &Found,
    labels: &Labels,
    export: &RelationsExport,
    work: &Work<'_>,
) -> Result<Got, Trouble> {
    work.begin(Some(Kind::Issues), Unit::Things);
    let listed = list(context, found.seen.item.id).await?;
    if listed.is_empty() {
        return Ok(Got::Empty(context.emptied(found.seen.item, Kind::Issues)));
    }
    work.total(listed.len() as u64);
    let head = |of: &Issue| document(of, &Threads::none(), labels);
    let mut assembly = Assembly::begin(context, found, "issues", &listed, head, export).await?;
    let mut links = kept_links(context, found, &assembly).await?;
    work.done(assembly.documents.len() as u64);

    let in_export = assembly.in_export();
    let changed = std::mem::take(&mut assembly.changed);
    let project = found.seen.item.id;
    let client = context.client.clone();
    let mut details = stream::iter(changed)
        .map(move |iid| {
            let is_exported = in_export.contains(&iid);
            read_details(client.clone(), Issuable::issue(project, iid), is_exported)
        })
        .buffer_unordered(AT_ONCE)
        .boxed();
    while let Some(read) = details.next().await {
        work.add(1);
        // One that was deleted since it was listed is not there any more.
        let Some((iid, threads, its_links)) = read? else {
            continue;
        };
        let Some(issue) = listed.get(&iid) else {
            continue;
        };
        match threads {
            Some(threads) => {
                threads.note_people(&context.people);
                let document = document(issue, &threads, labels);
                assembly.documents.put(issue.iid, &document)?;
            }
            None => assembly.take_exported(issue.iid)?,
        }
        if let Some(line) = link_line(issue.iid, &its_links) {
            links.put(issue.iid, &line)?;
        }
    }

    let count = assembly.documents.len() as u64;
    let turnover = assembly.turnover.take();
    let remark = remark(found, &listed, assembly.is_exported());
    let mut pieces = Vec::new();
    if !links.is_empty() {
        pieces.push(links.into_piece(layout::extra_path(LINKS))?);
    }
    let relation = layout::relation_path("issues");
    pieces.push(assembly.documents.into_piece(relation)?);
    Ok(Got::Fresh(Fresh {
        pieces,
        count,
        git: None,
        remark,
        turnover,
    }))
}

async fn list(context: &Context, project: u64) -> Result<BTreeMap<u64, Issue>, Trouble> {
    let walk = || context.client.issues(project, IssueQuery::default());
    let mut issues = BTreeMap::new();
    for issue in steady(&format!("projects/{project}/issues"), walk).await? {
        let users = issue.author.iter().chain(&issue.closed_by);
        for user in users.chain(&issue.assignees) {
            context.people.note(user);
        }
        issues.insert(issue.iid, Kept::into_inner(issue));
    }
    Ok(issues)
}

/// The links of issues that did not change.
async fn kept_links(
    context: &Context,
    found: &Found,
    assembly: &Assembly,
) -> Result<DocumentFile, Trouble> {
    let path = layout::extra_path(LINKS);
    let mut before = Previous::read(context, found.seen.item, &path).await?;
    let mut links = DocumentFile::new(&context.scratch)?;
    for iid in assembly.documents.numbers() {
        if let Some(known) = before.get(iid)? {
            links.put(iid, &known)?;
        }
    }
    Ok(links)
}

type Details = (u64, Option<Threads>, Vec<Kept<IssueLink>>);

/// Reads the links of an issue, and its threads unless the export has them;
/// none if the issue is not there any more.
async fn read_details(
    client: Client,
    of: Issuable,
    is_exported: bool,
) -> Result<Option<Details>, Trouble> {
    match parts(&client, of, is_exported).await {
        Ok(details) => Ok(Some(details)),
        Err(trouble) if !trouble.is_refusal() => Err(trouble),
        Err(trouble) => match client.issue(of.project, of.iid).await? {
            None => Ok(None),
            Some(_) => Err(trouble.of_a_part()),
        },
    }
}

async fn parts(client: &Client, of: Issuable, is_exported: bool) -> Result<Details, Trouble> {
    let threads = async {
        if is_exported {
            Ok(None)
        } else {
            Box::pin(Threads::read(client, of)).await.map(Some)
        }
    };
    let links = async { Ok(client.issue_links(of.project, of.iid).await?) };
    let (threads, links) = tokio::try_join!(threads, links)?;
    Ok((of.iid, threads, links))
}

fn document(of: &Issue, threads: &Threads, labels: &Labels) -> Value {
    let parts = IssueParts {
        issue: of,
        notes: threads.notes(),
        awards: threads.awards(),
        events: threads.events(),
    };
    issue(parts, labels)
}

/// The links of one issue: `{"iid":…,"links":[{"project_id","iid","link_type"}]}`.
fn link_line(iid: u64, links: &[Kept<IssueLink>]) -> Option<Value> {
    if links.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = links.iter().collect();
    sorted.sort_by_key(|link| (link.project_id, link.iid));
    let links: Vec<Value> = sorted
        .into_iter()
        .map(|link| {
            json!({
                "project_id": link.project_id,
                "iid": link.iid,
                "link_type": link.link_type,
            })
        })
        .collect();
    Some(json!({ "iid": iid, "links": links }))
}

/// What is not in it though it exists.
fn remark(found: &Found, issues: &BTreeMap<u64, Issue>, is_exported: bool) -> Option<String> {
    let is_guest = found.role.is_none_or(|role| role < AccessLevel::PLANNER);
    if is_guest {
        return Some("Confidential issues are not shown to this role and are not in it.".into());
    }
    let timed = issues
        .values()
        .filter(|issue| issue.time_stats.total_time_spent > 0)
        .count();
    (timed > 0 && !is_exported).then(|| {
        format!(
            "Time spent ({timed} issues) is saved as a sum; single entries need the scope api and the role Maintainer."
        )
    })
}

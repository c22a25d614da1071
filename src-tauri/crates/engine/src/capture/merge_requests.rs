//! Merge requests with threads and the diff of their latest version. All are
//! listed; details are asked for only where one changed since the previous
//! snapshot.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use labkeep_gitlab::documents::{Labels, MergeRequestParts, merge_request};
use labkeep_gitlab::rest::{
    Approvals, Issuable, Kept, MergeRequest, MergeRequestQuery, Reviewer, VersionDetail,
};
use labkeep_gitlab::{Client, Error, steady};
use serde_json::Value;

use super::assembly::Assembly;
use super::context::Context;
use super::got::{Fresh, Got, Trouble};
use super::relations::RelationsExport;
use super::threads::Threads;
use crate::backup::discover::Found;
use crate::kind::Kind;
use crate::layout;
use crate::run::Work;
use crate::view::Unit;

/// Merge requests whose details are asked for at once.
const AT_ONCE: usize = 4;

/// Captures the merge requests of a project.
pub async fn capture_merge_requests(
    context: &Context,
    found: &Found,
    labels: &Labels,
    export: &RelationsExport,
    work: &Work<'_>,
) -> Result<Got, Trouble> {
    work.begin(Some(Kind::MergeRequests), Unit::Things);
    let listed = list(context, found.seen.item.id).await?;
    if listed.is_empty() {
        return Ok(Got::Empty(
            context.emptied(found.seen.item, Kind::MergeRequests),
        ));
    }
    work.total(listed.len() as u64);
    let relation = "merge_requests";
    let head = |of: &MergeRequest| Details::head(of.clone()).document(labels);
    let mut assembly = Assembly::begin(context, found, relation, &listed, head, export).await?;
    work.done(assembly.documents.len() as u64);

    let in_export = assembly.in_export();
    let changed = std::mem::take(&mut assembly.changed);
    let mut to_read = Vec::new();
    for iid in changed {
        if in_export.contains(&iid) {
            assembly.take_exported(iid)?;
            work.add(1);
        } else {
            to_read.push(iid);
        }
    }
    let project = found.seen.item.id;
    let client = context.client.clone();
    let mut details = stream::iter(to_read)
        .map(move |iid| Details::read(client.clone(), project, iid))
        .buffer_unordered(AT_ONCE)
        .boxed();
    while let Some(read) = details.next().await {
        // One that was deleted since it was listed is not there any more.
        if let Some(details) = read? {
            details.note_people(context);
            let document = details.document(labels);
            assembly.documents.put(details.request.iid, &document)?;
        }
        work.add(1);
    }

    let count = assembly.documents.len() as u64;
    let turnover = assembly.turnover.take();
    let path = layout::relation_path(relation);
    Ok(Got::Fresh(Fresh {
        pieces: vec![assembly.documents.into_piece(path)?],
        count,
        turnover,
        ..Fresh::default()
    }))
}

async fn list(context: &Context, project: u64) -> Result<BTreeMap<u64, MergeRequest>, Trouble> {
    let client = &context.client;
    let walk = || client.merge_requests(project, MergeRequestQuery::default());
    let mut requests = BTreeMap::new();
    for request in steady(&format!("projects/{project}/merge_requests"), walk).await? {
        let users = request.author.iter().chain(&request.closed_by);
        let users = users.chain(&request.merge_user).chain(&request.assignees);
        for user in users.chain(&request.reviewers) {
            context.people.note(user);
        }
        requests.insert(request.iid, Kept::into_inner(request));
    }
    Ok(requests)
}

/// A merge request with everything that REST tells about it.
struct Details {
    request: MergeRequest,
    version: Option<VersionDetail>,
    threads: Threads,
    approvals: Option<Approvals>,
    reviewers: Vec<Reviewer>,
}

impl Details {
    /// What the list alone tells.
    fn head(request: MergeRequest) -> Self {
        Self {
            request,
            version: None,
            threads: Threads::none(),
            approvals: None,
            reviewers: Vec::new(),
        }
    }

    /// Everything; none if the merge request is not there any more.
    async fn read(client: Client, project: u64, iid: u64) -> Result<Option<Self>, Trouble> {
        match Self::parts(&client, project, iid).await {
            Err(trouble) if trouble.is_refusal() => {
                match client.merge_request(project, iid).await? {
                    None => Ok(None),
                    Some(_) => Err(trouble.of_a_part()),
                }
            }
            read => read,
        }
    }

    async fn parts(client: &Client, project: u64, iid: u64) -> Result<Option<Self>, Trouble> {
        let Some(request) = client.merge_request(project, iid).await? else {
            return Ok(None);
        };
        let version = async {
            // The newest comes first, and only it survives an import.
            let versions = client.diff_versions(project, iid).await?;
            match versions.first() {
                Some(newest) => match client.diff_version(project, iid, newest.id).await? {
                    Some(version) => Ok(Some(version)),
                    None => Err(Trouble::Gitlab(Error::NotFound {
                        what: format!("version {} of !{iid}", newest.id),
                    })),
                },
                None => Ok(None),
            }
        };
        let threads = Box::pin(Threads::read(client, Issuable::merge_request(project, iid)));
        let approvals = async { Ok::<_, Trouble>(client.approvals(project, iid).await?) };
        let reviewers = async {
            if request.reviewers.is_empty() {
                return Ok(Vec::new());
            }
            Ok(client.reviewers(project, iid).await?)
        };
        let (version, threads, approvals, reviewers) =
            tokio::try_join!(version, threads, approvals, reviewers)?;
        Ok(Some(Self {
            request: Kept::into_inner(request),
            version,
            threads,
            approvals: approvals.map(Kept::into_inner),
            reviewers,
        }))
    }

    fn document(&self, labels: &Labels) -> Value {
        let parts = MergeRequestParts {
            merge_request: &self.request,
            version: self.version.as_ref(),
            notes: self.threads.notes(),
            awards: self.threads.awards(),
            events: self.threads.events(),
            approvals: self.approvals.as_ref(),
            reviewers: &self.reviewers,
        };
        merge_request(parts, labels)
    }

    fn note_people(&self, context: &Context) {
        self.threads.note_people(&context.people);
        let approvers = self.approvals.iter().flat_map(|a| &a.approved_by);
        for approval in approvers {
            context.people.note(&approval.user);
        }
    }
}

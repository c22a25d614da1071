//! A project read over REST as export documents.
use std::collections::BTreeMap;

use futures::TryStreamExt;
use labkeep_gitlab::documents::{
    self, Events, IssueParts, Labels, MergeRequestParts, NoteAwards, Notes,
};
use labkeep_gitlab::rest::{Discussion, Issuable, IssueQuery, MemberScope, MergeRequestQuery};
use labkeep_gitlab::{Client, Error};
use serde_json::Value;

/// Documents by relation, each list in the order of the export.
pub type Documents = BTreeMap<&'static str, Vec<Value>>;

async fn note_awards(
    client: &Client,
    of: Issuable,
    discussions: &[Discussion],
) -> Result<NoteAwards, Error> {
    let mut awards = NoteAwards::new();
    for note in discussions.iter().flat_map(|discussion| &discussion.notes) {
        if !note.system {
            awards.insert(note.id, client.note_award_emoji(of, note.id).await?);
        }
    }
    Ok(awards)
}

async fn issues(client: &Client, project: u64, labels: &Labels) -> Result<Vec<Value>, Error> {
    let pages: Vec<_> = client
        .issues(project, IssueQuery::default())
        .try_collect()
        .await?;
    let mut documents = Vec::new();
    for issue in pages.iter().flat_map(|page| &page.items) {
        let of = Issuable::issue(project, issue.iid);
        let discussions = client.discussions(of).await?;
        let note_awards = note_awards(client, of, &discussions).await?;
        documents.push(documents::issue(
            IssueParts {
                issue,
                notes: Notes {
                    discussions: &discussions,
                    awards: &note_awards,
                },
                awards: &client.award_emoji(of).await?,
                events: Events {
                    state: &client.state_events(of).await?,
                    label: &client.label_events(of).await?,
                    milestone: &client.milestone_events(of).await?,
                },
            },
            labels,
        ));
    }
    Ok(documents)
}

async fn merge_requests(
    client: &Client,
    project: u64,
    labels: &Labels,
) -> Result<Vec<Value>, Error> {
    let query = MergeRequestQuery::default();
    let pages: Vec<_> = client.merge_requests(project, query).try_collect().await?;
    let mut documents = Vec::new();
    for listed in pages.iter().flat_map(|page| &page.items) {
        let iid = listed.iid;
        let of = Issuable::merge_request(project, iid);
        let request = client
            .merge_request(project, iid)
            .await?
            .expect("it was listed");
        let discussions = client.discussions(of).await?;
        let note_awards = note_awards(client, of, &discussions).await?;
        let version = match client.diff_versions(project, iid).await?.first() {
            Some(latest) => client.diff_version(project, iid, latest.id).await?,
            None => None,
        };
        documents.push(documents::merge_request(
            MergeRequestParts {
                merge_request: &request,
                version: version.as_ref(),
                notes: Notes {
                    discussions: &discussions,
                    awards: &note_awards,
                },
                awards: &client.award_emoji(of).await?,
                events: Events {
                    state: &client.state_events(of).await?,
                    label: &client.label_events(of).await?,
                    milestone: &client.milestone_events(of).await?,
                },
                approvals: client.approvals(project, iid).await?.as_deref(),
                reviewers: &client.reviewers(project, iid).await?,
            },
            labels,
        ));
    }
    Ok(documents)
}

/// Reads a project.
pub async fn read(client: &Client, project: u64) -> Result<Documents, Error> {
    let answer = client.project(project).await?.expect("it is there");
    let settings = answer.to_value();
    let group = answer
        .namespace
        .as_ref()
        .filter(|namespace| namespace.kind.as_deref() == Some("group"))
        .map(|namespace| namespace.id);
    let listed = client.project_labels(project).await?;
    let labels = Labels::new(project, group, listed.iter().map(|label| &**label));
    let milestones = client.project_milestones(project).await?;
    let members = client.project_members(project, MemberScope::Direct).await?;
    Ok(Documents::from([
        ("labels", labels.documents()),
        (
            "milestones",
            milestones
                .iter()
                .map(|one| documents::milestone(one))
                .collect(),
        ),
        (
            "project_members",
            members
                .iter()
                .map(|one| documents::project_member(one, None))
                .collect(),
        ),
        ("issues", issues(client, project, &labels).await?),
        (
            "merge_requests",
            merge_requests(client, project, &labels).await?,
        ),
        (
            "project_feature",
            vec![documents::project_feature(&settings)],
        ),
        ("ci_cd_settings", vec![documents::ci_cd_settings(&settings)]),
        ("project", vec![documents::project(&settings)]),
    ]))
}

//! A project read over REST as export documents.
use std::collections::BTreeMap;

use futures::TryStreamExt;
use labkeep_gitlab::documents::{
    self, Events, IssueParts, Labels, MergeRequestParts, NoteAwards, Notes,
};
use labkeep_gitlab::rest::{
    Discussion, Issuable, IssueQuery, MemberScope, MergeRequestQuery, Portable, RelationSource,
    RelationState,
};
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

/// The relations that both ways of reading give, each with the export's name.
/// Members are not exported this way, so REST is the only source for them.
const RELATIONS: [(&str, &str); 7] = [
    ("labels", "labels"),
    ("milestones", "milestones"),
    ("issues", "issues"),
    ("merge_requests", "merge_requests"),
    ("project_feature", "project_feature"),
    ("ci_cd_settings", "ci_cd_settings"),
    ("project", "self"),
];

/// Reads a project through the relations export.
pub async fn exported(client: &Client, project: u64) -> Result<Documents, Error> {
    let of = Portable::Project(project);
    client.start_relations_export(of, true).await?;
    let exports = loop {
        let exports = client.relations_export(of).await?;
        let state = |name: &str| {
            let export = exports.iter().find(|export| export.relation == name);
            export
                .unwrap_or_else(|| panic!("{name} is not exported"))
                .status
        };
        let states: Vec<_> = RELATIONS.iter().map(|(_, name)| state(name)).collect();
        assert!(!states.contains(&RelationState::Failed), "{exports:?}");
        if states.iter().all(|state| *state == RelationState::Finished) {
            break exports;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let mut documents = Documents::new();
    for (relation, name) in RELATIONS {
        let export = exports
            .iter()
            .find(|export| export.relation == name)
            .expect("it is done");
        let mut lines = Vec::new();
        let batches: Vec<Option<u64>> = if export.batched {
            export
                .batches
                .iter()
                .map(|batch| Some(batch.batch_number))
                .collect()
        } else {
            vec![None]
        };
        for batch in batches {
            let source = RelationSource {
                of,
                relation: name,
                batch,
            };
            lines.extend(client.relation_lines(source, || Ok(Vec::new())).await?);
        }
        let read = String::from_utf8(lines).expect("JSON is UTF-8");
        let read = read
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is a document"))
            .map(|document| documents::normalise(relation, document))
            .collect();
        documents.insert(relation, read);
    }
    Ok(documents)
}

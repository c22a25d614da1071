//! A restore run: let GitLab import an archive, add what it cannot carry,
//! compare. Every step that creates something is in the journal before it is
//! done.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use labkeep_gitlab::rest::{FailedRelation, ImportState, ImportStatus, NewIssueLink};
use labkeep_gitlab::{Client, Error};
use labkeep_settings::{Begun, Catalogue, RunId, StepState};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::archive::ArchiveWish;
use super::compare::{Comparison, compare};
use super::destination::Destination;
use super::error::RestoreError;
use super::material::{Link, Material};
use crate::capture::People;
use crate::clock::SharedClock;
use crate::run::{Progress, RunLog};
use crate::view::Phase;

/// Pauses between questions how far an import is.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(300),
    Duration::from_millis(700),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// How long an import may take before a person is asked to look.
const PATIENCE: Duration = Duration::from_hours(6);

/// How often a link is asked for at most.
const LINK_SENDINGS: u32 = 3;

/// What a restore needs.
pub struct RestoreJob {
    /// The way to GitLab, with a token that may write.
    pub client: Client,
    /// What is restored.
    pub material: Arc<Material>,
    /// People that documents refer to.
    pub people: Arc<People>,
    /// How the archive is made.
    pub wish: ArchiveWish,
    /// Whether it is the GitLab that the snapshot is of, where numbers still
    /// mean the same things.
    pub is_same: bool,
    /// Where to.
    pub destination: Destination,
    /// Folder for the archive.
    pub scratch: PathBuf,
    /// The run, which the journal belongs to.
    pub run: RunId,
    /// The catalogue with the journal.
    pub catalogue: Catalogue,
    /// Counts what is done.
    pub progress: Arc<Progress>,
    /// The run's log.
    pub log: RunLog,
    /// Where the present comes from.
    pub clock: SharedClock,
    /// Ends the run.
    pub cancel: CancellationToken,
}

/// What came of a restore.
#[derive(Debug)]
pub struct RestoreResult {
    /// The new project.
    pub project: u64,
    /// Its page.
    pub url: String,
    /// Documents that GitLab did not take.
    pub failed: Vec<FailedRelation>,
    /// Links that were made, and those that were not, with the reason.
    pub links: u64,
    /// Links that could not be made.
    pub unlinked: Vec<String>,
    /// The comparison with the snapshot.
    pub comparison: Comparison,
}

impl RestoreJob {
    /// Runs it.
    pub async fn run(self) -> Result<RestoreResult, RestoreError> {
        let client = self.client.with_cancel(self.cancel.clone());
        let project = self.import(&client).await?;
        let path = self.destination.path();
        let url = format!("{}/{path}", client.base().as_str());
        let status = self.wait(&client, project, &url).await?;
        self.log.info("GitLab has imported the project.");
        self.progress.enter(Phase::Completing);
        let (links, unlinked) = self.link(&client, project).await?;
        self.progress.enter(Phase::Comparing);
        let comparison = compare(&client, &self.material, project, &path).await?;
        Ok(RestoreResult {
            project,
            url,
            failed: status.failed_relations,
            links,
            unlinked,
            comparison,
        })
    }

    async fn wait(
        &self,
        client: &Client,
        project: u64,
        url: &str,
    ) -> Result<ImportStatus, RestoreError> {
        self.progress.enter(Phase::Importing);
        let begun = self.clock.now();
        let mut pauses = PAUSES.iter().copied();
        let mut pause = PAUSES[0];
        loop {
            let status = client.project_import(project).await.map_err(cancelled)?;
            match status.import_status {
                ImportState::Finished => return Ok(status),
                ImportState::Failed => return Err(self.failed(client, project, status).await),
                ImportState::None
                | ImportState::Scheduled
                | ImportState::Started
                | ImportState::Other => {}
            }
            if waited(begun, self.clock.now()) > PATIENCE {
                return Err(RestoreError::ImportStuck {
                    url: url.to_owned(),
                });
            }
            tokio::select! {
                () = self.cancel.cancelled() => return Err(RestoreError::Cancelled),
                () = tokio::time::sleep(pause) => {}
            }
            pause = pauses.next().unwrap_or(PAUSES[PAUSES.len() - 1]);
        }
    }

    /// Links issues of the restored project among each other. A link is seen
    /// from both sides and made once.
    async fn link(
        &self,
        client: &Client,
        project: u64,
    ) -> Result<(u64, Vec<String>), RestoreError> {
        let mut made = 0;
        let mut unmade = Vec::new();
        for (iid, links) in &self.material.links {
            for link in links {
                if link.project_id == self.material.item.id && link.iid < *iid {
                    continue;
                }
                match self.make_link(client, project, *iid, link).await? {
                    Ok(()) => made += 1,
                    Err(reason) => unmade.push(reason),
                }
            }
        }
        Ok((made, unmade))
    }

    /// Makes a link. It can be asked for again when no clear answer came: the
    /// second time it is there already.
    async fn send_link(
        &self,
        client: &Client,
        project: u64,
        iid: u64,
        wish: NewIssueLink,
    ) -> Result<(), Error> {
        for _ in 1..LINK_SENDINGS {
            match client.create_issue_link(project, iid, wish).await {
                Ok(()) | Err(Error::Conflict { .. }) => return Ok(()),
                Err(error) if error.is_transient() => {
                    tracing::info!(%error, iid, "the link is asked for again");
                    if self.pause().await.is_err() {
                        return Err(Error::Cancelled);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        match client.create_issue_link(project, iid, wish).await {
            Err(Error::Conflict { .. }) => Ok(()),
            answer => answer,
        }
    }

    async fn make_link(
        &self,
        client: &Client,
        project: u64,
        iid: u64,
        link: &Link,
    ) -> Result<Result<(), String>, RestoreError> {
        let is_own = link.project_id == self.material.item.id;
        if !is_own && !self.is_same {
            return Ok(Err(format!(
                "#{iid} was linked to #{} of project {}, which is in another GitLab",
                link.iid, link.project_id
            )));
        }
        let target = if is_own { project } else { link.project_id };
        let key = format!("link/{project}/{iid}/{}/{}", link.project_id, link.iid);
        let begun = self
            .catalogue
            .begin_step(self.run, &key, &json!({}), self.clock.now())?;
        if let Begun::Before(step) = &begun
            && step.state == StepState::Done
        {
            return Ok(Ok(()));
        }
        let wish = NewIssueLink {
            target_project_id: target,
            target_issue_iid: link.iid,
            link_type: link.link_type,
        };
        let made = match self.send_link(client, project, iid, wish).await {
            Ok(()) => Ok(()),
            Err(Error::Cancelled) => return Err(RestoreError::Cancelled),
            // Taken up again later, not given up.
            Err(error) if error.is_dead_token() || error.is_transient() => return Err(error.into()),
            Err(error) => Err(format!(
                "#{iid} could not be linked to {}#{}: {error}",
                if is_own {
                    String::new()
                } else {
                    format!("project {} ", link.project_id)
                },
                link.iid
            )),
        };
        let state = if made.is_ok() {
            StepState::Done
        } else {
            StepState::Failed
        };
        self.finish(&key, state, &json!({}))?;
        Ok(made)
    }
}

fn cancelled(error: Error) -> RestoreError {
    match error {
        Error::Cancelled => RestoreError::Cancelled,
        other => other.into(),
    }
}

fn waited(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

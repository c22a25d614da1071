//! A restore run: build the archive, let GitLab import it, add what it cannot
//! carry, compare. Every step that creates something is in the journal before
//! it is done.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use labkeep_gitlab::rest::{FailedRelation, ImportState, ImportStatus, NewImport, NewIssueLink};
use labkeep_gitlab::{Client, Error};
use labkeep_settings::{Begun, Catalogue, RunId, Step, StepState};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::archive::{ArchiveWish, build};
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

/// How far apart this machine's clock and GitLab's may be when it is judged
/// whether a project is the one that was begun.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

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
        let project = match self.journalled_import()? {
            Some(project) => project,
            None => self.import(&client).await?,
        };
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

    /// The project that an earlier attempt of this run created.
    fn journalled_import(&self) -> Result<Option<u64>, RestoreError> {
        let steps = self.catalogue.steps(self.run)?;
        Ok(steps
            .iter()
            .find(|step| step.key == IMPORT && step.state == StepState::Done)
            .and_then(|step| step.payload["project"].as_u64()))
    }

    async fn import(&self, client: &Client) -> Result<u64, RestoreError> {
        self.progress.enter(Phase::Building);
        let archive = self.scratch.join("project.tar.gz");
        let facts = {
            let (material, people) = (Arc::clone(&self.material), Arc::clone(&self.people));
            let (wish, scratch, into) = (self.wish.clone(), self.scratch.clone(), archive.clone());
            tokio::task::spawn_blocking(move || build(&material, &people, &wish, &scratch, &into))
                .await
                .map_err(|error| RestoreError::Bug {
                    message: error.to_string(),
                })??
        };
        if self.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled);
        }
        let path = self.destination.path();
        self.log.info(format!(
            "Built the project archive ({} files, {} bytes); importing it as {path}.",
            facts.files, facts.bytes
        ));
        self.progress.enter(Phase::Uploading);
        let intent = json!({ "path": path });
        let begun = self
            .catalogue
            .begin_step(self.run, IMPORT, &intent, self.clock.now())?;
        if let Begun::Before(step) = begun
            && let Some(project) = self.look_for(client, &step).await?
        {
            // The answer of the earlier attempt was lost, the project was not.
            self.finish(
                IMPORT,
                StepState::Done,
                &json!({ "path": path, "project": project }),
            )?;
            return Ok(project);
        }
        let name = self.material.project["name"].as_str();
        let import = NewImport {
            path: &self.destination.name,
            name: name.filter(|_| self.destination.remark.is_none()),
            namespace: Some(&self.destination.namespace),
            archive: &archive,
            size: facts.bytes,
            overrides: &[],
        };
        let status = client
            .import_project(import)
            .await
            .map_err(|error| match error {
                Error::Cancelled => RestoreError::Cancelled,
                Error::InsufficientScope { .. } => RestoreError::TokenCannotWrite,
                other => other.into(),
            })?;
        self.finish(
            IMPORT,
            StepState::Done,
            &json!({ "path": path, "project": status.id }),
        )?;
        if let Err(error) = std::fs::remove_file(&archive) {
            tracing::debug!(%error, "the archive goes with the scratch folder");
        }
        Ok(status.id)
    }

    /// Whether an earlier attempt created the project although its answer never
    /// came: something imported is at that path, and it is no older than the
    /// attempt.
    async fn look_for(&self, client: &Client, step: &Step) -> Result<Option<u64>, RestoreError> {
        let path = self.destination.path();
        let Some(project) = client.project(path.as_str()).await? else {
            return Ok(None);
        };
        let is_ours = project
            .created_at
            .is_some_and(|created| created + CLOCK_TOLERANCE >= step.begun_at);
        let status = client.project_import(project.id).await?;
        if is_ours && status.import_status != ImportState::None {
            return Ok(Some(project.id));
        }
        Err(RestoreError::Taken { path })
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

    /// An import that failed leaves an unfinished project. It is this run's own
    /// by the journal and holds nothing of anybody, so it is removed again.
    async fn failed(&self, client: &Client, project: u64, status: ImportStatus) -> RestoreError {
        let message = status
            .import_error
            .filter(|message| !message.trim().is_empty())
            .unwrap_or_else(|| "it does not say why".to_owned());
        let is_removed = match client.delete_project(project).await {
            Ok(()) => true,
            Err(error) => {
                self.log.warn(format!(
                    "The unfinished project could not be removed: {error}."
                ));
                false
            }
        };
        let payload = json!({ "project": project, "removed": is_removed, "error": message });
        if let Err(error) = self.finish(IMPORT, StepState::Failed, &payload) {
            tracing::error!(%error, "the journal could not be written");
        }
        RestoreError::ImportFailed {
            message,
            is_removed,
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

    async fn make_link(
        &self,
        client: &Client,
        project: u64,
        iid: u64,
        link: &Link,
    ) -> Result<Result<(), String>, RestoreError> {
        let is_own = link.project_id == self.material.item.id;
        let target = if is_own { project } else { link.project_id };
        let key = format!("link/{iid}/{}/{}", link.project_id, link.iid);
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
        let made = match client.create_issue_link(project, iid, wish).await {
            // It is there already: an earlier attempt made it.
            Ok(()) | Err(Error::Conflict { .. }) => Ok(()),
            Err(Error::Cancelled) => return Err(RestoreError::Cancelled),
            Err(error) if error.is_dead_token() => return Err(error.into()),
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

    fn finish(&self, key: &str, state: StepState, payload: &Value) -> Result<(), RestoreError> {
        self.catalogue
            .finish_step(self.run, key, state, payload, self.clock.now())?;
        Ok(())
    }
}

/// The step that creates the project.
const IMPORT: &str = "import";

fn cancelled(error: Error) -> RestoreError {
    match error {
        Error::Cancelled => RestoreError::Cancelled,
        other => other.into(),
    }
}

fn waited(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

//! The one step that creates a project. GitLab may have done what it was asked
//! although its answer never came; then the project is looked for, and found it
//! is taken up. A path is a project's alone, so asking again can never make a
//! second one.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use labkeep_gitlab::git::pack::stoppable;
use labkeep_gitlab::rest::{ImportState, ImportStatus, NewImport};
use labkeep_gitlab::{Client, Error};
use labkeep_settings::{Begun, Step, StepState};
use serde_json::{Value, json};

use super::archive::build;
use super::error::RestoreError;
use super::job::RestoreJob;
use crate::clock::{from_millis, millis};
use crate::view::Phase;

/// The step that creates the project.
pub(super) const IMPORT: &str = "import";

/// How far apart this machine's clock and GitLab's may be when it is judged
/// whether a project is the one that was begun.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// How often the archive is sent at most.
const SENDINGS: u32 = 3;

/// Before it is looked whether GitLab created the project all the same: a proxy
/// may have given up on a request that the server still works on.
const PAUSE: Duration = Duration::from_secs(1);

/// What is at the destination.
enum There {
    Nothing,
    /// The project that this run's request created.
    Ours(u64),
    Foreign,
}

impl RestoreJob {
    /// Creates the project, or finds the one that an earlier attempt of this
    /// run created.
    pub(super) async fn import(&self, client: &Client) -> Result<u64, RestoreError> {
        let steps = self.catalogue.steps(self.run)?;
        let earlier = steps.into_iter().find(|step| step.key == IMPORT);
        if let Some(step) = &earlier
            && let Some(project) = self.take_up(client, step).await?
        {
            return Ok(project);
        }
        let (archive, size) = self.archive().await?;
        self.progress.enter(Phase::Uploading);
        let at = self.clock.now();
        let intent = json!({ "path": self.destination.path(), "at": millis(at) });
        let begun = self.catalogue.begin_step(self.run, IMPORT, &intent, at)?;
        if matches!(begun, Begun::Before(_)) {
            self.finish(IMPORT, StepState::Begun, &intent)?;
        }
        let name = self.material.project["name"].as_str();
        let import = NewImport {
            path: &self.destination.name,
            name: name.filter(|_| self.destination.remark.is_none()),
            namespace: Some(&self.destination.namespace),
            archive: &archive,
            size,
            overrides: &[],
        };
        let mut is_in_doubt = false;
        let project = match self.send(client, import, at, &mut is_in_doubt).await {
            Ok(project) => project,
            Err(error) => {
                // Whatever was refused did not happen. Anything else may have,
                // and what is refused after a doubt is the look whether it did.
                if error.is_refusal() && !is_in_doubt {
                    let payload = json!({ "error": error.to_string() });
                    self.finish(IMPORT, StepState::Failed, &payload)?;
                }
                return Err(error);
            }
        };
        self.note_project(project)?;
        if let Err(error) = std::fs::remove_file(&archive) {
            tracing::debug!(%error, "the archive goes with the scratch folder");
        }
        Ok(project)
    }

    /// The project that an earlier attempt created, if it did. One whose import
    /// failed is removed first.
    async fn take_up(&self, client: &Client, step: &Step) -> Result<Option<u64>, RestoreError> {
        let project = step.payload["project"].as_u64();
        match step.state {
            StepState::Done => match project {
                Some(project) => self.still_there(client, project).await,
                None => Ok(None),
            },
            StepState::Failed => {
                if let Some(project) = project
                    && step.payload["removed"] != true
                    && remove(client, project).await?
                {
                    self.finish(IMPORT, StepState::Failed, &json!({}))?;
                }
                Ok(None)
            }
            StepState::Begun => {
                let at = step.payload["at"].as_i64().map(from_millis);
                match self.look(client, at.unwrap_or(step.begun_at)).await? {
                    There::Nothing => Ok(None),
                    There::Ours(project) => {
                        self.log
                            .info("The project of the earlier attempt is there; going on with it.");
                        self.note_project(project)?;
                        Ok(Some(project))
                    }
                    There::Foreign => Err(self.taken()),
                }
            }
        }
    }

    /// The project, unless somebody deleted or moved it since: then it is
    /// imported anew.
    async fn still_there(
        &self,
        client: &Client,
        project: u64,
    ) -> Result<Option<u64>, RestoreError> {
        let path = self.destination.path();
        let found = client.project(project).await?.filter(|found| {
            found.marked_for_deletion_on.is_none()
                && found.path_with_namespace.eq_ignore_ascii_case(&path)
        });
        if found.is_none() {
            self.log
                .warn("The project of the earlier attempt is not there any more; importing anew.");
        }
        Ok(found.map(|_| project))
    }

    async fn archive(&self) -> Result<(std::path::PathBuf, u64), RestoreError> {
        self.progress.enter(Phase::Building);
        let archive = self.scratch.join("project.tar.gz");
        let (material, people) = (Arc::clone(&self.material), Arc::clone(&self.people));
        let (wish, scratch, into) = (self.wish.clone(), self.scratch.clone(), archive.clone());
        let cancel = self.cancel.clone();
        let stop = move || cancel.is_cancelled();
        let work = move || build(&material, &people, &wish, &scratch, &into);
        let built = tokio::task::spawn_blocking(move || stoppable(stop, work)).await;
        if self.cancel.is_cancelled() {
            return Err(RestoreError::Cancelled);
        }
        let facts = built.map_err(|error| RestoreError::Bug {
            message: error.to_string(),
        })??;
        self.log.info(format!(
            "Built the project archive ({} files, {} bytes); importing it as {}.",
            facts.files,
            facts.bytes,
            self.destination.path()
        ));
        Ok((archive, facts.bytes))
    }

    async fn send(
        &self,
        client: &Client,
        mut import: NewImport<'_>,
        at: Timestamp,
        is_in_doubt: &mut bool,
    ) -> Result<u64, RestoreError> {
        let mut sendings = 0;
        loop {
            sendings += 1;
            let error = match client.import_project(import).await {
                Ok(status) => return Ok(status.id),
                Err(error) => error,
            };
            let is_taken = says_taken(&error);
            if is_taken && import.name.is_some() && self.is_free(client).await? {
                self.log.warn(
                    "Another project in that group has the same name, so the restored one is called as in its path.",
                );
                import.name = None;
                continue;
            }
            let may_be_ours = is_doubtful(&error) || (is_taken && *is_in_doubt);
            if !may_be_ours {
                return Err(self.refused(error, is_taken));
            }
            *is_in_doubt = true;
            self.log.warn(format!(
                "No clear answer to the import: {error}. Looking whether it has begun."
            ));
            self.pause().await?;
            match self.look(client, at).await? {
                There::Ours(project) => return Ok(project),
                There::Foreign => return Err(self.taken()),
                There::Nothing if sendings == SENDINGS => return Err(error.into()),
                There::Nothing => {}
            }
        }
    }

    async fn is_free(&self, client: &Client) -> Result<bool, RestoreError> {
        let path = self.destination.path();
        let found = client.project(path.as_str()).await?;
        Ok(found.is_none_or(|found| !found.path_with_namespace.eq_ignore_ascii_case(&path)))
    }

    /// What is at the destination, and whether this run's request made it: it
    /// was imported, by this user, and not before the request.
    async fn look(&self, client: &Client, at: Timestamp) -> Result<There, RestoreError> {
        let path = self.destination.path();
        let found = client.project(path.as_str()).await?;
        let Some(project) =
            found.filter(|found| found.path_with_namespace.eq_ignore_ascii_case(&path))
        else {
            return Ok(There::Nothing);
        };
        let creator = project.to_value()["creator_id"].as_u64();
        let is_by_us = match (creator, self.wish.importer) {
            (Some(creator), Some(importer)) => creator == importer,
            _ => true,
        };
        let is_new = project
            .created_at
            .is_some_and(|created| created + CLOCK_TOLERANCE >= at);
        let status = client.project_import(project.id).await?;
        if is_by_us && is_new && status.import_status != ImportState::None {
            return Ok(There::Ours(project.id));
        }
        Ok(There::Foreign)
    }

    /// An import that failed leaves an unfinished project. It is this run's own
    /// by the journal and holds nothing of anybody, so it is removed again.
    pub(super) async fn failed(
        &self,
        client: &Client,
        project: u64,
        status: ImportStatus,
    ) -> RestoreError {
        let message = status
            .import_error
            .filter(|message| !message.trim().is_empty())
            .unwrap_or_else(|| "it does not say why".to_owned());
        let is_removed = remove(client, project).await.unwrap_or_else(|error| {
            self.log.warn(format!(
                "The unfinished project could not be removed: {error}."
            ));
            false
        });
        let payload = json!({ "project": project, "removed": is_removed, "error": message });
        if let Err(error) = self.finish(IMPORT, StepState::Failed, &payload) {
            tracing::error!(%error, "the journal could not be written");
        }
        RestoreError::ImportFailed {
            message,
            path: self.destination.path(),
            is_removed,
        }
    }

    fn note_project(&self, project: u64) -> Result<(), RestoreError> {
        let payload = json!({ "path": self.destination.path(), "project": project });
        self.finish(IMPORT, StepState::Done, &payload)
    }

    pub(super) fn finish(
        &self,
        key: &str,
        state: StepState,
        payload: &Value,
    ) -> Result<(), RestoreError> {
        self.catalogue
            .finish_step(self.run, key, state, payload, self.clock.now())?;
        Ok(())
    }

    pub(super) async fn pause(&self) -> Result<(), RestoreError> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(RestoreError::Cancelled),
            () = tokio::time::sleep(PAUSE) => Ok(()),
        }
    }

    fn taken(&self) -> RestoreError {
        RestoreError::Taken {
            path: self.destination.path(),
        }
    }

    fn refused(&self, error: Error, is_taken: bool) -> RestoreError {
        if is_taken {
            return self.taken();
        }
        let namespace = || self.destination.namespace.clone();
        match error {
            Error::Cancelled => RestoreError::Cancelled,
            Error::InsufficientScope { .. } => RestoreError::TokenCannotWrite,
            Error::Forbidden { message } => RestoreError::ImportOff { message },
            Error::Invalid { message, .. } if message.contains("not allowed to import") => {
                RestoreError::RoleTooSmall {
                    namespace: namespace(),
                }
            }
            Error::NotFound { what } if what.contains("Namespace") => {
                RestoreError::NoSuchGroup { path: namespace() }
            }
            Error::TooLarge { message } => RestoreError::ArchiveTooLarge { message },
            other => other.into(),
        }
    }
}

/// Removes a project that a run created and GitLab did not finish. Returns
/// whether it is gone: where GitLab keeps deleted projects for some days and
/// does not let this one go at once, it still holds its path.
async fn remove(client: &Client, project: u64) -> Result<bool, Error> {
    match client.delete_project(project).await {
        Ok(()) => {}
        Err(Error::NotFound { .. }) => return Ok(true),
        // Perhaps an earlier attempt has marked it for deletion.
        Err(error @ Error::Invalid { .. }) => tracing::info!(%error, project, "not deleted"),
        Err(error) => return Err(error),
    }
    let Some(left) = client.project(project).await? else {
        return Ok(true);
    };
    if left.marked_for_deletion_on.is_none() {
        // It goes in the background.
        return Ok(true);
    }
    let query = [
        ("permanently_remove", "true"),
        ("full_path", left.path_with_namespace.as_str()),
    ];
    match client.delete(&format!("projects/{project}"), &query).await {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(true),
        Err(error @ (Error::Invalid { .. } | Error::Forbidden { .. })) => {
            tracing::info!(%error, project, "not deleted at once");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether GitLab may have created the project although the answer is an error.
fn is_doubtful(error: &Error) -> bool {
    let is_unclear = matches!(
        error,
        Error::Decode { .. } | Error::NotGitlab { .. } | Error::AnswerTooLong { .. }
    );
    let is_limit = matches!(error, Error::RateLimited { .. });
    is_unclear || (error.is_transient() && !error.is_before_sending() && !is_limit)
}

fn says_taken(error: &Error) -> bool {
    match error {
        Error::Conflict { .. } => true,
        Error::Invalid { message, .. } => message.contains("already been taken"),
        _ => false,
    }
}

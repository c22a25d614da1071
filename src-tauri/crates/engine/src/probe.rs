//! Try what a token can read: for each role that its user has, one project is
//! asked for one thing of each kind. The checklist says what a token could do;
//! this says what it did.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use labkeep_gitlab::rest::{Project, ProjectQuery};
use labkeep_gitlab::{AccessLevel, Client, Error, SignIn};
use serde::de::IgnoredAny;

use crate::backup::discover::{Found, of_project};
use crate::kind::Kind;

/// Pages of projects that are looked at.
const PAGES: usize = 3;

/// Kinds that cannot be read in projects where the user has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The role.
    pub role: AccessLevel,
    /// Projects in which the user has it, as far as was looked.
    pub projects: u32,
    /// The kinds.
    pub kinds: Vec<Kind>,
}

/// What was found by trying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// Whether anything could be tried.
    pub was_tried: bool,
    /// Projects that were seen; none if they could not be listed.
    pub projects: Option<u32>,
    /// Whether there are more projects than were looked at.
    pub has_more: bool,
    /// Projects by role, the highest first.
    pub roles: BTreeMap<AccessLevel, u32>,
    /// What cannot be read, by role.
    pub unreadable: Vec<Unreadable>,
}

/// Tries. At most a few requests per role; a token that may not list projects
/// is no error here.
pub async fn probe(client: &Client, sign_in: &SignIn) -> Result<Probe, Error> {
    let mut probe = Probe::default();
    let mut samples: BTreeMap<AccessLevel, Found> = BTreeMap::new();
    let client = client.with_attempts(2);
    let pages = client.projects(ProjectQuery::default());
    pin_mut!(pages);
    let mut number = 0;
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) if is_no_right(&error) => return Ok(probe),
            Err(error) => return Err(error),
        };
        for project in &page.items {
            let found = of_project(project);
            let role = found.role.unwrap_or(AccessLevel::NOBODY);
            *probe.roles.entry(role).or_default() += 1;
            *probe.projects.get_or_insert(0) += 1;
            let better = samples.get(&role).is_none_or(|sample| sample.is_empty);
            if better && is_telling(project) {
                samples.insert(role, found);
            }
        }
        probe.projects.get_or_insert(0);
        number += 1;
        if number == PAGES && page.next.is_some() {
            probe.has_more = true;
            break;
        }
    }
    for (role, sample) in &samples {
        probe.was_tried = true;
        let kinds = unreadable(&client, sample).await?;
        if !kinds.is_empty() {
            probe.unreadable.push(Unreadable {
                role: *role,
                projects: probe.roles.get(role).copied().unwrap_or(0),
                kinds,
            });
        }
    }
    tracing::debug!(user = ?sign_in.user.as_ref().map(|user| user.id), ?probe, "what the token can read");
    Ok(probe)
}

/// A public project is readable whatever the role, so it tells nothing.
fn is_telling(project: &Project) -> bool {
    project.visibility.as_deref() == Some("private")
}

async fn unreadable(client: &Client, found: &Found) -> Result<Vec<Kind>, Error> {
    let id = found.seen.item.id;
    let mut kinds = Vec::new();
    for kind in Kind::OF_PROJECT {
        if found.seen.off.contains(&kind) {
            continue;
        }
        let tried = match kind {
            Kind::Repository => repository(client, found).await,
            Kind::Issues => ask(client, format!("projects/{id}/issues")).await,
            Kind::MergeRequests => ask(client, format!("projects/{id}/merge_requests")).await,
            Kind::Labels => ask(client, format!("projects/{id}/labels")).await,
            Kind::Milestones => ask(client, format!("projects/{id}/milestones")).await,
            Kind::Members => ask(client, format!("projects/{id}/members")).await,
            // The wiki may not exist; the list of projects was the settings.
            Kind::Wiki | Kind::Settings => Ok(()),
        };
        match tried {
            Ok(()) => {}
            Err(error) if is_no_right(&error) => kinds.push(kind),
            Err(error) => return Err(error),
        }
    }
    Ok(kinds)
}

async fn ask(client: &Client, path: String) -> Result<(), Error> {
    client
        .get::<IgnoredAny>(&path, &[("per_page", "1")])
        .await
        .map(|_| ())
}

async fn repository(client: &Client, found: &Found) -> Result<(), Error> {
    let format = if found.object_format == "sha256" {
        labkeep_gitlab::git::ObjectFormat::Sha256
    } else {
        labkeep_gitlab::git::ObjectFormat::Sha1
    };
    client
        .repository(&found.seen.path)
        .ls_refs(format)
        .await
        .map(|_| ())
}

const fn is_no_right(error: &Error) -> bool {
    matches!(
        error,
        Error::InsufficientScope { .. }
            | Error::InsufficientGranularScope { .. }
            | Error::Forbidden { .. }
            | Error::NotFound { .. }
    )
}

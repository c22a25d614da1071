//! Projects.
use futures::Stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::AccessLevel;
use crate::client::Client;
use crate::error::Error;
use crate::paging::{Page, Paging, Sort};
use crate::rest::{Id, Kept};

/// Where a project lies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Namespace {
    /// GitLab's number; that of the group where `kind` is `group`.
    pub id: u64,
    /// `group` or `user`.
    #[serde(default)]
    pub kind: Option<String>,
    /// The whole path.
    pub full_path: String,
}

/// A project. Settings are in the JSON beside it ([`Kept::to_value`]).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// GitLab's number.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The last segment of the full path.
    pub path: String,
    /// The whole path, for example `group/project`.
    pub path_with_namespace: String,
    /// The group or user it belongs to.
    #[serde(default)]
    pub namespace: Option<Namespace>,
    /// `private`, `internal` or `public`.
    #[serde(default)]
    pub visibility: Option<String>,
    /// The default branch; absent while the repository is empty, and for users
    /// who may not read code.
    #[serde(default)]
    pub default_branch: Option<String>,
    /// Whether it is read-only.
    #[serde(default)]
    pub archived: bool,
    /// Whether nothing was ever pushed. Absent for users who may not read code.
    #[serde(default)]
    pub empty_repo: Option<bool>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When something happened last. Written at most once an hour, and not every
    /// change counts.
    #[serde(default)]
    pub last_activity_at: Option<Timestamp>,
    /// When a setting changed last.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// The day it is going to be deleted.
    #[serde(default)]
    pub marked_for_deletion_on: Option<String>,
    /// The project it was forked from, as far as visible.
    #[serde(default)]
    pub forked_from_project: Option<ForkSource>,
    /// Where its picture is.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// Its page.
    #[serde(default)]
    pub web_url: Option<String>,
}

/// The upstream of a fork.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ForkSource {
    /// GitLab's number.
    pub id: u64,
    /// The whole path.
    pub path_with_namespace: String,
}

/// Which projects are listed.
#[derive(Debug, Clone, Copy)]
pub struct ProjectQuery {
    /// Only those the user is a member of, directly or through a group. Without
    /// it, everything public as well.
    pub membership: bool,
    /// Only those in which the user has at least this role.
    pub min_access_level: Option<AccessLevel>,
    /// With sizes and counts (for Reporters and above).
    pub statistics: bool,
}

impl Default for ProjectQuery {
    fn default() -> Self {
        ProjectQuery {
            membership: true,
            min_access_level: None,
            statistics: false,
        }
    }
}

/// A project to be created.
#[derive(Debug, Clone, Serialize)]
pub struct NewProject<'a> {
    /// The name.
    pub name: &'a str,
    /// The last segment of the full path.
    pub path: &'a str,
    /// The group or user it is to lie in; the user's own space without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_id: Option<u64>,
    /// `private`, `internal` or `public`.
    pub visibility: &'a str,
    /// The text about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// Whether GitLab is to make a first commit. A restore wants none.
    pub initialize_with_readme: bool,
}

impl Client {
    /// Projects by rising number, in keyset pages.
    pub fn projects(
        &self,
        query: ProjectQuery,
    ) -> impl Stream<Item = Result<Page<Kept<Project>>, Error>> + Send + use<> {
        let level = query
            .min_access_level
            .map(|level| level.number().to_string());
        let mut pairs = Vec::new();
        if query.membership {
            pairs.push(("membership", "true"));
        }
        if let Some(level) = &level {
            pairs.push(("min_access_level", level.as_str()));
        }
        if query.statistics {
            pairs.push(("statistics", "true"));
        }
        let paging = Paging::Keyset {
            order_by: "id",
            sort: Sort::Ascending,
        };
        self.pages("projects", &pairs, paging)
    }

    /// The projects directly in a group.
    pub fn group_projects(
        &self,
        group: u64,
    ) -> impl Stream<Item = Result<Page<Kept<Project>>, Error>> + Send + use<> {
        let query = [
            ("with_shared", "false"),
            ("order_by", "id"),
            ("sort", "asc"),
        ];
        self.pages(&format!("groups/{group}/projects"), &query, Paging::Offset)
    }

    /// One project.
    pub async fn project<'a>(&self, id: impl Into<Id<'a>>) -> Result<Option<Kept<Project>>, Error> {
        self.get_optional(&format!("projects/{}", id.into()), &[])
            .await
    }

    /// Creates an empty project.
    pub async fn create_project(&self, project: &NewProject<'_>) -> Result<Kept<Project>, Error> {
        self.post("projects", project).await
    }

    /// Deletes a project, which may linger for some days.
    pub async fn delete_project(&self, id: u64) -> Result<(), Error> {
        self.delete(&format!("projects/{id}"), &[]).await
    }
}

//! Groups and their trees.
use futures::Stream;
use serde::Deserialize;

use crate::access::AccessLevel;
use crate::client::Client;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::rest::{Id, Kept};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// GitLab's number.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The last segment of the full path.
    pub path: String,
    /// The whole path, for example `group/subgroup`.
    pub full_path: String,
    /// The group it lies in.
    #[serde(default)]
    pub parent_id: Option<u64>,
    /// `private`, `internal` or `public`.
    #[serde(default)]
    pub visibility: Option<String>,
    /// The text about it.
    #[serde(default)]
    pub description: Option<String>,
    /// Where its picture is.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// The day it is going to be deleted.
    #[serde(default)]
    pub marked_for_deletion_on: Option<String>,
    /// Its page.
    #[serde(default)]
    pub web_url: Option<String>,
}

/// Which groups are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroupQuery {
    /// Those in which the user has at least this role. Without it, every group
    /// that the user can see, public ones included.
    pub min_access_level: Option<AccessLevel>,
    /// Top-level groups only.
    pub top_level_only: bool,
}

impl Client {
    /// Groups, in pages. Signed-in users get offset paging only
    /// (doc/api/rest/_index.md); the order is by id and so is stable.
    pub fn groups(
        &self,
        query: GroupQuery,
    ) -> impl Stream<Item = Result<Page<Kept<Group>>, Error>> + Send + use<> {
        let level = query
            .min_access_level
            .map(|level| level.number().to_string());
        let mut pairs = vec![("order_by", "id"), ("sort", "asc")];
        if let Some(level) = &level {
            pairs.push(("min_access_level", level));
        }
        if query.top_level_only {
            pairs.push(("top_level_only", "true"));
        }
        self.pages("groups", &pairs, Paging::Offset)
    }

    /// One group, without the projects that GitLab puts in by default.
    pub async fn group<'a>(&self, id: impl Into<Id<'a>>) -> Result<Option<Kept<Group>>, Error> {
        let path = format!("groups/{}", id.into());
        self.get_optional(&path, &[("with_projects", "false")])
            .await
    }

    /// The groups directly below a group.
    pub async fn subgroups(&self, group: u64) -> Result<Vec<Kept<Group>>, Error> {
        let query = [
            ("all_available", "true"),
            ("order_by", "id"),
            ("sort", "asc"),
        ];
        self.all(&format!("groups/{group}/subgroups"), &query, Paging::Offset)
            .await
    }
}

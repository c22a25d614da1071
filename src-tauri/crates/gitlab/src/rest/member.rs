//! Members of groups and projects.
use jiff::Timestamp;
use serde::Deserialize;

use crate::access::AccessLevel;
use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::{Kept, UserRef};

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The user's number.
    pub id: u64,
    /// The name in `@name`.
    pub username: String,
    /// The full name.
    #[serde(default)]
    pub name: String,
    /// The e-mail address the user shows to others; only newer GitLabs tell it.
    #[serde(default)]
    pub public_email: Option<String>,
    /// The role.
    pub access_level: AccessLevel,
    /// When the user became a member.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Who invited the user.
    #[serde(default)]
    pub created_by: Option<UserRef>,
    /// The last day of the membership, as `YYYY-MM-DD`.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// `active` or `awaiting`.
    #[serde(default)]
    pub membership_state: Option<String>,
}

/// Which members are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberScope {
    /// Those of the group or project itself.
    Direct,
    /// Those of the groups above as well.
    All,
}

impl MemberScope {
    fn path(self) -> &'static str {
        match self {
            MemberScope::Direct => "members",
            MemberScope::All => "members/all",
        }
    }
}

impl Client {
    /// The members of a project.
    pub async fn project_members(
        &self,
        project: u64,
        scope: MemberScope,
    ) -> Result<Vec<Kept<Member>>, Error> {
        let path = format!("projects/{project}/{}", scope.path());
        self.all(&path, &[], Paging::Offset).await
    }

    /// The members of a group.
    pub async fn group_members(
        &self,
        group: u64,
        scope: MemberScope,
    ) -> Result<Vec<Kept<Member>>, Error> {
        let path = format!("groups/{group}/{}", scope.path());
        self.all(&path, &[], Paging::Offset).await
    }
}

//! The issue or merge request of a route, where both have the same routes:
//! notes, discussions, reactions, events, time tracking.

use super::Refusal;
use super::call::Call;
use crate::issuables::Deed;
use crate::model::{AccessLevel, Issuable, IssuableKind, Project, World};
use crate::present::On;

/// An issue or merge request that may be seen.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The project.
    pub project: u64,
    /// Issue or merge request.
    pub kind: IssuableKind,
    /// Number in the project.
    pub iid: u64,
}

impl Target {
    /// The issue or merge request of the request.
    pub fn of(call: &Call, world: &World) -> Result<Self, Refusal> {
        let project = call.project(world)?;
        let viewer = call.viewer();
        let (kind, part) = if call.template.contains("/issues/") {
            (IssuableKind::Issue, "issue_iid")
        } else {
            (IssuableKind::MergeRequest, "merge_request_iid")
        };
        let iid = call.number(part)?;
        let seen = match kind {
            IssuableKind::Issue => project
                .issues
                .get(&iid)
                .is_some_and(|issue| viewer.reads_issue(world, project, issue)),
            IssuableKind::MergeRequest => {
                project.merge_requests.contains_key(&iid)
                    && viewer.reads_merge_requests(world, project)
            }
        };
        if seen {
            return Ok(Self {
                project: project.id,
                kind,
                iid,
            });
        }
        Err(Refusal::not_found(match kind {
            IssuableKind::Issue => "Issue",
            IssuableKind::MergeRequest => "Merge Request",
        }))
    }

    /// The project.
    pub fn project(self, world: &World) -> Result<&Project, Refusal> {
        world
            .projects
            .get(&self.project)
            .ok_or_else(|| Refusal::not_found("Project"))
    }

    /// What is shared by issues and merge requests.
    pub fn shared(self, world: &World) -> Result<&Issuable, Refusal> {
        world
            .issuable(self.project, self.kind, self.iid)
            .ok_or_else(Refusal::record_not_found)
    }

    /// The same, to change.
    pub fn shared_mut(self, world: &mut World) -> Result<&mut Issuable, Refusal> {
        world
            .issuable_mut(self.project, self.kind, self.iid)
            .ok_or_else(Refusal::record_not_found)
    }

    /// For showing notes.
    pub fn on(self, world: &World) -> Result<On<'_>, Refusal> {
        Ok(On {
            project: self.project,
            kind: self.kind,
            shared: self.shared(world)?,
        })
    }

    /// The role of whoever asks in the project.
    pub fn role(self, call: &Call, world: &World) -> Result<AccessLevel, Refusal> {
        Ok(call.viewer().role(world, self.project(world)?))
    }

    /// For changing it in the name of whoever asks.
    pub fn deed(self, call: &Call) -> Result<Deed, Refusal> {
        Ok(Deed {
            project: self.project,
            kind: self.kind,
            iid: self.iid,
            by: call.user_id()?,
            now: call.now,
        })
    }

    /// Whether internal notes may be read and written.
    pub fn reads_internal(self, call: &Call, world: &World) -> Result<bool, Refusal> {
        Ok(self.role(call, world)? >= AccessLevel::PLANNER)
    }

    /// Refuses when commenting is not allowed: nobody is signed in, the project
    /// is archived, or the discussion is locked and the user is no member.
    pub fn may_comment(self, call: &Call, world: &World) -> Result<(), Refusal> {
        call.user_id()?;
        let locked = self.shared(world)?.discussion_locked == Some(true);
        let member = self.role(call, world)? >= AccessLevel::GUEST;
        if self.project(world)?.archived || (locked && !member) {
            return Err(Refusal::forbidden());
        }
        Ok(())
    }

    /// Whether whoever asks may set dates: Owners and administrators.
    pub fn sets_dates(self, call: &Call, world: &World) -> Result<bool, Refusal> {
        Ok(self.role(call, world)? >= AccessLevel::OWNER)
    }
}

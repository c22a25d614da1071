//! Opening, closing and reopening, with what GitLab notes and whom it tells.

use jiff::Timestamp;

use crate::model::issuable::StateEvent;
use crate::model::merge_request::MergeRequestState;
use crate::model::world::next;
use crate::model::{IssuableKind, World};
use crate::notifications::{Cause, reference};

impl World {
    /// Closes an issue, if it is open.
    pub fn close_issue(&mut self, project: u64, iid: u64, by: u64, now: Timestamp) {
        self.set_issue_state(project, iid, true, by, now);
    }

    /// Closes or reopens an issue, if it is not so already.
    pub fn set_issue_state(
        &mut self,
        project: u64,
        iid: u64,
        closed: bool,
        by: u64,
        now: Timestamp,
    ) {
        let event = self.numbers.event;
        let Some(found) = self.projects.get_mut(&project) else {
            return;
        };
        let Some(issue) = found
            .issues
            .get_mut(&iid)
            .filter(|issue| issue.closed != closed)
        else {
            return;
        };
        issue.closed = closed;
        issue.shared.closed_at = closed.then_some(now);
        issue.shared.closed_by = closed.then_some(by);
        issue.shared.updated_at = now;
        issue.shared.state_events.push(StateEvent {
            id: event,
            user_id: by,
            created_at: now,
            state: if closed { "closed" } else { "reopened" }.into(),
        });
        let people = issue.shared.participants();
        let about = reference(&found.full_path, IssuableKind::Issue, &issue.shared);
        found.touch(now);
        next(&mut self.numbers.event);
        self.notify(Cause::StateChanged, &people, by, &about);
    }

    /// Closes or reopens a merge request, if it may be.
    pub fn set_merge_request_state(
        &mut self,
        project: u64,
        iid: u64,
        closed: bool,
        by: u64,
        now: Timestamp,
    ) {
        let event = self.numbers.event;
        let (from, to) = if closed {
            (MergeRequestState::Opened, MergeRequestState::Closed)
        } else {
            (MergeRequestState::Closed, MergeRequestState::Opened)
        };
        let Some(found) = self.projects.get_mut(&project) else {
            return;
        };
        let Some(request) = found
            .merge_requests
            .get_mut(&iid)
            .filter(|request| request.state == from)
        else {
            return;
        };
        request.state = to;
        request.shared.closed_at = closed.then_some(now);
        request.shared.closed_by = closed.then_some(by);
        request.shared.updated_at = now;
        request.shared.state_events.push(StateEvent {
            id: event,
            user_id: by,
            created_at: now,
            state: if closed { "closed" } else { "reopened" }.into(),
        });
        let people = request.shared.participants();
        let about = reference(
            &found.full_path,
            IssuableKind::MergeRequest,
            &request.shared,
        );
        found.touch(now);
        next(&mut self.numbers.event);
        self.notify(Cause::StateChanged, &people, by, &about);
    }
}

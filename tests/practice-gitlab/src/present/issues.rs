//! Issues, their links, and what they share with merge requests.

use serde_json::{Value, json};

use super::{View, date, human_time, time};
use crate::model::issue::LinkType;
use crate::model::{Issuable, Issue, IssueLink, Project};

/// `API::Entities::IssuableTimeStats`.
pub fn time_stats(shared: &Issuable) -> Value {
    json!({
        "time_estimate": shared.time_estimate,
        "total_time_spent": shared.time_spent(),
        "human_time_estimate": human_time(shared.time_estimate),
        "human_total_time_spent": human_time(shared.time_spent()),
    })
}

/// Short, relative and full reference of an issuable; `sign` is `#` or `!`.
pub fn references(project: &Project, sign: char, iid: u64) -> Value {
    json!({
        "short": format!("{sign}{iid}"),
        "relative": format!("{sign}{iid}"),
        "full": format!("{}{sign}{iid}", project.full_path),
    })
}

impl View<'_> {
    /// What issues and merge requests show alike.
    pub fn issuable(&self, project: &Project, shared: &Issuable, label_details: bool) -> Value {
        let (tasks, done) = shared.tasks();
        let written = shared.notes.iter().filter(|note| !note.system).count();
        json!({
            "id": shared.id,
            "iid": shared.iid,
            "project_id": project.id,
            "title": shared.title,
            "description": shared.description,
            "created_at": time(Some(shared.created_at)),
            "updated_at": time(Some(shared.updated_at)),
            "closed_at": time(shared.closed_at),
            "closed_by": shared.closed_by.map(|user| self.user_basic(user)),
            "labels": self.labels_of(project, shared, label_details),
            "milestone": self.milestone_of(project, shared.milestone_id),
            "assignees": self.users_basic(&shared.assignees),
            "assignee": shared.assignees.first().map(|user| self.user_basic(*user)),
            "author": self.user_basic(shared.author_id),
            "user_notes_count": written,
            "upvotes": shared.count_awards("thumbsup"),
            "downvotes": shared.count_awards("thumbsdown"),
            "discussion_locked": shared.discussion_locked,
            "time_stats": time_stats(shared),
            "task_completion_status": { "count": tasks, "completed_count": done },
            "imported": shared.imported,
            "imported_from": if shared.imported { "gitlab_project" } else { "none" },
        })
    }

    /// Whether the viewer hears of an issuable: because they said so, or take part.
    pub fn subscribed(&self, shared: &Issuable) -> bool {
        let Some(user) = self.viewer.user else {
            return false;
        };
        let said = shared
            .subscriptions
            .iter()
            .find(|(known, _)| *known == user);
        said.map_or_else(
            || shared.participants().contains(&user),
            |(_, subscribed)| *subscribed,
        )
    }

    /// `API::Entities::Issue`; a single one also says whether the viewer is
    /// subscribed.
    pub fn issue(
        &self,
        project: &Project,
        issue: &Issue,
        label_details: bool,
        single: bool,
    ) -> Value {
        let shared = &issue.shared;
        let enterprise = self.world.instance.enterprise();
        let link = |rest: &str| {
            self.api(&format!(
                "/projects/{}/issues/{}{rest}",
                project.id, shared.iid
            ))
        };
        let (tasks, done) = shared.tasks();
        let closing = project
            .merge_requests
            .values()
            .filter(|request| request.closes.contains(&shared.iid));
        let mut shown = self.issuable(project, shared, label_details);
        shown["state"] = json!(issue.state_word());
        shown["type"] = json!(issue.kind.to_uppercase());
        shown["issue_type"] = json!(issue.kind);
        shown["merge_requests_count"] = json!(closing.count());
        shown["start_date"] = date(issue.start_date);
        shown["due_date"] = date(issue.due_date);
        shown["confidential"] = json!(issue.confidential);
        shown["web_url"] =
            json!(self.web(&format!("{}/-/issues/{}", project.full_path, shared.iid)));
        shown["has_tasks"] = json!(tasks > 0);
        if tasks > 0 {
            shown["task_status"] = json!(format!("{done} of {tasks} checklist items completed"));
        }
        shown["_links"] = json!({
            "self": link(""),
            "notes": link("/notes"),
            "award_emoji": link("/award_emoji"),
            "project": self.api(&format!("/projects/{}", project.id)),
            "closed_as_duplicate_of": null,
        });
        shown["references"] = references(project, '#', shared.iid);
        shown["severity"] = json!("UNKNOWN");
        shown["moved_to_id"] = json!(issue.moved_to_id);
        shown["service_desk_reply_to"] = Value::Null;
        shown["blocking_issues_count"] = json!(self.blocking(project.id, shared.iid));
        if enterprise {
            shown["weight"] = json!(if self.world.instance.premium() {
                issue.weight
            } else {
                None
            });
            shown["epic_iid"] = Value::Null;
            shown["epic"] = Value::Null;
            shown["iteration"] = Value::Null;
            shown["health_status"] = json!(issue.health_status);
        }
        if single {
            shown["subscribed"] = json!(self.subscribed(shared));
        }
        shown
    }

    fn blocking(&self, project: u64, iid: u64) -> usize {
        let links = self.world.issue_links.values();
        links
            .filter(|link| link.link_type == LinkType::Blocks && link.source == (project, iid))
            .count()
    }

    /// `API::Entities::RelatedIssue`: the other end of a link, seen from `here`.
    pub fn related_issue(&self, link: &IssueLink, here: (u64, u64)) -> Option<Value> {
        let (other, link_type) = match (link.source == here, link.link_type) {
            (true, LinkType::RelatesTo) => (link.target, "relates_to"),
            (false, LinkType::RelatesTo) => (link.source, "relates_to"),
            (true, LinkType::Blocks) => (link.target, "blocks"),
            (false, LinkType::Blocks) => (link.source, "is_blocked_by"),
        };
        let project = self.world.projects.get(&other.0)?;
        let issue = project.issues.get(&other.1)?;
        let seen = self.viewer.sees_project(self.world, project)
            && self.viewer.reads_issue(self.world, project, issue);
        seen.then(|| {
            let mut shown = self.issue(project, issue, false, false);
            shown["issue_link_id"] = json!(link.id);
            shown["link_type"] = json!(link_type);
            shown["link_created_at"] = time(Some(link.created_at));
            shown["link_updated_at"] = time(Some(link.created_at));
            shown
        })
    }

    /// `API::Entities::IssueLink`: both ends, seen from `here`.
    pub fn issue_link(&self, link: &IssueLink, here: (u64, u64)) -> Value {
        let turned = link.source != here;
        let (source, target) = if turned {
            (link.target, link.source)
        } else {
            (link.source, link.target)
        };
        let end = |(project, iid): (u64, u64)| {
            let project = self.world.projects.get(&project)?;
            Some(self.issue(project, project.issues.get(&iid)?, false, true))
        };
        let link_type = match (link.link_type, turned) {
            (LinkType::RelatesTo, _) => "relates_to",
            (LinkType::Blocks, false) => "blocks",
            (LinkType::Blocks, true) => "is_blocked_by",
        };
        json!({
            "id": link.id,
            "source_issue": end(source),
            "target_issue": end(target),
            "link_type": link_type,
            "link_created_at": time(Some(link.created_at)),
            "link_updated_at": time(Some(link.created_at)),
        })
    }
}

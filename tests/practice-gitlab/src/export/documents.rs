//! Documents of the project itself: settings, labels, milestones, members,
//! protected refs.

use serde_json::{Value, json};

use super::{Source, extend, object};
use crate::clock::stamp;
use crate::model::settings::FEATURES;
use crate::model::{AccessLevel, Label, Member, Milestone};
use crate::present::{date, time};

impl Source<'_> {
    /// `tree/project.json`.
    pub fn project_json(&self) -> Value {
        let project = self.project;
        let mut document = serde_json::to_value(&project.settings).unwrap_or_default();
        extend(
            &mut document,
            json!({
                "archived": project.archived,
                "default_branch": project.default_branch,
                "description": project.description,
                "name": project.name,
                "visibility_level": project.visibility.number(),
            }),
        );
        document
    }

    /// A label, as lists and label links carry it.
    pub fn label(&self, label: &Label) -> Value {
        let own = self.project.labels.iter().any(|known| known.id == label.id);
        let group = self
            .world
            .ancestry(self.project.namespace_id)
            .find(|group| group.labels.iter().any(|known| known.id == label.id));
        let priorities: Vec<Value> = label
            .priority
            .map(|priority| {
                json!({
                    "project_id": self.project.id,
                    "priority": priority,
                    "created_at": stamp(label.created_at),
                    "updated_at": stamp(label.updated_at),
                })
            })
            .into_iter()
            .collect();
        json!({
            "title": label.title,
            "color": label.color,
            "project_id": own.then_some(self.project.id),
            "created_at": stamp(label.created_at),
            "updated_at": stamp(label.updated_at),
            "template": false,
            "description": label.description,
            "group_id": group.map(|group| group.id),
            "type": if own { "ProjectLabel" } else { "GroupLabel" },
            "priorities": priorities,
        })
    }

    /// The project's own labels.
    pub fn labels(&self) -> Vec<Value> {
        let labels = self.project.labels.iter();
        labels
            .map(|label| {
                let mut document = self.label(label);
                document["textColor"] = json!(label.text_color());
                document
            })
            .collect()
    }

    /// A milestone with its events, as lists and issues carry it.
    pub fn milestone_with_events(&self, milestone: &Milestone, group: Option<u64>) -> Value {
        let mut document = self.milestone(milestone, group);
        document["events"] = json!([self.event(
            "created",
            self.project.creator_id,
            milestone.created_at,
            "Milestone"
        )]);
        document
    }

    /// A milestone, as events carry it.
    pub fn milestone(&self, milestone: &Milestone, group: Option<u64>) -> Value {
        json!({
            "iid": milestone.iid,
            "title": milestone.title,
            "project_id": group.is_none().then_some(self.project.id),
            "group_id": group,
            "description": milestone.description,
            "due_date": date(milestone.due_date),
            "created_at": stamp(milestone.created_at),
            "updated_at": stamp(milestone.updated_at),
            "start_date": date(milestone.start_date),
            "state": milestone.state_word(),
        })
    }

    /// The project's own milestones.
    pub fn milestones(&self) -> Vec<Value> {
        let milestones = self.project.milestones.iter();
        milestones
            .map(|milestone| self.milestone_with_events(milestone, None))
            .collect()
    }

    /// An event, as issues, merge requests and notes carry it.
    pub fn event(&self, action: &str, author: u64, at: jiff::Timestamp, target: &str) -> Value {
        json!({
            "project_id": self.project.id,
            "author_id": author,
            "created_at": stamp(at),
            "updated_at": stamp(at),
            "action": action,
            "target_type": target,
            "fingerprint": null,
        })
    }

    fn member(&self, member: &Member) -> Value {
        let user = self.world.users.get(&member.user_id);
        json!({
            "access_level": member.level,
            "source_type": "Project",
            "user_id": member.user_id,
            "notification_level": 3,
            "created_at": stamp(member.created_at),
            "updated_at": stamp(member.created_at),
            "created_by_id": member.created_by,
            "invite_email": null,
            "invite_accepted_at": null,
            "requested_at": null,
            "expires_at": date(member.expires_at),
            "ldap": false,
            "override": false,
            "user": user.map(|user| json!({
                "id": user.id,
                "public_email": user.public_email.as_deref().unwrap_or_default(),
                "username": user.username,
            })),
        })
    }

    /// Direct members, and those of groups above when the exporter administers
    /// the group.
    pub fn members(&self) -> Vec<Value> {
        let mut members: Vec<&Member> = self.project.members.values().collect();
        let admin = self
            .world
            .users
            .get(&self.user)
            .is_some_and(|user| user.admin);
        let group = self.project.namespace_id;
        if admin || self.world.group_access(self.user, group) >= AccessLevel::OWNER {
            for member in self
                .world
                .ancestry(group)
                .flat_map(|group| group.members.values())
            {
                if members.iter().all(|known| known.user_id != member.user_id) {
                    members.push(member);
                }
            }
        }
        members.sort_by_key(|member| member.id);
        members
            .into_iter()
            .map(|member| self.member(member))
            .collect()
    }

    /// Protected branches with the roles that may push and merge.
    pub fn protected_branches(&self) -> Vec<Value> {
        let levels = |levels: &[u8], at: jiff::Timestamp| -> Value {
            let level = |level: &u8| {
                json!({
                    "access_level": level, "created_at": stamp(at), "updated_at": stamp(at),
                    "user_id": null, "group_id": null,
                })
            };
            levels.iter().map(level).collect()
        };
        let branches = self.project.protected_branches.iter();
        branches
            .map(|branch| {
                json!({
                    "project_id": self.project.id,
                    "name": branch.name,
                    "created_at": stamp(branch.created_at),
                    "updated_at": stamp(branch.created_at),
                    "code_owner_approval_required": branch.code_owner_approval_required,
                    "allow_force_push": branch.allow_force_push,
                    "merge_access_levels": levels(&branch.merge_levels, branch.created_at),
                    "push_access_levels": levels(&branch.push_levels, branch.created_at),
                    "unprotect_access_levels": [],
                })
            })
            .collect()
    }

    /// Protected tags with the roles that may create them.
    pub fn protected_tags(&self) -> Vec<Value> {
        let tags = self.project.protected_tags.iter();
        tags.map(|tag| {
            let levels = tag.create_levels.iter().map(|level| {
                json!({
                    "access_level": level,
                    "created_at": stamp(tag.created_at),
                    "updated_at": stamp(tag.created_at),
                    "user_id": null,
                    "group_id": null,
                })
            });
            json!({
                "project_id": self.project.id,
                "name": tag.name,
                "created_at": stamp(tag.created_at),
                "updated_at": stamp(tag.created_at),
                "create_access_levels": levels.collect::<Vec<_>>(),
            })
        })
        .collect()
    }

    /// Relations that are one document, or a line `null`.
    pub fn singles(&self) -> Vec<(&'static str, Value)> {
        let project = self.project;
        let created = time(Some(project.created_at));
        let levels = FEATURES.iter().map(|(name, _)| {
            (
                format!("{name}_access_level"),
                json!(project.features.level(name)),
            )
        });
        let mut features = object(levels);
        extend(
            &mut features,
            json!({ "project_id": project.id, "created_at": created, "updated_at": time(Some(project.updated_at)) }),
        );
        let mut singles = vec![
            ("project_feature", features),
            (
                "ci_cd_settings",
                serde_json::to_value(&project.ci_cd).unwrap_or_default(),
            ),
            (
                "container_expiration_policy",
                json!({
                    "project_id": project.id, "cadence": "1d", "older_than": "90d", "keep_n": 10,
                    "enabled": false, "name_regex": ".*", "name_regex_keep": null,
                    "created_at": created, "updated_at": created, "next_run_at": created,
                }),
            ),
            ("auto_devops", Value::Null),
            ("error_tracking_setting", Value::Null),
            ("service_desk_setting", Value::Null),
        ];
        if self.world.instance.enterprise() {
            singles.push(("push_rule", Value::Null));
            singles.push((
                "security_setting",
                json!({ "project_id": project.id, "created_at": created, "updated_at": created }),
            ));
        }
        singles
    }
}

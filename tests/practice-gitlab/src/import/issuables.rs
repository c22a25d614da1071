//! What documents of issues and merge requests carry alike.

use serde_json::Value;

use super::Import;
use super::failure::Unfit;
use super::fields::{Document, filled, number, object, objects, signed, text, time, truth};
use crate::model::issuable::{LabelEvent, MilestoneEvent, StateEvent, Timelog};
use crate::model::world::next;
use crate::model::{Issuable, IssuableKind, World};

impl Import<'_> {
    /// The shared half. Its number in the project is the document's, or 0 when
    /// it has none.
    pub fn shared(
        &self,
        world: &mut World,
        document: &Document,
        kind: IssuableKind,
    ) -> Result<Issuable, Unfit> {
        let now = self.server.clock.now();
        let title =
            filled(document, "title").ok_or_else(|| Unfit::invalid("Title can't be blank"))?;
        if title.chars().count() > 255 {
            return Err(Unfit::invalid(
                "Title is too long (maximum is 255 characters)",
            ));
        }
        let author = self
            .people
            .referred(document, "author_id")
            .ok_or_else(|| Unfit::invalid("Author can't be blank"))?;
        let (numbers, assignees) = match kind {
            IssuableKind::Issue => (&mut world.numbers.issue, "issue_assignees"),
            IssuableKind::MergeRequest => {
                (&mut world.numbers.merge_request, "merge_request_assignees")
            }
        };
        let id = next(numbers);
        let created_at = time(document, "created_at").unwrap_or(now);
        let mut shared = Issuable::new(
            id,
            number(document, "iid").unwrap_or(0),
            title,
            author,
            created_at,
        );
        shared.description = text(document, "description");
        shared.assignees = self.users(document, assignees);
        shared.labels = self.label_links(world, document)?;
        shared.milestone_id = match object(document, "milestone") {
            Some(milestone) => Some(self.milestone(world, milestone)?),
            None => None,
        };
        shared.updated_at = time(document, "updated_at").unwrap_or(created_at);
        shared.discussion_locked = truth(document, "discussion_locked");
        shared.time_estimate = number(document, "time_estimate").unwrap_or(0);
        shared.timelogs = self.timelogs(document)?;
        shared.notes = self.notes(world, document, kind)?;
        shared.awards = self.awards(world, document);
        shared.state_events = self.state_events(world, document);
        shared.label_events = self.label_events(world, document)?;
        shared.milestone_events = self.milestone_events(world, document)?;
        shared.updated_by = self.people.referred(document, "updated_by_id");
        shared.last_edited_at = time(document, "last_edited_at");
        shared.last_edited_by = self.people.referred(document, "last_edited_by_id");
        shared.imported = true;
        for name in ["designs", "design_versions", "zoom_meetings"] {
            if let Some(Value::Array(items)) = document.get(name)
                && !items.is_empty()
            {
                shared
                    .carried
                    .push((name.to_owned(), Value::Array(items.clone())));
            }
        }
        Ok(shared)
    }

    /// Users of a list of `{"user_id"}`; the same one twice is taken once.
    pub fn users(&self, document: &Document, name: &str) -> Vec<u64> {
        let mut users = Vec::new();
        for entry in objects(document, name) {
            if let Some(user) = self.people.referred(entry, "user_id")
                && !users.contains(&user)
            {
                users.push(user);
            }
        }
        users
    }

    fn label_links(&self, world: &mut World, document: &Document) -> Result<Vec<u64>, Unfit> {
        let mut labels = Vec::new();
        for link in objects(document, "label_links") {
            let label =
                object(link, "label").ok_or_else(|| Unfit::invalid("Label links is invalid"))?;
            let id = self.label(world, label)?;
            if !labels.contains(&id) {
                labels.push(id);
            }
        }
        Ok(labels)
    }

    fn timelogs(&self, document: &Document) -> Result<Vec<Timelog>, Unfit> {
        let now = self.server.clock.now();
        objects(document, "timelogs")
            .map(|log| {
                let created_at = time(log, "created_at").unwrap_or(now);
                match (
                    signed(log, "time_spent"),
                    self.people.referred(log, "user_id"),
                ) {
                    (Some(time_spent), Some(user_id)) => Ok(Timelog {
                        time_spent,
                        user_id,
                        spent_at: time(log, "spent_at").unwrap_or(created_at),
                        created_at,
                        summary: text(log, "summary"),
                    }),
                    _ => Err(Unfit::invalid("Timelogs is invalid")),
                }
            })
            .collect()
    }

    fn state_events(&self, world: &mut World, document: &Document) -> Vec<StateEvent> {
        let now = self.server.clock.now();
        objects(document, "resource_state_events")
            .filter_map(|event| {
                Some(StateEvent {
                    id: next(&mut world.numbers.event),
                    user_id: self.people.referred(event, "user_id").unwrap_or(self.user),
                    created_at: time(event, "created_at").unwrap_or(now),
                    state: text(event, "state")?,
                })
            })
            .collect()
    }

    fn label_events(
        &self,
        world: &mut World,
        document: &Document,
    ) -> Result<Vec<LabelEvent>, Unfit> {
        let now = self.server.clock.now();
        let mut events = Vec::new();
        for event in objects(document, "resource_label_events") {
            let label_id = object(event, "label")
                .map(|label| self.label(world, label))
                .transpose()?;
            events.push(LabelEvent {
                id: next(&mut world.numbers.event),
                user_id: self.people.referred(event, "user_id").unwrap_or(self.user),
                created_at: time(event, "created_at").unwrap_or(now),
                label_id,
                added: text(event, "action").as_deref() != Some("remove"),
            });
        }
        Ok(events)
    }

    fn milestone_events(
        &self,
        world: &mut World,
        document: &Document,
    ) -> Result<Vec<MilestoneEvent>, Unfit> {
        let now = self.server.clock.now();
        let mut events = Vec::new();
        for event in objects(document, "resource_milestone_events") {
            let milestone = object(event, "milestone");
            let milestone_id = milestone
                .map(|milestone| self.milestone(world, milestone))
                .transpose()?;
            events.push(MilestoneEvent {
                id: next(&mut world.numbers.event),
                user_id: self.people.referred(event, "user_id").unwrap_or(self.user),
                created_at: time(event, "created_at").unwrap_or(now),
                milestone_id,
                added: text(event, "action").as_deref() != Some("remove"),
                state: text(event, "state").unwrap_or_else(|| "opened".into()),
            });
        }
        Ok(events)
    }
}

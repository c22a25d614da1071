//! Labels and milestones (facts of `project/object_builder.rb`): found by title
//! in the project and the groups above, else made in the project.

use super::Import;
use super::failure::Unfit;
use super::fields::{Document, day, filled, number, objects, text, time};
use crate::model::label::normal_color;
use crate::model::world::next;
use crate::model::{Label, Milestone, World};

impl Import<'_> {
    /// The number of the label that a document describes.
    pub fn label(&self, world: &mut World, document: &Document) -> Result<u64, Unfit> {
        let title =
            filled(document, "title").ok_or_else(|| Unfit::invalid("Title can't be blank"))?;
        let Some(project) = world.projects.get(&self.project) else {
            return Ok(0);
        };
        if let Some(label) = world
            .labels_of(project)
            .into_iter()
            .find(|label| label.title == title)
        {
            return Ok(label.id);
        }
        let now = self.server.clock.now();
        let color = text(document, "color").unwrap_or_else(|| "#6699cc".into());
        let color = normal_color(&color)
            .ok_or_else(|| Unfit::invalid("Color must be a valid color code"))?;
        let label = Label {
            id: next(&mut world.numbers.label),
            title,
            color,
            description: text(document, "description"),
            priority: objects(document, "priorities")
                .find_map(|priority| number(priority, "priority")),
            created_at: time(document, "created_at").unwrap_or(now),
            updated_at: time(document, "updated_at").unwrap_or(now),
        };
        let id = label.id;
        if let Some(project) = world.projects.get_mut(&self.project) {
            project.labels.push(label);
        }
        Ok(id)
    }

    /// The number of the milestone that a document describes. A milestone of a
    /// group becomes one of the project with the next number; one of the project
    /// gets its own number, and whichever has it already moves away.
    pub fn milestone(&self, world: &mut World, document: &Document) -> Result<u64, Unfit> {
        let title =
            filled(document, "title").ok_or_else(|| Unfit::invalid("Title can't be blank"))?;
        let Some(project) = world.projects.get(&self.project) else {
            return Ok(0);
        };
        if let Some(id) = world.milestone_titled(project, &title) {
            return Ok(id);
        }
        let (start_date, due_date) = (day(document, "start_date"), day(document, "due_date"));
        if let (Some(start), Some(due)) = (start_date, due_date)
            && due < start
        {
            return Err(Unfit::invalid("Due date must be greater than start date"));
        }
        let now = self.server.clock.now();
        let id = next(&mut world.numbers.milestone);
        let Some(project) = world.projects.get_mut(&self.project) else {
            return Ok(0);
        };
        let free = |milestones: &[Milestone]| {
            milestones.iter().map(|known| known.iid).max().unwrap_or(0) + 1
        };
        let of_group = number(document, "group_id").is_some();
        let iid = match number(document, "iid").filter(|_| !of_group) {
            Some(iid) => {
                let next_free = free(&project.milestones).max(iid + 1);
                if let Some(other) = project.milestones.iter_mut().find(|known| known.iid == iid) {
                    other.iid = next_free;
                }
                iid
            }
            None => free(&project.milestones),
        };
        project.milestones.push(Milestone {
            id,
            iid,
            title,
            description: text(document, "description"),
            closed: text(document, "state").as_deref() == Some("closed"),
            start_date,
            due_date,
            created_at: time(document, "created_at").unwrap_or(now),
            updated_at: time(document, "updated_at").unwrap_or(now),
        });
        Ok(id)
    }
}

//! What hangs on an issue or merge request: discussions, emoji, events. Asked
//! for in parallel; the client bounds how much of that is really at once.

use futures::{StreamExt, TryStreamExt, stream};
use labkeep_gitlab::Client;
use labkeep_gitlab::documents::{Events, NoteAwards, Notes};
use labkeep_gitlab::rest::{
    AwardEmoji, Discussion, Issuable, LabelEvent, MilestoneEvent, StateEvent,
};

use super::context::People;
use super::got::Trouble;

/// Notes of one thing whose emoji are asked for at once.
const AT_ONCE: usize = 8;

/// Everything that REST tells about one issue or merge request beside itself.
#[derive(Debug)]
pub struct Threads {
    discussions: Vec<Discussion>,
    note_awards: NoteAwards,
    awards: Vec<AwardEmoji>,
    states: Vec<StateEvent>,
    labels: Vec<LabelEvent>,
    milestones: Vec<MilestoneEvent>,
}

impl Threads {
    /// Nothing at all.
    pub fn none() -> Self {
        Self {
            discussions: Vec::new(),
            note_awards: NoteAwards::new(),
            awards: Vec::new(),
            states: Vec::new(),
            labels: Vec::new(),
            milestones: Vec::new(),
        }
    }

    /// Asks GitLab.
    pub async fn read(client: &Client, of: Issuable) -> Result<Self, Trouble> {
        let (discussions, awards, states, labels, milestones) = tokio::try_join!(
            client.discussions(of),
            client.award_emoji(of),
            client.state_events(of),
            client.label_events(of),
            client.milestone_events(of),
        )?;
        let written = discussions
            .iter()
            .flat_map(|discussion| &discussion.notes)
            .filter(|note| !note.system)
            .map(|note| note.id)
            .collect::<Vec<_>>();
        let note_awards = stream::iter(written)
            .map(|note| {
                let client = client.clone();
                async move {
                    let awards = client.note_award_emoji(of, note).await?;
                    Ok::<_, Trouble>((note, awards))
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_filter(|(_, awards)| std::future::ready(!awards.is_empty()))
            .try_collect()
            .await?;
        Ok(Self {
            discussions,
            note_awards,
            awards,
            states,
            labels,
            milestones,
        })
    }

    /// The notes, for a document.
    pub fn notes(&self) -> Notes<'_> {
        Notes {
            discussions: &self.discussions,
            awards: &self.note_awards,
        }
    }

    /// The emoji of the thing itself.
    pub fn awards(&self) -> &[AwardEmoji] {
        &self.awards
    }

    /// The events, for a document.
    pub fn events(&self) -> Events<'_> {
        Events {
            state: &self.states,
            label: &self.labels,
            milestone: &self.milestones,
        }
    }

    /// Notes everybody who wrote or did something.
    pub fn note_people(&self, people: &People) {
        let authors = self
            .discussions
            .iter()
            .flat_map(|discussion| &discussion.notes)
            .flat_map(|note| [note.author.as_ref(), note.resolved_by.as_ref()]);
        let awards = self
            .awards
            .iter()
            .chain(self.note_awards.values().flatten())
            .map(|award| award.user.as_ref());
        let events = self
            .states
            .iter()
            .map(|event| event.user.as_ref())
            .chain(self.labels.iter().map(|event| event.user.as_ref()))
            .chain(self.milestones.iter().map(|event| event.user.as_ref()));
        for user in authors.chain(awards).chain(events).flatten() {
            people.note(user);
        }
    }
}

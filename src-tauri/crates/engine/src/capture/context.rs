//! What every capture of a run shares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use labkeep_gitlab::rest::UserRef;
use labkeep_gitlab::{Client, Scope};
use labkeep_vault::SnapshotReader;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::got::{Fresh, Trouble};
use crate::backup::decide::Depth;
use crate::guard::Turnover;
use crate::kind::Item;
use crate::layout;
use crate::ledger::{Ledger, Line};
use crate::run::Progress;
use crate::scratch::Scratch;

/// What every capture of a run shares.
pub struct Context {
    /// The way to GitLab; ends everything when the run is cancelled.
    pub client: Client,
    /// The previous snapshot of the same plan.
    pub previous: Option<SnapshotReader>,
    /// Its ledger, without what is damaged.
    pub ledger: Arc<Ledger>,
    /// The same with what is damaged, to see what is gone since.
    pub compared: Arc<Ledger>,
    /// Items that are read in full, as if nothing of them were saved.
    pub distrusted: BTreeSet<Item>,
    /// Where received data waits for the vault.
    pub scratch: Arc<Scratch>,
    /// Counts what is done.
    pub progress: Arc<Progress>,
    /// People that documents refer to.
    pub people: People,
    /// How much is asked for.
    pub depth: Depth,
    /// The token's scopes; none for a fine-grained token.
    pub scopes: Option<Vec<Scope>>,
    /// GitLab's time at the start of the run.
    pub now: Timestamp,
}

impl Context {
    /// The previous line of a kind, with its pieces, if it can be built on.
    pub fn line(&self, item: Item, kind: crate::kind::Kind) -> Option<&Line> {
        self.kept(item, kind)
            .filter(|_| !self.distrusted.contains(&item))
    }

    /// The previous line of a kind, to be kept when there is no newer one.
    pub fn kept(&self, item: Item, kind: crate::kind::Kind) -> Option<&Line> {
        self.ledger.line(item, kind)
    }

    /// A kind of which GitLab has nothing. All that was saved before is gone.
    pub fn emptied(&self, item: Item, kind: crate::kind::Kind) -> Fresh {
        let before = self.compared.line(item, kind).and_then(|line| line.count);
        Fresh {
            turnover: before.filter(|count| *count > 0).map(Turnover::all_gone),
            ..Fresh::default()
        }
    }

    /// The previous line of a kind of an item that is distrusted: nothing is
    /// built on it, but what is gone since is seen all the same.
    pub fn distrusted_line(&self, item: Item, kind: crate::kind::Kind) -> Option<&Line> {
        let line = self.compared.line(item, kind);
        line.filter(|_| self.distrusted.contains(&item))
    }

    /// A piece of the previous snapshot of an item that is distrusted, to be
    /// compared with. None if it cannot be read.
    pub async fn distrusted_piece(&self, item: Item, path: &str) -> Option<Vec<u8>> {
        let reader = self.previous.clone()?;
        let path = layout::in_item(item, path);
        let named = path.clone();
        match tokio::task::spawn_blocking(move || reader.read(&path)).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(error)) => {
                tracing::warn!(path = named, %error, "what is gone of it is only counted");
                None
            }
            Err(error) => {
                tracing::error!(path = named, %error, "what is gone of it is only counted");
                None
            }
        }
    }

    /// A piece of the previous snapshot, by its path inside the item's folder.
    /// Runs on a blocking thread, for the vault decrypts it.
    pub async fn before(&self, item: Item, path: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let reader = self.previous.clone();
        let Some(reader) = reader.filter(|_| !self.distrusted.contains(&item)) else {
            return Ok(None);
        };
        let path = layout::in_item(item, path);
        let read = tokio::task::spawn_blocking(move || reader.read(&path)).await;
        match read {
            Ok(read) => Ok(read?),
            Err(error) => Err(Trouble::Bug {
                message: error.to_string(),
            }),
        }
    }
}

/// A person that documents refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// GitLab's number.
    pub id: u64,
    /// The name in `@name`.
    pub username: String,
    /// The full name.
    pub name: String,
    /// The e-mail address the user shows to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_email: Option<String>,
}

/// People that documents refer to, from all items of a run.
#[derive(Debug, Default)]
pub struct People(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    people: BTreeMap<u64, Person>,
    before: BTreeSet<u64>,
    told: BTreeSet<u64>,
    asked: BTreeMap<u64, Arc<OnceCell<Option<String>>>>,
}

impl People {
    /// Starts with the people of the previous snapshot.
    pub fn from_ndjson(text: &[u8]) -> Result<Self, serde_json::Error> {
        let mut people = BTreeMap::new();
        for line in text.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
            let person: Person = serde_json::from_slice(line)?;
            people.insert(person.id, person);
        }
        let before = people.keys().copied().collect();
        Ok(Self(Mutex::new(Known {
            people,
            before,
            ..Known::default()
        })))
    }

    /// Notes a person; an e-mail address that is known is not forgotten.
    pub fn note(&self, user: &UserRef) {
        let told = user.public_email.clone().filter(|email| !email.is_empty());
        let mut known = self.lock();
        if told.is_some() {
            known.told.insert(user.id);
        }
        let before = known.people.get(&user.id);
        let email = told.or_else(|| before.and_then(|person| person.public_email.clone()));
        known.people.insert(
            user.id,
            Person {
                id: user.id,
                username: user.username.clone(),
                name: user.name.clone(),
                public_email: email,
            },
        );
    }

    /// The person with this number.
    pub fn get(&self, id: u64) -> Option<Person> {
        self.lock().people.get(&id).cloned()
    }

    /// Whether the previous snapshot knew this person.
    pub fn is_from_before(&self, id: u64) -> bool {
        self.lock().before.contains(&id)
    }

    /// Whether GitLab told the person's e-mail address in this run.
    pub fn was_told(&self, id: u64) -> bool {
        self.lock().told.contains(&id)
    }

    /// Where the answer about a person's e-mail address is kept, so that one
    /// question serves everybody who asks, also at the same time.
    pub fn answer_about(&self, id: u64) -> Arc<OnceCell<Option<String>>> {
        Arc::clone(self.lock().asked.entry(id).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line of JSON each, by number.
    pub fn to_ndjson(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for person in self.lock().people.values() {
            serde_json::to_writer(&mut text, person).expect("a person is plain data");
            text.push(b'\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_address_survives_an_answer_without_it() {
        let people = People::default();
        let mut mira = UserRef {
            id: 7,
            username: "mira".to_owned(),
            name: "Mira".to_owned(),
            public_email: Some("mira@example.com".to_owned()),
        };
        people.note(&mira);
        mira.public_email = None;
        mira.name = "Mira B".to_owned();
        people.note(&mira);
        let again = People::from_ndjson(&people.to_ndjson()).unwrap();
        let person = again.get(7).unwrap();
        assert_eq!(person.name, "Mira B");
        assert_eq!(person.public_email.as_deref(), Some("mira@example.com"));
    }
}

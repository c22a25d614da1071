//! Items of the previous snapshot that the list does not show any more. Each
//! is asked for by its ID: deleted, out of sight, or left out by the plan is
//! told apart from a list that was not whole.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use labkeep_gitlab::{Client, Error};

use super::decide::Seen;
use super::discover::{self, Discovery, Found};
use crate::kind::{Item, Kind, Sort};
use crate::ledger::Ledger;
use crate::pattern::Selection;

/// Questions at once.
const AT_ONCE: usize = 8;

/// Why an item is not in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not there, or the token's user may not know that it is.
    Gone,
    /// It is there, but the plan does not cover it any more.
    LeftOut,
    /// Whether it is there could not be found out; it is kept as it was.
    Unknown,
}

/// An item that the list does not show any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanished {
    /// The item.
    pub item: Item,
    /// Its last path.
    pub path: String,
    /// Why.
    pub why: Why,
}

impl Vanished {
    /// The item as it was, if it is to be kept because nobody knows.
    pub fn kept(&self, previous: &Ledger) -> Option<Found> {
        if self.why != Why::Unknown {
            return None;
        }
        let mark = previous
            .line(self.item, Kind::Settings)
            .and_then(|line| line.mark.clone())
            .unwrap_or_default();
        Some(Found {
            seen: Seen {
                item: self.item,
                path: self.path.clone(),
                last_activity_at: None,
                settings: mark.settings,
                off: Vec::new(),
            },
            settings: None,
            role: None,
            is_open: false,
            is_archived: false,
            is_empty: false,
            object_format: "sha1".to_owned(),
            sizes: Vec::new(),
            group: None,
            fork_of: None,
        })
    }
}

/// Looks for every item that the previous snapshot has and the list has not.
/// One that is there after all and covered joins the discovery.
pub async fn look_for(
    client: &Client,
    selection: &Selection,
    mut discovery: Discovery,
    previous: &Ledger,
) -> Result<(Discovery, BTreeMap<Item, Vanished>), Error> {
    let missing: Vec<(Item, String)> = previous
        .items()
        .into_iter()
        .filter(|item| !discovery.found.contains_key(item))
        .filter_map(|item| Some((item, previous.of(item).next()?.path.clone())))
        .collect();
    let asking = client.clone();
    let answers: Vec<(Item, String, Answer)> = stream::iter(missing)
        .map(move |(item, path)| look(asking.clone(), item, path))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut vanished = BTreeMap::new();
    for (item, path, answer) in answers {
        let why = match answer {
            Answer::There(found) if selection.covers(&found.seen.path) => {
                discovery.found.insert(item, *found);
                continue;
            }
            Answer::There(_) => Why::LeftOut,
            Answer::Gone => Why::Gone,
            Answer::Unknown => Why::Unknown,
        };
        vanished.insert(item, Vanished { item, path, why });
    }
    Ok((discovery, vanished))
}

/// What GitLab says of an item.
enum Answer {
    There(Box<Found>),
    Gone,
    Unknown,
}

async fn look(client: Client, item: Item, path: String) -> Result<(Item, String, Answer), Error> {
    let found = match item.sort {
        Sort::Project => client
            .project(item.id)
            .await
            .map(|project| project.map(|project| discover::of_project(&project))),
        Sort::Group => client
            .group(item.id)
            .await
            .map(|group| group.map(|group| discover::of_group(&group))),
    };
    let answer = match found {
        Ok(Some(found)) => Answer::There(Box::new(found)),
        Ok(None) => Answer::Gone,
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(error) if error.is_dead_token() => return Err(error),
        Err(error) => {
            tracing::warn!(path, %error, "whether it is still there could not be found out");
            Answer::Unknown
        }
    };
    Ok((item, path, answer))
}

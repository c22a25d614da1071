//! The menu of the tray as a value: the same on every system, and tested
//! without any.

use labkeep_engine::view::PauseFor;
use labkeep_engine::view::{Protection, StatusView};

use crate::order::Order;
use crate::place::Place;
use crate::words;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A sentence that cannot be chosen.
    Sentence(String),
    /// Gives an order.
    Do(String, Order),
    /// Leads to more entries.
    More(String, Vec<Entry>),
    /// A line between groups.
    Line,
}

/// The menu for this status.
pub fn menu(status: &StatusView) -> Vec<Entry> {
    let mut menu = vec![Entry::Sentence(status.title.clone()), Entry::Line];
    if status.protection != Protection::NotSetUp {
        menu.push(back_up_or_cancel(status));
        if status.paused_until.is_some() {
            menu.push(Entry::Do(words::GO_ON.to_owned(), Order::GoOn));
        } else {
            for (label, pause) in [
                (words::PAUSE_HOUR, PauseFor::Hour),
                (words::PAUSE_TOMORROW, PauseFor::UntilTomorrow),
            ] {
                menu.push(Entry::Do(label.to_owned(), Order::Pause(pause)));
            }
        }
        menu.push(Entry::Line);
        menu.push(Entry::Do(
            words::RESTORE.to_owned(),
            Order::Open(Some(Place::projects())),
        ));
    }
    menu.extend([
        Entry::Do(words::OPEN_LABKEEP.to_owned(), Order::Open(None)),
        Entry::Line,
        Entry::Do(words::QUIT.to_owned(), Order::Quit(words::WAS_QUIT)),
    ]);
    menu
}

fn back_up_or_cancel(status: &StatusView) -> Entry {
    if let Some(running) = &status.running {
        let run = running.run.clone();
        return Entry::Do(words::CANCEL.to_owned(), Order::Cancel { run });
    }
    let back_up = |label: &str, plan: &str| {
        let plan = plan.to_owned();
        Entry::Do(label.to_owned(), Order::BackUp { plan })
    };
    match status.plans.as_slice() {
        [only] => back_up(words::BACK_UP, &only.id),
        plans => {
            let each = plans.iter().map(|plan| back_up(&plan.name, &plan.id));
            Entry::More(words::BACK_UP.to_owned(), each.collect())
        }
    }
}

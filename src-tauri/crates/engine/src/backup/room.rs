//! Room: whether what is new fits where the vault is, told before the first
//! byte is read. GitLab's sizes are of repositories on its disk, so they are a
//! guess: packs are smaller, and what another plan saved is not stored twice.

use labkeep_vault::Vault;

use super::decide::{Decision, ItemPlan};
use super::discover::Found;
use super::job::{BackupError, blocking};
use crate::kind::Kind;
use crate::ledger::Ledger;
use crate::words;

/// GitLab counts more than what is stored: unreachable objects, indexes and
/// bitmaps. Less room than one part in so many of it is surely too little.
const AT_LEAST_ONE_IN: u64 = 2;

/// What a backup adds, as far as GitLab tells, and the room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes on GitLab's disk of repositories and wikis that were never saved.
    pub new: u64,
    /// Bytes of room where the vault is, where that can be known.
    pub free: Option<u64>,
}

impl Room {
    /// Whether what is new may not fit.
    pub fn is_doubtful(self) -> bool {
        self.free.is_some_and(|free| free < self.new)
    }

    /// Whether what is new cannot fit, if none of it is in the vault yet.
    fn is_short(self) -> bool {
        self.free
            .is_some_and(|free| free < self.new / AT_LEAST_ONE_IN)
    }
}

/// Looks at the room before a backup.
pub(super) async fn look(
    vault: &Vault,
    plans: &[(Found, ItemPlan)],
    previous: &Ledger,
) -> Result<Room, BackupError> {
    let free = blocking(vault, Vault::free_bytes).await?;
    let new = new_bytes(plans, previous);
    Ok(Room { new, free })
}

/// Ends a run that would only fill the disk: the first of a vault, which holds
/// nothing yet that could be there already. Any other is warned of and tried.
pub(super) async fn guard(vault: &Vault, room: Room) -> Result<(), BackupError> {
    if !room.is_doubtful() {
        return Ok(());
    }
    let is_first = room.is_short()
        && blocking(vault, |vault| {
            let (snapshots, damaged) = vault.snapshots_with_damage()?;
            Ok(snapshots.is_empty() && damaged.is_empty())
        })
        .await?;
    let free = room.free.unwrap_or_default();
    if is_first {
        return Err(BackupError::NoRoom {
            path: vault.location().to_string(),
            new: room.new,
            free,
        });
    }
    tracing::warn!(
        "GitLab tells of {} that were never saved; there are {} free where the vault is",
        words::bytes(room.new),
        words::bytes(free),
    );
    Ok(())
}

/// Bytes that GitLab tells of the kinds that are read for the first time.
fn new_bytes(plans: &[(Found, ItemPlan)], previous: &Ledger) -> u64 {
    plans
        .iter()
        .flat_map(|(found, plan)| {
            let is_new = |kind: Kind| {
                let is_asked = plan
                    .decisions
                    .iter()
                    .any(|(one, decision)| *one == kind && matches!(decision, Decision::Ask(_)));
                let line = previous.line(found.seen.item, kind);
                is_asked && line.is_none_or(|line| line.pieces.is_empty())
            };
            found
                .sizes
                .iter()
                .filter(move |(kind, _)| is_new(*kind))
                .map(|(_, bytes)| *bytes)
        })
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::decide::{Seen, Why};
    use crate::kind::Item;
    use crate::ledger::{Line, PieceFacts};
    use crate::view::LedgerState;

    fn project(id: u64, repository: u64, wiki: u64) -> (Found, ItemPlan) {
        let found = Found {
            seen: Seen {
                item: Item::project(id),
                path: format!("acme/p{id}"),
                last_activity_at: None,
                settings: String::new(),
                off: Vec::new(),
            },
            settings: None,
            role: None,
            is_open: false,
            is_archived: false,
            is_empty: false,
            object_format: "sha1".to_owned(),
            group: None,
            fork_of: None,
            sizes: vec![(Kind::Repository, repository), (Kind::Wiki, wiki)],
        };
        let decisions = vec![
            (Kind::Repository, Decision::Ask(Why::New)),
            (Kind::Wiki, Decision::Keep),
        ];
        let seen = found.seen.clone();
        (found, ItemPlan { seen, decisions })
    }

    #[test]
    fn only_what_is_asked_for_and_was_never_saved_is_new() {
        let plans = [project(1, 1_000, 10), project(2, 500, 10)];
        assert_eq!(new_bytes(&plans, &Ledger::default()), 1_500);
        let mut previous = Ledger::default();
        let item = plans[0].0.seen.item;
        let mut line = Line::new(item, "acme/p1", Kind::Repository, LedgerState::Saved);
        previous.put(line.clone());
        assert_eq!(
            new_bytes(&plans, &previous),
            1_500,
            "nothing of it is stored"
        );
        line.pieces.push(PieceFacts {
            path: "repository/1.pack".to_owned(),
            size: 900,
            captured: jiff::Timestamp::UNIX_EPOCH,
        });
        previous.put(line);
        assert_eq!(new_bytes(&plans, &previous), 500);
    }

    #[test]
    fn doubt_is_not_yet_too_little() {
        let room = |free| Room { new: 100, free };
        assert!(!room(Some(100)).is_doubtful() && !room(None).is_doubtful());
        assert!(room(Some(99)).is_doubtful() && !room(Some(50)).is_short());
        assert!(room(Some(49)).is_short() && !room(None).is_short());
    }
}

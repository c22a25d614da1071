//! Look: everything of a backup that comes before the first byte is read. Its
//! result is the plan of the run, a value that can be shown and executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use labkeep_gitlab::{Client, Scope};
use labkeep_vault::{SnapshotFacts, SnapshotId, SnapshotReader, Vault};

use super::decide::{Circumstances, Decision, Depth, ItemPlan, decide, decide_anew};
use super::discover::{Discovery, Found, discover};
use super::job::{BackupError, BackupJob, blocking, plan_tag};
use super::room::{self, Room};
use super::vanished::{self, Vanished, Why};
use crate::capture::People;
use crate::guard::Before;
use crate::head::{Head, HeadAccount, HeadError, UncoveredFacts};
use crate::kind::{Item, Kind};
use crate::layout;
use crate::ledger::Ledger;
use crate::view::{BackupPlanItem, BackupPlanView, Phase};

/// A thorough run is due after this.
const THOROUGH_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The previous snapshot of a plan.
struct Previous {
    reader: SnapshotReader,
    facts: SnapshotFacts,
    /// Time of the newest snapshot of the plan, which may be damaged.
    newest: Timestamp,
    head: Head,
    ledger: Ledger,
    people: People,
}

/// What a backup knows before it reads anything.
pub(super) struct Look {
    pub client: Client,
    pub account: HeadAccount,
    /// The token's scopes; none for a fine-grained token.
    pub scopes: Option<Vec<Scope>>,
    pub previous: Option<SnapshotReader>,
    pub parent: Option<SnapshotId>,
    pub ledger: Arc<Ledger>,
    /// The same without what the vault does not have any more.
    pub kept: Arc<Ledger>,
    pub people: People,
    pub started: Timestamp,
    /// GitLab's time.
    pub now: Timestamp,
    pub depth: Depth,
    /// The last time everything was asked for, this run included.
    pub thorough: Timestamp,
    /// Every item with what is going to be done about it, in the order of the
    /// snapshot.
    pub plans: Vec<(Found, ItemPlan)>,
    pub vanished: BTreeMap<Item, Vanished>,
    pub uncovered: BTreeMap<String, UncoveredFacts>,
    pub room: Room,
    /// What the deletion guard compares with.
    pub before: Before,
}

impl BackupJob {
    /// What a run would do. Nothing is written, and GitLab is only asked for
    /// its lists.
    pub async fn plan(&self) -> Result<BackupPlanView, BackupError> {
        let look = self.look().await?;
        Ok(view(&self.plan.name, &look))
    }

    pub(super) async fn look(&self) -> Result<Look, BackupError> {
        self.progress.enter(Phase::Discovering);
        let client = self.client.with_cancel(self.cancel.clone());
        let token = client.token_facts().await?;
        let scopes = token
            .as_ref()
            .map(|token| token.scopes.clone())
            .filter(|scopes| !scopes.contains(&Scope::Granular));
        if let Some(scopes) = &scopes
            && !scopes
                .iter()
                .any(|scope| matches!(scope, Scope::Api | Scope::ReadApi))
        {
            return Err(BackupError::NoApi);
        }
        let instance = client.instance_facts().await?;
        let previous = self.previous().await?;
        let started = self.started(previous.as_ref());
        let now = client.server_time().unwrap_or_else(|| self.clock.now());
        let account = HeadAccount {
            url: client.base().as_str().to_owned(),
            user: token
                .as_ref()
                .and_then(|token| token.user_id)
                .map(|id| id.to_string()),
            scopes: token
                .iter()
                .flat_map(|token| &token.scopes)
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            version: instance.version,
            enterprise: instance.enterprise,
        };
        let depth = self.depth(previous.as_ref(), now);
        let circumstances = Circumstances {
            depth,
            now,
            rights_changed: previous.as_ref().is_none_or(|previous| {
                (&previous.head.account.scopes, &previous.head.account.user)
                    != (&account.scopes, &account.user)
            }),
        };
        let thorough = match (&previous, depth) {
            (Some(previous), Depth::Quick) => previous.head.thorough,
            _ => started,
        };
        let before = self.before(previous.as_ref());
        let (reader, parent, ledger, people) = match previous {
            Some(previous) => (
                Some(previous.reader),
                Some(previous.facts.id),
                previous.ledger,
                previous.people,
            ),
            None => (None, None, Ledger::default(), People::default()),
        };
        let kept = Arc::new(self.sound(reader.clone(), &ledger).await?);
        let ledger = Arc::new(ledger);
        let count = |items| self.progress.set_items(items);
        let trusted = self.trusted(&ledger);
        let discovery = discover(&client, &self.selection, &trusted, count).await?;
        let (discovery, vanished) =
            vanished::look_for(&client, &self.selection, discovery, &ledger).await?;
        if discovery.found.is_empty() && vanished.is_empty() {
            return Err(BackupError::NothingVisible {
                left_out: discovery.left_out,
            });
        }
        let uncovered = discovery
            .uncovered
            .iter()
            .map(|(name, sum)| {
                let facts = UncoveredFacts {
                    projects: sum.projects,
                    bytes: sum.bytes,
                };
                ((*name).to_owned(), facts)
            })
            .collect();
        let plans = self.decide(discovery, &vanished, &ledger, circumstances);
        let room = room::look(&self.vault, &plans, &ledger).await?;
        self.progress.set_items(plans.len() as u64);
        tracing::info!(
            items = plans.len(),
            kept = plans.iter().filter(|(_, plan)| plan.is_kept()).count(),
            ?depth,
            "the plan of the run"
        );
        Ok(Look {
            client,
            account,
            scopes,
            previous: reader,
            parent,
            ledger,
            kept,
            people,
            started,
            now,
            depth,
            thorough,
            plans,
            vanished,
            uncovered,
            room,
            before,
        })
    }

    /// The time that the snapshot and its new pieces carry: later than those
    /// of the previous one, also when the clock went back.
    fn started(&self, previous: Option<&Previous>) -> Timestamp {
        let now = self.progress.started();
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        match previous {
            Some(previous) => now.max(previous.newest + SignedDuration::from_millis(1)),
            None => now,
        }
    }

    fn before(&self, previous: Option<&Previous>) -> Before {
        match previous {
            Some(previous) => Before {
                time: previous.facts.time,
                peaks: previous.head.peaks.clone(),
                // Another machine may know of a later answer, or this one.
                answered: previous.head.answered.max(self.answered),
            },
            None => Before::default(),
        }
    }

    fn depth(&self, previous: Option<&Previous>, now: Timestamp) -> Depth {
        let is_due = previous.is_none_or(|previous| {
            now.duration_since(previous.head.thorough).abs() >= THOROUGH_AGE
                // At another address it may be another GitLab.
                || previous.head.account.url != self.client.base().as_str()
        });
        if self.thorough || is_due {
            Depth::Thorough
        } else {
            Depth::Quick
        }
    }

    async fn previous(&self) -> Result<Option<Previous>, BackupError> {
        let tag = plan_tag(&self.plan.id);
        let found = blocking(&self.vault, move |vault| {
            let (mut all, damaged) = vault.snapshots_with_damage()?;
            for (snapshot, error) in damaged {
                tracing::warn!(%snapshot, %error, "a snapshot cannot be read");
            }
            all.retain(|snapshot| snapshot.tags.contains(&tag));
            all.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.time));
            let Some(newest) = all.first().map(|snapshot| snapshot.time) else {
                return Ok(None);
            };
            for facts in all {
                match open(vault, &facts) {
                    Ok((reader, [head, ledger, people])) => {
                        return Ok(Some((facts, newest, reader, head, ledger, people)));
                    }
                    // An earlier one serves as well; what is saved is the same.
                    Err(
                        error @ (labkeep_vault::Error::Damaged { .. }
                        | labkeep_vault::Error::Missing { .. }
                        | labkeep_vault::Error::Repository { .. }),
                    ) => tracing::warn!(snapshot = %facts.id, %error, "it cannot be built on"),
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        })
        .await?;
        let Some((facts, newest, reader, head, ledger, people)) = found else {
            return Ok(None);
        };
        let (ledger, people) = (ledger.unwrap_or_default(), people.unwrap_or_default());
        let people = People::from_ndjson(&people).map_err(HeadError::from)?;
        Ok(Some(Previous {
            reader,
            facts,
            newest,
            head: Head::parse(head.as_deref())?,
            ledger: Ledger::from_ndjson(&ledger)?,
            people,
        }))
    }

    /// The previous ledger without distrusted items.
    fn trusted(&self, ledger: &Ledger) -> Ledger {
        let mut trusted = Ledger::default();
        let lines = ledger.lines();
        lines
            .filter(|line| !self.distrusted.contains(&line.item()))
            .for_each(|line| trusted.put(line.clone()));
        trusted
    }

    /// The previous ledger without those lines of distrusted items that the
    /// vault does not have whole any more: they cannot be kept.
    async fn sound(
        &self,
        reader: Option<SnapshotReader>,
        ledger: &Ledger,
    ) -> Result<Ledger, BackupError> {
        let Some(reader) = reader.filter(|_| !self.distrusted.is_empty()) else {
            return Ok(ledger.clone());
        };
        let (ledger, distrusted) = (ledger.clone(), self.distrusted.clone());
        blocking(&self.vault, move |_| {
            let mut sound = Ledger::default();
            for line in ledger.lines() {
                let mut is_whole = true;
                if distrusted.contains(&line.item()) {
                    for piece in &line.pieces {
                        let path = layout::in_item(line.item(), &piece.path);
                        is_whole = is_whole && reader.has_all_parts(&path)?;
                    }
                }
                if is_whole {
                    sound.put(line.clone());
                }
            }
            Ok(sound)
        })
        .await
    }

    /// The plan of the run: every item with what is going to be done about it,
    /// in the order of the snapshot.
    fn decide(
        &self,
        discovery: Discovery,
        vanished: &BTreeMap<Item, Vanished>,
        previous: &Ledger,
        circumstances: Circumstances,
    ) -> Vec<(Found, ItemPlan)> {
        let kinds = self.plan.kinds.clone().map_or_else(
            || Kind::OF_PROJECT.to_vec(),
            |mut kinds| {
                // Every item has settings; nothing can be restored without.
                kinds.push(Kind::Settings);
                kinds
            },
        );
        let unknown = vanished.values().filter_map(|one| one.kept(previous));
        let mut plans: Vec<_> = discovery
            .found
            .into_values()
            .chain(unknown)
            .map(|found| {
                let plan = if self.distrusted.contains(&found.seen.item) {
                    decide_anew(found.seen.clone(), &kinds)
                } else {
                    decide(found.seen.clone(), &kinds, previous, circumstances)
                };
                (found, plan)
            })
            .collect();
        plans.sort_by_cached_key(|(found, _)| found.seen.item.folder());
        plans
    }
}

/// Opens a snapshot with its documents.
fn open(
    vault: &Vault,
    facts: &SnapshotFacts,
) -> labkeep_vault::Result<(SnapshotReader, [Option<Vec<u8>>; 3])> {
    let reader = vault.read(&facts.id)?;
    let documents = [
        reader.read(layout::HEAD)?,
        reader.read(layout::LEDGER)?,
        reader.read(layout::USERS)?,
    ];
    Ok((reader, documents))
}

fn view(plan: &str, look: &Look) -> BackupPlanView {
    let items: Vec<BackupPlanItem> = look
        .plans
        .iter()
        .map(|(_, plan)| BackupPlanItem {
            item: plan.seen.item,
            path: plan.seen.path.clone(),
            kinds: plan
                .decisions
                .iter()
                .filter(|(_, decision)| matches!(decision, Decision::Ask(_)))
                .map(|(kind, _)| *kind)
                .collect(),
        })
        .collect();
    let unchanged = items.iter().filter(|item| item.kinds.is_empty()).count();
    BackupPlanView {
        plan: plan.to_owned(),
        thorough: look.depth == Depth::Thorough,
        total: items.len() as u64,
        new_bytes: look.room.new,
        free_bytes: look.room.free,
        unchanged: unchanged as u64,
        items,
        gone: look
            .vanished
            .values()
            .filter(|one| one.why == Why::Gone)
            .map(|one| one.path.clone())
            .collect(),
    }
}

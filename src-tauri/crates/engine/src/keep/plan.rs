//! Plans: what, where, when.

use labkeep_gitlab::AccessLevel;
use labkeep_settings::{Kinds, Plan, PlanId, Schedule};

use super::promise::{at_millis, waits_for};
use super::vault::free_name;
use super::{Labkeep, blocking};
use crate::backup::discover::discover;
use crate::error::{Error, Result, What};
use crate::head::{HeadCopy, HeadPlan};
use crate::kind::{Kind, Sort};
use crate::ledger::Ledger;
use crate::pattern::Selection;
use crate::view::{PlanInput, PlanView, ScheduleView, VisibleItem};

/// What the plan that covers everything is called.
const EVERYTHING: &str = "Everything";

impl Labkeep {
    /// Makes a plan.
    pub fn create_plan(&self, input: &PlanInput) -> Result<PlanView> {
        let account = self.find_account(&input.account)?;
        let vault = self.find_vault(&input.vault)?;
        Selection::new(&input.include, &input.exclude)?;
        let taken: Vec<String> = self.settings()?.plans.into_iter().map(|p| p.name).collect();
        let plan = Plan {
            id: PlanId::random(),
            name: free_name(&name_of(input), &taken),
            account: account.id,
            vault: vault.id,
            include: input.include.clone(),
            exclude: input.exclude.clone(),
            kinds: kinds_of(input),
            schedule: schedule_of(&input.schedule),
            retention: input.retention,
            retention_open: input.retention_open,
            created_at: self.0.clock.now(),
            rest: serde_json::Map::new(),
        };
        let made = plan.clone();
        self.0.store.update(|settings| settings.plans.push(plan))?;
        self.0.runs.changed();
        self.plan_view(&made)
    }

    /// Changes a plan.
    pub fn update_plan(&self, id: &str, input: &PlanInput) -> Result<PlanView> {
        let mut plan = self.find_plan(id)?;
        let account = self.find_account(&input.account)?;
        let vault = self.find_vault(&input.vault)?;
        Selection::new(&input.include, &input.exclude)?;
        let taken: Vec<String> = self
            .settings()?
            .plans
            .into_iter()
            .filter(|other| other.id != plan.id)
            .map(|other| other.name)
            .collect();
        plan.name = free_name(&name_of(input), &taken);
        plan.account = account.id;
        plan.vault = vault.id;
        plan.include.clone_from(&input.include);
        plan.exclude.clone_from(&input.exclude);
        plan.kinds = kinds_of(input);
        plan.schedule = schedule_of(&input.schedule);
        plan.retention = input.retention;
        plan.retention_open = input.retention_open;
        self.0.store.update(|settings| {
            for other in &mut settings.plans {
                if other.id == plan.id {
                    other.clone_from(&plan);
                }
            }
        })?;
        self.0.runs.changed();
        self.plan_view(&plan)
    }

    /// Removes a plan that is not being backed up; its snapshots stay.
    pub fn remove_plan(&self, id: &str) -> Result<()> {
        let plan = self.find_plan(id)?;
        self.refuse_second(&plan)?;
        self.0
            .store
            .update(|settings| settings.plans.retain(|other| other.id != plan.id))?;
        self.0.runs.changed();
        Ok(())
    }

    /// The plans, in the order in which they were made.
    pub fn plans(&self) -> Result<Vec<PlanView>> {
        let mut plans = self.settings()?.plans;
        plans.sort_by_key(|plan| plan.created_at);
        plans.iter().map(|plan| self.plan_view(plan)).collect()
    }

    /// Groups and projects that an account's token sees, parents first.
    pub async fn visible_items(&self, account: &str) -> Result<Vec<VisibleItem>> {
        let account = self.find_account(account)?;
        let client = self.client(&account, None).await?;
        let everything = Selection::new(&[], &[])?;
        let found = discover(&client, &everything, &Ledger::default(), |_| {}).await?;
        blocking(move || {
            let mut items: Vec<VisibleItem> = found
                .found
                .into_values()
                .map(|found| {
                    let path = found.seen.path;
                    let (parent, name) = match path.rsplit_once('/') {
                        Some((parent, name)) => (Some(parent.to_owned()), name.to_owned()),
                        None => (None, path.clone()),
                    };
                    VisibleItem {
                        item: found.seen.item,
                        name,
                        parent,
                        role: found
                            .role
                            .and_then(AccessLevel::label)
                            .map(ToOwned::to_owned),
                        archived: found.is_archived,
                        bytes: (!found.sizes.is_empty())
                            .then(|| found.sizes.iter().map(|(_, bytes)| bytes).sum()),
                        last_activity_at: found.seen.last_activity_at.map(crate::clock::millis),
                        path,
                    }
                })
                .collect();
            items.sort_by_cached_key(|item| {
                (
                    item.path
                        .to_lowercase()
                        .split('/')
                        .map(ToOwned::to_owned)
                        .collect::<Vec<_>>(),
                    item.item.sort == Sort::Project,
                )
            });
            Ok(items)
        })
        .await
    }
}

impl Labkeep {
    /// The plan as it goes into a snapshot.
    pub(super) fn head_of(&self, plan: &Plan) -> Result<HeadPlan> {
        let settings = self.settings()?;
        let vault_id = |id| settings.vault(id).map(|vault| vault.vault_id.clone());
        let kinds = match &plan.kinds {
            Kinds::All => None,
            Kinds::Only(names) => Some(
                names
                    .iter()
                    .map(|name| {
                        Kind::from_name(name)
                            .ok_or_else(|| Error::UnknownKind { name: name.clone() })
                    })
                    .collect::<Result<Vec<_>>>()?,
            ),
        };
        Ok(HeadPlan {
            id: plan.id.to_string(),
            name: plan.name.clone(),
            include: plan.include.clone(),
            exclude: plan.exclude.clone(),
            kinds,
            schedule: Some(plan.schedule),
            retention: (!plan.retention_open).then_some(plan.retention),
            vault: vault_id(plan.vault),
            copies: settings
                .copies
                .iter()
                .filter(|copy| copy.from == plan.vault)
                .filter_map(|copy| {
                    Some(HeadCopy {
                        vault: vault_id(copy.to)?,
                        retention: copy.retention,
                    })
                })
                .collect(),
        })
    }
}

/// What was asked for when the plan was made.
fn input_of(plan: &Plan) -> PlanInput {
    PlanInput {
        name: plan.name.clone(),
        account: plan.account.to_string(),
        vault: plan.vault.to_string(),
        include: plan.include.clone(),
        exclude: plan.exclude.clone(),
        kinds: match &plan.kinds {
            Kinds::All => None,
            Kinds::Only(names) => Some(
                names
                    .iter()
                    .filter_map(|name| Kind::from_name(name))
                    .collect(),
            ),
        },
        schedule: match plan.schedule {
            Schedule::Manual => ScheduleView::Manual,
            Schedule::Hours { hours } => ScheduleView::Hours { hours },
            Schedule::Daily { minute } => ScheduleView::Daily { minute },
            Schedule::Weekly { weekday, minute } => ScheduleView::Weekly { weekday, minute },
        },
        retention: plan.retention,
        retention_open: plan.retention_open,
    }
}

fn name_of(input: &PlanInput) -> String {
    let name = input.name.trim();
    if !name.is_empty() {
        return name.to_owned();
    }
    match input.include.as_slice() {
        [] => EVERYTHING.to_owned(),
        [only] => only.trim_end_matches("/**").to_owned(),
        [first, ..] => format!("{} and others", first.trim_end_matches("/**")),
    }
}

fn kinds_of(input: &PlanInput) -> Kinds {
    match &input.kinds {
        None => Kinds::All,
        Some(kinds) => Kinds::Only(kinds.iter().map(|kind| kind.name().to_owned()).collect()),
    }
}

const fn schedule_of(schedule: &ScheduleView) -> Schedule {
    match *schedule {
        ScheduleView::Manual => Schedule::Manual,
        ScheduleView::Hours { hours } => Schedule::Hours { hours },
        ScheduleView::Daily { minute } => Schedule::Daily { minute },
        ScheduleView::Weekly { weekday, minute } => Schedule::Weekly { weekday, minute },
    }
}

impl Labkeep {
    /// The plan as people see it.
    fn plan_view(&self, plan: &Plan) -> Result<PlanView> {
        let settings = self.settings()?;
        let outlook = self.outlook(plan, &settings.preferences)?;
        let vault = settings.vault(plan.vault);
        let vault = vault.map_or("the vault", |vault| vault.name.as_str());
        Ok(PlanView {
            id: plan.id.to_string(),
            input: input_of(plan),
            next_at: at_millis(outlook.at),
            waits_for: outlook.held.map(|why| waits_for(why, vault)),
            loss: self.loss(&plan.id.to_string())?,
        })
    }

    /// The plan that an error or a run names.
    pub(super) fn plan_by_id(&self, id: PlanId) -> Result<Plan> {
        self.settings()?
            .plan(id)
            .cloned()
            .ok_or_else(|| Error::Unknown {
                what: What::Plan,
                name: id.to_string(),
            })
    }
}

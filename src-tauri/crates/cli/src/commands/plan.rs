//! Plans: make, list, and answer for losses.

use labkeep_engine::Labkeep;
use labkeep_engine::error::What;
use labkeep_engine::view::{PlanInput, RETENTION_OPEN, ScheduleView};
use labkeep_settings::Retention;
use serde_json::json;

use super::{DONE, loss};
use crate::Ran;
use crate::arguments::Plan;
use crate::output::Output;
use crate::table::Table;

pub async fn run(labkeep: &Labkeep, command: Plan, output: &Output) -> Ran {
    match command {
        Plan::Create {
            account,
            vault,
            name,
            include,
            exclude,
            kinds,
            keep,
        } => {
            let input = PlanInput {
                name: name.unwrap_or_default(),
                account,
                vault,
                include,
                exclude,
                kinds,
                // Whoever works with command lines has a scheduler.
                schedule: ScheduleView::Manual,
                retention: keep.unwrap_or_default(),
                retention_open: false,
            };
            let plan = labkeep.create_plan(&input)?;
            output.say(format!("Plan “{}” is made.", plan.input.name));
            output.say("It runs when asked: labkeep-cli backup --chores. Let cron or a timer ask.");
            output.document(&json!({ "plan": plan }));
            DONE
        }
        Plan::Update { plan, keep } => update(labkeep, plan.as_deref(), keep, output),
        Plan::List => list(labkeep, output),
        Plan::Loss {
            plan,
            meant,
            not_meant,
        } => {
            let answer = (meant || not_meant).then_some(meant);
            loss::run(labkeep, plan.as_deref(), answer, output).await
        }
    }
}

fn update(labkeep: &Labkeep, name: Option<&str>, retention: Retention, output: &Output) -> Ran {
    let id = labkeep.plan_or_only(name)?.id.to_string();
    let known = labkeep.plans()?.into_iter().find(|plan| plan.id == id);
    let input = match known {
        Some(plan) => PlanInput {
            retention,
            retention_open: false,
            ..plan.input
        },
        None => {
            return Err(labkeep_engine::Error::Unknown {
                what: What::Plan,
                name: id,
            }
            .into());
        }
    };
    let plan = labkeep.update_plan(&id, &input)?;
    output.say(format!("Plan “{}” is changed.", plan.input.name));
    output.document(&json!({ "plan": plan }));
    DONE
}

/// Says that nobody chose how long a plan keeps its snapshots.
pub(super) fn say_open(name: &str, output: &Output) {
    output.say(format!(
        "“{name}”: {RETENTION_OPEN} Choose with: labkeep-cli plan update --keep"
    ));
}

fn list(labkeep: &Labkeep, output: &Output) -> Ran {
    let plans = labkeep.plans()?;
    let mut table = Table::new(&["Name", "Account", "Vault", "What"]);
    for plan in &plans {
        let input = &plan.input;
        let mut what = if input.include.is_empty() {
            "everything visible".to_owned()
        } else {
            input.include.join(", ")
        };
        if !input.exclude.is_empty() {
            what = format!("{what}, but not {}", input.exclude.join(", "));
        }
        table.row(vec![
            input.name.clone(),
            labkeep.find_account(&input.account)?.name,
            labkeep.find_vault(&input.vault)?.name,
            what,
        ]);
    }
    if plans.is_empty() {
        output.say("No plan is made.");
    }
    table.lines().iter().for_each(|line| output.say(line));
    for plan in plans.iter().filter(|plan| plan.input.retention_open) {
        say_open(&plan.input.name, output);
    }
    output.document(&json!({ "plans": plans }));
    DONE
}

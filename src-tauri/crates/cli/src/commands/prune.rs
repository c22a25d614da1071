//! Pruning: the plan, and its execution.

use labkeep_engine::Labkeep;
use labkeep_engine::view::PrunePlanView;

use super::DONE;
use crate::Ran;
use crate::output::Output;
use crate::table::Table;
use crate::{watch, words};

pub async fn run(labkeep: &Labkeep, name: Option<&str>, plan_only: bool, output: &Output) -> Ran {
    let vault = labkeep.vault_or_only(name)?;
    let id = vault.id.to_string();
    let plan = labkeep.plan_prune(&id).await?;
    say(&plan, output);
    if plan_only {
        output.document(&plan);
        return DONE;
    }
    let events = labkeep.runs().listen();
    let run = labkeep.start_prune(&plan)?;
    watch::to_its_end(labkeep, run, events, output).await
}

fn say(plan: &PrunePlanView, output: &Output) {
    let mut table = Table::new(&["Snapshot", "Plan", "Made", "", "Why"]);
    for line in &plan.snapshots {
        table.row(vec![
            words::short(&line.id).to_owned(),
            line.plan.clone(),
            words::time(line.at),
            if line.stays { "stays" } else { "goes" }.to_owned(),
            line.why.clone(),
        ]);
    }
    table.lines().iter().for_each(|line| output.say(line));
    let go = plan.snapshots.iter().filter(|line| !line.stays).count();
    output.say(format!(
        "{} to be removed, {} to stay; {}.",
        words::count(go as u64, "snapshot"),
        plan.snapshots.len() - go,
        match plan.bytes_unused {
            Some(bytes) => format!(
                "{} in the vault are needed by none already",
                words::bytes(bytes)
            ),
            None => "what is needed by none cannot be told while something is damaged".to_owned(),
        }
    ));
}

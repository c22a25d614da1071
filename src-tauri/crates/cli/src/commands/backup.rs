//! Backups, and what one would do.

use std::process::ExitCode;

use labkeep_engine::Labkeep;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::BackupPlanView;
use serde::Serialize;

use super::DONE;
use super::chores::Chores;
use crate::Ran;
use crate::arguments::Backup;
use crate::output::Output;
use crate::result::RunResult;
use crate::{watch, words};

/// Items that are told to people one by one.
const TOLD: usize = 50;

pub async fn run(labkeep: &Labkeep, wish: Backup, output: &Output) -> Ran {
    let plan = labkeep.plan_or_only(wish.plan.as_deref())?;
    let id = plan.id.to_string();
    let how = BackupWish {
        thorough: wish.thorough,
    };
    if wish.plan_only {
        let view = labkeep.plan_backup(&id, how).await?;
        say(&view, output);
        output.document(&view);
        return DONE;
    }
    let events = labkeep.runs().listen();
    let run = labkeep.start_backup(&id, how)?;
    let ended = watch::to_its_result(labkeep, run, events, output).await;
    if let Err(error) = labkeep.after_backup(run).await {
        // The run is as it is; that people were not told is worth a line.
        output.say(error.advice().to_string());
    }
    let Some((result, outcome)) = ended? else {
        return Ok(ExitCode::from(Outcome::Aborted.exit_code()));
    };
    if !wish.chores || outcome == Outcome::Aborted {
        output.document(&result);
        return Ok(ExitCode::from(outcome.exit_code()));
    }
    let mut done = Chores::default();
    done.add(outcome);
    done.do_what_is_due(labkeep, output).await?;
    output.document(&WithChores {
        result,
        done: &done,
    });
    Ok(done.exit_code())
}

/// The result of a backup and of the chores after it.
#[derive(Serialize)]
struct WithChores<'a> {
    #[serde(flatten)]
    result: RunResult,
    #[serde(flatten)]
    done: &'a Chores,
}

fn say(view: &BackupPlanView, output: &Output) {
    output.say(format!(
        "“{}” would {}: {}, {} as before, {} to be read.",
        view.plan,
        if view.thorough {
            "ask for everything"
        } else {
            "ask for what may have changed"
        },
        words::count(view.total, "item"),
        view.unchanged,
        view.total - view.unchanged
    ));
    if view.new_bytes > 0 {
        let room = view.free_bytes.map_or_else(String::new, |free| {
            format!("; {} are free where the vault is", words::bytes(free))
        });
        output.say(format!(
            "  Never saved before: about {} at GitLab{room}.",
            words::bytes(view.new_bytes)
        ));
    }
    let asked = view.items.iter().filter(|item| !item.kinds.is_empty());
    for item in asked.clone().take(TOLD) {
        let kinds: Vec<&str> = item.kinds.iter().map(|kind| kind.words()).collect();
        output.say(format!("  {}: {}", item.path, kinds.join(", ")));
    }
    let more = asked.count().saturating_sub(TOLD);
    if more > 0 {
        output.say(format!("  … and {more} more"));
    }
    for gone in &view.gone {
        output.say(format!(
            "  {gone}: gone at GitLab, stays in earlier snapshots"
        ));
    }
}

//! Losses at GitLab: what is gone, and the answer whether it was meant.

use labkeep_engine::error::What;
use labkeep_engine::view::{Loss, LossOf, PlanLoss};
use labkeep_engine::{Error, Labkeep};
use serde_json::json;

use super::DONE;
use crate::Ran;
use crate::output::Output;
use crate::table::Table;
use crate::words;

pub async fn run(
    labkeep: &Labkeep,
    plan: Option<&str>,
    meant: Option<bool>,
    output: &Output,
) -> Ran {
    let losses = labkeep.losses(plan)?;
    if let Some(meant) = meant {
        return answer(labkeep, &losses, meant, output).await;
    }
    say(&losses, output);
    output.say(if losses.is_empty() {
        "Nothing is gone that nobody has answered for."
    } else {
        "Nothing is pruned until you say whether it was meant: labkeep-cli plan loss PLAN --meant or --not-meant"
    });
    output.document(&json!({ "losses": losses }));
    DONE
}

async fn answer(labkeep: &Labkeep, losses: &[PlanLoss], meant: bool, output: &Output) -> Ran {
    let loss = match losses {
        [] => {
            output.say("Nothing is gone that nobody has answered for.");
            output.document(&json!({ "answered": [] }));
            return DONE;
        }
        [only] => only,
        several => {
            return Err(Error::Which {
                what: What::Plan,
                names: several.iter().map(|loss| loss.name.clone()).collect(),
            }
            .into());
        }
    };
    say(losses, output);
    // What was just said, and nothing that is lost meanwhile.
    let answer = labkeep
        .answer_loss(&loss.plan, meant, loss.alarm.last)
        .await?;
    output.say(format!("{}\n{}", answer.advice.message, answer.advice.hint));
    output.document(&json!({ "answered": [loss], "pinned": answer.pinned }));
    DONE
}

fn say(losses: &[PlanLoss], output: &Output) {
    let mut table = Table::new(&["Plan", "Since", "Gone", "Of", "What", "Where"]);
    for plan in losses {
        for loss in &plan.alarm.losses {
            table.row(vec![
                plan.name.clone(),
                words::time(plan.alarm.at),
                loss.gone.to_string(),
                loss.before.to_string(),
                what(loss).to_owned(),
                loss.path.clone().unwrap_or_default(),
            ]);
        }
    }
    table.lines().iter().for_each(|line| output.say(line));
}

fn what(loss: &Loss) -> &'static str {
    match loss.of {
        LossOf::Items => "projects or groups",
        LossOf::Refs => "branches and tags",
        LossOf::WikiRefs => "branches of the wiki",
        LossOf::Issues => "issues",
        LossOf::MergeRequests => "merge requests",
    }
}

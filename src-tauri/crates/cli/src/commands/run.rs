//! Runs: the history, drills, going on, stopping.

use std::collections::BTreeSet;

use labkeep_engine::Labkeep;
use labkeep_engine::kind::{Item, Sort};
use serde_json::json;

use super::DONE;
use crate::Ran;
use crate::output::Output;
use crate::table::Table;
use crate::{input, watch, words};

/// The history, newest first.
pub fn list(labkeep: &Labkeep, output: &Output) -> Ran {
    let runs = labkeep.list_runs()?;
    let mut table = Table::new(&["Run", "Began", "What", "Of", "Outcome", "Snapshot"]);
    for run in &runs {
        let outcome = run.outcome.map_or("under way", |outcome| outcome.name());
        let snapshot = run.snapshot.as_deref().map(words::short);
        table.row(vec![
            words::short(&run.id).to_owned(),
            words::time(run.started_at),
            words::kind(run.kind).to_owned(),
            run.subject.clone(),
            outcome.to_owned(),
            snapshot.unwrap_or_default().to_owned(),
        ]);
    }
    if runs.is_empty() {
        output.say("Nothing was run yet.");
    }
    table.lines().iter().for_each(|line| output.say(line));
    output.document(&json!({ "runs": runs }));
    DONE
}

/// Rebuilds groups and projects in scratch and checks everything.
pub async fn drill(labkeep: &Labkeep, snapshot: &str, names: &[String], output: &Output) -> Ran {
    let snapshot = labkeep.find_snapshot(snapshot)?;
    let mut items: BTreeSet<Item> = BTreeSet::new();
    for name in names {
        let saved = labkeep.find_saved(None, &snapshot.id, name).await?;
        items.insert(saved.item);
        if saved.item.sort == Sort::Group {
            // A group stands for everything in it as well.
            let inside = format!("{}/", saved.path);
            let all = labkeep.saved_items(&snapshot).await?;
            let its = all.iter().filter(|one| one.path.starts_with(&inside));
            items.extend(its.map(|one| one.item));
        }
    }
    let events = labkeep.runs().listen();
    let run = labkeep
        .start_drill(&snapshot, items.into_iter().collect())
        .await?;
    watch::to_its_end(labkeep, run, events, output).await
}

/// Goes on with a run that was stopped.
pub async fn resume(labkeep: &Labkeep, run: &str, token_stdin: bool, output: &Output) -> Ran {
    let id = labkeep.find_run(run)?;
    let token = token_stdin
        .then(|| input::secret("token", "--token-stdin", true))
        .transpose()?;
    let events = labkeep.runs().listen();
    let id = labkeep.resume_run(id, token).await?;
    watch::to_its_end(labkeep, id, events, output).await
}

/// Asks a run to stop, in whichever process it is.
pub fn cancel(labkeep: &Labkeep, run: &str, output: &Output) -> Ran {
    let id = labkeep.find_run(run)?;
    labkeep.cancel_run(id)?;
    let view = labkeep.run_view(id)?;
    output.say(format!(
        "{} of {} was asked to stop.",
        words::kind(view.kind),
        view.subject
    ));
    output.document(&json!({ "run": view }));
    DONE
}

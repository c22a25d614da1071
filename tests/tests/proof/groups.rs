//! Drills of groups: their documents are read back in turn, each time where they
//! are important, and damage to them is as loud as to a project.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use labkeep_engine::kind::{Item, Kind};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::rehearse::drill_group;
use labkeep_engine::view::{ProjectRow, RunDetail};
use labkeep_settings::Proof;
use labkeep_tests::disk::flip;
use labkeep_tests::furnish::post;
use labkeep_tests::saved::Saved;
use serde_json::json;

use crate::bench::Bench;

fn one_at_a_time() -> Proof {
    Proof {
        drill_items: 1,
        ..Proof::default()
    }
}

/// The groups that are saved.
fn groups(bench: &Bench) -> Result<Vec<ProjectRow>> {
    let rows = bench.labkeep().projects()?.rows;
    let is_group = |row: &ProjectRow| row.item == Item::group(row.item.id) && row.item.id > 0;
    Ok(rows.into_iter().filter(is_group).collect())
}

/// The groups that a drill's report names.
fn read_back(drill: &RunDetail, groups: &[ProjectRow]) -> BTreeSet<String> {
    let names = |path: &str| {
        let begin = format!("{path}: ");
        drill.report.iter().any(|l| l.text.starts_with(&begin))
    };
    let paths = groups.iter().map(|row| row.path.clone());
    paths.filter(|path| names(path)).collect()
}

/// Gives a group a label that is larger than everything else of it.
async fn grow(bench: &Bench, group: &str) -> Result<()> {
    let gitlab = &bench.keeper.world.gitlab;
    let owner = bench.keeper.world.client(&gitlab.tokens.owner)?;
    let text: String = (0..1000)
        .map(|_| uuid::Uuid::new_v4().to_string())
        .collect();
    let label = json!({ "name": "large", "color": "#336699", "description": text });
    post(&owner, &format!("groups/{group}/labels"), label).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_read_back_in_turn_and_the_important_ones_each_time() -> Result<()> {
    let bench = Bench::new(2, one_at_a_time()).await?;
    let gitlab = &bench.keeper.world.gitlab;
    for path in ["harbour", "harbour/cranes"] {
        gitlab.create_groups(path, "olivia")?;
    }
    bench.keeper.back_up().await?;
    let all = groups(&bench)?;
    assert!(all.len() >= 3, "{all:#?}");
    assert!(all.iter().all(|row| row.proven_at.is_none()));
    let important = all.last().context("a group")?;
    let account = bench.keeper.account.clone();
    bench
        .labkeep()
        .set_important(&account, important.item, true)?;

    let mut seen = BTreeSet::new();
    for _ in 0..all.len() - 1 {
        bench.days_forward(7);
        let drill = bench.due_drill().await?;
        assert_eq!(drill.run.outcome, Some(Outcome::Complete), "{drill:#?}");
        let paths = read_back(&drill, &all);
        assert!(paths.contains(&important.path), "{paths:?}");
        assert_eq!(paths.len(), 2, "{paths:?}");
        // They keep no project waiting.
        assert_eq!(drill.run.items.total, 3, "{drill:#?}");
        seen.extend(paths);
    }
    assert_eq!(seen.len(), all.len(), "each was read back");
    assert!(groups(&bench)?.iter().all(|row| row.proven_at.is_some()));
    bench.is_calm()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_documents_are_damaged_is_red_until_it_was_saved_and_drilled_again()
-> Result<()> {
    let bench = Bench::usual(1).await?;
    bench.keeper.back_up().await?;
    let group = groups(&bench)?.swap_remove(0);
    let before = bench.packs()?;
    grow(&bench, &group.path).await?;
    bench.keeper.back_up().await?;
    let size = |pack: &std::path::PathBuf| std::fs::metadata(pack).map_or(0, |facts| facts.len());
    let mut new = bench.packs()?;
    new.retain(|pack| !before.contains(pack));
    flip(&new.into_iter().max_by_key(size).context("a pack")?)?;

    let latest = bench.labkeep().find_snapshot("latest")?;
    let drill = || async {
        let run = bench.labkeep().start_drill(&latest, vec![group.item]);
        bench.ended(run.await?).await
    };
    let bad = drill().await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");
    let reason = bad.run.reason.context("a reason")?;
    assert!(reason.contains(&group.path), "{reason}");
    let alarm = format!("The last drill of {} failed", group.path);
    let is_red = || -> Result<bool> { Ok(bench.alarms()?.iter().any(|one| one.title == alarm)) };
    assert!(is_red()?);
    let row = bench.row(&group.path)?;
    assert!(row.proven_at.is_none() && row.distrusted_since.is_some());

    let again = bench.back_up().await?;
    assert_eq!(again.run.outcome, Some(Outcome::Complete), "{again:#?}");
    assert!(bench.row(&group.path)?.distrusted_since.is_none());
    assert!(is_red()?, "nothing was proven yet");
    bench.days_forward(8);
    let good = bench.due_drill().await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    assert!(bench.row(&group.path)?.proven_at.is_some());
    assert!(!is_red()?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_back_of_a_group_is_held_against_the_ledger() -> Result<()> {
    let bench = Bench::usual(1).await?;
    bench.keeper.back_up().await?;
    let group = groups(&bench)?.swap_remove(0);
    grow(&bench, &group.path).await?;
    let snapshot = bench.keeper.back_up().await?;
    let saved: Saved = bench.keeper.saved(&snapshot)?;
    let good = saved.drill(group.item)?;
    assert!(good.is_good(), "{good:#?}");
    for kind in ["labels: 1 document", "members: ", "settings: 1 document"] {
        let is_told = |line: &String| line.starts_with(kind);
        assert!(good.good.iter().any(is_told), "{kind} {good:#?}");
    }
    // Whatever the ledger says otherwise is found.
    for kind in [Kind::Labels, Kind::Members, Kind::Settings] {
        let line = saved.line(group.item, kind)?.clone();
        let mut counted = line.clone();
        counted.count = line.count.map(|count| count + 1);
        let mut sized = line.clone();
        sized.pieces[0].size += 1;
        let mut lost = line.clone();
        lost.pieces[0].path.push('x');
        for (wrong, is_found) in [(counted, true), (sized, true), (lost, false)] {
            let mut ledger = saved.ledger.clone();
            ledger.put(wrong);
            match drill_group(&saved.reader, &ledger, group.item) {
                Ok(found) => assert!(is_found && !found.is_good(), "{kind:?} {found:#?}"),
                Err(error) => assert!(!is_found, "{kind:?} {error}"),
            }
        }
    }
    Ok(())
}

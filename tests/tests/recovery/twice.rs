//! Second copies that others have a hand in as well: another process, another
//! vault that is copied to the same place.

use std::fs;

use anyhow::{Context, Result};
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::CopyInput;
use labkeep_settings::Retention;
use labkeep_vault::{Location, OpenOptions, Vault, unobserved};

use crate::mending::{check, copied, due_check, lose_in_both};
use crate::scene::{complete, copy, ended, other_key, place, touch, vault_for_copies};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_copied_again_by_somebody_else_is_missed_no_more() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let offsite = &view.input.to;
    let kept = labkeep.snapshots(Some(offsite))?.remove(0).id;
    let pinned = labkeep.find_snapshot(&kept)?;
    labkeep.pin_snapshot(&pinned, true).await?;
    let folder = place(&keeper, "offsite");
    fs::remove_dir_all(folder.join("snapshots"))?;
    fs::create_dir(folder.join("snapshots"))?;
    let bad = check(labkeep, offsite).await?;
    assert_eq!(bad.run.outcome, Some(Outcome::Failed), "{bad:#?}");

    // As a run does that comes to no end.
    let to = Location::parse(&folder.display().to_string())?;
    let to = Vault::open(&to, &other_key(&keeper)?, OpenOptions::default())?;
    let from = keeper.world.vault.clone();
    let all: Vec<_> = from.snapshots()?.iter().map(|facts| facts.id).collect();
    assert_eq!(from.copy_to(&to, &all, unobserved())?.copied.len(), 1);

    let sent = complete(labkeep, labkeep.start_copy(&view.id)?).await?;
    assert_eq!(sent.run.items.captured, 0, "it is there already");
    let good = due_check(labkeep, offsite).await?;
    assert_eq!(good.run.outcome, Some(Outcome::Complete), "{good:#?}");
    let there = labkeep.snapshots(Some(offsite))?;
    assert_eq!(there.len(), 1);
    assert_ne!(there[0].id, kept);
    assert!(there[0].pinned, "what is kept for ever stays so");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_lost_is_no_news_after_another_vault_was_copied() -> Result<()> {
    let keeper = copied().await?;
    let labkeep = &keeper.labkeep;
    let view = copy(labkeep)?;
    let (first, offsite) = (&view.input.from, &view.input.to);
    lose_in_both(&keeper).await?;
    touch(&keeper, 1)?;
    keeper.back_up().await?;
    due_check(labkeep, first).await?;
    let sent = ended(labkeep, labkeep.start_copy(&view.id)?).await?;
    assert_eq!(sent.run.outcome, Some(Outcome::Partial), "{sent:#?}");

    let other = vault_for_copies(&keeper, "other").await?.id;
    let other = labkeep.create_copy(&CopyInput {
        from: other,
        to: offsite.clone(),
        retention: Retention::default(),
    })?;
    complete(labkeep, labkeep.start_copy(&other.id)?).await?;
    let past = due_check(labkeep, offsite).await?;
    assert_eq!(past.run.outcome, Some(Outcome::Partial), "{past:#?}");
    complete(labkeep, labkeep.start_copy(&view.id)?)
        .await
        .context("it was said before")?;
    Ok(())
}

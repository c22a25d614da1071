//! A vault that is opened again, or under difficulties: what could not be read
//! or noted the first time is known in the end, and nobody's token is lent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use labkeep_engine::keep::ExportWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::ConnectRequest;
use labkeep_settings::Home;
use labkeep_tests::keeper::{Keeper, open};
use labkeep_tests::world::many;

use crate::scene::{complete, ended, place, said, touch};

/// The index files of the keeper's vault.
fn indexes(keeper: &Keeper) -> Result<Vec<PathBuf>> {
    let folder = place(keeper, "vault").join("index");
    let files = fs::read_dir(folder)?.map(|file| Ok(file?.path()));
    files.collect()
}

fn damage(file: &Path) -> Result<()> {
    let mut content = fs::read(file)?;
    let middle = content.len() / 2;
    content[middle] ^= 1;
    Ok(fs::write(file, content)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_hides_nothing_for_good_on_a_new_machine() -> Result<()> {
    for all in [false, true] {
        let keeper = Keeper::new(many(2)).await?;
        keeper.back_up().await?;
        let mut damaged = indexes(&keeper)?;
        touch(&keeper, 1)?;
        keeper.back_up().await?;
        if all {
            damaged = indexes(&keeper)?;
        }
        damaged.iter().try_for_each(|file| damage(file))?;

        let home = tempfile::tempdir()?;
        let labkeep = open(home.path())?;
        let location = place(&keeper, "vault").display().to_string();
        let key = keeper.world.key.as_secret().clone();
        let vault = labkeep.open_vault(&location, key, None).await?;
        let read = labkeep.snapshots(None)?.len();
        assert_eq!(read, usize::from(!all), "what is sound of it is read");
        assert!(said(&labkeep, "unread:")?.is_some());
        let check = ended(&labkeep, labkeep.start_check(&vault.id, 0).await?).await?;
        assert_eq!(check.run.outcome, Some(Outcome::Complete), "{check:#?}");
        assert!(said(&labkeep, "unread:")?.is_none());
        assert_eq!(labkeep.snapshots(None)?.len(), 2);
        assert_eq!(labkeep.plans()?.len(), 1);
        assert_eq!(
            labkeep.projects()?.rows.len(),
            keeper.labkeep.projects()?.rows.len()
        );
        let whole = ended(&labkeep, labkeep.start_check(&vault.id, 100).await?).await?;
        assert_eq!(whole.run.outcome, Some(Outcome::Complete), "{whole:#?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interruption_left_unknown_is_noted_when_it_is_opened_again() -> Result<()> {
    let keeper = Keeper::new(many(3)).await?;
    keeper.back_up().await?;
    let gitlab = &keeper.world.gitlab;
    let (_, gone) = gitlab.projects().swap_remove(0);
    let (_, renamed) = gitlab.projects().swap_remove(1);
    gitlab.rename_project(&renamed, "another")?;
    gitlab.delete_project(&gone)?;
    keeper.back_up().await?;

    let home = tempfile::tempdir()?;
    let labkeep = open(home.path())?;
    let catalogue = Home::at(home.path()).catalogue_file();
    let change = |sql: &str| -> Result<()> {
        let program =
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        let mut python = Command::new("python3");
        let status = python
            .args(["-c", program])
            .arg(&catalogue)
            .arg(sql)
            .status()?;
        ensure!(status.success(), "{sql}");
        Ok(())
    };
    let location = place(&keeper, "vault").display().to_string();
    let key = || keeper.world.key.as_secret().clone();
    // The disk is full in the middle of it, each time at another place.
    for table in ["ledger_line", "item", "snapshot"] {
        change(&format!(
            "CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        ))?;
        let stopped = labkeep.open_vault(&location, key(), None).await;
        assert!(stopped.is_err(), "{table}");
        change("DROP TRIGGER full")?;
    }
    labkeep.open_vault(&location, key(), None).await?;
    assert_eq!(labkeep.snapshots(None)?.len(), 2);
    assert_eq!(labkeep.plans()?.len(), 1);
    let row = |labkeep: &labkeep_engine::Labkeep, path: &str| -> Result<_> {
        let rows = labkeep.projects()?.rows;
        let row = rows.into_iter().find(|row| row.path == path);
        row.with_context(|| format!("no row {path}"))
    };
    assert!(row(&labkeep, &gone)?.gone_since.is_some());
    let rows = labkeep.projects()?.rows;
    assert_eq!(rows.len(), keeper.labkeep.projects()?.rows.len());
    assert!(rows.iter().all(|row| row.last_saved_at.is_some()));
    for run in labkeep.list_runs()? {
        let ledger = labkeep.run_detail(run.id.parse()?)?.ledger;
        assert!(!ledger.is_empty());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_users_plans_are_not_read_with_this_users_token() -> Result<()> {
    let keeper = Keeper::new(many(2)).await?;
    keeper.back_up().await?;
    let token = keeper.world.gitlab.tokens.reporter.clone();
    let (labkeep, _home) = keeper.other_machine(&token).await?;
    let own = labkeep.accounts()?.remove(0).id;
    let location = place(&keeper, "vault").display().to_string();
    let key = keeper.world.key.as_secret().clone();
    labkeep.open_vault(&location, key, None).await?;
    let plan = labkeep.plans()?.remove(0);
    assert_ne!(plan.input.account, own);
    assert_eq!(labkeep.accounts()?.len(), 2);
    assert!(said(&labkeep, "token:")?.is_some());

    // The same user on another machine goes on.
    let token = keeper.world.gitlab.tokens.owner.clone();
    let (labkeep, _home) = keeper.other_machine(&token).await?;
    let own = labkeep.accounts()?.remove(0).id;
    let key = keeper.world.key.as_secret().clone();
    labkeep.open_vault(&location, key, None).await?;
    assert_eq!(labkeep.plans()?.remove(0).input.account, own);
    assert_eq!(labkeep.accounts()?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_of_a_removed_account_can_be_exported_and_proven() -> Result<()> {
    let keeper = Keeper::new(many(1)).await?;
    let snapshot = keeper.back_up().await?;
    let labkeep = &keeper.labkeep;
    let before = labkeep.projects()?.rows.len();
    let forget = async || -> Result<()> {
        for plan in labkeep.plans()? {
            labkeep.remove_plan(&plan.id)?;
        }
        for account in labkeep.accounts()? {
            labkeep.remove_account(&account.id).await?;
        }
        assert_eq!(labkeep.projects()?.rows.len(), 0);
        Ok(())
    };
    forget().await?;
    let (_, path) = keeper.world.gitlab.projects().remove(0);
    let item = labkeep.find_saved(None, &snapshot.id, &path).await?.item;
    let folder = tempfile::tempdir()?;
    let wish = ExportWish {
        folder: folder.path().join("out"),
        archive: false,
    };
    complete(labkeep, labkeep.start_export(&snapshot, item, wish).await?).await?;
    complete(labkeep, labkeep.start_drill(&snapshot, vec![item]).await?).await?;
    let rows = labkeep.projects()?.rows;
    assert_eq!(rows.len(), before);
    assert!(rows.iter().any(|row| row.proven_at.is_some()));

    // Opened again, or connected again, it is known again.
    forget().await?;
    let key = keeper.world.key.as_secret().clone();
    let location = &snapshot.vault.location;
    labkeep.open_vault(location, key, None).await?;
    assert_eq!(labkeep.projects()?.rows.len(), before);
    forget().await?;
    let request = ConnectRequest {
        url: keeper.world.gitlab.url.clone(),
        ca_file: None,
        account: None,
    };
    let token = keeper.world.gitlab.tokens.minimal.clone();
    labkeep
        .connect_account(request, token.as_str().into(), None)
        .await?;
    assert_eq!(labkeep.projects()?.rows.len(), before);
    Ok(())
}

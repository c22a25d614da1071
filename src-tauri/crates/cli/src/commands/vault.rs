//! Vaults: make, open, list, check, copy; and their recovery kits.

use std::path::Path;

use labkeep_engine::Labkeep;
use labkeep_engine::view::{CopyInput, VaultView};
use labkeep_settings::Retention;
use serde_json::json;

use super::plan::say_open;
use super::{DONE, prune};
use crate::Ran;
use crate::arguments::Vault;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::{input, watch, words};

pub async fn run(labkeep: &Labkeep, command: Vault, output: &Output) -> Ran {
    match command {
        Vault::Create {
            location,
            name,
            recovery_kit,
        } => {
            let recovery_kit = recovery_kit.as_deref().map(input::absolute).transpose()?;
            if let Some(kit) = &recovery_kit {
                Labkeep::refuse_recovery_kit(
                    kit,
                    &[&location, name.as_deref().unwrap_or_default()],
                )?;
            }
            let vault = labkeep.create_vault(&location, name).await?;
            output.say(format!(
                "Vault “{}” is made in {}.",
                vault.name, vault.location
            ));
            let Some(kit) = recovery_kit else {
                output.say(format!(
                    "Its key is only in this machine's keychain. Save the recovery kit: labkeep-cli vault kit \"{}\" FILE.",
                    vault.name
                ));
                return document(labkeep, &vault.id, output);
            };
            save_kit(labkeep, &vault.id, &kit, output).await
        }
        Vault::Kit { name, file } => {
            let vault = labkeep.find_vault(&name)?;
            let kit = input::absolute(&file)?;
            Labkeep::refuse_recovery_kit(&kit, &[&vault.location, &vault.name])?;
            save_kit(labkeep, &vault.id.to_string(), &kit, output).await
        }
        Vault::Open {
            location,
            name,
            key_stdin,
        } => {
            let key = input::secret("key", "--key-stdin", key_stdin)?;
            let vault = labkeep.open_vault(&location, key, name).await?;
            output.say(format!(
                "Vault “{}” in {} is open.",
                vault.name, vault.location
            ));
            let snapshots = labkeep.snapshots(Some(&vault.id))?.len();
            output.say(format!(
                "It holds {}.",
                words::count(snapshots as u64, "snapshot")
            ));
            let plans = labkeep.plans()?;
            for plan in plans.iter().filter(|plan| plan.input.vault == vault.id) {
                output.say(format!("The plan “{}” is kept there.", plan.input.name));
                if plan.input.retention_open {
                    say_open(&plan.input.name, output);
                }
            }
            if let Some(unread) = labkeep.unread_snapshots(&vault.id)? {
                output.say(unread);
            }
            document(labkeep, &vault.id, output)
        }
        Vault::List => list(labkeep, output),
        Vault::Check { name, read_data } => {
            let vault = labkeep.vault_or_only(name.as_deref())?;
            let events = labkeep.runs().listen();
            let run = labkeep
                .start_check(&vault.id.to_string(), read_data)
                .await?;
            watch::to_its_end(labkeep, run, events, output).await
        }
        Vault::Copy { from, to, keep } => {
            if let Some(retention) = keep {
                keep_copy(labkeep, &from, &to, retention, output)?;
            }
            let events = labkeep.runs().listen();
            let run = labkeep.start_copy_between(&from, &to)?;
            watch::to_its_end(labkeep, run, events, output).await
        }
        Vault::GiveUp { name } => {
            let events = labkeep.runs().listen();
            let run = labkeep.give_up_damaged(&name).await?;
            watch::to_its_end(labkeep, run, events, output).await
        }
        Vault::Prune { name, plan_only } => {
            prune::run(labkeep, name.as_deref(), plan_only, output).await
        }
    }
}

async fn save_kit(labkeep: &Labkeep, id: &str, kit: &Path, output: &Output) -> Ran {
    labkeep.save_recovery_kit(id, kit).await?;
    output.say(format!(
        "Its recovery kit is {}. Keep it where this machine is not.",
        kit.display()
    ));
    document(labkeep, id, output)
}

/// Sets up, or changes, the second copy of one vault in another.
fn keep_copy(
    labkeep: &Labkeep,
    from: &str,
    to: &str,
    retention: Retention,
    output: &Output,
) -> Result<(), Failure> {
    let (from, to) = (labkeep.find_vault(from)?, labkeep.find_vault(to)?);
    let input = CopyInput {
        from: from.id.to_string(),
        to: to.id.to_string(),
        retention,
    };
    let copies = labkeep.copies()?.into_iter();
    let mut of_both =
        copies.filter(|copy| (&copy.input.from, &copy.input.to) == (&input.from, &input.to));
    match of_both.next() {
        Some(copy) => labkeep.update_copy(&copy.id, &input)?,
        None => labkeep.create_copy(&input)?,
    };
    output.say(format!(
        "“{}” is a second copy of “{}” from now on: labkeep-cli chores brings it up to date.",
        to.name, from.name
    ));
    Ok(())
}

fn document(labkeep: &Labkeep, id: &str, output: &Output) -> Ran {
    let vault = labkeep.vaults()?.into_iter().find(|vault| vault.id == id);
    output.document(&json!({ "vault": vault }));
    DONE
}

fn list(labkeep: &Labkeep, output: &Output) -> Ran {
    let vaults = labkeep.vaults()?;
    let mut table = Table::new(&["Name", "Where", "Snapshots", "Size", "Last check"]);
    for vault in &vaults {
        table.row(row(vault));
    }
    if vaults.is_empty() {
        output.say("No vault is known.");
    }
    table.lines().iter().for_each(|line| output.say(line));
    for vault in &vaults {
        if let Some(problem) = &vault.problem {
            output.say(format!("{}: {problem}", vault.name));
        }
    }
    output.document(&json!({ "vaults": vaults }));
    DONE
}

fn row(vault: &VaultView) -> Vec<String> {
    vec![
        vault.name.clone(),
        vault.location.clone(),
        vault
            .snapshots
            .map_or(String::new(), |number| number.to_string()),
        vault.stored_bytes.map_or(String::new(), words::bytes),
        vault.last_checked_at.map_or(String::new(), words::time),
    ]
}

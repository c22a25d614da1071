//! The offline reader: snapshots, ledgers, items, files.

use std::io::Write;

use labkeep_engine::error::What;
use labkeep_engine::view::LedgerLineView;
use labkeep_engine::{Error, Labkeep};
use serde_json::json;

use super::DONE;
use crate::Ran;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::words;

/// The snapshots, newest first.
pub fn snapshots(labkeep: &Labkeep, vault: Option<&str>, output: &Output) -> Ran {
    let snapshots = labkeep.snapshots(vault)?;
    let vaults = labkeep.vaults()?;
    let name = |id: &str| {
        vaults
            .iter()
            .find(|vault| vault.id == id)
            .map(|vault| vault.name.clone())
    };
    let mut table = Table::new(&[
        "Snapshot", "Made", "Plan", "Vault", "Outcome", "Groups", "Projects", "New", "Proven", "",
    ]);
    for snapshot in &snapshots {
        table.row(vec![
            words::short(&snapshot.id).to_owned(),
            words::time(snapshot.at),
            snapshot.plan.clone(),
            name(&snapshot.vault).unwrap_or_default(),
            snapshot.outcome.name().to_owned(),
            snapshot.groups.to_string(),
            snapshot.projects.to_string(),
            words::bytes(snapshot.new_bytes),
            snapshot.proven_at.map_or(String::new(), words::time),
            if snapshot.pinned { "pinned" } else { "" }.to_owned(),
        ]);
    }
    if snapshots.is_empty() {
        output.say("There is no snapshot yet.");
    }
    table.lines().iter().for_each(|line| output.say(line));
    output.document(&json!({ "snapshots": snapshots }));
    DONE
}

/// The ledger of a snapshot or run.
pub async fn ledger(labkeep: &Labkeep, of: &str, output: &Output) -> Ran {
    let lines = ledger_of(labkeep, of).await?;
    let mut table = Table::new(&["Item", "Kind", "State", "Count", "Size"]);
    for line in &lines {
        let stale = if line.stale_since.is_some() {
            ", earlier version kept"
        } else {
            ""
        };
        table.row(vec![
            line.path.clone(),
            line.kind.words().to_owned(),
            format!("{}{stale}", words::state(line.state)),
            line.count.map_or(String::new(), |count| count.to_string()),
            line.bytes.map_or(String::new(), words::bytes),
        ]);
    }
    table.lines().iter().for_each(|line| output.say(line));
    for line in &lines {
        if let Some(reason) = &line.reason {
            let remedy = line.remedy.as_deref().unwrap_or_default();
            output.say(format!(
                "{}: {}: {reason} {remedy}",
                line.path,
                line.kind.words()
            ));
        }
    }
    output.document(&json!({ "ledger": lines }));
    DONE
}

async fn ledger_of(labkeep: &Labkeep, of: &str) -> Result<Vec<LedgerLineView>, Failure> {
    let no_snapshot = match labkeep.find_snapshot(of) {
        Ok(snapshot) => return Ok(labkeep.saved_ledger(&snapshot).await?),
        Err(
            error @ Error::Unknown {
                what: What::Snapshot,
                ..
            },
        ) => error,
        Err(error) => return Err(error.into()),
    };
    let detail = match labkeep.find_run(of) {
        Ok(run) => labkeep.run_detail(run)?,
        Err(Error::Unknown { .. }) => return Err(no_snapshot.into()),
        Err(error) => return Err(error.into()),
    };
    // Ledgers of older runs are in their snapshots only.
    match &detail.run.snapshot {
        Some(snapshot) if detail.ledger.is_empty() => {
            let snapshot = labkeep.find_snapshot(snapshot)?;
            Ok(labkeep.saved_ledger(&snapshot).await?)
        }
        _ => Ok(detail.ledger),
    }
}

/// The items of a snapshot, or the files of an item.
pub async fn ls(
    labkeep: &Labkeep,
    snapshot: &str,
    item: Option<&str>,
    path: Option<&str>,
    output: &Output,
) -> Ran {
    let Some(item) = item else {
        return items(labkeep, snapshot, output).await;
    };
    let item = labkeep.find_saved(None, snapshot, item).await?;
    let path = path.unwrap_or_default().trim_matches('/');
    let files = match labkeep.saved_file(&item, path).await? {
        Some(file) if !file.is_folder => vec![file],
        None if !path.is_empty() => return Err(no_file(path, &item.path)),
        _ => labkeep.saved_files(&item, path).await?,
    };
    for file in &files {
        output.say(if file.is_folder {
            format!("{:>10}  {}/", "", file.name)
        } else {
            format!("{:>10}  {}", words::bytes(file.size), file.name)
        });
    }
    let files: Vec<_> = files
        .iter()
        .map(|file| {
            json!({
                "name": file.name,
                "folder": file.is_folder,
                "size": file.size,
                "captured_at": file.captured_at,
            })
        })
        .collect();
    output.document(&json!({ "item": item.item, "path": item.path, "files": files }));
    DONE
}

async fn items(labkeep: &Labkeep, snapshot: &str, output: &Output) -> Ran {
    let snapshot = labkeep.find_snapshot(snapshot)?;
    let items = labkeep.saved_items(&snapshot).await?;
    let mut table = Table::new(&["Item", "", "ID", "Size"]);
    for item in &items {
        let sort = item.item.sort.folder().trim_end_matches('s');
        table.row(vec![
            item.path.clone(),
            sort.to_owned(),
            item.item.id.to_string(),
            words::bytes(item.bytes),
        ]);
    }
    table.lines().iter().for_each(|line| output.say(line));
    let items: Vec<_> = items
        .iter()
        .map(|item| json!({ "item": item.item, "path": item.path, "bytes": item.bytes }))
        .collect();
    output.document(&json!({ "snapshot": snapshot.id, "items": items }));
    DONE
}

/// Writes a file of a snapshot to standard output.
pub async fn cat(labkeep: &Labkeep, snapshot: &str, item: &str, path: &str) -> Ran {
    let item = labkeep.find_saved(None, snapshot, item).await?;
    let path = path.trim_matches('/');
    match labkeep.saved_file(&item, path).await? {
        None => return Err(no_file(path, &item.path)),
        Some(file) if file.is_folder => {
            return Err(Failure::refused(
                format!("{path} of {} is a folder.", item.path),
                "List it with labkeep-cli ls.",
            ));
        }
        Some(_) => {}
    }
    let copied = labkeep
        .copy_saved_file(&item, path, std::io::stdout())
        .await;
    match copied {
        // Whoever reads has enough, as `head` does.
        Err(Error::Vault(labkeep_vault::Error::Destination { source, .. }))
            if source.kind() == std::io::ErrorKind::BrokenPipe => {}
        other => {
            other?;
            flush()?;
        }
    }
    DONE
}

fn flush() -> Result<(), Failure> {
    std::io::stdout().flush().map_err(|error| {
        Failure::machine(
            format!("Standard output cannot be written: {error}."),
            "Check where it goes to.",
        )
    })
}

fn no_file(path: &str, item: &str) -> Failure {
    Failure {
        code: labkeep_engine::Code::NotFound,
        ..Failure::refused(
            format!("There is no {path} in {item} in this snapshot."),
            "List what is there with labkeep-cli ls.",
        )
    }
}

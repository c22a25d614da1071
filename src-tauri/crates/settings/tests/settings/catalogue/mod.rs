//! The catalogue: written as it happens, by several processes at once, and
//! never thrown away.

mod file;
mod items;
mod runs;

use std::path::PathBuf;

use labkeep_settings::{
    Catalogue, ItemKey, ItemSort, NewRun, Process, RunEnd, RunId, RunKind, RunOutcome, SeenItem,
};
use serde_json::json;
use tempfile::TempDir;

use crate::common::at;

struct Sandbox {
    folder: TempDir,
    catalogue: Catalogue,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let catalogue =
            Catalogue::open(&folder.path().join("catalogue.sqlite")).expect("the folder is ours");
        Self { folder, catalogue }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalogue.sqlite")
    }
}
fn process(id: u32) -> Process {
    Process {
        host: "here".to_owned(),
        id,
        mark: 7,
    }
}

fn new_run(seconds: i64) -> NewRun {
    NewRun {
        id: RunId::random(),
        kind: RunKind::Backup,
        subject: "Everything".to_owned(),
        plan: None,
        vault: None,
        account: None,
        queued_at: at(seconds),
        process: process(1),
        details: json!({}),
    }
}

fn end(outcome: RunOutcome) -> RunEnd {
    RunEnd {
        outcome,
        reason: None,
        remedy: None,
        at: at(100),
        snapshot: Some("abcd".to_owned()),
        counts: json!({"items": 3}),
    }
}

fn added(catalogue: &Catalogue, seconds: i64) -> RunId {
    let run = new_run(seconds);
    catalogue.add_run(&run).expect("the run is new");
    run.id
}

fn project(id: u64) -> ItemKey {
    ItemKey {
        sort: ItemSort::Project,
        id,
    }
}

fn seen(id: u64, path: &str) -> SeenItem {
    SeenItem {
        item: project(id),
        path: path.to_owned(),
    }
}

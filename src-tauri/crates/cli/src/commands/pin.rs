//! Pins: snapshots that are kept for ever.

use labkeep_engine::Labkeep;
use serde_json::json;

use super::DONE;
use crate::Ran;
use crate::output::Output;
use crate::words;

pub async fn run(labkeep: &Labkeep, name: &str, pinned: bool, output: &Output) -> Ran {
    let snapshot = labkeep.find_snapshot(name)?;
    labkeep.pin_snapshot(&snapshot, pinned).await?;
    output.say(format!(
        "Snapshot {} {}.",
        words::short(&snapshot.id),
        if pinned {
            "is kept for ever"
        } else {
            "is left to the retention"
        }
    ));
    output.document(&json!({ "snapshot": snapshot.id, "pinned": pinned }));
    DONE
}

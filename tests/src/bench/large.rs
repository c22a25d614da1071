//! One large repository: the first backup of it, and one commit after that.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use labkeep_engine::kind::Kind;

use super::labkeep::Contender;
use super::report::{Amount, Line, megabytes};
use super::server::{LARGE, Server, pack_size};
use super::{TURNS, mirror, store};
use crate::history;

/// The repository, made when it is not there yet.
fn repository() -> Result<PathBuf> {
    let store = store()?;
    let made = store.join(format!("large-{}.git", history::LARGE));
    if !made.exists() {
        eprintln!("Making the large repository; this takes some minutes, once.");
        let folder = super::folder()?;
        let making = folder.path().join("large.git");
        history::write(&making, history::LARGE)?;
        std::fs::rename(&making, &made)?;
    }
    Ok(made)
}

/// Measures it.
pub fn measure() -> Result<Vec<Line>> {
    let mut server = Server::with_large(&repository()?)?;
    // Once without counting, so that the server has read its files.
    let warm = super::folder()?;
    mirror::clone(&server, LARGE, &warm.path().join("mirror"))?;
    drop(warm);
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    let (mut memory, mut scratch, mut pack) = (0, 0, 0);
    let mut labkeep = None;
    for turn in 0..TURNS {
        eprintln!("large repository, turn {} of {TURNS}", turn + 1);
        let folder = super::folder()?;
        let git = mirror::clone(&server, LARGE, &folder.path().join("mirror"))?;
        drop(folder);
        let new = Contender::new(&server, &[Kind::Repository])?;
        let ours = new.back_up(false)?;
        wall.push((ours.cost.wall, git.wall));
        cpu.push((ours.cost.cpu, git.cpu));
        memory = memory.max(ours.cost.memory);
        scratch = scratch.max(ours.scratch);
        pack = new.repositories(&ours.run)?;
        ensure!(scratch > 0, "nobody saw anything in scratch");
        labkeep = Some(new);
    }
    let of = format!(
        "first backup of {} in {} commits",
        megabytes(pack),
        history::LARGE
    );
    let mut lines = vec![
        Line::times(format!("{of}: wall time"), &wall, 0.5),
        Line::times(format!("{of}: processor time"), &cpu, 0.4),
        Line::plain(
            format!("{of}: peak memory"),
            Amount::Bytes(memory),
            Amount::Bytes(250_000_000),
        ),
        Line::plain(
            format!("{of}: scratch at most the pack"),
            Amount::Bytes(scratch),
            Amount::Bytes(pack),
        ),
    ];
    let labkeep = labkeep.context("there was a turn")?;
    let pushed = server.push()?;
    let before = labkeep.stored();
    let ours = labkeep.back_up(false)?;
    ensure!(ours.run.items.captured > 0, "the commit was not seen");
    let grown = labkeep.stored() - before;
    let pack = pack_size(&pushed)?;
    lines.push(Line {
        measure: "one commit pushed to it: growth of the vault".to_owned(),
        labkeep: megabytes(grown),
        other: megabytes(pack),
        found: Amount::Times(ratio(grown, pack)),
        target: Amount::Times(3.0),
    });
    Ok(lines)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

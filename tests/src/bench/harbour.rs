//! Ten thousand projects with nothing changed: what a run needs that has
//! nothing to do. Git stays out of it; the list alone tells.

use anyhow::{Result, ensure};
use labkeep_engine::kind::Kind;

use super::labkeep::Contender;
use super::report::{Amount, Line};
use super::server::Server;

/// What comes over the API alone.
const KINDS: [Kind; 5] = [
    Kind::Issues,
    Kind::MergeRequests,
    Kind::Labels,
    Kind::Milestones,
    Kind::Members,
];

/// How many projects.
const PROJECTS: u64 = 10_000;

/// Measures it.
pub fn measure() -> Result<Vec<Line>> {
    let mut server = Server::start(&format!("many:{PROJECTS}"))?;
    let labkeep = Contender::new(&server, &KINDS)?;
    eprintln!("{PROJECTS} projects, first backup");
    let ours = labkeep.back_up(false)?;
    ensure!(ours.run.items.total > PROJECTS, "some were not seen");
    eprintln!(
        "{PROJECTS} projects, again (the first took {:.1} s)",
        ours.cost.wall.as_secs_f64()
    );
    server.reset()?;
    let ours = labkeep.back_up(false)?;
    let asked = server.counted()?;
    ensure!(ours.run.items.captured == 0, "something was read again");
    eprintln!(
        "this one {:.1} s, of which {:.1} s of Labkeep's own work",
        ours.cost.wall.as_secs_f64(),
        ours.cost.cpu.as_secs_f64()
    );
    let of = format!("{PROJECTS} projects, nothing changed");
    Ok(vec![
        Line::plain(
            format!("{of}: peak memory"),
            Amount::Bytes(ours.cost.memory),
            Amount::Bytes(400_000_000),
        ),
        Line::plain(
            format!("{of}: requests"),
            Amount::Count(asked.api + asked.git),
            Amount::Count(250),
        ),
    ])
}

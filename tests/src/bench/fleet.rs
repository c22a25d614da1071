//! Two hundred small projects: the first backup, and what is left to do when
//! nothing has changed.

use anyhow::{Result, ensure};
use labkeep_engine::kind::Kind;

use super::labkeep::Contender;
use super::report::{Amount, Line};
use super::server::Server;
use super::{TURNS, mirror};

/// How many projects.
const PROJECTS: u64 = 200;

/// Measures it.
pub fn measure() -> Result<Vec<Line>> {
    let mut server = Server::start(&format!("many:{PROJECTS}"))?;
    let warm = super::folder()?;
    mirror::clone_all(&server, warm.path())?;
    drop(warm);
    let (mut first, mut quick) = (Vec::new(), Vec::new());
    let (mut api, mut git, mut thorough) = (0, 0, 0);
    for turn in 0..TURNS {
        eprintln!("{PROJECTS} small projects, turn {} of {TURNS}", turn + 1);
        let mirrors = super::folder()?;
        let cloned = mirror::clone_all(&server, mirrors.path())?;
        let labkeep = Contender::new(&server, &[Kind::Repository])?;
        let ours = labkeep.back_up(false)?;
        ensure!(ours.run.items.total > PROJECTS, "some were not seen");
        first.push((ours.cost.wall, cloned));

        let updated = mirror::update_all(server.ready.projects.len(), mirrors.path())?;
        server.reset()?;
        let ours = labkeep.back_up(false)?;
        let asked = server.counted()?;
        ensure!(ours.run.items.captured == 0, "something was read again");
        quick.push((ours.cost.wall, updated));
        api = api.max(asked.api);
        git = git.max(asked.git);

        server.reset()?;
        labkeep.back_up(true)?;
        thorough = thorough.max(server.counted()?.git);
    }
    let of = format!("{PROJECTS} small projects");
    let unchanged = format!("{of}, nothing changed, quick run");
    Ok(vec![
        Line::times(format!("first backup of {of}: wall time"), &first, 0.7),
        Line::times(format!("{unchanged}: wall time"), &quick, 0.15),
        Line::plain(
            format!("{unchanged}: API requests"),
            Amount::Count(api),
            Amount::Count(10),
        ),
        Line::plain(
            format!("{unchanged}: git requests"),
            Amount::Count(git),
            Amount::Count(0),
        ),
        Line::plain(
            format!("{of}, nothing changed, thorough run: git requests"),
            Amount::Count(thorough),
            Amount::Count(PROJECTS),
        ),
    ])
}

//! Restores of a practice GitLab's projects out of a real vault, as the window
//! and the command line ask for them.

#[path = "restore/refusals.rs"]
mod refusals;
#[path = "restore/resume.rs"]
mod resume;
#[path = "restore/roads.rs"]
mod roads;
#[path = "restore/tokens.rs"]
mod tokens;
#[path = "restore/versions.rs"]
mod versions;

use labkeep_engine::view::RunDetail;

/// Everything of a run that people read.
fn told(detail: &RunDetail) -> String {
    format!("{:?} {:?}\n{:#?}", detail.run, detail.report, detail.log)
}

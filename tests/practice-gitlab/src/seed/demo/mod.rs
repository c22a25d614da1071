//! `demo`: Tidewater Instruments, a small company that builds buoys which measure
//! tides. Nested groups, a dozen projects with history, people with all roles,
//! issues with threads, merge requests from branches and a fork, a renamed
//! project, a wiki, a file in LFS.

mod build;
mod code;
mod issues;
mod places;
mod reviews;

use super::people::People;
use crate::change::ChangeError;
use crate::server::Server;

/// Fills a server that has its people.
pub fn fill(server: &Server, people: &People) -> Result<(), ChangeError> {
    places::add(server, people);
    code::write(server, people)?;
    issues::open(server, people);
    reviews::open(server, people)?;
    places::age(server);
    Ok(())
}

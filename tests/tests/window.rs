//! The real window on a desktop session of its own: a real keychain, a real
//! vault and the practice GitLab, driven as a person would.

#[path = "window/bad_input.rs"]
mod bad_input;
#[path = "window/closing.rs"]
mod closing;
#[path = "window/drawing.rs"]
mod drawing;
#[path = "window/new_machine.rs"]
mod new_machine;

use std::path::{Path, PathBuf};

use anyhow::Result;
use labkeep_tests::journey::Journey;

/// Where pictures of every screen are put, to be looked at.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("window-screenshots")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_project_comes_back_and_no_secret_is_left_anywhere() -> Result<()> {
    let journey = Journey::start(&pictures()).await?;
    let record = journey.go().await?;
    for line in record.lines() {
        println!("{line}");
    }
    Ok(())
}

//! What disks do to a vault: a byte that flips, and tests that mount file
//! systems of their own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

/// What `unshare` says where no file systems may be mounted.
const FORBIDDEN: [&str; 2] = ["Operation not permitted", "Permission denied"];

/// Flips a byte in the middle of a file, as a failing disk does.
pub fn flip(path: &Path) -> Result<()> {
    let mut content = fs::read(path)?;
    let middle = content.len() / 2;
    content[middle] ^= 0x40;
    let mut permissions = fs::metadata(path)?.permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a scratch vault")]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)?;
    Ok(fs::write(path, content)?)
}

/// Runs an ignored test of the calling program in a namespace of its own, where
/// it may mount; `before` is a line of shell that may do so first. Left out, and
/// said, where nothing may be mounted.
pub fn apart(test: &str, before: &str, folder: &Path) -> Result<()> {
    let script = format!("{before}\nexec \"$PROGRAM\" --exact \"$TEST\" --ignored --nocapture");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-ec", &script])
        .env("FOLDER", folder)
        .env("PROGRAM", std::env::current_exe()?)
        .env("TEST", test)
        .output()?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    if !said.contains("running 1 test") && FORBIDDEN.iter().any(|text| said.contains(text)) {
        println!("left out, for nothing may be mounted here: {said}");
        return Ok(());
    }
    ensure!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    Ok(())
}

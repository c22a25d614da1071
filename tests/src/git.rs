//! The real git, without the machine's settings.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use practice_gitlab::Running;

/// Runs git in a folder and gives what it printed.
pub fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Test")
        .env("GIT_AUTHOR_EMAIL", "test@example.com")
        .env("GIT_COMMITTER_NAME", "Test")
        .env("GIT_COMMITTER_EMAIL", "test@example.com")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .context("git cannot be run")?;
    ensure!(
        output.status.success(),
        "git {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The address of a repository with a token in it.
pub fn address(gitlab: &Running, token: &str, path: &str) -> String {
    let (scheme, rest) = gitlab.url.split_once("://").unwrap_or(("http", ""));
    format!("{scheme}://test:{token}@{rest}/{path}.git")
}

/// What a repository advertises, as `<oid> <ref>` lines like those of a
/// snapshot: by name, tags not peeled, `HEAD` last.
pub fn advertised(gitlab: &Running, token: &str, path: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let url = address(gitlab, token, path);
    let listed = git(folder.path(), &["ls-remote", "--symref", &url])?;
    let mut refs = Vec::new();
    let mut head = None;
    for line in listed.lines() {
        let (first, name) = line.split_once('\t').context("a line of ls-remote")?;
        if let Some(target) = first.strip_prefix("ref: ") {
            head = Some(format!("HEAD {target}\n"));
        } else if name == "HEAD" {
            head.get_or_insert(format!("HEAD {first}\n"));
        } else if !name.ends_with("^{}") {
            refs.push((name.to_owned(), format!("{first} {name}\n")));
        }
    }
    refs.sort();
    let refs: String = refs.into_iter().map(|(_, line)| line).collect();
    Ok(refs + head.unwrap_or_default().as_str())
}

/// Lets git itself judge a repository: every object that a ref leads to is
/// there and sound.
pub fn fsck(repository: &Path) -> Result<()> {
    git(
        repository,
        &[
            "fsck",
            "--full",
            "--strict",
            "--no-progress",
            "--no-dangling",
        ],
    )
    .map(drop)
}

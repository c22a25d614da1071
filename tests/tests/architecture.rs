//! The rules that hold the tree together, read from the manifests and sources:
//! who may depend on whom, who alone may name a library, whose licences are
//! taken, and which guards of the vault must have a test of their name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

/// What each crate of the workspace may name of the others.
const DIRECTION: [(&str, &[&str]); 9] = [
    (
        "labkeep",
        &[
            "labkeep-desktop",
            "labkeep-engine",
            "labkeep-gitlab",
            "labkeep-settings",
        ],
    ),
    // A hidden Labkeep has no window, so it names nothing of one.
    ("labkeep-desktop", &["labkeep-engine", "labkeep-settings"]),
    (
        "labkeep-cli",
        &[
            "labkeep-engine",
            "labkeep-gitlab",
            "labkeep-settings",
            "labkeep-vault",
        ],
    ),
    (
        "labkeep-engine",
        &["labkeep-gitlab", "labkeep-settings", "labkeep-vault"],
    ),
    ("labkeep-gitlab", &[]),
    ("labkeep-vault", &[]),
    ("labkeep-settings", &[]),
    (
        "labkeep-tests",
        &[
            "labkeep-engine",
            "labkeep-gitlab",
            "labkeep-settings",
            "labkeep-vault",
            "practice-gitlab",
        ],
    ),
    // It must not agree with what it tests by sharing its code.
    ("practice-gitlab", &[]),
];

/// Libraries that one crate alone may name, by the beginning of their name.
const OWNERS: [(&str, &str); 5] = [
    ("tauri", "labkeep"),
    ("rustic", "labkeep-vault"),
    ("opendal", "labkeep-vault"),
    ("rusqlite", "labkeep-settings"),
    ("keyring", "labkeep-settings"),
];

/// Licences that may be combined with MIT or Apache-2.0 and need no more than
/// to be named.
const LICENCES: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Guards of the vault and of its prune.
const GUARDS: [&str; 6] = [
    "unread_piece_vetoes_snapshot",
    "short_read_vetoes_snapshot",
    "cancelled_run_writes_no_snapshot",
    "same_size_new_content_is_stored",
    "unsorted_entries_are_refused",
    "lost_snapshot_list_refuses_prune",
];

/// Lines of the shell at most: it has no domain logic.
const SHELL: usize = 2_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace")
        .to_owned()
}

/// What cargo knows of the workspace and of everything it uses.
fn metadata() -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v Vec<Value>> {
    value[name].as_array().context("a list")
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str> {
    value[name].as_str().context("a text")
}

/// The crates of the workspace, each with its folder and the dependencies that
/// its manifest names; those of tests are told apart.
struct Member {
    folder: PathBuf,
    dependencies: BTreeSet<String>,
    of_tests: BTreeSet<String>,
}

fn members() -> Result<BTreeMap<String, Member>> {
    let metadata = metadata()?;
    let ours: BTreeSet<&str> = list(&metadata, "workspace_members")?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut members = BTreeMap::new();
    for package in list(&metadata, "packages")? {
        if !ours.contains(text(package, "id")?) {
            continue;
        }
        let mut member = Member {
            folder: Path::new(text(package, "manifest_path")?)
                .parent()
                .context("a folder")?
                .to_owned(),
            dependencies: BTreeSet::new(),
            of_tests: BTreeSet::new(),
        };
        for dependency in list(package, "dependencies")? {
            let name = text(dependency, "name")?.to_owned();
            if dependency["kind"] == "dev" {
                member.of_tests.insert(name);
            } else {
                member.dependencies.insert(name);
            }
        }
        members.insert(text(package, "name")?.to_owned(), member);
    }
    Ok(members)
}

/// Every file below `folder` with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if ending.is_some_and(|ending| endings.contains(&ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[test]
fn dependencies_point_one_way() -> Result<()> {
    let members = members()?;
    let known: BTreeMap<&str, &[&str]> = DIRECTION.into();
    assert_eq!(
        members.keys().map(String::as_str).collect::<Vec<_>>(),
        known.keys().copied().collect::<Vec<_>>()
    );
    for (name, member) in &members {
        let allowed = known[name.as_str()];
        let is_ours = |dependency: &&String| members.contains_key(*dependency);
        for dependency in member.dependencies.iter().filter(is_ours) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
        for dependency in member.of_tests.iter().filter(is_ours) {
            assert!(
                dependency == "practice-gitlab" || allowed.contains(&dependency.as_str()),
                "tests of {name} must not depend on {dependency}"
            );
        }
    }
    Ok(())
}

#[test]
fn each_of_these_libraries_is_named_by_one_crate_alone() -> Result<()> {
    let members = members()?;
    for (library, owner) in OWNERS {
        let names = |member: &Member| {
            member
                .dependencies
                .union(&member.of_tests)
                .any(|name| name.starts_with(library))
        };
        for (name, member) in &members {
            assert_eq!(names(member), name == owner, "{library} in {name}");
        }
    }
    Ok(())
}

#[test]
fn versions_are_in_the_workspaces_manifest_alone() -> Result<()> {
    for (name, member) in members()? {
        let manifest = std::fs::read_to_string(member.folder.join("Cargo.toml"))?;
        let mut is_inside = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                is_inside = line.trim_end_matches(']').ends_with("dependencies");
            } else if is_inside && line.contains('=') {
                assert!(line.contains("workspace"), "{name}: {line}");
            }
        }
    }
    Ok(())
}

#[test]
fn licences_are_among_those_that_are_taken() -> Result<()> {
    let metadata = metadata()?;
    let packages = list(&metadata, "packages")?;
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let name = text(package, "name")?;
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_taken(licence), "{name}: {licence}");
    }
    Ok(())
}

#[test]
fn expressions_of_licences_are_understood() {
    for taken in [
        "MIT",
        "MIT/GPL-3.0",
        "GPL-2.0 OR MIT AND Apache-2.0",
        "(GPL-2.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_taken(taken), "{taken}");
    }
    for refused in [
        "",
        "none",
        "GPL-3.0-only",
        "MIT AND GPL-2.0",
        "(MIT AND AGPL-3.0) OR GPL-2.0",
        "MIT OR",
        "(MIT",
        "MIT ISC",
    ] {
        assert!(!is_taken(refused), "{refused}");
    }
}

/// Whether an SPDX expression can be satisfied by licences that are taken. Old
/// manifests write a slash for `OR`.
fn is_taken(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    either(&mut words) == Some(true) && words.is_empty()
}

fn next_is(words: &mut Vec<&str>, wanted: &str) -> bool {
    let found = words.last() == Some(&wanted);
    if found {
        words.pop();
    }
    found
}

fn either(words: &mut Vec<&str>) -> Option<bool> {
    let mut result = both(words)?;
    while next_is(words, "OR") {
        result |= both(words)?;
    }
    Some(result)
}

fn both(words: &mut Vec<&str>) -> Option<bool> {
    let mut result = one(words)?;
    while next_is(words, "AND") {
        result &= one(words)?;
    }
    Some(result)
}

fn one(words: &mut Vec<&str>) -> Option<bool> {
    if next_is(words, "(") {
        let inner = either(words)?;
        return next_is(words, ")").then_some(inner);
    }
    let licence = words.pop()?;
    if next_is(words, "WITH") {
        // An exception only allows more.
        words.pop()?;
    }
    Some(LICENCES.contains(&licence))
}

#[test]
fn each_guard_of_the_vault_has_a_test_of_its_name() -> Result<()> {
    let vault = root().join("src-tauri/crates/vault");
    let mut tests = String::new();
    for file in files(&vault, &["rs"])? {
        tests += &std::fs::read_to_string(file)?;
    }
    for guard in GUARDS {
        let test = format!("#[test]\nfn {guard}() ");
        assert!(tests.contains(&test), "{guard}");
    }
    Ok(())
}

#[test]
fn the_shell_stays_small() -> Result<()> {
    let mut lines = 0;
    for file in files(&root().join("src-tauri/src"), &["rs"])? {
        lines += std::fs::read_to_string(file)?.lines().count();
    }
    assert!(lines < SHELL, "{lines} lines");
    Ok(())
}

#[test]
fn the_window_is_known_to_one_folder_of_the_ui_alone() -> Result<()> {
    let sources = root().join("ui/src");
    let backend = sources.join("backend");
    for file in files(&sources, &["ts", "svelte", "js"])? {
        let names_it = std::fs::read_to_string(&file)?.contains("@tauri-apps/");
        assert!(
            !names_it || file.starts_with(&backend),
            "{}",
            file.display()
        );
    }
    Ok(())
}

#[test]
fn lints_are_expected_and_not_allowed() -> Result<()> {
    for folder in ["src-tauri", "tests"] {
        for file in files(&root().join(folder), &["rs"])? {
            let source = std::fs::read_to_string(&file)?;
            let allows = source.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with("#[allow(") || line.starts_with("#![allow(")
            });
            assert!(!allows, "{}", file.display());
        }
    }
    Ok(())
}

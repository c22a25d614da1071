//! The catalogue's file: older and newer ones, damage, and several processes at
//! once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use labkeep_settings::{Catalogue, CatalogueError, RunOutcome, RunQuery};
use serde_json::json;

use super::{Sandbox, added, end};
use crate::common::at;

#[test]
fn a_catalogue_of_version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(include_str!("../../fixtures/catalogue_v1.sql"))
        .unwrap();
    drop(database);
    let catalogue = Catalogue::open(&path).unwrap();
    let runs = catalogue.runs(&RunQuery::default()).unwrap();
    assert_eq!(runs[0].outcome, Some(RunOutcome::Partial));
    assert_eq!(runs[0].counts, json!({"items": {"total": 2}}));
    let run = runs[0].id;
    assert_eq!(catalogue.run_items(run).unwrap()[0].path, "acme/web");
    assert_eq!(catalogue.ledger(run).unwrap()[0].state, "no_right");
    assert_eq!(catalogue.snapshots("vault-1").unwrap()[0].run, Some(run));
    let item = &catalogue.items(runs[0].account.unwrap()).unwrap()[0];
    assert_eq!(item.previous_paths, ["acme/website"]);
    assert_eq!(catalogue.steps(run).unwrap()[0].payload, json!({"id": 99}));
    assert_eq!(catalogue.log_lines(run).unwrap()[0].message, "began");
    assert!(catalogue.memo("vault.checked").unwrap().is_some());
}

/// Whoever changes a released step would leave older catalogues behind.
#[test]
fn a_catalogue_brought_here_is_as_a_new_one() {
    let tables = |path: &Path| -> Vec<(String, String)> {
        let database = rusqlite::Connection::open(path).unwrap();
        let mut statement = database
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let sandbox = Sandbox::new();
    let released = sandbox.folder.path().join("released.sqlite");
    rusqlite::Connection::open(&released)
        .unwrap()
        .execute_batch(include_str!("../../fixtures/catalogue_v1.sql"))
        .unwrap();
    drop(Catalogue::open(&released).unwrap());
    assert_eq!(tables(&sandbox.path()), tables(&released));
}

#[test]
fn a_newer_catalogue_is_refused_untouched() {
    let sandbox = Sandbox::new();
    drop(sandbox.catalogue);
    let path = sandbox.folder.path().join("catalogue.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .pragma_update(None, "journal_mode", "DELETE")
        .unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        Catalogue::open(&path),
        Err(CatalogueError::Newer {
            found: 3,
            supported: 2,
            ..
        })
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_catalogue_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.sqlite");
    let garbage =
        b"this has never been a database, and it is long enough for a header...".repeat(99);
    fs::write(&path, &garbage).unwrap();
    assert!(matches!(
        Catalogue::open(&path),
        Err(CatalogueError::Damaged { .. })
    ));
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[test]
fn damage_inside_is_found_when_it_is_met() {
    let sandbox = Sandbox::new();
    let path = sandbox.path();
    for second in 0..200 {
        added(&sandbox.catalogue, second);
    }
    drop(sandbox.catalogue);
    let mut content = fs::read(&path).unwrap();
    // Everything but the header and the tables' definitions.
    let length = content.len();
    for byte in &mut content[3 * 4096..length] {
        *byte = 0xA5;
    }
    fs::write(&path, &content).unwrap();
    let result = Catalogue::open(&path).and_then(|c| c.runs(&RunQuery::default()));
    assert!(
        matches!(result, Err(CatalogueError::Damaged { .. })),
        "{result:?}"
    );
    assert_eq!(fs::metadata(&path).unwrap().len(), length as u64);
}

#[test]
fn a_catalogue_in_a_missing_folder_is_told() {
    let result = Catalogue::open(Path::new("/nonexistent/catalogue.sqlite"));
    assert!(matches!(result, Err(CatalogueError::Open { .. })));
}

#[cfg(unix)]
#[test]
fn the_file_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    added(&sandbox.catalogue, 0);
    for entry in fs::read_dir(sandbox.folder.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().contains("sqlite") {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{entry:?}");
        }
    }
}

#[test]
fn several_processes_make_and_use_one_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.sqlite");
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "catalogue::file::adding_runs",
                    "--ignored",
                    "--nocapture",
                ])
                .env("CATALOGUE", &path)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let catalogue = Catalogue::open(&path).unwrap();
    let runs = catalogue.runs(&RunQuery::default()).unwrap();
    assert_eq!(runs.len(), 100);
    assert!(
        runs.iter()
            .all(|run| run.outcome == Some(RunOutcome::Complete))
    );
}

#[test]
#[ignore = "run by several_processes_make_and_use_one_catalogue"]
fn adding_runs() {
    let path = PathBuf::from(std::env::var_os("CATALOGUE").unwrap());
    let catalogue = Catalogue::open(&path).unwrap();
    for second in 0..25 {
        let run = added(&catalogue, second);
        catalogue.start_run(run, at(second)).unwrap();
        catalogue.end_run(run, &end(RunOutcome::Complete)).unwrap();
    }
}

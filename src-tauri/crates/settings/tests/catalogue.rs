//! The catalogue: written as it happens, by several processes at once, and
//! never thrown away.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::at;
use labkeep_settings::{
    AccountId, Begun, Catalogue, CatalogueError, ItemKey, ItemSort, KnownSnapshot, LedgerRow,
    LogLevel, LogLine, NewRun, PlanId, Process, RunEnd, RunId, RunItem, RunKind, RunOutcome,
    RunQuery, RunState, SeenItem, StepState,
};
use serde_json::json;
use tempfile::TempDir;

struct Sandbox {
    folder: TempDir,
    catalogue: Catalogue,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let catalogue =
            Catalogue::open(&folder.path().join("catalogue.sqlite")).expect("the folder is ours");
        Self { folder, catalogue }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalogue.sqlite")
    }
}

fn process(id: u32) -> Process {
    Process {
        host: "here".to_owned(),
        id,
        started: 7,
    }
}

fn new_run(seconds: i64) -> NewRun {
    NewRun {
        id: RunId::random(),
        kind: RunKind::Backup,
        subject: "Everything".to_owned(),
        plan: None,
        vault: None,
        account: None,
        queued_at: at(seconds),
        process: process(1),
        details: json!({}),
    }
}

fn end(outcome: RunOutcome) -> RunEnd {
    RunEnd {
        outcome,
        reason: None,
        remedy: None,
        at: at(100),
        snapshot: Some("abcd".to_owned()),
        counts: json!({"items": 3}),
    }
}

fn added(catalogue: &Catalogue, seconds: i64) -> RunId {
    let run = new_run(seconds);
    catalogue.add_run(&run).expect("the run is new");
    run.id
}

fn project(id: u64) -> ItemKey {
    ItemKey {
        sort: ItemSort::Project,
        id,
    }
}

fn seen(id: u64, path: &str) -> SeenItem {
    SeenItem {
        item: project(id),
        path: path.to_owned(),
    }
}

#[test]
fn a_run_goes_from_queued_to_its_end() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = NewRun {
        plan: Some(PlanId::random()),
        account: Some(AccountId::random()),
        details: json!({"road": "archive"}),
        ..new_run(0)
    };
    catalogue.add_run(&run).unwrap();
    assert_eq!(
        catalogue.run(run.id).unwrap().unwrap().state,
        RunState::Queued
    );
    catalogue.start_run(run.id, at(1)).unwrap();
    catalogue
        .set_run_counts(run.id, &json!({"items": 1}))
        .unwrap();
    catalogue.stop_run(run.id).unwrap();
    assert_eq!(catalogue.unended_runs().unwrap().len(), 1);
    catalogue
        .end_run(run.id, &end(RunOutcome::Partial))
        .unwrap();

    let known = catalogue.run(run.id).unwrap().unwrap();
    assert_eq!(known.state, RunState::Ended);
    assert_eq!(known.outcome, Some(RunOutcome::Partial));
    assert_eq!((known.plan, known.account), (run.plan, run.account));
    assert_eq!(known.started_at, Some(at(1)));
    assert_eq!(known.ended_at, Some(at(100)));
    assert_eq!(known.counts, json!({"items": 3}));
    assert_eq!(known.details, run.details);
    assert_eq!(known.process, run.process);
    assert!(catalogue.unended_runs().unwrap().is_empty());
}

#[test]
fn a_run_ends_once_and_only_if_it_is_there() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    catalogue.end_run(run, &end(RunOutcome::Complete)).unwrap();
    for refused in [
        catalogue.end_run(run, &end(RunOutcome::Failed)),
        catalogue.start_run(run, at(5)),
        catalogue.stop_run(run),
        catalogue.set_run_counts(run, &json!({})),
        catalogue.resume_run(run, &process(2), at(5)),
    ] {
        assert!(matches!(
            refused,
            Err(CatalogueError::WrongState {
                state: RunState::Ended,
                ..
            })
        ));
    }
    let outcome = catalogue.run(run).unwrap().unwrap().outcome;
    assert_eq!(outcome, Some(RunOutcome::Complete));
    let unknown = RunId::random();
    assert!(matches!(
        catalogue.start_run(unknown, at(5)),
        Err(CatalogueError::UnknownRun { run }) if run == unknown
    ));
    assert!(catalogue.run(unknown).unwrap().is_none());
}

#[test]
fn runs_of_dead_processes_have_crashed() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let (dead, alive) = (added(catalogue, 0), new_run(1));
    let alive = NewRun {
        process: process(2),
        ..alive
    };
    catalogue.add_run(&alive).unwrap();
    catalogue.start_run(dead, at(1)).unwrap();
    catalogue
        .set_run_counts(dead, &json!({"items": 5}))
        .unwrap();

    let crashed = catalogue
        .end_crashed_runs(at(50), |process| process.id == 2)
        .unwrap();
    assert_eq!(crashed.len(), 1);
    assert_eq!(crashed[0].id, dead);
    assert_eq!(crashed[0].outcome, Some(RunOutcome::Aborted));
    assert_eq!(crashed[0].reason.as_deref(), Some("crashed"));
    assert_eq!(crashed[0].ended_at, Some(at(50)));
    assert_eq!(crashed[0].counts, json!({"items": 5}));
    assert_eq!(catalogue.unended_runs().unwrap()[0].id, alive.id);
    assert!(
        catalogue
            .end_crashed_runs(at(60), |_| true)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_run_that_did_not_complete_can_be_gone_on_with() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    catalogue.start_run(run, at(1)).unwrap();
    catalogue.end_run(run, &end(RunOutcome::Aborted)).unwrap();
    catalogue.resume_run(run, &process(9), at(200)).unwrap();
    let known = catalogue.run(run).unwrap().unwrap();
    assert_eq!((known.state, known.outcome), (RunState::Running, None));
    assert_eq!((known.started_at, known.ended_at), (Some(at(1)), None));
    assert_eq!(known.process, process(9));
    catalogue.end_run(run, &end(RunOutcome::Complete)).unwrap();
}

#[test]
fn runs_are_found_newest_first() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let plan = PlanId::random();
    let mut ids = Vec::new();
    for second in 0..6 {
        let run = NewRun {
            plan: (second % 2 == 0).then_some(plan),
            kind: if second == 5 {
                RunKind::Prune
            } else {
                RunKind::Backup
            },
            ..new_run(second)
        };
        catalogue.add_run(&run).unwrap();
        ids.push(run.id);
    }
    let found = |query: RunQuery| -> Vec<RunId> {
        catalogue
            .runs(&query)
            .unwrap()
            .into_iter()
            .map(|run| run.id)
            .collect()
    };
    assert_eq!(
        found(RunQuery::default()),
        ids.iter().rev().copied().collect::<Vec<_>>()
    );
    let of_plan = RunQuery {
        plan: Some(plan),
        ..RunQuery::default()
    };
    assert_eq!(found(of_plan), [ids[4], ids[2], ids[0]]);
    let prunes = RunQuery {
        kind: Some(RunKind::Prune),
        ..RunQuery::default()
    };
    assert_eq!(found(prunes), [ids[5]]);
    let page = RunQuery {
        before: Some(at(4)),
        limit: Some(2),
        ..RunQuery::default()
    };
    assert_eq!(found(page), [ids[3], ids[2]]);
}

#[test]
fn a_ledger_is_written_as_it_grows() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let line = |id, kind: &str, state: &str| LedgerRow {
        item: project(id),
        kind: kind.to_owned(),
        path: format!("acme/{id}"),
        state: state.to_owned(),
        reason: Some("role Guest".to_owned()),
        remedy: None,
        count: Some(u64::from(u32::MAX) + 1),
        bytes: None,
        stale_since: Some(at(3)),
    };
    let first = [line(2, "issues", "failed"), line(1, "wiki", "empty")];
    catalogue.put_ledger(run, &first).unwrap();
    catalogue
        .put_ledger(run, &[line(2, "issues", "saved")])
        .unwrap();
    assert_eq!(
        catalogue.ledger(run).unwrap(),
        [line(1, "wiki", "empty"), line(2, "issues", "saved")]
    );
    assert_eq!(
        catalogue.ledger_states(run).unwrap(),
        [("empty".to_owned(), 1), ("saved".to_owned(), 1)]
    );
    // A ledger of no run would never be found again.
    assert!(catalogue.put_ledger(RunId::random(), &first).is_err());

    let later = added(catalogue, 10);
    catalogue.put_ledger(later, &first).unwrap();
    assert_eq!(catalogue.trim_ledgers(1).unwrap(), 2);
    assert!(catalogue.ledger(run).unwrap().is_empty());
    assert_eq!(catalogue.ledger(later).unwrap().len(), 2);
    assert!(catalogue.run(run).unwrap().is_some());
}

#[test]
fn items_of_a_run_are_written_as_they_go_on() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let item = |state: &str, second| RunItem {
        item: project(1),
        path: "acme/web".to_owned(),
        state: state.to_owned(),
        details: json!({"bytes": 5}),
        updated_at: at(second),
    };
    catalogue.put_run_items(run, &[item("waiting", 1)]).unwrap();
    catalogue
        .put_run_items(run, &[item("captured", 2)])
        .unwrap();
    assert_eq!(catalogue.run_items(run).unwrap(), [item("captured", 2)]);
}

#[test]
fn items_are_followed_through_renames_and_absence() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let account = AccountId::random();
    let first = catalogue
        .see_items(
            account,
            at(1),
            &[seen(1, "acme/web"), seen(2, "acme/old")],
            true,
        )
        .unwrap();
    assert_eq!(first.new, [project(1), project(2)]);

    let second = catalogue
        .see_items(account, at(2), &[seen(1, "acme/website")], true)
        .unwrap();
    assert_eq!(second.moved, [(project(1), "acme/web".to_owned())]);
    assert_eq!(second.gone, [project(2)]);
    // An incomplete list misses nobody, and who is gone is not gone twice.
    let third = catalogue.see_items(account, at(3), &[], false).unwrap();
    assert_eq!(third, labkeep_settings::Sighting::default());
    let fourth = catalogue
        .see_items(account, at(4), &[seen(1, "acme/website")], true)
        .unwrap();
    assert!(fourth.gone.is_empty());

    catalogue
        .items_saved(account, &[project(1)], "abcd", at(5))
        .unwrap();
    let items = catalogue.items(account).unwrap();
    assert_eq!(items.len(), 2);
    let website = items.iter().find(|item| item.item == project(1)).unwrap();
    assert_eq!(website.previous_paths, ["acme/web"]);
    assert_eq!((website.first_seen, website.last_seen), (at(1), at(4)));
    assert_eq!(website.last_snapshot.as_deref(), Some("abcd"));
    let old = items.iter().find(|item| item.item == project(2)).unwrap();
    assert_eq!(old.gone_since, Some(at(2)));

    for (path, item) in [("acme/website", 1), ("acme/web", 1), ("acme/old", 2)] {
        assert_eq!(
            catalogue.item_by_path(account, path).unwrap(),
            Some(project(item))
        );
    }
    assert_eq!(
        catalogue
            .item_by_path(AccountId::random(), "acme/web")
            .unwrap(),
        None
    );

    let fifth = catalogue
        .see_items(
            account,
            at(6),
            &[seen(1, "acme/website"), seen(2, "acme/old")],
            true,
        )
        .unwrap();
    assert_eq!(fifth.back, [project(2)]);
    // Looked for one by one: gone, and gone only once.
    for second in [7, 8] {
        catalogue
            .items_gone(account, &[project(1)], at(second))
            .unwrap();
    }
    let items = catalogue.items(account).unwrap();
    let website = items.iter().find(|item| item.item == project(1)).unwrap();
    assert_eq!(website.gone_since, Some(at(7)));

    catalogue.remove_items(account).unwrap();
    assert!(catalogue.items(account).unwrap().is_empty());
}

#[test]
fn known_snapshots_stay_known_until_they_are_forgotten() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let snapshot = |id: &str, second| KnownSnapshot {
        vault: "vault-1".to_owned(),
        id: id.to_owned(),
        time: at(second),
        plan: "Everything".to_owned(),
        run: Some(RunId::random()),
        outcome: Some(RunOutcome::Complete),
        bytes: 10,
        new_bytes: 5,
        proven_at: None,
        details: json!({"projects": 3}),
    };
    let (a, b) = (snapshot("a", 2), snapshot("b", 1));
    catalogue.put_snapshot(&a).unwrap();
    catalogue.put_snapshot(&b).unwrap();
    assert_eq!(
        catalogue.snapshots("vault-1").unwrap(),
        [b.clone(), a.clone()]
    );
    assert!(catalogue.snapshots("vault-2").unwrap().is_empty());

    catalogue.snapshot_proven("vault-1", "a", at(9)).unwrap();
    catalogue.snapshot_proven("vault-1", "a", at(3)).unwrap();
    // Listed again by a vault, without what only this machine knew.
    let listed = KnownSnapshot {
        run: None,
        outcome: None,
        ..a.clone()
    };
    catalogue.put_snapshot(&listed).unwrap();
    let known = catalogue.snapshots("vault-1").unwrap().pop().unwrap();
    assert_eq!(
        known,
        KnownSnapshot {
            proven_at: Some(at(9)),
            ..a
        }
    );

    catalogue
        .forget_snapshots("vault-1", &["a".to_owned()])
        .unwrap();
    assert_eq!(catalogue.snapshots("vault-1").unwrap(), [b]);
}

#[test]
fn a_step_is_begun_once() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let begun = catalogue
        .begin_step(run, "issue:12:5", &json!({"title": "x"}), at(1))
        .unwrap();
    assert_eq!(begun, Begun::New);
    assert!(
        catalogue
            .finish_step(
                run,
                "issue:12:5",
                StepState::Done,
                &json!({"iid": 5}),
                at(2)
            )
            .unwrap()
    );
    assert!(
        !catalogue
            .finish_step(run, "issue:12:6", StepState::Done, &json!({}), at(2))
            .unwrap()
    );
    let Begun::Before(step) = catalogue
        .begin_step(run, "issue:12:5", &json!({"title": "x"}), at(3))
        .unwrap()
    else {
        panic!("the step was begun twice");
    };
    assert_eq!(step.state, StepState::Done);
    assert_eq!(step.payload, json!({"iid": 5}));
    assert_eq!(catalogue.steps(run).unwrap(), [step]);
}

#[test]
fn a_log_is_capped_but_keeps_its_beginning() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let run = added(catalogue, 0);
    let lines: Vec<_> = (0..6_000)
        .map(|number| LogLine {
            at: at(number),
            level: LogLevel::Info,
            message: format!("line {number}"),
        })
        .collect();
    for part in lines.chunks(700) {
        catalogue.log(run, part).unwrap();
    }
    let kept = catalogue.log_lines(run).unwrap();
    assert_eq!(kept.len(), 5_000);
    assert_eq!(kept[0].message, "line 0");
    assert_eq!(kept[199].message, "line 199");
    assert_eq!(kept[200].message, "line 1200");
    assert_eq!(kept[4_999].message, "line 5999");
}

#[test]
fn old_runs_go_but_the_last_ones_of_a_plan_stay() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let runs: Vec<_> = (0..4).map(|second| added(catalogue, second)).collect();
    for run in &runs[..3] {
        catalogue.log(*run, &[]).unwrap();
        catalogue.begin_step(*run, "a", &json!({}), at(1)).unwrap();
        catalogue.end_run(*run, &end(RunOutcome::Complete)).unwrap();
    }
    assert_eq!(catalogue.remove_runs_before(at(100), 0).unwrap(), 0);
    assert_eq!(catalogue.remove_runs_before(at(200), 2).unwrap(), 2);
    assert!(catalogue.run(runs[1]).unwrap().is_none());
    assert!(catalogue.steps(runs[1]).unwrap().is_empty());
    // The last two: one that ended, one that has not.
    assert!(catalogue.run(runs[2]).unwrap().is_some());
    assert_eq!(catalogue.remove_runs_before(at(200), 0).unwrap(), 1);
    assert!(catalogue.run(runs[3]).unwrap().is_some());
}

#[test]
fn small_things_are_remembered() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.catalogue.memo("a").unwrap(), None);
    sandbox.catalogue.set_memo("a", &json!(1)).unwrap();
    sandbox.catalogue.set_memo("a", &json!({"b": [2]})).unwrap();
    let again = Catalogue::open(&sandbox.path()).unwrap();
    assert_eq!(again.memo("a").unwrap(), Some(json!({"b": [2]})));
}

#[test]
fn a_catalogue_of_version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(include_str!("fixtures/catalogue_v1.sql"))
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
fn the_first_step_is_as_it_was_released() {
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
        .execute_batch(include_str!("fixtures/catalogue_v1.sql"))
        .unwrap();
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
    database.pragma_update(None, "user_version", 2).unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        Catalogue::open(&path),
        Err(CatalogueError::Newer {
            found: 2,
            supported: 1,
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
                .args(["--exact", "adding_runs", "--ignored", "--nocapture"])
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

//! What the catalogue knows of runs: states, logs, steps, and how long.

use labkeep_settings::{
    AccountId, Begun, Catalogue, CatalogueError, LogLevel, LogLine, NewRun, PlanId, RunId, RunKind,
    RunOutcome, RunQuery, RunState, StepState,
};
use serde_json::json;

use super::{Sandbox, added, end, new_run, process};
use crate::common::at;

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
        .end_crashed_runs(at(50), |run| run.process.id == 2)
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
fn the_last_runs_are_those_written_down_last_whatever_their_dates() {
    let sandbox = Sandbox::new();
    let catalogue = &sandbox.catalogue;
    let plan = PlanId::random();
    let mut runs = Vec::new();
    // The second one by a clock that was wrong for a while.
    for seconds in [10, 900_000, 20] {
        let run = NewRun {
            plan: Some(plan),
            ..new_run(seconds)
        };
        catalogue.add_run(&run).unwrap();
        runs.push(run.id);
    }
    added(catalogue, 30);
    let last = |limit| -> Vec<RunId> {
        let last = catalogue.last_runs(RunKind::Backup, plan, limit);
        last.unwrap().iter().map(|run| run.id).collect()
    };
    assert_eq!(last(9), [runs[2], runs[1], runs[0]]);
    assert_eq!(last(1), [runs[2]]);
    let query = RunQuery {
        plan: Some(plan),
        limit: Some(2),
        as_written: true,
        ..RunQuery::default()
    };
    let written = catalogue.runs(&query).unwrap();
    let written: Vec<RunId> = written.iter().map(|run| run.id).collect();
    assert_eq!(written, [runs[2], runs[1]]);
    assert!(
        catalogue
            .last_runs(RunKind::Prune, plan, 9)
            .unwrap()
            .is_empty()
    );
}

use super::*;

const DAY: i64 = 24 * 3600;

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + number * DAY).unwrap()
}

fn refs(id: u64) -> Subject {
    Subject::contents(Item::project(id), Kind::Repository).unwrap()
}

fn issues(id: u64) -> Subject {
    Subject::contents(Item::project(id), Kind::Issues).unwrap()
}

fn turnover(before: u64, gone: u64, new: u64) -> Turnover {
    Turnover {
        before,
        gone,
        now: before - gone + new,
        names: Vec::new(),
    }
}

fn seen(changes: &[(Subject, Turnover)]) -> Seen {
    Seen {
        changes: changes
            .iter()
            .map(|(subject, change)| (*subject, (None, change.clone())))
            .collect(),
        ..Seen::default()
    }
}

fn once(subject: Subject, change: Turnover) -> Found {
    let before = Before {
        time: day(0),
        ..Before::default()
    };
    look(
        &before,
        &seen(&[(subject, change)]),
        Guard::default(),
        day(1),
    )
}

/// Runs once a day, each seeing so many gone and new ones.
fn daily(subject: Subject, first: u64, steps: &[(u64, u64)]) -> Vec<usize> {
    let mut peaks = Vec::new();
    let mut count = first;
    (0_i64..)
        .zip(steps)
        .map(|(number, (gone, new))| {
            let change = turnover(count, *gone, *new);
            count = change.now;
            let before = Before {
                time: day(number),
                peaks: std::mem::take(&mut peaks),
                answered: None,
            };
            let changes = seen(&[(subject, change)]);
            let found = look(&before, &changes, Guard::default(), day(number + 1));
            peaks = found.peaks;
            found.losses.len()
        })
        .collect()
}

#[test]
fn the_thresholds_are_the_first_that_raise_the_alarm() {
    let items = Subject::items(Sort::Project);
    for (subject, before, gone, is_lost) in [
        (items, 16, 4, true),
        (items, 17, 4, false),
        (items, 8, 2, false),
        (items, 12, 3, true),
        (issues(1), 6, 3, true),
        (issues(1), 7, 3, false),
        (issues(1), 4, 2, false),
        (issues(1), 2, 2, false),
        (refs(1), 6, 3, true),
        (refs(1), 200, 99, false),
    ] {
        let found = once(subject, turnover(before, gone, 0));
        assert_eq!(found.losses.len() == 1, is_lost, "{gone} of {before}");
    }
}

#[test]
fn what_is_left_with_nothing_is_seen_however_little_it_was() {
    assert_eq!(once(refs(1), turnover(1, 1, 0)).losses.len(), 1);
    let projects = Subject::items(Sort::Project);
    assert_eq!(once(projects, turnover(2, 2, 0)).losses.len(), 1);
    // The only branch got another name.
    assert_eq!(once(refs(1), turnover(1, 1, 1)).losses.len(), 0);
}

#[test]
fn the_only_group_may_go_while_there_are_projects() {
    let groups = Subject::items(Sort::Group);
    let projects = Subject::items(Sort::Project);
    let before = Before::default();
    let changes = seen(&[(groups, turnover(1, 1, 0)), (projects, turnover(3, 0, 0))]);
    let found = look(&before, &changes, Guard::default(), day(1));
    assert_eq!(found.losses, []);
    assert_eq!(once(groups, turnover(1, 1, 0)).losses.len(), 1);
}

#[test]
fn new_ones_do_not_hide_what_is_gone() {
    assert_eq!(once(refs(1), turnover(10, 10, 10)).losses.len(), 1);
}

#[test]
fn a_loss_in_steps_is_seen_and_raises_the_alarm_once() {
    let steps = [(20, 0), (16, 0), (13, 0), (11, 0), (0, 0)];
    // 100, 80, 64, 51, 40: more than half is gone with the fourth.
    assert_eq!(daily(issues(1), 100, &steps), [0, 0, 0, 1, 0]);
}

#[test]
fn a_loss_tells_since_when_it_was_not_there_any_more() {
    let peaks = [(1, 100), (2, 80), (3, 64)];
    let before = Before {
        time: day(4),
        peaks: peaks
            .map(|(number, count)| Peak {
                subject: issues(1),
                at: day(number),
                count,
            })
            .to_vec(),
        answered: None,
    };
    let steps = seen(&[(issues(1), turnover(51, 11, 0))]);
    let found = look(&before, &steps, Guard::default(), day(5));
    assert_eq!((found.losses[0].gone, found.losses[0].before), (60, 100));
    assert_eq!(found.losses[0].since, Some(day(1)));
    // As many went and came again: what is gone was there in the last one.
    let at_once = seen(&[(issues(1), turnover(51, 51, 60))]);
    let found = look(&before, &at_once, Guard::default(), day(5));
    assert_eq!(found.losses[0].since, Some(day(4)));
}

#[test]
fn branches_that_come_and_go_are_no_loss() {
    let steps = [
        (0, 1),
        (1, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (1, 1),
        (0, 1),
        (1, 0),
    ];
    assert_eq!(daily(refs(1), 6, &steps), [0; 8]);
}

#[test]
fn steps_longer_ago_than_a_week_do_not_count() {
    let mut steps = [(0, 0); 12];
    steps[0] = (30, 0);
    steps[10] = (25, 0);
    assert_eq!(daily(issues(1), 100, &steps), [0; 12]);
    let mut steps = [(0, 0); 12];
    steps[0] = (30, 0);
    steps[6] = (25, 0);
    assert_eq!(daily(issues(1), 100, &steps)[6], 1);
}

#[test]
fn after_the_answer_only_what_comes_then_counts() {
    let peak = Peak {
        subject: issues(1),
        at: day(1),
        count: 100,
    };
    let before = |answered| Before {
        time: day(3),
        peaks: vec![peak],
        answered,
    };
    let changes = seen(&[(issues(1), turnover(60, 20, 0))]);
    let open = look(&before(None), &changes, Guard::default(), day(4));
    assert_eq!((open.losses[0].before, open.losses[0].gone), (100, 60));
    let found = look(&before(Some(day(2))), &changes, Guard::default(), day(4));
    assert_eq!(found.losses, []);
    assert_eq!(found.peaks[0].count, 60);
    // What there was when it was answered still counts.
    let found = look(&before(Some(day(1))), &changes, Guard::default(), day(4));
    assert_eq!((found.losses[0].before, found.losses[0].gone), (100, 60));
}

#[test]
fn what_the_plan_leaves_out_lowers_what_there_was() {
    let projects = Subject::items(Sort::Project);
    let before = Before {
        time: day(1),
        peaks: vec![Peak {
            subject: projects,
            at: day(0),
            count: 20,
        }],
        answered: None,
    };
    let mut changes = seen(&[(projects, turnover(12, 0, 0))]);
    changes.left_out.insert(Sort::Project, 6);
    let found = look(&before, &changes, Guard::default(), day(2));
    // 14 there were of those that still count, and 12 there are.
    assert_eq!(found.losses, []);
    assert_eq!(found.peaks[0].count, 14);
}

#[test]
fn what_was_not_read_this_time_is_remembered_until_it_is() {
    let peak = Peak {
        subject: issues(1),
        at: day(0),
        count: 100,
    };
    let before = Before {
        time: day(1),
        peaks: vec![peak],
        answered: None,
    };
    let found = look(&before, &Seen::default(), Guard::default(), day(2));
    assert_eq!(
        (found.losses.len(), found.peaks.as_slice()),
        (0, [peak].as_slice())
    );
    let mut gone = Seen::default();
    gone.vanished.insert(Item::project(1));
    assert_eq!(look(&before, &gone, Guard::default(), day(2)).peaks, []);
}

#[test]
fn whole_items_come_first_and_then_the_largest_share() {
    let projects = Subject::items(Sort::Project);
    let changes = seen(&[
        (refs(1), turnover(10, 6, 0)),
        (refs(2), turnover(10, 9, 0)),
        (projects, turnover(10, 5, 0)),
    ]);
    let found = look(&Before::default(), &changes, Guard::default(), day(1));
    let order: Vec<Subject> = found.losses.iter().map(|lost| lost.subject).collect();
    assert_eq!(order, [projects, refs(2), refs(1)]);
}

#[test]
fn a_peak_survives_as_json() {
    let peak = Peak {
        subject: issues(7),
        at: day(0),
        count: 3,
    };
    let text = serde_json::to_string(&peak).unwrap();
    assert_eq!(serde_json::from_str::<Peak>(&text).unwrap(), peak);
}

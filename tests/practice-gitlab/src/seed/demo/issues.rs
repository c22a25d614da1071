//! Issues of the demo: of all kinds, open and closed, with threads, reactions and
//! links.

use super::super::{at, people::People};
use super::build::{Comment, Who, award, comment};
use super::places::project;
use crate::issuables::Deed;
use crate::model::issuable::Timelog;
use crate::model::issue::{Issue, IssueLink, LinkType};
use crate::model::world::next;
use crate::model::{Issuable, IssuableKind, NoteKind, World};
use crate::notifications::Notifications;
use crate::server::Server;

/// An issue of the demo.
struct Plan {
    path: &'static str,
    day: i64,
    author: char,
    title: &'static str,
    text: &'static str,
    labels: &'static [&'static str],
    milestone: Option<&'static str>,
    assignee: Option<char>,
    closed_on: Option<i64>,
    kind: &'static str,
    confidential: bool,
    /// Author, text; a text that begins with `>` answers the one before.
    talk: &'static [(char, &'static str)],
}

const API: &str = "tidewater/platform/api-server";
const BUOY: &str = "tidewater/devices/firmware/buoy";
const SUPPORT: &str = "tidewater/support";

const PLANS: [Plan; 14] = [
    Plan {
        path: API,
        day: 6,
        author: 'p',
        title: "Give the last level of a buoy",
        text: "Harbours ask for it first.\n\n- [x] take it\n- [x] give it",
        labels: &["feature", "customer"],
        milestone: Some("1.0"),
        assignee: Some('d'),
        closed_on: Some(9),
        kind: "issue",
        confidential: false,
        talk: &[('d', "I take it."), ('p', "> Thank you!")],
    },
    Plan {
        path: API,
        day: 16,
        author: 'p',
        title: "Forecast the next high water",
        text: "A harbour master wants to know when to open the gate.\n\n- [x] mean of the last day\n- [ ] harmonics\n- [ ] show it in the web client",
        labels: &["feature"],
        milestone: Some("1.1"),
        assignee: Some('d'),
        closed_on: None,
        kind: "issue",
        confidential: false,
        talk: &[
            ('r', "The model fits eight harmonics now. Would that help?"),
            ('d', "> Very much. Where is it?"),
            ('r', "> In research/tide-model, `model.py`."),
            ('m', "Let us do the mean first."),
        ],
    },
    Plan {
        path: API,
        day: 30,
        author: 'm',
        title: "Server stops when a buoy sends nothing",
        text: "```\nIndexError: list index out of range\n```",
        labels: &["bug"],
        milestone: Some("1.1"),
        assignee: Some('m'),
        closed_on: None,
        kind: "incident",
        confidential: false,
        talk: &[('d', "Happens with buoys that were never put to sea.")],
    },
    Plan {
        path: API,
        day: 38,
        author: 'r',
        title: "Anybody can ask as often as they like",
        text: "One client asked 4,000 times a minute last night.",
        labels: &["security", "performance"],
        milestone: Some("2.0"),
        assignee: Some('d'),
        closed_on: None,
        kind: "issue",
        confidential: true,
        talk: &[('m', "Keep this quiet until it is mended.")],
    },
    Plan {
        path: API,
        day: 41,
        author: 'g',
        title: "Typo in the README",
        text: "forcasts → forecasts",
        labels: &[],
        milestone: None,
        assignee: None,
        closed_on: Some(42),
        kind: "issue",
        confidential: false,
        talk: &[],
    },
    Plan {
        path: API,
        day: 45,
        author: 'm',
        title: "Write the table of levels",
        text: "Part of keeping measurements in SQLite.",
        labels: &["api::v2"],
        milestone: Some("2.0"),
        assignee: Some('m'),
        closed_on: None,
        kind: "task",
        confidential: false,
        talk: &[],
    },
    Plan {
        path: BUOY,
        day: 7,
        author: 'd',
        title: "Battery lasts nine days only",
        text: "It should last ninety.",
        labels: &["power", "bug"],
        milestone: Some("fw-4"),
        assignee: Some('d'),
        closed_on: None,
        kind: "issue",
        confidential: false,
        talk: &[
            ('m', "What draws the current?"),
            ('d', "> The radio, and a `sleep` that does not sleep."),
            (
                'm',
                "Measured on the bench:\n\n| part | mA |\n| --- | --- |\n| radio | 40 |\n| cpu | 12 |",
            ),
        ],
    },
    Plan {
        path: BUOY,
        day: 18,
        author: 'p',
        title: "Send once an hour",
        text: "",
        labels: &["radio"],
        milestone: Some("fw-3"),
        assignee: Some('m'),
        closed_on: Some(19),
        kind: "issue",
        confidential: false,
        talk: &[],
    },
    Plan {
        path: BUOY,
        day: 34,
        author: 'r',
        title: "Pressure jumps when a ship passes",
        text: "Wake or fault?",
        labels: &["bug"],
        milestone: None,
        assignee: None,
        closed_on: None,
        kind: "issue",
        confidential: false,
        talk: &[('g', "We see it at Kelpie Bay as well.")],
    },
    Plan {
        path: SUPPORT,
        day: 20,
        author: 'g',
        title: "Northmouth: levels half a metre too high",
        text: "Since Tuesday. @dana could you look?",
        labels: &["customer"],
        milestone: None,
        assignee: Some('p'),
        closed_on: Some(23),
        kind: "issue",
        confidential: false,
        talk: &[
            ('p', "Looking into it."),
            ('d', "The buoy lay on a sandbank."),
            ('g', "> Moved it, all good. Thanks!"),
        ],
    },
    Plan {
        path: SUPPORT,
        day: 32,
        author: 'g',
        title: "Kelpie Bay: can we have the data as a table?",
        text: "CSV would do.",
        labels: &["customer", "feature"],
        milestone: Some("Spring tide"),
        assignee: None,
        closed_on: None,
        kind: "issue",
        confidential: false,
        talk: &[('p', "Noted for spring.")],
    },
    Plan {
        path: "tidewater/platform/web-client",
        day: 29,
        author: 'p',
        title: "A dark mode for night watches",
        text: "Bright screens blind the watch.",
        labels: &["feature"],
        milestone: Some("Spring tide"),
        assignee: Some('d'),
        closed_on: None,
        kind: "issue",
        confidential: false,
        talk: &[],
    },
    Plan {
        path: "tidewater/research/tide-model",
        day: 24,
        author: 'r',
        title: "Fit more harmonics",
        text: "Four are not enough near the estuary.",
        labels: &[],
        milestone: None,
        assignee: Some('r'),
        closed_on: Some(26),
        kind: "issue",
        confidential: false,
        talk: &[],
    },
    Plan {
        path: "tidewater/handbook",
        day: 27,
        author: 'o',
        title: "Explain planning",
        text: "How do milestones come about?",
        labels: &[],
        milestone: None,
        assignee: Some('p'),
        closed_on: Some(28),
        kind: "issue",
        confidential: false,
        talk: &[],
    },
];

fn shared(world: &mut World, (project, iid): (u64, u64)) -> Option<&mut Issuable> {
    world.issuable_mut(project, IssuableKind::Issue, iid)
}

/// Opens all issues.
pub fn open(server: &Server, people: &People) {
    let mut world = server.write();
    let mut addresses = Vec::new();
    for plan in &PLANS {
        addresses.push(open_one(&mut world, people, plan));
    }
    let mut link = |source: usize, target: usize| {
        let id = next(&mut world.numbers.issue_link);
        let (source, target) = (addresses[source], addresses[target]);
        let made = IssueLink {
            id,
            source,
            target,
            link_type: LinkType::RelatesTo,
            created_at: at(46, 0),
        };
        world.issue_links.insert(id, made);
    };
    link(1, 12);
    link(3, 5);
    link(6, 8);
    // Quiet words and time spent.
    let secret = addresses[6];
    let mut note = world.new_note(
        "The supplier must not hear of this yet.".into(),
        people.maintainer,
        NoteKind::Individual,
        at(36, 5),
    );
    note.internal = true;
    if let Some(shared) = shared(&mut world, secret) {
        shared.notes.push(note);
        shared.time_estimate = 3 * 8 * 3600;
        shared.timelogs.push(Timelog {
            time_spent: 5 * 3600,
            user_id: people.developer,
            spent_at: at(37, 0),
            created_at: at(37, 10),
            summary: Some("Measured on the bench".into()),
        });
    }
}

fn open_one(world: &mut World, people: &People, plan: &Plan) -> (u64, u64) {
    let id = project(world, plan.path);
    let number = next(&mut world.numbers.issue);
    let author = Who(plan.author).id(people);
    let opened = at(plan.day, 60);
    let Some(found) = world.projects.get_mut(&id) else {
        return (0, 0);
    };
    let iid = found.next_issue_iid();
    let mut issuable = Issuable::new(number, iid, plan.title.into(), author, opened);
    issuable.description = Some(plan.text.into());
    issuable.assignees = plan
        .assignee
        .iter()
        .map(|who| Who(*who).id(people))
        .collect();
    let mut issue = Issue::new(issuable);
    plan.kind.clone_into(&mut issue.kind);
    issue.confidential = plan.confidential;
    found.issues.insert(iid, issue);

    let deed = Deed {
        project: id,
        kind: IssuableKind::Issue,
        iid,
        by: author,
        now: opened,
    };
    let titles: Vec<String> = plan
        .labels
        .iter()
        .map(|title| (*title).to_owned())
        .collect();
    let labels = world.labels_named(id, &titles, opened);
    deed.set_labels(world, labels);
    let milestone = plan.milestone.and_then(|title| {
        world
            .projects
            .get(&id)
            .and_then(|project| world.milestone_titled(project, title))
    });
    Deed {
        now: at(plan.day, 61),
        ..deed
    }
    .set_milestone(world, milestone);
    talk(world, people, plan, (id, iid));
    let thumbs = award(world, "thumbsup", people.reporter, at(plan.day + 1, 0));
    if plan.labels.contains(&"feature")
        && let Some(shared) = shared(world, (id, iid))
    {
        shared.awards.push(thumbs);
    }
    if let Some(day) = plan.closed_on {
        let by = plan
            .assignee
            .map_or(people.owner, |who| Who(who).id(people));
        world.close_issue(id, iid, by, at(day, 90));
    }
    // The demo begins with nobody notified.
    world.notifications = Notifications::default();
    (id, iid)
}

fn talk(world: &mut World, people: &People, plan: &Plan, on: (u64, u64)) {
    let mut thread = None;
    for (number, (who, text)) in (0_usize..).zip(plan.talk) {
        let answer = text.strip_prefix("> ");
        let answered = plan
            .talk
            .get(number + 1)
            .is_some_and(|(_, next)| next.starts_with("> "));
        let threaded = answer.is_some() || answered;
        let said = Comment {
            who: Who(*who).id(people),
            when: at(plan.day, 120 + 7 * i64::try_from(number).unwrap_or(0)),
            text: answer.unwrap_or(text),
            kind: if threaded {
                NoteKind::Discussion
            } else {
                NoteKind::Individual
            },
            diff: None,
            thread: answer.and(thread.take()),
        };
        thread = Some(comment(world, shared, on, said));
    }
    let eyes = award(world, "eyes", people.owner, at(plan.day + 1, 5));
    if let Some(note) = shared(world, on).and_then(|shared| shared.notes.first_mut()) {
        note.awards.push(eyes);
    }
}

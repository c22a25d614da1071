//! Merge requests of the demo: merged, open, closed, a draft, and one from a fork.

use serde_json::json;
use sha1::{Digest, Sha1};

use super::super::{at, people::People};
use super::build::{Comment, Who, comment};
use super::places::project;
use crate::change::ChangeError;
use crate::issuables::Deed;
use crate::merge_requests::{self, MergeOptions};
use crate::model::merge_request::{Approval, Reviewer};
use crate::model::note::DiffAnchor;
use crate::model::world::next;
use crate::model::{Issuable, IssuableKind, MergeRequest, NoteKind, World};
use crate::notifications::Notifications;
use crate::server::Server;

/// What becomes of a merge request.
#[derive(PartialEq, Eq)]
enum Fate {
    Open,
    Merged,
    Closed,
}

/// A merge request of the demo.
struct Plan {
    path: &'static str,
    fork: Option<&'static str>,
    source: &'static str,
    target: &'static str,
    day: i64,
    author: char,
    reviewer: char,
    title: &'static str,
    text: &'static str,
    labels: &'static [&'static str],
    fate: Fate,
    /// On which line of which file: who, what, and the answer.
    thread: Option<(&'static str, u64, char, &'static str, &'static str)>,
}

const API: &str = "tidewater/platform/api-server";
const DRIVERS: &str = "tidewater/devices/firmware/sensor-drivers";

const PLANS: [Plan; 6] = [
    Plan {
        path: API,
        fork: None,
        source: "forecast",
        target: "main",
        day: 23,
        author: 'd',
        reviewer: 'm',
        title: "Add a first forecast",
        text: "The mean of the last day.\n\nRelated to #2",
        labels: &["feature"],
        fate: Fate::Merged,
        thread: Some((
            "forecast.py",
            2,
            'm',
            "Why 24? Buoys send every minute.",
            "They send the mean of an hour since firmware 3.",
        )),
    },
    Plan {
        path: API,
        fork: None,
        source: "rate-limit",
        target: "main",
        day: 40,
        author: 'd',
        reviewer: 'm',
        title: "Answer at most ten requests a second",
        text: "Closes #4",
        labels: &["security"],
        fate: Fate::Open,
        thread: Some((
            "limits.py",
            1,
            'm',
            "Should this be a setting?",
            "Yes. I will read it from settings.ini.",
        )),
    },
    Plan {
        path: API,
        fork: None,
        source: "sqlite",
        target: "main",
        day: 45,
        author: 'm',
        reviewer: 'd',
        title: "Draft: Keep measurements in SQLite",
        text: "- [x] write\n- [ ] read\n\nCloses #6",
        labels: &["api::v2"],
        fate: Fate::Open,
        thread: None,
    },
    Plan {
        path: "tidewater/platform/web-client",
        fork: None,
        source: "dark-mode",
        target: "main",
        day: 31,
        author: 'd',
        reviewer: 'r',
        title: "Follow the system's colours",
        text: "Closes #1",
        labels: &["feature"],
        fate: Fate::Open,
        thread: None,
    },
    Plan {
        path: "tidewater/devices/firmware/buoy",
        fork: None,
        source: "deep-sleep",
        target: "main",
        day: 33,
        author: 'd',
        reviewer: 'm',
        title: "Sleep deeply between measurements",
        text: "Helps with #1, but the clock drifts.",
        labels: &["power"],
        fate: Fate::Closed,
        thread: Some((
            "main.c",
            4,
            'm',
            "The clock stops in deep sleep.",
            "Right. Closing until the new board is here.",
        )),
    },
    Plan {
        path: DRIVERS,
        fork: Some("dana/sensor-drivers"),
        source: "salinity",
        target: "master",
        day: 27,
        author: 'd',
        reviewer: 'm',
        title: "Read salinity",
        text: "From my fork, tried in Kelpie Bay.",
        labels: &[],
        fate: Fate::Open,
        thread: None,
    },
];

fn shared(world: &mut World, (project, iid): (u64, u64)) -> Option<&mut Issuable> {
    world.issuable_mut(project, IssuableKind::MergeRequest, iid)
}

/// Opens all merge requests and lets happen what happened.
pub fn open(server: &Server, people: &People) -> Result<(), ChangeError> {
    for plan in &PLANS {
        open_one(server, people, plan)?;
    }
    server.write().notifications = Notifications::default();
    Ok(())
}

fn open_one(server: &Server, people: &People, plan: &Plan) -> Result<(), ChangeError> {
    let (opened, author, reviewer) = (
        at(plan.day, 30),
        Who(plan.author).id(people),
        Who(plan.reviewer).id(people),
    );
    let (id, iid) = {
        let mut world = server.write();
        let id = project(&world, plan.path);
        let source = plan.fork.map_or(id, |path| project(&world, path));
        let number = next(&mut world.numbers.merge_request);
        let Some(found) = world.projects.get_mut(&id) else {
            return Ok(());
        };
        let iid = found.next_merge_request_iid();
        let mut issuable = Issuable::new(number, iid, plan.title.into(), author, opened);
        issuable.description = Some(plan.text.into());
        issuable.assignees = vec![author];
        let mut request = MergeRequest::new(
            issuable,
            plan.source.into(),
            Some(source),
            plan.target.into(),
        );
        request.remove_source_branch = plan.fate == Fate::Merged;
        request.reviewers = vec![Reviewer {
            user_id: reviewer,
            state: "reviewed".into(),
            created_at: opened,
        }];
        found.merge_requests.insert(iid, request);
        let deed = Deed {
            project: id,
            kind: IssuableKind::MergeRequest,
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
        deed.set_labels(&mut world, labels);
        (id, iid)
    };
    merge_requests::renew(server, id, iid, opened)?;
    discuss(&mut server.write(), people, plan, (id, iid));
    match plan.fate {
        Fate::Open => {}
        Fate::Closed => {
            server
                .write()
                .set_merge_request_state(id, iid, true, author, at(plan.day + 2, 0));
        }
        Fate::Merged => {
            if let Some(request) = server
                .write()
                .projects
                .get_mut(&id)
                .and_then(|project| project.merge_requests.get_mut(&iid))
            {
                request.approvals.push(Approval {
                    user_id: reviewer,
                    created_at: at(plan.day, 200),
                });
            }
            let options = MergeOptions {
                remove_source_branch: true,
                ..MergeOptions::default()
            };
            merge_requests::merge(server, id, iid, reviewer, &options, at(plan.day, 210))?;
        }
    }
    Ok(())
}

/// A thread on the diff, and a word of its author.
fn discuss(world: &mut World, people: &People, plan: &Plan, on: (u64, u64)) {
    let reviewer = Who(plan.reviewer).id(people);
    if let Some((file, line, who, question, answer)) = plan.thread {
        let diff = anchor(world, on, file, line);
        let resolved = (plan.fate == Fate::Merged).then_some(at(plan.day, 190));
        let said = Comment {
            who: Who(who).id(people),
            when: at(plan.day, 100),
            text: question,
            kind: NoteKind::Diff,
            diff: diff.clone(),
            thread: None,
        };
        let thread = comment(world, shared, on, said);
        let said = Comment {
            who: Who(plan.author).id(people),
            when: at(plan.day, 130),
            text: answer,
            kind: NoteKind::Diff,
            diff,
            thread: Some(thread),
        };
        comment(world, shared, on, said);
        if let Some(shared) = shared(world, on) {
            for note in &mut shared.notes {
                note.resolved_at = resolved;
                note.resolved_by = resolved.map(|_| reviewer);
            }
        }
    }
    let said = Comment {
        who: reviewer,
        when: at(plan.day, 180),
        text: if plan.fate == Fate::Closed {
            "Good idea all the same."
        } else {
            "I had a look."
        },
        kind: NoteKind::Individual,
        diff: None,
        thread: None,
    };
    comment(world, shared, on, said);
}

fn anchor(world: &World, (project, iid): (u64, u64), file: &str, line: u64) -> Option<DiffAnchor> {
    let version = world
        .projects
        .get(&project)?
        .merge_requests
        .get(&iid)?
        .latest()?;
    let position = json!({
        "base_sha": version.base_sha, "start_sha": version.start_sha, "head_sha": version.head_sha,
        "old_path": file, "new_path": file, "position_type": "text",
        "old_line": null, "new_line": line, "line_range": null,
    });
    let digest = hex::encode(Sha1::digest(file));
    Some(DiffAnchor {
        position: position.clone(),
        original_position: position,
        line_code: Some(format!("{digest}_0_{line}")),
        ..DiffAnchor::default()
    })
}

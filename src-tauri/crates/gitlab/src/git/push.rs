//! Putting refs and a pack into a repository (gitprotocol-pack(5), "Pushing data
//! to a server").
//!
//! Every update says what the ref pointed at before, so the server refuses what
//! somebody else changed meanwhile. A ref that is where it should be already is
//! done; that makes a push that broke off safe to repeat.
use std::path::PathBuf;

use bytes::Bytes;

use super::error::GitError;
use super::object_id::{ObjectFormat, ObjectId};
use super::pack::empty_pack;
use super::packet::{LONGEST_DATA, PacketWriter};
use super::receive::Receiver;
use super::report::Report;

/// A pipeline for each restored branch is nobody's wish.
const OPTIONS: [&str; 1] = ["ci.skip"];

/// One ref to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// Its full name.
    pub name: String,
    /// What it points at now; `None` when it is to be created.
    pub old: Option<ObjectId>,
    /// What it shall point at; `None` when it is to be deleted.
    pub new: Option<ObjectId>,
}

/// What is to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRequest {
    /// How the repository names objects.
    pub format: ObjectFormat,
    /// The refs. Each succeeds or fails on its own.
    pub updates: Vec<RefUpdate>,
    /// A pack with all objects that the server lacks. It must not be thin.
    pub pack: Option<PathBuf>,
}

/// Why a ref was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The server said no; hidden refs and protected branches end here.
    #[error("{reason}")]
    Rejected {
        /// In the server's words, at most 500 characters.
        reason: String,
    },
    /// The ref points at something else than was said.
    #[error("it points at {} now", current.map_or("nothing".to_owned(), |id| id.to_string()))]
    Changed {
        /// What it points at.
        current: Option<ObjectId>,
    },
    /// The server deletes no refs.
    #[error("the server deletes no refs")]
    DeletesUnsupported,
}

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefOutcome {
    /// Its full name.
    pub name: String,
    /// Whether it is now as asked.
    pub result: Result<(), Refusal>,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// One line for each update, in their order.
    pub refs: Vec<RefOutcome>,
    /// What the server said to the user beside, for example why a hook refused.
    pub messages: Vec<String>,
}

/// A push as the server at hand wants it.
pub(crate) struct Plan {
    /// Commands and options: what comes before the pack.
    pub(crate) head: Bytes,
    /// The pack, if one must follow.
    pub(crate) pack: Option<Pack>,
    /// Whether the answer comes in side bands.
    pub(crate) has_bands: bool,
    /// What is known already; `None` where the server is asked.
    outcomes: Vec<RefOutcome>,
    asked: Vec<bool>,
}

/// What follows the commands.
pub(crate) enum Pack {
    File(PathBuf),
    /// Required by the protocol even when the server has all objects.
    Empty(Bytes),
}

impl Plan {
    /// Decides what to send.
    pub(crate) fn make(
        request: &PushRequest,
        receiver: &Receiver,
        agent: &str,
    ) -> Result<Plan, GitError> {
        if receiver.format() != Some(request.format) {
            return Err(GitError::ObjectFormat {
                expected: request.format,
            });
        }
        let mut outcomes = Vec::with_capacity(request.updates.len());
        let mut asked = Vec::with_capacity(request.updates.len());
        let mut commands = Vec::new();
        let mut needs_pack = false;
        for update in &request.updates {
            check_name(&update.name)?;
            let known = settled(update, receiver);
            asked.push(known.is_none());
            outcomes.push(RefOutcome {
                name: update.name.clone(),
                result: known.unwrap_or(Ok(())),
            });
            if asked.last() == Some(&true) {
                let zero = request.format.zero();
                let (old, new) = (update.old.unwrap_or(zero), update.new.unwrap_or(zero));
                commands.push(format!("{old} {new} {}", update.name));
                needs_pack |= update.new.is_some();
            }
        }
        let has_bands = receiver.can("side-band-64k");
        let mut head = PacketWriter::default();
        if !commands.is_empty() {
            write_commands(&mut head, &commands, request.format, receiver, agent)?;
        }
        let pack = needs_pack.then(|| match &request.pack {
            Some(path) => Pack::File(path.clone()),
            None => Pack::Empty(empty_pack(request.format).into()),
        });
        Ok(Plan {
            head: head.into_bytes(),
            pack,
            has_bands,
            outcomes,
            asked,
        })
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_settled(&self) -> bool {
        self.head.is_empty()
    }

    /// The result, with what the server reported of the refs it was asked for.
    pub(crate) fn finish(mut self, report: Report) -> Result<PushReport, GitError> {
        for (outcome, is_asked) in self.outcomes.iter_mut().zip(self.asked) {
            if !is_asked {
                continue;
            }
            let said = report.refs.iter().find(|(name, _)| *name == outcome.name);
            outcome.result = match said {
                Some((_, Ok(()))) => Ok(()),
                Some((_, Err(reason))) => Err(Refusal::Rejected {
                    reason: reason.clone(),
                }),
                None => {
                    return Err(GitError::Unreported {
                        name: outcome.name.clone(),
                    });
                }
            };
        }
        Ok(PushReport {
            refs: self.outcomes,
            messages: report.messages,
        })
    }
}

/// What is known of an update without asking.
fn settled(update: &RefUpdate, receiver: &Receiver) -> Option<Result<(), Refusal>> {
    let current = receiver.current(&update.name);
    if current.is_some() && current == update.new {
        return Some(Ok(()));
    }
    if current.is_some() && current != update.old {
        return Some(Err(Refusal::Changed { current }));
    }
    if update.new.is_none() && !receiver.can("delete-refs") {
        return Some(Err(Refusal::DeletesUnsupported));
    }
    // A ref that is not shown may be hidden: only the server knows.
    None
}

fn write_commands(
    head: &mut PacketWriter,
    commands: &[String],
    format: ObjectFormat,
    receiver: &Receiver,
    agent: &str,
) -> Result<(), GitError> {
    let mut capabilities = vec![];
    let report = ["report-status-v2", "report-status"]
        .into_iter()
        .find(|name| receiver.can(name));
    // Without a report nobody could say what became of the refs.
    capabilities.push(report.ok_or(GitError::NoCapability {
        name: "report-status",
    })?);
    let has_options = receiver.can("push-options");
    let wanted = ["side-band-64k", "quiet", "push-options"];
    capabilities.extend(wanted.into_iter().filter(|name| receiver.can(name)));
    let mut capabilities = capabilities.join(" ");
    if receiver.can("object-format") {
        capabilities.extend([" object-format=", format.as_str()]);
    }
    if receiver.can("agent") {
        capabilities.extend([" agent=", agent]);
    }
    for (number, command) in commands.iter().enumerate() {
        match number {
            0 => head.data(format!("{command}\0{capabilities}").as_bytes()),
            _ => head.data(command.as_bytes()),
        }
    }
    head.flush();
    if has_options {
        for option in OPTIONS {
            head.data(option.as_bytes());
        }
        head.flush();
    }
    Ok(())
}

/// Refuses a name that would change the meaning of a command.
fn check_name(name: &str) -> Result<(), GitError> {
    let is_whole = name.starts_with("refs/") && name.len() < LONGEST_DATA / 2;
    if is_whole && !name.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        Ok(())
    } else {
        Err(GitError::RefName {
            name: name.chars().take(200).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::stream;

    use super::super::packet::PacketReader;
    use super::super::receive;
    use super::*;

    fn id(digit: char) -> ObjectId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn receiver(capabilities: &str, refs: &[(&str, ObjectId)]) -> Receiver {
        let mut writer = PacketWriter::default();
        writer.line("# service=git-receive-pack");
        writer.flush();
        let zero = ObjectFormat::Sha1.zero();
        writer.line(&format!("{zero} capabilities^{{}}\0{capabilities}"));
        for (name, id) in refs {
            writer.line(&format!("{id} {name}"));
        }
        writer.flush();
        let pieces = [Ok::<_, GitError>(writer.into_bytes())];
        block_on(receive::read(&mut PacketReader::new(stream::iter(pieces)))).unwrap()
    }

    fn update(name: &str, old: Option<char>, new: Option<char>) -> RefUpdate {
        RefUpdate {
            name: name.to_owned(),
            old: old.map(id),
            new: new.map(id),
        }
    }

    fn request(updates: &[RefUpdate]) -> PushRequest {
        PushRequest {
            format: ObjectFormat::Sha1,
            updates: updates.to_vec(),
            pack: None,
        }
    }

    const ALL: &str = "report-status report-status-v2 delete-refs side-band-64k quiet atomic \
                       ofs-delta object-format=sha1 push-options agent=git/2";

    #[test]
    fn commands_are_written_as_git_documents() {
        let updates = [
            update("refs/heads/a", None, Some('1')),
            update("refs/heads/b", Some('2'), None),
        ];
        let receiver = receiver(ALL, &[("refs/heads/b", id('2'))]);
        let plan = Plan::make(&request(&updates), &receiver, "labkeep/1").unwrap();
        let (zero, one, two) = (ObjectFormat::Sha1.zero(), id('1'), id('2'));
        let expected = format!(
            "00b7{zero} {one} refs/heads/a\0report-status-v2 side-band-64k quiet push-options \
             object-format=sha1 agent=labkeep/10062{two} {zero} refs/heads/b0000000bci.skip0000"
        );
        assert_eq!(String::from_utf8_lossy(&plan.head), expected);
        assert!(matches!(plan.pack, Some(Pack::Empty(_))));
    }

    #[test]
    fn what_is_done_already_is_not_sent() {
        let updates = [
            update("refs/heads/a", None, Some('1')),
            update("refs/heads/a", Some('3'), Some('1')),
        ];
        let receiver = receiver(ALL, &[("refs/heads/a", id('1'))]);
        let plan = Plan::make(&request(&updates), &receiver, "labkeep/1").unwrap();
        assert!(plan.is_settled() && plan.pack.is_none());
        let report = plan.finish(Report::default()).unwrap();
        assert!(report.refs.iter().all(|outcome| outcome.result.is_ok()));
    }

    #[test]
    fn a_ref_that_somebody_changed_is_left_alone() {
        let updates = [
            update("refs/heads/a", None, Some('1')),
            update("refs/heads/b", Some('2'), Some('3')),
        ];
        let receiver = receiver(ALL, &[("refs/heads/a", id('4')), ("refs/heads/b", id('5'))]);
        let plan = Plan::make(&request(&updates), &receiver, "labkeep/1").unwrap();
        assert!(plan.is_settled());
        let report = plan.finish(Report::default()).unwrap();
        let current = Some(id('4'));
        assert_eq!(report.refs[0].result, Err(Refusal::Changed { current }));
        assert!(report.refs[1].result.is_err());
    }

    #[test]
    fn deleting_alone_sends_no_pack() {
        let updates = [update("refs/heads/a", Some('1'), None)];
        let shown = [("refs/heads/a", id('1'))];
        let plan = Plan::make(&request(&updates), &receiver(ALL, &shown), "labkeep/1").unwrap();
        assert!(plan.pack.is_none() && !plan.is_settled());
        let plan = Plan::make(&request(&updates), &receiver("report-status", &shown), "l").unwrap();
        let report = plan.finish(Report::default()).unwrap();
        assert_eq!(report.refs[0].result, Err(Refusal::DeletesUnsupported));
    }

    #[test]
    fn silence_about_a_ref_is_an_error() {
        let updates = [update("refs/heads/a", None, Some('1'))];
        let plan = Plan::make(&request(&updates), &receiver(ALL, &[]), "labkeep/1").unwrap();
        let result = plan.finish(Report::default());
        assert!(matches!(result, Err(GitError::Unreported { name }) if name == "refs/heads/a"));
    }

    #[test]
    fn servers_and_names_that_cannot_serve_are_refused() {
        let updates = [update("refs/heads/a", None, Some('1'))];
        let made = Plan::make(
            &request(&updates),
            &receiver("delete-refs", &[]),
            "labkeep/1",
        );
        assert!(matches!(made.err(), Some(GitError::NoCapability { .. })));
        let made = Plan::make(
            &request(&updates),
            &receiver("object-format=sha256", &[]),
            "l",
        );
        assert!(matches!(made.err(), Some(GitError::ObjectFormat { .. })));
        for name in [
            "refs/heads/a b",
            "refs/heads/a\nb",
            "HEAD",
            "",
            "refs/heads/a\0atomic",
        ] {
            let updates = [update(name, None, Some('1'))];
            let made = Plan::make(&request(&updates), &receiver(ALL, &[]), "labkeep/1");
            assert!(
                matches!(made.err(), Some(GitError::RefName { .. })),
                "{name}"
            );
        }
    }
}

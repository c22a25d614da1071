//! Git without a mirror: the refs that the server shows, and one pack with
//! what is new since the refs of the previous snapshot. The packs of all
//! snapshots form a chain that is complete by construction.

use std::collections::BTreeSet;

use labkeep_gitlab::AccessLevel;
use labkeep_gitlab::git::{Advertisement, FetchRequest, GitError, ObjectFormat, ObjectId, Remote};
use labkeep_vault::Content;
use sha2::{Digest, Sha256};

use super::context::Context;
use super::got::{Fresh, Got, NewPiece, Trouble};
use crate::backup::discover::Found;
use crate::guard::Turnover;
use crate::kind::Kind;
use crate::layout;
use crate::ledger::{GitFacts, Line};
use crate::refs::Refs;
use crate::run::Work;
use crate::view::Unit;

/// A chain longer than this is replaced by one full pack.
const LONGEST_CHAIN: usize = 50;

/// How often a fetch is tried again from the list of refs, when refs moved
/// while they were being fetched.
const ATTEMPTS: u32 = 3;

/// Captures the repository or the wiki of a project.
pub async fn capture_repository(
    context: &Context,
    found: &Found,
    kind: Kind,
    work: &Work<'_>,
) -> Result<Got, Trouble> {
    work.begin(Some(kind), Unit::Bytes);
    let path = match kind {
        Kind::Wiki => format!("{}.wiki", found.seen.path),
        _ => found.seen.path.clone(),
    };
    let remote = context.client.repository(&path);
    let line = context.line(found.seen.item, kind);
    let mut attempt = 1;
    loop {
        match once(context, found, kind, &remote, line).await {
            Err(Trouble::Gitlab(labkeep_gitlab::Error::Git(GitError::Server { .. })))
                if attempt < ATTEMPTS =>
            {
                // A ref moved between the list and the fetch, and its object is
                // gone: the new list tells.
                attempt += 1;
            }
            Err(Trouble::Gitlab(labkeep_gitlab::Error::NotFound { .. }))
                if kind == Kind::Wiki
                    && is_readable(found)
                    && !has_packs(line)
                    && !has_packs(context.distrusted_line(found.seen.item, kind)) =>
            {
                // A wiki's repository is made with its first page. One that was
                // there before does not go away like this.
                return Ok(Got::Empty(Fresh::default()));
            }
            result => return result,
        }
    }
}

/// Whether the wiki would be shown if there were one: Guests may read it.
fn is_readable(found: &Found) -> bool {
    found.is_open || found.role.is_some_and(|role| role >= AccessLevel::GUEST)
}

fn has_packs(line: Option<&Line>) -> bool {
    line.and_then(|line| line.git.as_ref())
        .is_some_and(|git| git.packs > 0)
}

async fn once(
    context: &Context,
    found: &Found,
    kind: Kind,
    remote: &Remote,
    line: Option<&Line>,
) -> Result<Got, Trouble> {
    let folder = layout::repository(kind).expect("only repositories are captured here");
    let format = object_format(&found.object_format);
    let advertisement = remote.ls_refs(format).await?;
    let refs = Refs::of(&advertisement);
    let text = refs.to_bytes();
    let hash = hash(&text);
    let known = line.and_then(|line| line.git.as_ref().map(|git| (line, git)));
    if let Some((_, git)) = known
        && git.refs == hash
    {
        return Ok(Got::Same);
    }
    let before = match known {
        Some(_) => previous_refs(context, found, folder).await?,
        None => Refs::default(),
    };
    let chain = chain(known, folder);
    let rebase = chain.len() >= LONGEST_CHAIN;
    let have: BTreeSet<ObjectId> = if rebase {
        BTreeSet::new()
    } else {
        before.tips()
    };
    let wants: Vec<ObjectId> = tips(&advertisement).difference(&have).copied().collect();
    let mut pieces = Vec::new();
    let mut packs = 0;
    if !rebase {
        packs = chain.len();
        pieces.extend(chain);
    }
    if !wants.is_empty() {
        let into = context.scratch.file("pack");
        let request = FetchRequest {
            format,
            wants,
            haves: have.into_iter().collect(),
        };
        if let Some(pack) = remote.fetch(&request, &into).await? {
            pieces.push(NewPiece {
                path: layout::pack_path(folder, packs),
                content: Content::File {
                    path: into,
                    size: pack.bytes,
                },
            });
            packs += 1;
        }
    }
    let count = refs.len() as u64;
    let turnover = match known {
        Some(_) => Some(turnover(&before, &refs)),
        None => distrusted_turnover(context, found, kind, &refs).await,
    };
    pieces.push(NewPiece::bytes(layout::refs_path(folder), text));
    let fresh = Fresh {
        pieces,
        count,
        git: Some(GitFacts {
            packs,
            refs: hash,
            format: format.to_string(),
        }),
        remark: None,
        turnover,
    };
    Ok(if count == 0 {
        Got::Empty(fresh)
    } else {
        Got::Fresh(fresh)
    })
}

/// Branches and tags that are gone. What GitLab keeps for itself does not
/// count: its refs of merge requests stay when every branch is deleted.
fn turnover(before: &Refs, now: &Refs) -> Turnover {
    Turnover::of(&before.made_by_people(), &now.made_by_people(), |name| {
        let name = String::from_utf8_lossy(name);
        let short = name.strip_prefix("refs/").unwrap_or(&name);
        short.strip_prefix("heads/").unwrap_or(short).to_owned()
    })
}

/// What is gone of a repository that is read in full because it is damaged. If
/// the list of its refs is what is damaged, only their number tells.
async fn distrusted_turnover(
    context: &Context,
    found: &Found,
    kind: Kind,
    now: &Refs,
) -> Option<Turnover> {
    let line = context.distrusted_line(found.seen.item, kind)?;
    let path = layout::refs_path(layout::repository(kind)?);
    let text = context.distrusted_piece(found.seen.item, &path).await;
    if let Some(before) = text.and_then(|text| Refs::parse(&text).ok()) {
        return Some(turnover(&before, now));
    }
    let made_by_people = now.made_by_people().len() as u64;
    let gone = line.count?.saturating_sub(now.len() as u64);
    Some(Turnover::by_number(made_by_people + gone, made_by_people))
}

/// The packs of the previous snapshot, to be kept as they are.
fn chain(known: Option<(&Line, &GitFacts)>, folder: &str) -> Vec<NewPiece> {
    let Some((line, _)) = known else {
        return Vec::new();
    };
    let packs = format!("{folder}/packs/");
    line.pieces
        .iter()
        .filter(|piece| piece.path.starts_with(&packs))
        .map(|piece| NewPiece {
            path: piece.path.clone(),
            content: Content::AsBefore {
                size: piece.size,
                captured: piece.captured,
            },
        })
        .collect()
}

async fn previous_refs(context: &Context, found: &Found, folder: &str) -> Result<Refs, Trouble> {
    let path = layout::refs_path(folder);
    let missing = |detail: &str| Trouble::Previous {
        path: layout::in_item(found.seen.item, &path),
        detail: detail.to_owned(),
    };
    let text = context
        .before(found.seen.item, &path)
        .await?
        .ok_or_else(|| missing("it is not there"))?;
    Refs::parse(&text).map_err(|error| missing(&error.to_string()))
}

fn tips(advertisement: &Advertisement) -> BTreeSet<ObjectId> {
    let named = advertisement.refs.iter().map(|r| r.id);
    let unreadable = advertisement.unreadable.iter().map(|r| r.id);
    named
        .chain(unreadable)
        .chain(advertisement.detached_head)
        .collect()
}

fn object_format(name: &str) -> ObjectFormat {
    if name == "sha256" {
        ObjectFormat::Sha256
    } else {
        ObjectFormat::Sha1
    }
}

fn hash(text: &[u8]) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}

//! The list of refs of a repository in a snapshot: `<oid> <ref>` sorted by
//! name, then `HEAD <ref>`, or `HEAD <oid>` where it is detached. Names are
//! bytes, as in git.

use std::collections::{BTreeMap, BTreeSet};

use labkeep_gitlab::git::{Advertisement, Head, ObjectId};
use thiserror::Error;

/// A list of refs that is not one.
#[derive(Debug, Error)]
#[error("line {line} is not a ref")]
pub struct RefsError {
    /// Line number, from 1.
    pub line: usize,
}

/// The refs of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    refs: BTreeMap<Vec<u8>, ObjectId>,
    head: Option<Head>,
}

impl Refs {
    /// What a server shows.
    pub fn of(advertisement: &Advertisement) -> Self {
        let named = advertisement
            .refs
            .iter()
            .map(|r| (r.name.clone().into_bytes(), r.id));
        let unreadable = advertisement
            .unreadable
            .iter()
            .map(|r| (r.name.clone(), r.id));
        Self {
            refs: named.chain(unreadable).collect(),
            head: advertisement.head(),
        }
    }

    /// Reads what `to_bytes` wrote.
    pub fn parse(text: &[u8]) -> Result<Self, RefsError> {
        let mut refs = Self::default();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let wrong = || RefsError { line: number + 1 };
            let space = line.iter().position(|b| *b == b' ').ok_or_else(wrong)?;
            let (first, rest) = (&line[..space], &line[space + 1..]);
            if first == b"HEAD" {
                let target = std::str::from_utf8(rest).map_err(|_| wrong())?;
                refs.head = Some(match target.parse() {
                    Ok(id) => Head::Object(id),
                    Err(_) => Head::Ref(target.to_owned()),
                });
            } else {
                let id = std::str::from_utf8(first)
                    .ok()
                    .and_then(|id| id.parse().ok())
                    .ok_or_else(wrong)?;
                refs.refs.insert(rest.to_vec(), id);
            }
        }
        Ok(refs)
    }

    /// As it lies in a snapshot.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (name, id) in &self.refs {
            text.extend_from_slice(id.to_string().as_bytes());
            text.push(b' ');
            text.extend_from_slice(name);
            text.push(b'\n');
        }
        match &self.head {
            Some(Head::Ref(name)) => text.extend_from_slice(format!("HEAD {name}\n").as_bytes()),
            Some(Head::Object(id)) => text.extend_from_slice(format!("HEAD {id}\n").as_bytes()),
            None => {}
        }
        text
    }

    /// Number of refs without `HEAD`.
    pub fn len(&self) -> usize {
        self.refs.len()
    }

    /// Whether there is no ref.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Every object that a ref names.
    pub fn tips(&self) -> BTreeSet<ObjectId> {
        let detached = match &self.head {
            Some(Head::Object(id)) => Some(*id),
            _ => None,
        };
        self.refs.values().copied().chain(detached).collect()
    }

    /// Names and objects, by name. Names that are not UTF-8 are left out.
    pub fn named(&self) -> impl Iterator<Item = (&str, ObjectId)> {
        self.refs
            .iter()
            .filter_map(|(name, id)| Some((std::str::from_utf8(name).ok()?, *id)))
    }

    /// Branches and tags by full name: what a restored project must show.
    pub fn branches_and_tags(&self) -> BTreeMap<String, ObjectId> {
        self.named()
            .filter(|(name, _)| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))
            .map(|(name, id)| (name.to_owned(), id))
            .collect()
    }

    /// Names of branches and tags, as bytes.
    pub fn made_by_people(&self) -> BTreeSet<&[u8]> {
        let names = self.refs.keys().map(Vec::as_slice);
        names
            .filter(|name| name.starts_with(b"refs/heads/") || name.starts_with(b"refs/tags/"))
            .collect()
    }

    /// Where `HEAD` points.
    pub const fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    #[test]
    fn text_round_trips_with_any_name() {
        let mut text = format!("{ONE} refs/heads/main\n{TWO} refs/tags/").into_bytes();
        text.extend_from_slice(b"\xff\xfe\nHEAD refs/heads/main\n");
        let refs = Refs::parse(&text).unwrap();
        assert_eq!(refs.len(), 2);
        assert_eq!(refs.to_bytes(), text);
        assert_eq!(refs.tips().len(), 2);
        assert_eq!(refs.branches_and_tags().len(), 1);
    }

    #[test]
    fn a_detached_head_is_a_tip() {
        let refs = Refs::parse(format!("HEAD {TWO}\n").as_bytes()).unwrap();
        assert!(refs.is_empty());
        assert_eq!(refs.tips().len(), 1);
    }

    #[test]
    fn a_line_that_is_no_ref_is_refused() {
        let error = Refs::parse(format!("{ONE} refs/heads/main\nnonsense x\n").as_bytes());
        assert_eq!(error.unwrap_err().line, 2);
    }
}

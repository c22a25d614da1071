//! The second pass over a pack that is to be indexed: its deltas, family by
//! family, each from the object stored whole down to the last that builds on it.
//!
//! Nothing recurses, and contents of ancestors are let go when they take too
//! much memory (and made again when needed), so neither long nor wide families
//! exhaust it.
use std::path::Path;

use super::delta::{self, InvalidDelta};
use super::entry::ObjectKind;
use super::error::PackError;
use super::hasher::Hasher;
use super::id_set::IdMap;
use super::index::LARGEST_IN_MEMORY;
use super::scan::{Known, NO_ENTRY, Scan, Visitor, as_entry};
use super::window::Window;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// Bytes of ancestors' contents that are kept, beside the newest.
const KEPT: usize = 256 << 20;

/// Names every delta of a pack; its base must be in the pack.
pub(crate) fn resolve(
    path: &Path,
    format: ObjectFormat,
    scan: &mut Scan,
    visitor: &mut dyn Visitor,
) -> Result<(), PackError> {
    resolve_within(path, format, scan, visitor, KEPT)
}

fn resolve_within(
    path: &Path,
    format: ObjectFormat,
    scan: &mut Scan,
    visitor: &mut dyn Visitor,
    kept: usize,
) -> Result<(), PackError> {
    let children = Children::new(scan);
    let mut resolver = Resolver {
        format,
        window: Window::open(path, format)?,
        children,
        scan,
        visitor,
        kept,
        stack: Vec::new(),
        held: 0,
        delta: Vec::new(),
        result: Vec::new(),
        spare: Vec::new(),
    };
    for entry in 0..as_entry(resolver.scan.known.len()) {
        if let Known::Object(kind) = resolver.scan.known[entry as usize]
            && resolver.scan.bases[entry as usize] == NO_ENTRY
        {
            resolver.family(entry, kind)?;
        }
    }
    resolver.children.unresolved()
}

/// Who builds on whom.
struct Children {
    /// Where an entry's children begin in `list`; one more than entries.
    starts: Vec<u32>,
    list: Vec<u32>,
    /// Deltas that name a base which was not met yet.
    named: IdMap<Vec<u32>>,
}

impl Children {
    fn new(scan: &Scan) -> Children {
        let mut starts = vec![0; scan.bases.len() + 1];
        for &base in scan.bases.iter().filter(|&&base| base != NO_ENTRY) {
            starts[base as usize + 1] += 1;
        }
        for entry in 1..starts.len() {
            starts[entry] += starts[entry - 1];
        }
        let mut next = starts.clone();
        let mut list = vec![0; starts.last().map_or(0, |&end| end as usize)];
        for (entry, &base) in scan.bases.iter().enumerate() {
            if base != NO_ENTRY {
                let place = &mut next[base as usize];
                list[*place as usize] = as_entry(entry);
                *place += 1;
            }
        }
        let mut named: IdMap<Vec<u32>> = IdMap::default();
        for &(base, entry) in &scan.named {
            named.entry(base).or_default().push(entry);
        }
        Children {
            starts,
            list,
            named,
        }
    }

    fn of(&mut self, entry: u32, id: impl FnOnce() -> ObjectId) -> Brood {
        let named = if self.named.is_empty() {
            Vec::new()
        } else {
            self.named.remove(&id()).unwrap_or_default()
        };
        Brood {
            next: self.starts[entry as usize],
            end: self.starts[entry as usize + 1],
            named,
        }
    }

    fn unresolved(&self) -> Result<(), PackError> {
        match self.named.keys().min() {
            Some(&id) => Err(PackError::MissingBase { id }),
            None => Ok(()),
        }
    }
}

/// The children of one entry that are still to be resolved.
struct Brood {
    next: u32,
    end: u32,
    named: Vec<u32>,
}

impl Brood {
    fn is_empty(&self) -> bool {
        self.next == self.end && self.named.is_empty()
    }

    fn take(&mut self, children: &Children) -> Option<u32> {
        if self.next == self.end {
            return self.named.pop();
        }
        self.next += 1;
        Some(children.list[self.next as usize - 1])
    }
}

/// An object on the way down, with children left.
struct Ancestor {
    entry: u32,
    /// `None` when it was let go.
    content: Option<Vec<u8>>,
    brood: Brood,
}

struct Resolver<'a> {
    format: ObjectFormat,
    window: Window,
    children: Children,
    scan: &'a mut Scan,
    visitor: &'a mut dyn Visitor,
    kept: usize,
    stack: Vec<Ancestor>,
    /// Bytes of contents in the stack.
    held: usize,
    delta: Vec<u8>,
    result: Vec<u8>,
    /// A buffer to use again.
    spare: Vec<u8>,
}

impl Resolver<'_> {
    fn family(&mut self, root: u32, kind: ObjectKind) -> Result<(), PackError> {
        let names = &self.scan.names;
        let brood = self.children.of(root, || id_at(names, self.format, root));
        if brood.is_empty() {
            return Ok(());
        }
        self.stack.push(Ancestor {
            entry: root,
            content: None,
            brood,
        });
        while let Some(parent) = self.stack.last_mut() {
            let Some(child) = parent.brood.take(&self.children) else {
                self.pop();
                continue;
            };
            let parent_entry = parent.entry;
            let content = match parent.content.take() {
                Some(content) => {
                    self.held -= content.capacity();
                    content
                }
                None => self.remake(parent_entry)?,
            };
            let mut result = std::mem::take(&mut self.result);
            self.apply(&content, child, &mut result)?;
            self.keep(content);
            let brood = self.found(child, parent_entry, kind, &result)?;
            if brood.is_empty() {
                self.result = result;
            } else {
                // A parent without further children makes room first, so that a
                // chain holds two objects, however long it is.
                if self
                    .stack
                    .last()
                    .is_some_and(|parent| parent.brood.is_empty())
                {
                    self.pop();
                }
                self.result = std::mem::take(&mut self.spare);
                self.stack.push(Ancestor {
                    entry: child,
                    content: None,
                    brood,
                });
                self.keep(result);
            }
        }
        Ok(())
    }

    /// Takes note of a resolved delta; answers who builds on it.
    fn found(
        &mut self,
        entry: u32,
        base: u32,
        kind: ObjectKind,
        content: &[u8],
    ) -> Result<Brood, PackError> {
        let mut hasher = Hasher::object(self.format, kind.as_str(), content.len() as u64);
        hasher.update(content);
        let id = hasher.finish();
        let length = self.format.id_length();
        let start = entry as usize * length;
        self.scan.names[start..start + length].copy_from_slice(id.as_bytes());
        self.scan.known[entry as usize] = Known::Object(kind);
        self.scan.bases[entry as usize] = base;
        if kind != ObjectKind::Blob {
            self.visitor.visit(id, kind, content)?;
        }
        Ok(self.children.of(entry, || id))
    }

    /// Gives the newest ancestor its content, and lets older ones go if there is
    /// too much.
    fn keep(&mut self, content: Vec<u8>) {
        self.held += content.capacity();
        let Some((newest, older)) = self.stack.split_last_mut() else {
            return;
        };
        newest.content = Some(content);
        for ancestor in older {
            if self.held <= self.kept {
                break;
            }
            if let Some(content) = ancestor.content.take() {
                self.held -= content.capacity();
            }
        }
    }

    fn pop(&mut self) {
        if let Some(content) = self.stack.pop().and_then(|ancestor| ancestor.content) {
            self.held -= content.capacity();
            self.spare = content;
        }
    }

    /// Makes an object's content from the one its family begins with.
    fn remake(&mut self, entry: u32) -> Result<Vec<u8>, PackError> {
        let mut line = vec![entry];
        let mut root = entry;
        while self.scan.bases[root as usize] != NO_ENTRY {
            root = self.scan.bases[root as usize];
            line.push(root);
        }
        line.pop();
        let mut content = std::mem::take(&mut self.spare);
        let (start, end) = self.extent(root);
        self.window
            .inflate(start, end, LARGEST_IN_MEMORY, &mut content)?;
        let mut result = Vec::new();
        for &entry in line.iter().rev() {
            self.apply(&content, entry, &mut result)?;
            std::mem::swap(&mut content, &mut result);
        }
        Ok(content)
    }

    /// Makes a child's content from its parent's.
    fn apply(&mut self, base: &[u8], child: u32, result: &mut Vec<u8>) -> Result<(), PackError> {
        let (offset, end) = self.extent(child);
        self.window
            .inflate(offset, end, LARGEST_IN_MEMORY, &mut self.delta)?;
        delta::apply(base, &self.delta, LARGEST_IN_MEMORY, result).map_err(|error| match error {
            InvalidDelta::Malformed => PackError::Delta { offset },
            InvalidDelta::TooLarge(size) => PackError::ObjectTooLarge { offset, size },
        })
    }

    fn extent(&self, entry: u32) -> (u64, u64) {
        let offset = |entry: usize| self.scan.offsets.get(entry);
        let last = self.scan.facts.bytes - self.format.id_length() as u64;
        let start = offset(entry as usize).expect("an entry of this pack");
        (start, offset(entry as usize + 1).unwrap_or(last))
    }
}

fn id_at(names: &[u8], format: ObjectFormat, entry: u32) -> ObjectId {
    let start = entry as usize * format.id_length();
    ObjectId::from_bytes(&names[start..start + format.id_length()]).expect("as long as an id")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::scan::scan;
    use super::super::tests::source::Source;
    use super::*;

    #[test]
    fn contents_that_were_let_go_are_made_again() {
        let folder = TempDir::new().unwrap();
        let format = ObjectFormat::Sha1;
        let source = Source::random(5, format, 80);
        let path = source.whole(&folder.path().join("pack"));
        let names = |kept| {
            let mut scan = scan(&path, format, &mut ()).unwrap();
            resolve_within(&path, format, &mut scan, &mut (), kept).unwrap();
            scan.names
        };
        let all = names(KEPT);
        assert_eq!(names(0), all);
        assert_eq!(names(5000), all);
    }
}

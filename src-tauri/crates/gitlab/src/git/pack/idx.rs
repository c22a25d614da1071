//! Writes a pack's index as git reads it (gitformat-pack(5), version 2).
use std::io::{self, Write};

use super::hasher::Hasher;
use super::index::PackIndex;

/// Offsets from here on are written in the second, wide table.
const WIDE: u64 = 1 << 31;

/// Writes the `.idx` of a pack.
pub(crate) fn write_idx(index: &PackIndex, into: &mut impl Write) -> io::Result<()> {
    let mut out = Hashed {
        into,
        hasher: Hasher::new(index.format()),
    };
    out.write_all(&[0xff, b't', b'O', b'c', 0, 0, 0, 2])?;
    let sorted = index.sorted();
    let mut end = 0;
    for first in 0..=u8::MAX {
        end += sorted[end..].partition_point(|&entry| index.name(entry)[0] <= first);
        let end = u32::try_from(end).expect("a pack has at most 2^32 - 1 entries");
        out.write_all(&end.to_be_bytes())?;
    }
    for &entry in sorted {
        out.write_all(index.name(entry))?;
    }
    for &entry in sorted {
        out.write_all(&index.check(entry).to_be_bytes())?;
    }
    let mut wide = Vec::new();
    for &entry in sorted {
        let offset = index.offset(entry);
        let narrow = match u32::try_from(offset) {
            Ok(narrow) if offset < WIDE => narrow,
            _ => {
                wide.push(offset);
                let place = u64::try_from(wide.len() - 1).unwrap_or(WIDE);
                u32::try_from(WIDE | place).map_err(io::Error::other)?
            }
        };
        out.write_all(&narrow.to_be_bytes())?;
    }
    for offset in wide {
        out.write_all(&offset.to_be_bytes())?;
    }
    out.write_all(index.facts().checksum.as_bytes())?;
    let Hashed { into, hasher } = out;
    into.write_all(hasher.finish().as_bytes())
}

/// Hashes what goes through.
struct Hashed<'a, W> {
    into: &'a mut W,
    hasher: Hasher,
}

impl<W: Write> Hashed<'_, W> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.into.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::object_id::{ObjectFormat, ObjectId};
    use crate::git::pack::tests::source::{Source, git};

    #[test]
    fn git_reads_places_beyond_four_gibibytes() {
        let id = |digit: u8| ObjectId::from_bytes(&[digit; 20]).unwrap();
        let places = [
            (id(9), 12),
            (id(0), (1 << 31) - 1),
            (id(0xff), 1 << 31),
            (id(3), (1 << 32) + 5),
            (id(2), (7 << 40) + 1),
        ];
        let mut idx = Vec::new();
        write_idx(&PackIndex::of(&places, 8 << 40), &mut idx).unwrap();
        let folder = Source::empty(ObjectFormat::Sha1);
        let list = git(folder.path(), &["show-index"], &idx);
        let mut sorted: Vec<_> = (0..).zip(places).collect();
        sorted.sort_unstable_by_key(|(_, (id, _))| *id);
        let expected: Vec<_> = sorted
            .iter()
            .map(|(entry, (id, offset))| format!("{offset} {id} ({entry:08x})"))
            .collect();
        let list = String::from_utf8(list).unwrap();
        assert_eq!(list.lines().collect::<Vec<_>>(), expected);
    }
}

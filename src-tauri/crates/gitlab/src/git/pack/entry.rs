//! The beginning of an entry in a pack (gitformat-pack(5)).
use crate::git::object_id::{ObjectFormat, ObjectId};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A tree: a folder's list.
    Tree,
    /// A blob: a file's content.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// Its name in git.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Commit => "commit",
            ObjectKind::Tree => "tree",
            ObjectKind::Blob => "blob",
            ObjectKind::Tag => "tag",
        }
    }
}

/// How an entry holds its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// As a whole.
    Whole(ObjectKind),
    /// As changes to the entry that begins so many bytes before this one.
    OffsetDelta { distance: u64 },
    /// As changes to the object of that name.
    RefDelta { base: ObjectId },
}

/// The beginning of an entry, before the compressed data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryHeader {
    pub(crate) kind: EntryKind,
    /// Of the data when decompressed (the changes, for a delta), in bytes.
    pub(crate) size: u64,
    /// Of this header, in bytes.
    pub(crate) length: usize,
    /// Of the part before the base's distance or name, in bytes.
    pub(crate) size_length: usize,
}

/// The longest header: ten bytes of size and a SHA-256.
pub(crate) const LONGEST_HEADER: usize = 10 + 32;

/// A header that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidHeader;

impl EntryHeader {
    /// Reads a header from the front of `bytes`; `None` when it goes on after them.
    pub(crate) fn read(
        bytes: &[u8],
        format: ObjectFormat,
    ) -> Result<Option<EntryHeader>, InvalidHeader> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        let mut size = u64::from(first & 0x0f);
        let mut size_length = 1;
        let mut shift = 4;
        let mut goes_on = first & 0x80 != 0;
        while goes_on {
            let Some(&byte) = bytes.get(size_length) else {
                return Ok(None);
            };
            let part = u64::from(byte & 0x7f);
            if shift >= 64 || (part << shift) >> shift != part {
                return Err(InvalidHeader);
            }
            size |= part << shift;
            shift += 7;
            size_length += 1;
            goes_on = byte & 0x80 != 0;
        }
        let rest = &bytes[size_length..];
        let (kind, length) = match (first >> 4) & 0b111 {
            1 => (EntryKind::Whole(ObjectKind::Commit), 0),
            2 => (EntryKind::Whole(ObjectKind::Tree), 0),
            3 => (EntryKind::Whole(ObjectKind::Blob), 0),
            4 => (EntryKind::Whole(ObjectKind::Tag), 0),
            6 => match read_distance(rest)? {
                Some((distance, length)) => (EntryKind::OffsetDelta { distance }, length),
                None => return Ok(None),
            },
            7 => match rest.get(..format.id_length()) {
                Some(id) => {
                    let base = ObjectId::from_bytes(id).expect("as long as an id");
                    (EntryKind::RefDelta { base }, id.len())
                }
                None => return Ok(None),
            },
            _ => return Err(InvalidHeader),
        };
        Ok(Some(EntryHeader {
            kind,
            size,
            length: size_length + length,
            size_length,
        }))
    }
}

/// Reads the "offset encoding": like the sizes, but big-endian and with one
/// added for each further byte.
fn read_distance(bytes: &[u8]) -> Result<Option<(u64, usize)>, InvalidHeader> {
    let mut distance: u64 = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        if position > 0 {
            distance = distance.checked_add(1).ok_or(InvalidHeader)?;
            if distance >> 57 != 0 {
                return Err(InvalidHeader);
            }
            distance <<= 7;
        }
        distance |= u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return if distance == 0 {
                Err(InvalidHeader)
            } else {
                Ok(Some((distance, position + 1)))
            };
        }
    }
    Ok(None)
}

/// Writes the "offset encoding" of a distance.
pub(crate) fn write_distance(distance: u64, into: &mut Vec<u8>) {
    let mut digits = [0; 10];
    let mut first = digits.len() - 1;
    let mut rest = distance;
    digits[first] = low_bits(rest);
    rest >>= 7;
    while rest != 0 {
        rest -= 1;
        first -= 1;
        digits[first] = low_bits(rest) | 0x80;
        rest >>= 7;
    }
    into.extend_from_slice(&digits[first..]);
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).expect("seven bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<EntryHeader>, InvalidHeader> {
        EntryHeader::read(bytes, ObjectFormat::Sha1)
    }

    #[test]
    fn sizes_are_read_little_end_first() {
        let header = read(&[0b1011_0101, 0b1000_0001, 0b0000_0010])
            .unwrap()
            .unwrap();
        assert_eq!(header.kind, EntryKind::Whole(ObjectKind::Blob));
        assert_eq!(header.size, 5 + (1 << 4) + (2 << 11));
        assert_eq!((header.length, header.size_length), (3, 3));
    }

    #[test]
    fn distances_go_both_ways() {
        for distance in [
            1,
            127,
            128,
            129,
            16511,
            16512,
            1 << 31,
            1 << 40,
            (1 << 62) + 12345,
        ] {
            let mut bytes = vec![0b0110_0001];
            write_distance(distance, &mut bytes);
            let length = bytes.len();
            for cut in 0..length {
                assert_eq!(read(&bytes[..cut]), Ok(None));
            }
            bytes.push(0x78);
            let header = read(&bytes).unwrap().unwrap();
            assert_eq!(header.kind, EntryKind::OffsetDelta { distance });
            assert_eq!(header.length, length);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for kind in [0b000, 0b101] {
            assert_eq!(read(&[kind << 4]), Err(InvalidHeader));
        }
        // A delta on itself, a size and a distance of more than 64 bits.
        assert_eq!(read(&[0b0110_0001, 0]), Err(InvalidHeader));
        assert_eq!(
            read(&[[0xb0].as_slice(), &[0xff; 20]].concat()),
            Err(InvalidHeader)
        );
        assert_eq!(
            read(&[[0x61].as_slice(), &[0xff; 20]].concat()),
            Err(InvalidHeader)
        );
    }

    #[test]
    fn a_base_is_as_long_as_the_format_says() {
        let bytes = [[0x71].as_slice(), &[7; 32]].concat();
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let header = EntryHeader::read(&bytes, format).unwrap().unwrap();
            assert_eq!(header.length, 1 + format.id_length());
            let cut = &bytes[..format.id_length()];
            assert_eq!(EntryHeader::read(cut, format), Ok(None));
        }
    }
}

//! Applies a delta to its base (gitformat-pack(5), "Deltified representation").

/// A delta that does not fit its base, or makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidDelta {
    /// Its instructions are not valid or do not fit the base.
    Malformed,
    /// Its result is larger than the limit.
    TooLarge(u64),
}

/// Applies `delta` to `base`; the result replaces what is in `result`.
/// Memory grows with what is really there, not with what is announced.
pub(crate) fn apply(
    base: &[u8],
    delta: &[u8],
    limit: u64,
    result: &mut Vec<u8>,
) -> Result<(), InvalidDelta> {
    use InvalidDelta::{Malformed, TooLarge};
    let (base_size, rest) = read_size(delta).ok_or(Malformed)?;
    let (size, mut rest) = read_size(rest).ok_or(Malformed)?;
    if base_size != base.len() as u64 {
        return Err(Malformed);
    }
    if size > limit {
        return Err(TooLarge(size));
    }
    let size = usize::try_from(size).map_err(|_| TooLarge(size))?;
    result.clear();
    while let Some((&instruction, after)) = rest.split_first() {
        let piece = if instruction & 0x80 != 0 {
            let (offset, after) = read_parts(instruction & 0x0f, 4, after).ok_or(Malformed)?;
            let (length, after) =
                read_parts((instruction >> 4) & 0b111, 3, after).ok_or(Malformed)?;
            rest = after;
            let length = if length == 0 { 0x10000 } else { length };
            let end = offset.checked_add(length).ok_or(Malformed)?;
            base.get(offset..end).ok_or(Malformed)?
        } else {
            if instruction == 0 || after.len() < usize::from(instruction) {
                return Err(Malformed);
            }
            let (inserted, after) = after.split_at(usize::from(instruction));
            rest = after;
            inserted
        };
        if piece.len() > size - result.len() {
            return Err(Malformed);
        }
        if result.capacity() - result.len() < piece.len() {
            // Twice at most, and never more than the end needs.
            let wanted = (2 * result.len())
                .max(result.len() + piece.len())
                .max(1024)
                .min(size);
            result.reserve_exact(wanted - result.len());
        }
        result.extend_from_slice(piece);
    }
    if result.len() == size {
        Ok(())
    } else {
        Err(Malformed)
    }
}

/// A size of at most 64 bits, and what follows it.
fn read_size(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut size = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * u32::try_from(position).ok()?;
        if shift >= 64 || (part << shift) >> shift != part {
            return None;
        }
        size |= part << shift;
        if byte & 0x80 == 0 {
            return Some((size, &bytes[position + 1..]));
        }
    }
    None
}

/// A number of which only those bytes are there whose bit is set.
fn read_parts(present: u8, count: u32, mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for part in 0..count {
        if present & (1 << part) != 0 {
            let (&byte, rest) = bytes.split_first()?;
            number |= usize::from(byte) << (8 * part);
            bytes = rest;
        }
    }
    Some((number, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = b"hello wide world";

    fn applied(delta: &[u8]) -> Result<Vec<u8>, InvalidDelta> {
        let mut result = b"left over".to_vec();
        apply(BASE, delta, 1 << 20, &mut result).map(|()| result)
    }

    #[test]
    fn copies_and_insertions_make_the_result() {
        // Copy 6 from 0, insert "new ", copy 5 from 11.
        let delta = [
            16,
            15,
            0b1001_0000,
            6,
            4,
            b'n',
            b'e',
            b'w',
            b' ',
            0b1001_0001,
            11,
            5,
        ];
        assert_eq!(applied(&delta).unwrap(), b"hello new world");
        assert_eq!(applied(&[16, 0]).unwrap(), b"");
        for cut in 0..delta.len() {
            assert_eq!(
                applied(&delta[..cut]),
                Err(InvalidDelta::Malformed),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_missing_length_means_64_kib() {
        let base = vec![7; 0x10001];
        let mut delta = vec![0x81, 0x80, 0x04];
        delta.extend([0x80, 0x80, 0x04, 0b1000_0001, 1]);
        let mut result = Vec::new();
        apply(&base, &delta, 1 << 20, &mut result).unwrap();
        assert_eq!(result.len(), 0x10000);
    }

    #[test]
    fn deltas_that_do_not_fit_are_refused() {
        let malformed = Err(InvalidDelta::Malformed);
        assert_eq!(applied(&[15, 3, 0b1001_0000, 3]), malformed, "another base");
        assert_eq!(applied(&[16, 4, 0b1001_0000, 3]), malformed, "too little");
        assert_eq!(applied(&[16, 2, 0b1001_0000, 3]), malformed, "too much");
        assert_eq!(
            applied(&[16, 3, 0b1001_0001, 14, 3]),
            malformed,
            "past the base"
        );
        assert_eq!(
            applied(&[16, 3, 0, 1, 2, 3]),
            malformed,
            "the reserved instruction"
        );
        let huge = [[16].as_slice(), &[0xff; 8], &[0x7f, 0b1001_0000, 3]].concat();
        assert_eq!(applied(&huge), Err(InvalidDelta::TooLarge((1 << 63) - 1)));
        assert_eq!(applied(&[[16].as_slice(), &[0xff; 12]].concat()), malformed);
    }

    #[test]
    fn announced_sizes_take_no_memory() {
        let mut result = Vec::new();
        let size = [0xff, 0xff, 0xff, 0xff, 0x03];
        let delta = [[16].as_slice(), &size, &[0b1001_0000, 3]].concat();
        assert!(apply(BASE, &delta, 1 << 40, &mut result).is_err());
        assert!(result.capacity() < 4096);
    }
}

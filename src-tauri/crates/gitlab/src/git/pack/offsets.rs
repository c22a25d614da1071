//! The places in a pack where entries begin: four bytes each, found by halving.

/// Offsets in rising order. Only the low half of each is kept; which entry is
/// the first past each 4 GiB is noted beside.
#[derive(Debug, Default, Clone)]
pub(crate) struct Offsets {
    low: Vec<u32>,
    /// `pages[n]` is the number of entries before `n + 1` times 4 GiB.
    pages: Vec<usize>,
}

impl Offsets {
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Adds an offset larger than all before.
    pub(crate) fn push(&mut self, offset: u64) {
        let page = page_of(offset);
        while self.pages.len() < page {
            self.pages.push(self.low.len());
        }
        self.low.push(low_half(offset));
    }

    /// The offset of an entry.
    pub(crate) fn get(&self, entry: usize) -> Option<u64> {
        let low = *self.low.get(entry)?;
        let page = self.pages.partition_point(|&first| first <= entry);
        Some(((page as u64) << 32) | u64::from(low))
    }

    /// The entry that begins at an offset.
    pub(crate) fn find(&self, offset: u64) -> Option<usize> {
        let page = page_of(offset);
        let start = match page {
            0 => 0,
            page => *self.pages.get(page - 1)?,
        };
        let end = self.pages.get(page).copied().unwrap_or(self.low.len());
        let found = self.low[start..end].binary_search(&low_half(offset)).ok()?;
        Some(start + found)
    }
}

fn page_of(offset: u64) -> usize {
    usize::try_from(offset >> 32).unwrap_or(usize::MAX)
}

fn low_half(offset: u64) -> u32 {
    u32::try_from(offset & u64::from(u32::MAX)).expect("half of the bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_found_on_every_page() {
        let all: Vec<u64> = vec![
            12,
            40,
            0xffff_ffff,
            0x1_0000_0000,
            0x1_0000_0028,
            0x5_0000_0003,
        ];
        let mut offsets = Offsets::default();
        for &offset in &all {
            offsets.push(offset);
        }
        for (entry, &offset) in all.iter().enumerate() {
            assert_eq!(offsets.get(entry), Some(offset));
            assert_eq!(offsets.find(offset), Some(entry));
            assert_eq!(
                offsets.find(offset + 1),
                all.iter().position(|&other| other == offset + 1)
            );
        }
        for absent in [
            0,
            0x1_0000_000c,
            0x2_0000_000c,
            0x5_0000_0028,
            0x9_0000_000c,
            u64::MAX,
        ] {
            assert_eq!(offsets.find(absent), None, "{absent:x}");
        }
        assert_eq!(offsets.get(all.len()), None);
        assert_eq!(offsets.len(), all.len());
    }
}

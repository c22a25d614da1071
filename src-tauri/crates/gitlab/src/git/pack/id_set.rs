//! Sets and maps of object ids. An id is a hash already, so its first bytes
//! serve as one.
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use crate::git::object_id::ObjectId;

/// A set of ids.
pub(crate) type IdSet = HashSet<ObjectId, BuildHasherDefault<FirstBytes>>;
/// A map from ids.
pub(crate) type IdMap<T> = HashMap<ObjectId, T, BuildHasherDefault<FirstBytes>>;

/// Takes the first eight bytes written as the hash.
#[derive(Default)]
pub(crate) struct FirstBytes(Option<u64>);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0.unwrap_or_default()
    }

    fn write(&mut self, bytes: &[u8]) {
        if let (None, Some(first)) = (self.0, bytes.first_chunk()) {
            self.0 = Some(u64::from_ne_bytes(*first));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_begin_alike_are_still_told_apart() {
        let id = |last| {
            let mut bytes = [7; 20];
            bytes[19] = last;
            ObjectId::from_bytes(&bytes).unwrap()
        };
        let all: IdSet = (0..100).map(id).collect();
        assert_eq!(all.len(), 100);
        assert!(all.contains(&id(99)) && !all.contains(&id(100)));
    }
}

//! The running hash of a pack or an object.
//!
//! Plain SHA-1 with the processor's own instructions, without the detection of
//! crafted collisions that git adds: here it is a checksum on what an
//! authenticated server sent over TLS, and from the vault on SHA-256 guards the
//! bytes. It finds broken transfers; it is not asked to find forgeries.
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::git::object_id::{ObjectFormat, ObjectId};

/// A hash in one of git's formats.
#[derive(Clone)]
pub(crate) enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    pub(crate) fn new(format: ObjectFormat) -> Hasher {
        match format {
            ObjectFormat::Sha1 => Hasher::Sha1(Sha1::new()),
            ObjectFormat::Sha256 => Hasher::Sha256(Sha256::new()),
        }
    }

    /// The hash that names an object: it begins with the object's kind and size.
    pub(crate) fn object(format: ObjectFormat, kind: &str, size: u64) -> Hasher {
        let mut hasher = Hasher::new(format);
        hasher.update(kind.as_bytes());
        hasher.update(b" ");
        let mut digits = [0; 20];
        let mut first = digits.len();
        let mut rest = size;
        loop {
            first -= 1;
            digits[first] = b'0' + u8::try_from(rest % 10).expect("below ten");
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        hasher.update(&digits[first..]);
        hasher.update(b"\0");
        hasher
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha1(hash) => hash.update(bytes),
            Hasher::Sha256(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> ObjectId {
        let id = match self {
            Hasher::Sha1(hash) => ObjectId::from_bytes(&hash.finalize()),
            Hasher::Sha256(hash) => ObjectId::from_bytes(&hash.finalize()),
        };
        id.expect("a digest has the length of an id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_objects_have_their_known_names() {
        let name = |format, kind| Hasher::object(format, kind, 0).finish().to_string();
        assert_eq!(
            name(ObjectFormat::Sha1, "blob"),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        assert_eq!(
            name(ObjectFormat::Sha1, "tree"),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
        assert_eq!(
            name(ObjectFormat::Sha256, "blob"),
            "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
        );
    }

    #[test]
    fn the_size_is_part_of_the_name() {
        let mut hasher = Hasher::object(ObjectFormat::Sha1, "blob", 12);
        hasher.update(b"hello world\n");
        assert_eq!(
            hasher.finish().to_string(),
            "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
        );
    }
}

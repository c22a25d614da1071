//! What every list of refs that a server sends is held to. A name goes into
//! lists with a line for each ref, so a line break in it would add refs that
//! nobody has; and a list without end would fill the memory.
use super::error::GitError;

/// The longest list that is read, in bytes: some three million refs. GitLab's
/// largest repositories have a few hundred thousand.
pub(crate) const LONGEST: u64 = 256 << 20;

/// How much of a list has come.
#[derive(Debug, Default)]
pub(crate) struct Length(u64);

impl Length {
    /// Counts a line, unless that is one too many.
    pub(crate) fn add(&mut self, line: &[u8]) -> Result<(), GitError> {
        self.0 += line.len() as u64;
        if self.0 > LONGEST {
            Err(GitError::TooManyRefs { limit: LONGEST })
        } else {
            Ok(())
        }
    }
}

/// Whether git could show a ref of that name: one in the folder of refs, without
/// a byte that no name may have (git-check-ref-format(1)).
pub(crate) fn is_ref(name: &[u8]) -> bool {
    name.strip_prefix(b"refs/")
        .is_some_and(|rest| !rest.is_empty())
        && !name.iter().any(|byte| *byte <= b' ' || *byte == 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_below_refs_and_hold_no_breaks() {
        for name in ["refs/heads/a", "refs/x", "refs/heads/ä;b"] {
            assert!(is_ref(name.as_bytes()), "{name}");
        }
        assert!(is_ref(b"refs/heads/caf\xe9"));
        for name in [
            "refs/",
            "HEAD",
            "heads/a",
            "refs/heads/a\nb",
            "refs/heads/a\0b",
            "refs/heads/a b",
        ] {
            assert!(!is_ref(name.as_bytes()), "{name:?}");
        }
    }
}

//! Paths in a snapshot: which can be stored, and in which order.
//!
//! restic's trees are sorted by name, byte by byte, folder by folder. That is
//! not the order of the whole strings: `a/b` comes before `a.txt`, although
//! `/` comes after `.`.

use std::cmp::Ordering;

use crate::error::{Error, PathProblem, Result};

/// The order of a snapshot's files, in which they also are read back.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    one.split('/')
        .map(str::as_bytes)
        .cmp(other.split('/').map(str::as_bytes))
}

/// Refuses what would not be the same file everywhere.
pub(super) fn storable(path: &str) -> Result<()> {
    let problem = |problem| Error::InvalidPath {
        path: path.to_owned(),
        problem,
    };
    for (place, part) in path.split('/').enumerate() {
        match part {
            "" => return Err(problem(PathProblem::EmptyPart)),
            "." | ".." => return Err(problem(PathProblem::DotPart)),
            _ => {}
        }
        let bad = |c: char| c.is_control() || c == '\\' || (place == 0 && c == ':');
        if let Some(character) = part.chars().find(|c| bad(*c)) {
            return Err(problem(PathProblem::Character(character)));
        }
    }
    Ok(())
}

/// Refuses a path that does not come after the one before it.
pub(super) fn follows(path: &str, last: Option<&str>) -> Result<()> {
    let Some(last) = last else { return Ok(()) };
    match compare(last, path) {
        Ordering::Equal => Err(Error::Duplicate {
            path: path.to_owned(),
        }),
        Ordering::Greater => Err(Error::Unsorted {
            path: path.to_owned(),
            after: last.to_owned(),
        }),
        // Nothing sorts between a file and what would lie in it.
        Ordering::Less
            if path
                .strip_prefix(last)
                .is_some_and(|rest| rest.starts_with('/')) =>
        {
            Err(Error::FileAndFolder {
                path: path.to_owned(),
                file: last.to_owned(),
            })
        }
        Ordering::Less => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_sort_part_by_part() {
        assert_eq!(compare("a/b", "a.txt"), Ordering::Less);
        assert_eq!(compare("a/b", "a/b/c"), Ordering::Less);
        assert_eq!(compare("groups/9", "groups/10"), Ordering::Greater);
        assert_eq!(compare("a/ä", "a/z"), Ordering::Greater);
    }

    #[test]
    fn a_path_must_come_after_the_last() {
        assert!(follows("a/b", None).is_ok());
        assert!(follows("a.txt", Some("a/b")).is_ok());
        assert!(matches!(
            follows("a/b", Some("a.txt")),
            Err(Error::Unsorted { .. })
        ));
        assert!(matches!(
            follows("a/b", Some("a/b")),
            Err(Error::Duplicate { .. })
        ));
        assert!(matches!(
            follows("a/b/c", Some("a/b")),
            Err(Error::FileAndFolder { .. })
        ));
    }

    #[test]
    fn paths_that_differ_between_systems_are_refused() {
        for path in [
            "", "a//b", "/a", "a/", "a/../b", "./a", "a\\b", "a/\n", "c:/x", "a/\0",
        ] {
            assert!(
                matches!(storable(path), Err(Error::InvalidPath { .. })),
                "{path:?}"
            );
        }
        for path in ["projects/1/uploads/a b:c.png", "ä/\"x\"", "a/..."] {
            assert!(storable(path).is_ok(), "{path:?}");
        }
    }
}

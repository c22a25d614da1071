//! The list of LFS objects in an archive: `lfs-objects.json`.
use std::collections::BTreeMap;

use serde_json::Value;

/// Which of a project's repositories refers to an LFS object
/// (`LfsObjectsProject.repository_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LfsRepository {
    /// The code.
    Project,
    /// The wiki.
    Wiki,
    /// The designs.
    Design,
}

impl LfsRepository {
    fn number(self) -> u8 {
        match self {
            LfsRepository::Project => 0,
            LfsRepository::Wiki => 1,
            LfsRepository::Design => 2,
        }
    }
}

/// Writes the list as GitLab does: `{"<oid>":[0,2]}`.
pub(crate) fn write(objects: &BTreeMap<String, Vec<LfsRepository>>) -> Vec<u8> {
    let list: BTreeMap<_, Vec<u8>> = objects
        .iter()
        .map(|(oid, repositories)| (oid, repositories.iter().map(|kind| kind.number()).collect()))
        .collect();
    serde_json::to_vec(&list).expect("texts and numbers are JSON")
}

/// The oids that a list names with at least one repository; the importer fails
/// on any other. `None` when it is not such a list.
pub(crate) fn read(text: &[u8]) -> Option<Vec<String>> {
    let Value::Object(list) = serde_json::from_slice(text).ok()? else {
        return None;
    };
    let named = list.into_iter().filter(|(_, kinds)| kinds.is_array());
    Some(named.map(|(oid, _)| oid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_written_and_read() {
        let objects = BTreeMap::from([
            (
                "b".to_owned(),
                vec![LfsRepository::Project, LfsRepository::Design],
            ),
            ("a".to_owned(), vec![LfsRepository::Wiki]),
        ]);
        let text = write(&objects);
        assert_eq!(text, br#"{"a":[1],"b":[0,2]}"#);
        assert_eq!(read(&text).unwrap(), ["a", "b"]);
        assert_eq!(write(&BTreeMap::new()), b"{}");
        assert_eq!(read(b"{\"a\":[null],\"b\":null}").unwrap(), ["a"]);
        assert_eq!(read(b"[]"), None);
        assert_eq!(read(b"{"), None);
    }
}

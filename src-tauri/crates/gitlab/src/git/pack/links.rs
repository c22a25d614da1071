//! What a commit, tree or tag refers to.
use super::entry::ObjectKind;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// An object that another one refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: ObjectId,
    /// What it has to be; `None` where only a tag's own word says so.
    pub(crate) kind: ObjectKind,
}

/// Content that is not written as git writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Calls `found` for each object that this one refers to. A submodule's commit
/// lives in another repository and is no link.
pub(crate) fn links(
    kind: ObjectKind,
    content: &[u8],
    format: ObjectFormat,
    mut found: impl FnMut(Link),
) -> Result<(), Malformed> {
    match kind {
        ObjectKind::Commit => commit(content, &mut found),
        ObjectKind::Tree => tree(content, format, &mut found),
        ObjectKind::Tag => tag(content, &mut found),
        ObjectKind::Blob => Ok(()),
    }
}

fn commit(content: &[u8], found: &mut impl FnMut(Link)) -> Result<(), Malformed> {
    let mut lines = content.split(|&byte| byte == b'\n');
    let tree = lines
        .next()
        .and_then(|line| line.strip_prefix(b"tree "))
        .ok_or(Malformed)?;
    found(Link {
        id: read(tree)?,
        kind: ObjectKind::Tree,
    });
    while let Some(parent) = lines.next().and_then(|line| line.strip_prefix(b"parent ")) {
        found(Link {
            id: read(parent)?,
            kind: ObjectKind::Commit,
        });
    }
    Ok(())
}

fn tag(content: &[u8], found: &mut impl FnMut(Link)) -> Result<(), Malformed> {
    let mut lines = content.split(|&byte| byte == b'\n');
    let object = lines
        .next()
        .and_then(|line| line.strip_prefix(b"object "))
        .ok_or(Malformed)?;
    let kind = match lines.next().and_then(|line| line.strip_prefix(b"type ")) {
        Some(b"commit") => ObjectKind::Commit,
        Some(b"tree") => ObjectKind::Tree,
        Some(b"blob") => ObjectKind::Blob,
        Some(b"tag") => ObjectKind::Tag,
        _ => return Err(Malformed),
    };
    found(Link {
        id: read(object)?,
        kind,
    });
    Ok(())
}

fn tree(
    mut content: &[u8],
    format: ObjectFormat,
    found: &mut impl FnMut(Link),
) -> Result<(), Malformed> {
    while !content.is_empty() {
        let space = content
            .iter()
            .position(|&byte| byte == b' ')
            .ok_or(Malformed)?;
        let (mode, rest) = content.split_at(space);
        let end = rest.iter().position(|&byte| byte == 0).ok_or(Malformed)?;
        let rest = &rest[end + 1..];
        let id = rest.get(..format.id_length()).ok_or(Malformed)?;
        content = &rest[id.len()..];
        let id = ObjectId::from_bytes(id).map_err(|_| Malformed)?;
        let mode = mode.iter().try_fold(0_u32, |mode, &digit| match digit {
            b'0'..=b'7' if mode < 1 << 24 => Ok(mode << 3 | u32::from(digit - b'0')),
            _ => Err(Malformed),
        })?;
        match mode & 0o170_000 {
            0o040_000 => found(Link {
                id,
                kind: ObjectKind::Tree,
            }),
            0o160_000 => {}
            _ => found(Link {
                id,
                kind: ObjectKind::Blob,
            }),
        }
    }
    Ok(())
}

fn read(text: &[u8]) -> Result<ObjectId, Malformed> {
    ObjectId::from_hex(text).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: u8) -> ObjectId {
        ObjectId::from_bytes(&[digit; 20]).unwrap()
    }

    fn all(kind: ObjectKind, content: &[u8]) -> Result<Vec<(ObjectId, ObjectKind)>, Malformed> {
        let mut all = Vec::new();
        links(kind, content, ObjectFormat::Sha1, |link| {
            all.push((link.id, link.kind));
        })?;
        Ok(all)
    }

    #[test]
    fn commits_refer_to_tree_and_parents() {
        let text = format!(
            "tree {}\nparent {}\nparent {}\nauthor A\n\nparent {}\n",
            id(1),
            id(2),
            id(3),
            id(4)
        );
        let expected = vec![
            (id(1), ObjectKind::Tree),
            (id(2), ObjectKind::Commit),
            (id(3), ObjectKind::Commit),
        ];
        assert_eq!(all(ObjectKind::Commit, text.as_bytes()), Ok(expected));
        assert_eq!(all(ObjectKind::Commit, b"author A\n"), Err(Malformed));
    }

    #[test]
    fn tags_refer_to_anything() {
        for (name, kind) in [
            ("commit", ObjectKind::Commit),
            ("tree", ObjectKind::Tree),
            ("blob", ObjectKind::Blob),
            ("tag", ObjectKind::Tag),
        ] {
            let text = format!("object {}\ntype {name}\ntag v1\n", id(5));
            assert_eq!(
                all(ObjectKind::Tag, text.as_bytes()),
                Ok(vec![(id(5), kind)])
            );
        }
        assert!(all(ObjectKind::Tag, b"object x\n").is_err());
    }

    #[test]
    fn submodules_are_no_links() {
        let mut tree = Vec::new();
        let modes = ["100644", "40000", "160000", "120000", "100755", "040000"];
        for (digit, mode) in (1..).zip(modes) {
            tree.extend_from_slice(format!("{mode} name {digit}\0").as_bytes());
            tree.extend_from_slice(id(digit).as_bytes());
        }
        let (blob, subtree) = (ObjectKind::Blob, ObjectKind::Tree);
        let expected = vec![
            (id(1), blob),
            (id(2), subtree),
            (id(4), blob),
            (id(5), blob),
            (id(6), subtree),
        ];
        assert_eq!(all(ObjectKind::Tree, &tree), Ok(expected));
        assert_eq!(
            all(ObjectKind::Tree, &tree[..tree.len() - 1]),
            Err(Malformed)
        );
        assert_eq!(all(ObjectKind::Tree, b"9 x\0"), Err(Malformed));
    }
}

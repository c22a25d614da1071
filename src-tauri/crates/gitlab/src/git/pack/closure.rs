//! Finds objects that are referred to and are nowhere in a chain of packs.
use super::entry::ObjectKind;
use super::error::PackError;
use super::id_set::IdSet;
use super::index::PackIndex;
use super::links::links;
use super::scan::Visitor;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// What the packs met so far refer to and do not hold.
pub(crate) struct Closure {
    format: ObjectFormat,
    open: IdSet,
}

impl Closure {
    pub(crate) fn new(format: ObjectFormat) -> Closure {
        Closure {
            format,
            open: IdSet::default(),
        }
    }

    /// Something else refers to this object.
    pub(crate) fn expect(&mut self, id: ObjectId) {
        self.open.insert(id);
    }

    /// Strikes out what the packs met so far hold; the others may come later.
    pub(crate) fn strike(&mut self, indexes: &[PackIndex]) {
        self.open
            .retain(|id| !indexes.iter().rev().any(|index| index.find(id).is_some()));
        self.open.shrink_to_fit();
    }

    /// An error that names the first missing object, if one is.
    pub(crate) fn finish(self) -> Result<(), PackError> {
        match self.open.into_iter().min() {
            Some(id) => Err(PackError::MissingObject { id }),
            None => Ok(()),
        }
    }
}

impl Visitor for Closure {
    fn visit(&mut self, id: ObjectId, kind: ObjectKind, content: &[u8]) -> Result<(), PackError> {
        let open = &mut self.open;
        links(kind, content, self.format, |link| {
            open.insert(link.id);
        })
        .map_err(|_| PackError::MalformedObject { id })
    }
}

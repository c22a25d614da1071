//! Git over HTTP without a local mirror.
mod object_id;
pub mod pack;

pub use object_id::{ObjectFormat, ObjectId, ObjectIdError};
pub use pack::{Head, PackFacts};

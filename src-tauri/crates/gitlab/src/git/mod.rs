//! Git over HTTP without a local mirror: what a repository has (`ls-refs`), what
//! is new in it (`fetch`), and putting it back (`push`), in one request each but
//! for the push.
//!
//! Own code on purpose: a pack goes from the wire to a file, verified on its
//! way, and no object is unpacked. Nothing here runs git.
mod advertisement;
mod error;
mod fetch;
mod object_id;
pub mod pack;
mod packet;
mod push;
mod receive;
mod ref_list;
mod remote;
mod report;
mod spool;

pub use advertisement::{AdvertisedRef, Advertisement, UnreadableRef};
pub use error::GitError;
pub use fetch::FetchRequest;
pub use object_id::{ObjectFormat, ObjectId, ObjectIdError};
pub use pack::{Head, PackFacts};
pub use push::{PushReport, PushRequest, RefOutcome, RefUpdate, Refusal};
pub use remote::Remote;

#[cfg(test)]
mod tests;

//! GitLab over the wire: sign-in, scopes and roles, REST with paging and a rate
//! budget, git's upload-pack and receive-pack, export and import archives.
//!
//! No storage and no user interface: this crate answers what GitLab said, with
//! the facts a caller needs to decide, and never keeps anything.
#![deny(missing_docs)]

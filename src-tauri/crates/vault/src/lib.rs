//! The vault: the encrypted place where copies are kept, a restic-format
//! repository that any restic client opens.
//!
//! The only crate that names `rustic_core` and `opendal`. It knows nothing of
//! GitLab: it stores pieces at paths and refuses to call a snapshot saved
//! unless every piece was read to its end.
#![deny(missing_docs)]

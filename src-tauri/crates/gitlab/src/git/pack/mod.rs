//! Packs: verified as they stream by, indexed, joined, bundled, and made into
//! repositories.
//!
//! Everything here works on files and streams, without a mirror and without
//! running git; blocking, so called from a thread of its own.
mod bundle;
mod closure;
mod connectivity;
mod delta;
mod entry;
mod error;
mod hasher;
mod id_set;
mod idx;
mod index;
mod join;
mod links;
mod offsets;
mod reader;
mod repository;
mod resolve;
mod scan;
mod stop;
mod verifier;
mod window;

pub use bundle::{Bundle, BundleHeader, read_bundle_header, verify_bundle, write_bundle};
pub use connectivity::{Connectivity, check_connectivity};
pub use entry::ObjectKind;
pub use error::PackError;
pub use join::join;
pub use repository::{BareRepository, Head};
pub use stop::stoppable;
pub use verifier::{PackFacts, Verifier, verify};
pub(crate) use verifier::{check_bases, empty_pack};

#[cfg(test)]
pub(crate) mod tests;

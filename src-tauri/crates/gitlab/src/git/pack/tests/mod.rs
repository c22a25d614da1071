//! Packs against the real git, and against packs that git would never write.
mod bundles;
mod chains;
pub(crate) mod forge;
mod hostile;
mod repositories;
pub(crate) mod source;
mod transfers;

//! A backup: discover, decide, capture, write, seal.

pub mod decide;

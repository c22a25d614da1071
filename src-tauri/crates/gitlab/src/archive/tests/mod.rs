//! Whole archives: built, read, checked, and made on purpose to do harm.
mod building;
mod checking;
mod hostile;
mod sample;

pub mod entry; pub mod error; pub mod hasher; pub mod offsets; pub mod verifier;

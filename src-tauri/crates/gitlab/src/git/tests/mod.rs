//! The wire against the real `git http-backend`.
mod fetching;
mod pushing;
mod server;

//! Git over HTTP in protocol version 2, without a local mirror.

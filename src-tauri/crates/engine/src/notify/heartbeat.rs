//! A heartbeat: an address that is asked for after a good backup, and at no
//! other time. Somebody else waits for it and raises the alarm when it does not
//! come, so silence is the alarm: nothing is ever sent to tell of a failure.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::exchange::Outgoing;

pub(super) fn outgoing() -> Outgoing {
    Outgoing {
        method: Method::GET,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

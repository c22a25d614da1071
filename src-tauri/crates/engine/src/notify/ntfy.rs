//! A topic of an ntfy server (docs.ntfy.sh/publish): the text as the body, the
//! rest in headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};

use super::exchange::Outgoing;
use super::message::{Message, MessageKind, clip};

/// ntfy turns longer texts into files (docs.ntfy.sh/publish, "Limitations":
/// 4,096 bytes).
const LONGEST_TEXT: usize = 4000;
/// Bytes of the title at most; phones show less.
const LONGEST_TITLE: usize = 200;

pub(super) fn outgoing(message: &Message) -> Outgoing {
    let (priority, tag) = match message.kind {
        MessageKind::Failed
        | MessageKind::Partial
        | MessageKind::Stale
        | MessageKind::NotStarted => ("high", "rotating_light"),
        MessageKind::Attention => ("default", "warning"),
        MessageKind::Success => ("low", "white_check_mark"),
        MessageKind::Test => ("default", "bell"),
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(
        HeaderName::from_static("title"),
        header(&message.headline(LONGEST_TITLE)),
    );
    headers.insert(
        HeaderName::from_static("priority"),
        HeaderValue::from_static(priority),
    );
    headers.insert(
        HeaderName::from_static("tags"),
        HeaderValue::from_static(tag),
    );
    // Without a text ntfy would show "triggered".
    let text = if message.body.trim().is_empty() {
        format!("On {}.", message.machine)
    } else {
        format!("{}\n{}", message.body, message.machine)
    };
    Outgoing {
        method: Method::POST,
        headers,
        body: Bytes::from(clip(&text, LONGEST_TEXT)),
    }
}

/// A text as a header. What is more than plain ASCII is written as RFC 2047 has
/// it, which ntfy reads (docs.ntfy.sh/publish, "UTF-8 in headers").
fn header(text: &str) -> HeaderValue {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b)) && !text.contains("=?");
    let value = if is_plain {
        HeaderValue::from_str(text)
    } else {
        HeaderValue::try_from(format!("=?UTF-8?B?{}?=", STANDARD.encode(text)))
    };
    value.expect("printable ASCII is a header's value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_beyond_ascii_are_encoded_and_others_are_not() {
        assert_eq!(header("It failed"), "It failed");
        assert_eq!(header("“ä”"), "=?UTF-8?B?4oCcw6TigJ0=?=");
        assert_eq!(header("=?x"), "=?UTF-8?B?PT94?=");
    }

    #[test]
    fn texts_stay_below_what_becomes_a_file() {
        let mut message = Message::test("desk", jiff::Timestamp::UNIX_EPOCH);
        message.body = "ä".repeat(100_000);
        assert!(outgoing(&message).body.len() <= LONGEST_TEXT);
        message.body.clear();
        assert!(!outgoing(&message).body.is_empty());
    }
}

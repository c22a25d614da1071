//! A webhook: JSON whose `text` Slack, Mattermost, Rocket.Chat and Teams show,
//! and whose `labkeep` a program can read.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::json;

use super::exchange::Outgoing;
use super::message::{Message, clip};

/// Bytes of the text at most; Mattermost takes 16,383 characters, Teams 28 KB.
const LONGEST_TEXT: usize = 8000;
/// Bytes of the title at most.
const LONGEST_TITLE: usize = 300;

pub(super) fn outgoing(message: &Message) -> Outgoing {
    let title = message.headline(LONGEST_TITLE);
    let body = clip(&message.body, LONGEST_TEXT);
    let told = [title.as_str(), body.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    let document = json!({
        "text": shown(&told),
        "labkeep": {
            "kind": message.kind.name(),
            "title": title,
            "body": body,
            "machine": message.machine,
            "plan": message.plan,
            "at": message.at.to_string(),
        },
    });
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Outgoing {
        method: Method::POST,
        headers,
        body: Bytes::from(document.to_string()),
    }
}

/// As a chat shows it letter by letter: names of projects must not become links
/// or call people. Slack wants these three characters written so
/// (docs.slack.dev/messaging/formatting-message-text), the others understand
/// it; nobody is called by an `@` before a space that has no width.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '@' if !before.is_alphanumeric() => shown.push_str("@\u{200b}"),
            c => shown.push(c),
        }
        before = c;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_nothing_becomes_a_link() {
        assert_eq!(
            shown("<!channel> & @all, me@example.com"),
            "&lt;!channel&gt; &amp; @\u{200b}all, me@example.com"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        let mut message = Message::test("desk", jiff::Timestamp::UNIX_EPOCH);
        message.body = "ä".repeat(100_000);
        assert!(outgoing(&message).body.len() < 3 * LONGEST_TEXT);
    }
}

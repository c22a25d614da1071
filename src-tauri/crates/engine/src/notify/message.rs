//! One message to people, the same for every channel.

use jiff::Timestamp;

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A backup failed.
    Failed,
    /// A backup lacks something.
    Partial,
    /// The last good backup is older than the plan promises.
    Stale,
    /// A backup was due and did not start.
    NotStarted,
    /// Something else needs the user.
    Attention,
    /// A backup went well. Told only where that was asked for.
    Success,
    /// Somebody tries whether messages arrive.
    Test,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::Partial,
        Self::Stale,
        Self::NotStarted,
        Self::Attention,
        Self::Success,
        Self::Test,
    ];

    /// Its name, as programs that receive it know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::NotStarted => "not_started",
            Self::Attention => "attention",
            Self::Success => "success",
            Self::Test => "test",
        }
    }
}

/// A message to people. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it tells.
    pub kind: MessageKind,
    /// A sentence without its full stop.
    pub title: String,
    /// Why, and what helps; may be empty.
    pub body: String,
    /// The machine that tells it.
    pub machine: String,
    /// The plan's name, if it is about one.
    pub plan: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the heartbeat goes out with it: a backup went well, and no other
    /// plan of this machine is failing or late. A heartbeat that beats for one
    /// plan while another has stopped would be a green light that is not true.
    pub is_all_well: bool,
}

impl Message {
    /// A message to try a channel with.
    pub fn test(machine: impl Into<String>, at: Timestamp) -> Self {
        Self {
            kind: MessageKind::Test,
            title: "Messages from Labkeep arrive here".to_owned(),
            body: "You will hear of backups that failed, are incomplete, late or did not start."
                .to_owned(),
            machine: machine.into(),
            plan: None,
            at,
            is_all_well: false,
        }
    }

    /// The title on one line, of at most so many bytes.
    pub(super) fn headline(&self, bytes: usize) -> String {
        let words: Vec<&str> = self
            .title
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        clip(&words.join(" "), bytes)
    }
}

/// The name of this machine for people; none if it has none.
pub fn machine_name() -> Option<String> {
    sysinfo::System::host_name().filter(|name| !name.is_empty())
}

/// The beginning of a text, of at most so many bytes, that shows where it was
/// cut.
pub(super) fn clip(text: &str, bytes: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes.saturating_sub(MARK.len()));
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_within_the_limit() {
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("a bit longer", 8), "a bit…");
        assert_eq!(clip("ääää", 7), "ää…");
        for limit in 3..20 {
            assert!(clip("ä€😀ä€😀ä€😀", limit).len() <= limit, "{limit}");
        }
    }

    #[test]
    fn a_headline_is_one_line() {
        let mut message = Message::test("desk", Timestamp::UNIX_EPOCH);
        message.title = "It\r\nBcc: all@example.com\tfailed\u{0} ".to_owned();
        assert_eq!(message.headline(200), "It Bcc: all@example.com failed");
    }
}

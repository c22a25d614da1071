//! Whom is told what: the desktop and every channel for itself, for one that
//! cannot be reached must not keep the others from being told, nor be taken
//! for told because they were.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::{Notice, Told, due};
use crate::view::Channel;

/// Somebody who is told of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sink {
    /// Whoever sits in front of this machine.
    Desktop,
    /// Whoever is at the other end of a channel.
    Channel(Channel),
}

impl Sink {
    /// The channel, if it is one.
    pub const fn channel(self) -> Option<Channel> {
        match self {
            Self::Desktop => None,
            Self::Channel(channel) => Some(channel),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Channel(channel) => channel.name(),
        }
    }
}

/// What each of them was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToldBy(BTreeMap<String, Told>);

impl ToldBy {
    /// The problems that are to be told now, each with those who are to be
    /// told of it.
    pub fn due(
        &self,
        notices: &[Notice],
        sinks: &[Sink],
        now: Timestamp,
    ) -> Vec<(Notice, Vec<Sink>)> {
        let nothing = Told::default();
        let mut all: Vec<(Notice, Vec<Sink>)> = Vec::new();
        for sink in sinks {
            let told = self.0.get(sink.name()).unwrap_or(&nothing);
            for notice in due(notices, told, now) {
                match all.iter_mut().find(|(other, _)| *other == notice) {
                    Some((_, sinks)) => sinks.push(*sink),
                    None => all.push((notice, vec![*sink])),
                }
            }
        }
        all
    }

    /// Remembers that somebody was told.
    pub fn note(&mut self, sink: Sink, notice: &Notice, now: Timestamp) {
        self.of(sink).note(std::slice::from_ref(notice), now);
    }

    /// Remembers that somebody is going to be told.
    pub fn note_tried(&mut self, sink: Sink, notice: &Notice, now: Timestamp) {
        self.of(sink).note_tried(std::slice::from_ref(notice), now);
    }

    /// Takes over what is known elsewhere and newer.
    pub fn merge(&mut self, other: &Self) {
        for (sink, told) in &other.0 {
            self.0.entry(sink.clone()).or_default().merge(told);
        }
    }

    fn of(&mut self, sink: Sink) -> &mut Told {
        self.0.entry(sink.name().to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Severity;

    #[test]
    fn who_was_not_told_is_told_whoever_else_was() {
        let problem = Notice {
            key: "disk".to_owned(),
            severity: Severity::Danger,
            title: String::new(),
            body: String::new(),
            link: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let (desktop, mail) = (Sink::Desktop, Sink::Channel(Channel::Email));
        let mut told = ToldBy::default();
        let notices = [problem.clone()];
        let all = told.due(&notices, &[desktop, mail], now);
        assert_eq!(all, [(problem.clone(), vec![desktop, mail])]);
        told.note(mail, &problem, now);
        let rest = told.due(&notices, &[desktop, mail], now);
        assert_eq!(rest, [(problem.clone(), vec![desktop])]);
        let kept = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<ToldBy>(&kept).unwrap(), told);
    }
}

//! What is printed: for people on standard error, for scripts one JSON
//! document, or a line for each event, on standard output.

use std::io::Write;

use labkeep_engine::view::RunEvent;
use serde::Serialize;
use serde_json::json;

use crate::arguments::Json;
use crate::failure::Failure;

/// Where things are printed.
#[derive(Debug)]
pub struct Output {
    json: Option<Json>,
}

impl Output {
    /// Printing as the command line wants it.
    pub const fn new(json: Option<Json>) -> Self {
        Self { json }
    }

    /// Whether scripts read along.
    pub const fn is_json(&self) -> bool {
        self.json.is_some()
    }

    /// A line for people.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            eprint_line(text.as_ref());
        }
    }

    /// The one document for scripts.
    pub fn document(&self, document: &impl Serialize) {
        if self.is_json() {
            let text = match self.json {
                Some(Json::Events) => serde_json::to_string(document),
                _ => serde_json::to_string_pretty(document),
            };
            print_line(&text.expect("what is printed is plain data"));
        }
    }

    /// An event of a run.
    pub fn event(&self, event: &RunEvent) {
        if self.json == Some(Json::Events) {
            print_line(&serde_json::to_string(event).expect("an event is plain data"));
        }
    }

    /// Why it did not work, for both.
    pub fn failure(&self, failure: &Failure) {
        let advice = &failure.advice;
        eprint_line(&format!("{}\n{}", advice.message, advice.hint));
        self.document(&json!({
            "error": {
                "code": failure.code,
                "message": advice.message,
                "remedy": advice.hint,
            }
        }));
    }
}

/// Whoever reads may have gone: nobody is left to be told.
fn print_line(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

fn eprint_line(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

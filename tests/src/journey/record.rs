//! What a journey saw, for a test's output or a report.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

/// Lines in the order of the journey.
#[derive(Debug, Default)]
pub struct Record {
    lines: Vec<String>,
}

impl Record {
    /// Notes something that was seen.
    pub fn note(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// As a document, with the pictures of a folder.
    pub fn write(&self, title: &str, folder: &Path) -> Result<()> {
        let mut text = format!("# {title}\n\n");
        for line in &self.lines {
            let _ = writeln!(text, "- {line}");
        }
        let mut pictures: Vec<_> = std::fs::read_dir(folder)?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with("-large-light.png"))
            .collect();
        pictures.sort();
        for picture in pictures {
            let name = picture.trim_end_matches("-large-light.png");
            let _ = write!(text, "\n## {name}\n\n![{name}]({picture})\n");
        }
        let file = folder.join("report.md");
        std::fs::write(&file, text).with_context(|| format!("{} is written", file.display()))
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

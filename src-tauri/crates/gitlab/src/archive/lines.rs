//! The documents of a relation, one a line, as GitLab's importer reads them.
use std::io::{self, BufRead, Read};

use serde::de::IgnoredAny;

use super::error::DocumentFlaw;
use super::layout::DOCUMENT_LIMIT;

/// A line of a file of documents.
pub(crate) enum Line {
    /// As it is, without the line break.
    Whole(Vec<u8>),
    /// Longer than GitLab reads; its length is at least this, in bytes.
    TooLong(u64),
}

/// Reads the next line; `None` at the end. Of a line that is too long nothing is
/// kept.
pub(crate) fn next(from: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    from.by_ref()
        .take(DOCUMENT_LIMIT)
        .read_until(b'\n', &mut line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(Line::Whole(line)));
    }
    if (line.len() as u64) < DOCUMENT_LIMIT {
        return Ok((!line.is_empty()).then_some(Line::Whole(line)));
    }
    let mut length = line.len() as u64;
    drop(line);
    loop {
        let rest = from.fill_buf()?;
        let end = rest.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(rest.len(), |end| end + 1);
        length += taken as u64;
        from.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(Some(Line::TooLong(length)));
        }
    }
}

/// Refuses a document that GitLab's importer would not read. `null` stands for a
/// setting that a project does not have.
pub(crate) fn check(document: &[u8]) -> Result<(), DocumentFlaw> {
    let bytes = document.len() as u64;
    if bytes >= DOCUMENT_LIMIT {
        return Err(DocumentFlaw::TooLong { bytes });
    }
    serde_json::from_slice::<IgnoredAny>(document).map_err(|_| DocumentFlaw::NotJson)?;
    let text = document.trim_ascii_start();
    if text.starts_with(b"{") || text.starts_with(b"null") {
        Ok(())
    } else {
        Err(DocumentFlaw::NotAnObject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut text: &[u8]) -> Vec<Result<Vec<u8>, u64>> {
        let mut all = Vec::new();
        while let Some(line) = next(&mut text).unwrap() {
            all.push(match line {
                Line::Whole(line) => Ok(line),
                Line::TooLong(length) => Err(length),
            });
        }
        all
    }

    #[test]
    fn lines_are_read_with_and_without_a_last_break() {
        for text in ["{}\n\n{\"a\":1}\n", "{}\n\n{\"a\":1}"] {
            let expected = [
                Ok(b"{}".to_vec()),
                Ok(Vec::new()),
                Ok(b"{\"a\":1}".to_vec()),
            ];
            assert_eq!(all(text.as_bytes()), expected);
        }
        assert!(all(b"").is_empty());
    }

    #[test]
    fn a_line_past_the_limit_is_told_apart() {
        let limit = usize::try_from(DOCUMENT_LIMIT).unwrap();
        let mut text = vec![b'x'; limit - 1];
        text.push(b'\n');
        assert_eq!(all(&text)[0].as_ref().map(Vec::len), Ok(limit - 1));
        text.insert(0, b'x');
        text.extend(b"{}");
        assert_eq!(all(&text), [Err(DOCUMENT_LIMIT + 1), Ok(b"{}".to_vec())]);
    }

    #[test]
    fn only_objects_and_null_are_documents() {
        assert_eq!(check(b"{\"a\": [1, \"\\u00e9\"]}"), Ok(()));
        assert_eq!(check(b"null"), Ok(()));
        assert_eq!(check(b"[1]"), Err(DocumentFlaw::NotAnObject));
        for text in [b"".as_slice(), b"{", b"{}{}", b"{\"a\":\xff}", b"nul"] {
            assert_eq!(check(text), Err(DocumentFlaw::NotJson), "{text:?}");
        }
    }
}

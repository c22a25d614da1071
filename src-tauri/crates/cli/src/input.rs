//! What people give beside words: secrets from standard input, the only way
//! in (on a terminal they are asked for and not shown), and paths that are kept.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use console::Term;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Secrets are short; whatever is longer is something else.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret to the end of standard input, or asks for it on a terminal.
/// `is_wanted`: whether the flag is there that says so; without it only a
/// terminal is asked.
pub fn secret(what: &str, flag: &str, is_wanted: bool) -> Result<SecretString, Failure> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let terminal = Term::stderr();
        let failed = |error: std::io::Error| {
            Failure::machine(
                format!("The {what} could not be read from the terminal: {error}."),
                format!("Give it on standard input with {flag}."),
            )
        };
        terminal.write_str(&format!("{what}: ")).map_err(failed)?;
        let text = Zeroizing::new(terminal.read_secure_line().map_err(failed)?);
        return Ok(SecretString::from(text.trim()));
    }
    if !is_wanted {
        return Err(Failure::refused(
            format!("No {what} was given."),
            format!("Write it to standard input and add {flag}."),
        ));
    }
    read(what, input.lock())
}

/// Reads a secret to the end; editors and `echo` end it with a line break.
fn read(what: &str, input: impl Read) -> Result<SecretString, Failure> {
    let mut text = Zeroizing::new(String::new());
    input
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| {
            Failure::refused(
                format!("The {what} could not be read from standard input: {error}."),
                "Give the text itself, in UTF-8.",
            )
        })?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

/// A path that means the same file from every folder.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::refused(
            format!("{} cannot be used: {error}.", path.display()),
            "Write the whole path of the file.",
        )
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_line_break_at_the_end_is_not_part_of_a_secret() {
        let secret = read("token", "glpat-x\r\n".as_bytes()).unwrap();
        assert_eq!(secret.expose_secret(), "glpat-x");
        let inner = read("token", "a b\nc\n".as_bytes()).unwrap();
        assert_eq!(inner.expose_secret(), "a b\nc");
    }

    #[test]
    fn what_is_no_text_is_refused_without_being_shown() {
        let failure = read("token", [0x67, 0xff, 0xfe].as_slice()).unwrap_err();
        assert!(failure.advice.message.contains("standard input"));
    }
}

//! Where a vault is. A local folder today; the type is closed, so that a
//! bucket can become a variant without a change anywhere else.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::error::{Error, Result};

/// Where a vault is. Showing it never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location(Place);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Folder(PathBuf),
}

impl Location {
    /// Reads a folder's path (a relative one starts at the working directory)
    /// or a `file://` address.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::LocationEmpty);
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Self::folder(Path::new(text));
        };
        let unsupported = || Error::LocationUnsupported {
            scheme: scheme.to_owned(),
        };
        if !scheme.eq_ignore_ascii_case("file") {
            return Err(unsupported());
        }
        let path = Url::parse(text)
            .ok()
            .and_then(|url| url.to_file_path().ok())
            .ok_or_else(unsupported)?;
        Self::folder(&path)
    }

    /// A local folder.
    pub fn folder(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|_| Error::LocationEmpty)?;
        Ok(Self(Place::Folder(path)))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Folder(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_file_addresses_are_locations() {
        assert_eq!(
            Location::parse(" /mnt/a b ").unwrap().to_string(),
            "/mnt/a b"
        );
        assert_eq!(
            Location::parse("file:///mnt/a%20b").unwrap().to_string(),
            "/mnt/a b"
        );
        let relative = Location::parse("vault").unwrap().to_string();
        assert!(Path::new(&relative).is_absolute() && relative.ends_with("vault"));
    }

    #[test]
    fn other_schemes_are_refused_without_repeating_them_whole() {
        let error = Location::parse("s3://key:secret@bucket/x").unwrap_err();
        assert!(matches!(&error, Error::LocationUnsupported { scheme } if scheme == "s3"));
        assert!(!error.to_string().contains("secret"));
        assert!(matches!(Location::parse("  "), Err(Error::LocationEmpty)));
    }
}

//! Values as the database keeps them: names as text, times in milliseconds,
//! JSON as text.

use jiff::Timestamp;
use rusqlite::Row;
use serde_json::Value;

use super::{CatalogueError, Failure};

/// A set of names that the database keeps as text.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The name in the catalogue and in documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What has this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub(super) fn stored(value: &str) -> Result<Self, $crate::catalogue::CatalogueError> {
                Self::from_name(value).ok_or_else(|| $crate::catalogue::CatalogueError::Value {
                    what: stringify!($name),
                    value: value.to_owned(),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(super) use names;

/// A time as the database keeps it.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time from the database.
pub(super) fn time(millis: i64) -> Result<Timestamp, CatalogueError> {
    Timestamp::from_millisecond(millis).map_err(|_| CatalogueError::Value {
        what: "time",
        value: millis.to_string(),
    })
}

/// A number from the database that cannot be negative.
pub(super) fn count(number: i64) -> Result<u64, CatalogueError> {
    u64::try_from(number).map_err(|_| CatalogueError::Value {
        what: "count",
        value: number.to_string(),
    })
}

/// A number for the database. What does not fit is as good as endless.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that must be an id.
pub(super) fn id<T: std::str::FromStr>(value: &str) -> Result<T, CatalogueError> {
    value.parse().map_err(|_| CatalogueError::Value {
        what: "id",
        value: value.to_owned(),
    })
}

/// A column that must be JSON.
pub(super) fn json(value: &str) -> Result<Value, CatalogueError> {
    serde_json::from_str(value).map_err(|_| CatalogueError::Value {
        what: "JSON",
        value: value.to_owned(),
    })
}

/// Reads every row of a query.
pub(super) fn all<T>(
    mut statement: rusqlite::CachedStatement<'_>,
    parameters: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut rows = statement.query(parameters)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(read(row)?);
    }
    Ok(values)
}

/// Reads the only row of a query, if there is one.
pub(super) fn one<T>(
    mut statement: rusqlite::CachedStatement<'_>,
    parameters: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(read).transpose()
}

//! Small things to remember that need no table of their own, such as when a
//! vault was last checked or a reminder was last shown.

use serde_json::Value;

use super::value::{json, one};
use super::{Catalogue, Result};

impl Catalogue {
    /// What is remembered under a name.
    pub fn memo(&self, key: &str) -> Result<Option<Value>> {
        self.read(|database| {
            one(
                database.prepare_cached("SELECT value FROM memo WHERE key = ?1")?,
                [key],
                |row| Ok(json(&row.get::<_, String>(0)?)?),
            )
        })
    }

    /// Remembers something, in place of what was remembered.
    pub fn set_memo(&self, key: &str, value: &Value) -> Result<()> {
        self.write(|database| {
            database
                .prepare_cached("INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)")?
                .execute((key, value.to_string()))?;
            Ok(())
        })
    }
}

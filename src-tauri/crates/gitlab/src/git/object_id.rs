//! Names of git objects: hashes of their content, in one of two formats.
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The hash that a repository names its objects with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ObjectFormat {
    /// SHA-1, 20 bytes: nearly every repository.
    #[default]
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

impl ObjectFormat {
    /// The length of an id, in bytes.
    pub fn id_length(self) -> usize {
        match self {
            ObjectFormat::Sha1 => 20,
            ObjectFormat::Sha256 => 32,
        }
    }

    /// The name that git gives it (`extensions.objectFormat`).
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectFormat::Sha1 => "sha1",
            ObjectFormat::Sha256 => "sha256",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<ObjectFormat> {
        [ObjectFormat::Sha1, ObjectFormat::Sha256]
            .into_iter()
            .find(|format| format.as_str() == name)
    }

    /// The id that stands for "no object".
    pub fn zero(self) -> ObjectId {
        ObjectId {
            bytes: [0; 32],
            format: self,
        }
    }
}

impl fmt::Display for ObjectFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The name of one object. Ordered by its bytes, as git's own lists are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    /// A SHA-1 is followed by zeros.
    bytes: [u8; 32],
    format: ObjectFormat,
}

/// A text or byte sequence that is no object id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an object id")]
pub struct ObjectIdError;

impl ObjectId {
    /// The id in these bytes, whose number must fit one of the formats.
    pub fn from_bytes(bytes: &[u8]) -> Result<ObjectId, ObjectIdError> {
        let format = match bytes.len() {
            20 => ObjectFormat::Sha1,
            32 => ObjectFormat::Sha256,
            _ => return Err(ObjectIdError),
        };
        let mut id = format.zero();
        id.bytes[..bytes.len()].copy_from_slice(bytes);
        Ok(id)
    }

    /// The id in this lower-case hexadecimal text, as git writes it.
    pub fn from_hex(text: &[u8]) -> Result<ObjectId, ObjectIdError> {
        if text.iter().any(u8::is_ascii_uppercase) {
            return Err(ObjectIdError);
        }
        let mut bytes = [0; 32];
        let bytes = bytes.get_mut(..text.len() / 2).ok_or(ObjectIdError)?;
        hex::decode_to_slice(text, bytes).map_err(|_| ObjectIdError)?;
        ObjectId::from_bytes(bytes)
    }

    /// The bytes: 20 or 32.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.format.id_length()]
    }

    /// The format it is of.
    pub fn format(&self) -> ObjectFormat {
        self.format
    }

    /// Whether it stands for "no object".
    pub fn is_zero(&self) -> bool {
        self.bytes == [0; 32]
    }
}

impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.as_bytes());
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        let text = &mut text[..2 * self.format.id_length()];
        hex::encode_to_slice(self.as_bytes(), text).expect("two digits a byte fit");
        formatter.write_str(std::str::from_utf8(text).expect("digits are ASCII"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<ObjectId, ObjectIdError> {
        ObjectId::from_hex(text.as_bytes())
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn text_and_bytes_go_both_ways() {
        let long = SHA1.repeat(2)[..64].to_owned();
        for text in [SHA1, long.as_str()] {
            let id: ObjectId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(ObjectId::from_bytes(id.as_bytes()).unwrap(), id);
            assert_eq!(id.as_bytes().len() * 2, text.len());
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<ObjectId>(&json).unwrap(), id);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "01",
            &SHA1[1..],
            &format!("{SHA1}0"),
            &SHA1.to_uppercase(),
            &SHA1.replace('0', "g"),
        ] {
            assert_eq!(text.parse::<ObjectId>(), Err(ObjectIdError), "{text}");
        }
        assert!(SHA1.repeat(4).parse::<ObjectId>().is_err());
    }

    #[test]
    fn the_order_is_that_of_the_text() {
        let low: ObjectId = SHA1.parse().unwrap();
        let high: ObjectId = SHA1.replace("0123", "0124").parse().unwrap();
        assert!(low < high);
        assert!(ObjectFormat::Sha1.zero() < low);
        assert!(ObjectFormat::Sha256.zero().is_zero());
        assert_ne!(ObjectFormat::Sha1.zero(), ObjectFormat::Sha256.zero());
    }
}

//! The vault's key: made by the program, kept by the user.
//!
//! A key is 175 random bits in seven groups of five characters and an eighth
//! group that is computed from them, so that a typing mistake is told apart
//! from the key of another vault. The canonical spelling (upper case, dashes)
//! is, character for character, the password that any restic client asks for.

use std::fmt;

use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 5;
const RANDOM_GROUPS: usize = 7;
const RANDOM: usize = GROUP * RANDOM_GROUPS;
const LENGTH: usize = RANDOM + GROUP;

/// A vault's key in its canonical spelling.
#[derive(Clone)]
pub struct VaultKey(SecretString);

impl VaultKey {
    /// A new key from the system's random numbers.
    pub fn generate() -> Self {
        let mut random = Zeroizing::new([0_u8; RANDOM]);
        rand::rng().fill_bytes(random.as_mut());
        // 256 is a multiple of 32, so every character is equally likely.
        let digits: Zeroizing<Vec<u8>> = Zeroizing::new(random.iter().map(|b| b % 32).collect());
        Self::from_digits(&digits)
    }

    /// Reads a key as people type it: any case, with or without dashes and
    /// spaces, O for 0, I and L for 1.
    pub fn parse(text: &str) -> Result<Self> {
        let mut digits = Zeroizing::new(Vec::with_capacity(LENGTH));
        for character in text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)) {
            let digit = digit(character).ok_or(Error::KeyCharacter {
                character,
                position: digits.len() + 1,
            })?;
            digits.push(digit);
        }
        if digits.is_empty() {
            return Err(Error::KeyEmpty);
        }
        if digits.len() != LENGTH {
            return Err(Error::KeyLength {
                expected: LENGTH,
                found: digits.len(),
            });
        }
        if digits[RANDOM..] != check(&digits[..RANDOM]) {
            return Err(Error::KeyMistyped);
        }
        Ok(Self::from_digits(&digits[..RANDOM]))
    }

    /// The canonical spelling: what the recovery kit shows and restic takes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The canonical spelling, to be kept in a keychain.
    pub fn as_secret(&self) -> &SecretString {
        &self.0
    }

    fn from_digits(random: &[u8]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + RANDOM_GROUPS));
        for (index, digit) in random.iter().chain(&check(random)).enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*digit)]));
        }
        Self(SecretString::from(text.as_str()))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// The check group: the first 25 bits of the SHA-256 of the digits.
fn check(random: &[u8]) -> [u8; GROUP] {
    let hash = Sha256::digest(random);
    let bits = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    [27, 22, 17, 12, 7].map(|shift| ((bits >> shift) & 31) as u8)
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn digit(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|c| char::from(*c) == character)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_have_eight_groups_and_parse() {
        let key = VaultKey::generate();
        let text = key.expose();
        assert_eq!(text.len(), LENGTH + RANDOM_GROUPS);
        assert!(text.split('-').all(|group| group.len() == GROUP));
        assert_eq!(VaultKey::parse(text).unwrap().expose(), text);
        assert_ne!(text, VaultKey::generate().expose());
    }

    #[test]
    fn parsing_forgives_case_spaces_dashes_and_look_alikes() {
        let key = VaultKey::generate();
        let text = key.expose();
        let spaced = text.to_lowercase().replace('-', "  ");
        assert_eq!(VaultKey::parse(&spaced).unwrap().expose(), text);
        let alike = text.replace('0', "o").replace('1', "l").replace('-', "–");
        assert_eq!(VaultKey::parse(&alike).unwrap().expose(), text);
    }

    #[test]
    fn every_single_mistyped_character_is_found() {
        let key = VaultKey::generate();
        let text: Vec<char> = key.expose().chars().collect();
        for place in (0..text.len()).filter(|place| text[*place] != '-') {
            let mut typed = text.clone();
            typed[place] = if typed[place] == 'A' { 'B' } else { 'A' };
            let typed: String = typed.into_iter().collect();
            assert!(matches!(VaultKey::parse(&typed), Err(Error::KeyMistyped)));
        }
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        assert!(matches!(VaultKey::parse(" - "), Err(Error::KeyEmpty)));
        assert!(matches!(
            VaultKey::parse("ABC"),
            Err(Error::KeyLength {
                expected: 40,
                found: 3
            })
        ));
        assert!(matches!(
            VaultKey::parse("AB?"),
            Err(Error::KeyCharacter {
                character: '?',
                position: 3
            })
        ));
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = VaultKey::generate();
        assert!(!format!("{key:?}").contains(&key.expose()[..5]));
    }
}

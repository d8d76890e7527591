//! Bytes as text and back, losing nothing.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How bytes are read as text. Either way every byte sequence it was chosen for comes back exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// ISO 8859-1: each byte is the character of the same number, so this never fails.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// A character that the encoding does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{character}` is not a character of ISO 8859-1")]
pub struct NotLatin1 {
    /// The first such character.
    pub character: char,
}

impl Encoding {
    /// UTF-8 where the bytes are valid UTF-8, else ISO 8859-1. X12 declares no character set, so this is its rule.
    pub fn of(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() {
            Self::Utf8
        } else {
            Self::Latin1
        }
    }

    /// Bytes as text. A part of a text cut out at separators decodes like the whole, because separators are ASCII.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, Ok(text)) => Cow::Borrowed(text),
            (Self::Latin1, Ok(text)) if bytes.is_ascii() => Cow::Borrowed(text),
            (Self::Latin1 | Self::Utf8, _) => {
                Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())
            }
        }
    }

    /// Text as bytes.
    ///
    /// # Errors
    /// [`NotLatin1`] when the encoding is ISO 8859-1 and a character is not of it.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, NotLatin1> {
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Latin1 => text
                .chars()
                .map(|character| u8::try_from(u32::from(character)).map_err(|_| NotLatin1 { character }))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_sequence_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [&b"plain"[..], "Müller".as_bytes(), b"M\xfcller", &all] {
            let encoding = Encoding::of(bytes);
            assert_eq!(encoding.encode(&encoding.decode(bytes)).unwrap(), bytes);
        }
        assert_eq!(Encoding::Latin1.decode(b"M\xfcller"), "Müller");
        assert_eq!(Encoding::Latin1.encode("5 €"), Err(NotLatin1 { character: '€' }));
    }
}

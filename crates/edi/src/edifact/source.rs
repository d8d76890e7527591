//! The bytes of an EDIFACT message as text, by the character set that its UNB declares.

use std::borrow::Cow;

use edifact_rs::{EdifactError, sniff_charset};

use crate::text::Encoding;

/// The character sets we take part in. The other parts of ISO 8859 are refused with "level not supported".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Charset {
    /// Level A: capital letters, digits, some punctuation.
    #[serde(rename = "UNOA")]
    A,
    /// Level B: small letters too.
    #[serde(rename = "UNOB")]
    B,
    /// ISO 8859-1.
    #[serde(rename = "UNOC")]
    C,
    /// UTF-8.
    #[serde(rename = "UNOY")]
    Y,
}

impl Charset {
    /// As UNB says it.
    pub fn identifier(self) -> &'static str {
        self.library().syntax_identifier()
    }

    pub(crate) fn library(self) -> edifact_rs::Charset {
        match self {
            Self::A => edifact_rs::Charset::UnoA,
            Self::B => edifact_rs::Charset::UnoB,
            Self::C => edifact_rs::Charset::UnoC,
            Self::Y => edifact_rs::Charset::UnoY,
        }
    }

    /// Whether a character that came in may be there.
    ///
    /// More lenient than the standard at levels A and B: a small letter or an `@` in UNOA can be read as what it is,
    /// and partners send them. A byte that means nothing in the declared set, or a control character, can not.
    pub fn takes(self, character: char) -> bool {
        match self {
            Self::A | Self::B => (' '..='~').contains(&character),
            Self::C => !character.is_control() && u32::from(character) <= 0xff,
            Self::Y => !character.is_control(),
        }
    }
}

/// Bytes that are no EDIFACT interchange: there is nobody to send a CONTRL to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// It begins with something else.
    #[error("the message begins with neither UNA nor UNB")]
    NotAnInterchange,
    /// UNA declares characters that cannot be told apart.
    #[error("UNA declares service characters that cannot be told apart from each other or from data")]
    ServiceCharacters,
    /// The UNB segment cannot be read.
    #[error("the UNB segment cannot be read")]
    Header,
}

/// A message as text.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
    start: usize,
    text: Cow<'a, str>,
    encoding: Encoding,
    charset: Option<Charset>,
}

impl<'a> Source<'a> {
    /// Decodes a message. White space and a byte order mark before it are passed over.
    ///
    /// # Errors
    /// [`Unreadable`] when it does not begin with UNA or UNB.
    pub fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let start = start_of(bytes).ok_or(Unreadable::Empty)?;
        let body = &bytes[start..];
        if !body.starts_with(b"UNA") && !body.starts_with(b"UNB") {
            return Err(Unreadable::NotAnInterchange);
        }
        let charset = match sniff_charset(body) {
            Ok(Some(edifact_rs::Charset::UnoA)) => Some(Charset::A),
            Ok(Some(edifact_rs::Charset::UnoB)) => Some(Charset::B),
            Ok(Some(edifact_rs::Charset::UnoC)) => Some(Charset::C),
            Ok(Some(edifact_rs::Charset::UnoY)) => Some(Charset::Y),
            Ok(None) => return Err(Unreadable::Header),
            Err(EdifactError::InvalidUna) => return Err(Unreadable::ServiceCharacters),
            // What it names is answered with "not supported"; until then it is read byte for byte.
            Ok(Some(_)) | Err(_) => None,
        };
        let encoding = match charset {
            Some(Charset::Y) if std::str::from_utf8(body).is_ok() => Encoding::Utf8,
            Some(Charset::A | Charset::B | Charset::C | Charset::Y) | None => Encoding::Latin1,
        };
        Ok(Self {
            bytes,
            start,
            text: encoding.decode(body),
            encoding,
            charset,
        })
    }

    /// The text, from UNA or UNB on.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How the text was made from the bytes.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The declared character set, if we know it.
    pub fn charset(&self) -> Option<Charset> {
        self.charset
    }

    /// Whether UTF-8 was declared and the bytes are none.
    pub fn is_broken(&self) -> bool {
        self.charset == Some(Charset::Y) && self.encoding == Encoding::Latin1
    }

    /// What stood before the interchange.
    pub fn before(&self) -> &'a [u8] {
        &self.bytes[..self.start]
    }

    /// How many bytes of the message a part of the text from its beginning was made from.
    pub fn bytes_of(&self, text_length: usize) -> usize {
        match (self.encoding, self.text.get(..text_length)) {
            (Encoding::Latin1, Some(text)) => self.start + text.chars().count(),
            (Encoding::Utf8, _) | (Encoding::Latin1, None) => self.start + text_length,
        }
    }
}

fn start_of(bytes: &[u8]) -> Option<usize> {
    let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let white = bytes[mark..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())?;
    Some(mark + white)
}

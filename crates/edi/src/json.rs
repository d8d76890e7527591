//! An interchange as JSON that people and programs can read, and back to the identical bytes.
//!
//! ```json
//! { "format": "plimsoll-edi/1", "standard": "x12", "encoding": "utf-8",
//!   "delimiters": { "element": "*", "component": ">", "terminator": "~" }, "line_end": "\n",
//!   "segments": [ { "tag": "ISA", "elements": ["00", "…"] },
//!                 { "tag": "PO1", "elements": ["1", "3", "EA", "12.50", "", "VP", "TST-0001"] },
//!                 { "tag": "SV1", "elements": [["HC", "99213"], "40"] } ] }
//! ```
//!
//! A simple element is a string, a composite a list of strings, a repeated element a list of lists.
//! What an element list cannot express (an EDIFACT segment with needless release characters, one that cannot be read,
//! bytes after the last terminator) stands beside it as `raw` or `tail`, and only then.
//! Faulty interchanges are converted like good ones: JSON is how a person looks at what a partner sent.

mod from_edifact;
mod from_x12;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{edifact, limits::Limits, text::Encoding, words::Standard, x12};

/// Elements of one document: in memory each takes some thirty bytes however short it is.
const ELEMENTS_MAX: usize = 1_000_000;

/// An interchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The form of this JSON.
    pub format: Format,
    /// X12 or EDIFACT.
    pub standard: Standard,
    /// How bytes and text correspond.
    pub encoding: Encoding,
    /// What separates.
    pub delimiters: Delimiters,
    /// White space before the interchange.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// What follows most terminators, usually nothing or a line end.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line_end: String,
    /// All segments, those of the envelope too; a UNA is the first of them.
    pub segments: Vec<Segment>,
    /// What follows the last terminator of an interchange that was cut.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
}

/// The form of the JSON; there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// The first.
    #[serde(rename = "plimsoll-edi/1")]
    One,
}

/// What separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delimiters {
    /// Elements.
    pub element: char,
    /// Components.
    pub component: char,
    /// Repetitions, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<char>,
    /// What takes the meaning from a separator; EDIFACT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<char>,
    /// Segments.
    pub terminator: char,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its tag; empty when the segment cannot be read.
    pub tag: String,
    /// Its elements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element>,
    /// Its text with the terminator, where the elements do not lead back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// What follows it, where that is not `line_end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Element {
    /// One value.
    Simple(String),
    /// Several components.
    Composite(Vec<String>),
    /// Several repetitions, each with its components.
    Repeated(Vec<Vec<String>>),
}

/// Why there is no JSON, or no way back from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not X12.
    #[error(transparent)]
    X12(#[from] x12::Unreadable),
    /// Not EDIFACT.
    #[error(transparent)]
    Edifact(#[from] edifact::Unreadable),
    /// Too much.
    #[error("the interchange exceeds a limit")]
    Limit,
    /// Something follows.
    #[error("another interchange or something else follows at byte {at}")]
    MoreFollows {
        /// Where.
        at: usize,
    },
    /// A character that the encoding does not have.
    #[error(transparent)]
    Encoding(#[from] crate::text::NotLatin1),
    /// A separator that is none.
    #[error("the delimiters cannot be told apart, or are no ASCII characters")]
    Delimiters,
    /// The JSON says two things, or what it says reads back as something else.
    #[error("the JSON is inconsistent: written and read again it is another document")]
    Inconsistent,
}

impl Document {
    /// Converts a message that consists of one interchange, with white space around it at most.
    ///
    /// # Errors
    /// [`Error`] when it has no header that could be read, exceeds a limit, or more follows.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let start = bytes
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
            .unwrap_or(0);
        if bytes[start..].starts_with(b"ISA") {
            from_x12::read(bytes, limits)
        } else {
            from_edifact::read(bytes, limits)
        }
    }

    /// The bytes it was made from.
    ///
    /// # Errors
    /// [`Error`] when the JSON was changed such that it is not what its own bytes would be converted to.
    pub fn to_bytes(&self, limits: &Limits) -> Result<Vec<u8>, Error> {
        if !self.delimiters.are_usable() {
            return Err(Error::Delimiters);
        }
        let mut text = self.before.clone();
        for (index, segment) in self.segments.iter().enumerate() {
            match &segment.raw {
                Some(raw) => text.push_str(raw),
                None => segment.write(&mut text, &self.delimiters, self.standard),
            }
            let is_last = index + 1 == self.segments.len();
            text.push_str(
                segment
                    .after
                    .as_deref()
                    .unwrap_or(if is_last { "" } else { &self.line_end }),
            );
        }
        text.push_str(&self.tail);
        let bytes = self.encoding.encode(&text)?;
        if Self::from_bytes(&bytes, limits).as_ref() == Ok(self) {
            Ok(bytes)
        } else {
            Err(Error::Inconsistent)
        }
    }

    /// Takes the line end that comes most often out of the segments.
    fn settle_line_end(&mut self) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let inner = self.segments.len().saturating_sub(1);
        for segment in &self.segments[..inner] {
            *counts
                .entry(segment.after.as_deref().unwrap_or_default())
                .or_default() += 1;
        }
        let most = counts
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(text, _)| (*text).to_owned());
        self.line_end = most.unwrap_or_default();
        for (index, segment) in self.segments.iter_mut().enumerate() {
            let expected = if index == inner {
                ""
            } else {
                self.line_end.as_str()
            };
            if segment.after.as_deref() == Some(expected) {
                segment.after = None;
            }
        }
    }
}

impl Delimiters {
    fn are_usable(&self) -> bool {
        let used = [
            Some(self.element),
            Some(self.component),
            Some(self.terminator),
            self.repetition,
            self.release,
        ];
        let used: Vec<char> = used.into_iter().flatten().collect();
        let distinct: std::collections::BTreeSet<char> = used.iter().copied().collect();
        distinct.len() == used.len() && used.iter().all(char::is_ascii)
    }

    fn contains(&self, character: char) -> bool {
        let some = [self.repetition, self.release];
        [self.element, self.component, self.terminator].contains(&character)
            || some.contains(&Some(character))
    }
}

impl Segment {
    fn write(&self, text: &mut String, delimiters: &Delimiters, standard: Standard) {
        text.push_str(&self.tag);
        for element in &self.elements {
            text.push(delimiters.element);
            match element {
                Element::Simple(value) if standard == Standard::X12 => text.push_str(value),
                Element::Simple(value) => push_value(text, value, delimiters),
                Element::Composite(components) => push_components(text, components, delimiters),
                Element::Repeated(repetitions) => {
                    for (index, components) in repetitions.iter().enumerate() {
                        if index > 0 {
                            text.extend(delimiters.repetition);
                        }
                        push_components(text, components, delimiters);
                    }
                }
            }
        }
        text.push(delimiters.terminator);
    }
}

fn push_components(text: &mut String, components: &[String], delimiters: &Delimiters) {
    for (index, component) in components.iter().enumerate() {
        if index > 0 {
            text.push(delimiters.component);
        }
        push_value(text, component, delimiters);
    }
}

fn push_value(text: &mut String, value: &str, delimiters: &Delimiters) {
    for character in value.chars() {
        if delimiters.contains(character) {
            text.extend(delimiters.release);
        }
        text.push(character);
    }
}

impl Element {
    /// In the simplest shape that says it.
    fn of(mut repetitions: Vec<Vec<String>>) -> Self {
        if repetitions.len() != 1 {
            return Self::Repeated(repetitions);
        }
        let mut components = repetitions.remove(0);
        if components.len() == 1 {
            Self::Simple(components.remove(0))
        } else {
            Self::Composite(components)
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Simple(_) => 1,
            Self::Composite(components) => components.len(),
            Self::Repeated(repetitions) => repetitions.iter().map(Vec::len).sum(),
        }
    }
}

fn check_nothing_follows(bytes: &[u8], end: usize) -> Result<(), Error> {
    match bytes[end.min(bytes.len())..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
    {
        Some(offset) => Err(Error::MoreFollows { at: end + offset }),
        None => Ok(()),
    }
}

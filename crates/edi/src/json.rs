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

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    edifact::{self, ServiceStringAdvice},
    limits::Limits,
    text::Encoding,
    words::Standard,
    x12,
};

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
            from_x12(bytes, limits)
        } else {
            from_edifact(bytes, limits)
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

fn from_x12(bytes: &[u8], limits: &Limits) -> Result<Document, Error> {
    let tokens = x12::Tokens::read(bytes, limits)?;
    let whole = match tokens.stopped() {
        Some(x12::Stopped::Limit(_)) => return Err(Error::Limit),
        Some(x12::Stopped::AnotherHeader) => {
            return Err(Error::MoreFollows {
                at: tokens.range().end,
            });
        }
        Some(x12::Stopped::EndOfFile) => None,
        None => Some(tokens.range().end),
    };
    if let Some(end) = whole {
        check_nothing_follows(bytes, end)?;
    }
    let encoding = Encoding::of(bytes);
    let text = |range: std::ops::Range<usize>| encoding.decode(&bytes[range]).into_owned();
    let delimiters = tokens.delimiters();
    let mut document = Document {
        format: Format::One,
        standard: Standard::X12,
        encoding,
        delimiters: Delimiters {
            element: char::from(delimiters.element),
            component: char::from(delimiters.component),
            repetition: delimiters.repetition.map(char::from),
            release: None,
            terminator: char::from(delimiters.terminator),
        },
        before: text(0..tokens.range().start),
        line_end: String::new(),
        segments: Vec::new(),
        tail: String::new(),
    };
    let mut count = 0_usize;
    let mut end = tokens.range().start;
    for (index, segment) in tokens.segments().enumerate() {
        let place = tokens.place(index).unwrap_or(end..end);
        if let Some(before) = document.segments.last_mut() {
            before.after = Some(text(end..place.start));
        }
        end = place.end + 1;
        let elements: Vec<Element> = segment
            .elements()
            .map(|element| match index {
                // The ISA contains the delimiters themselves.
                0 => Element::Simple(encoding.decode(element).into_owned()),
                _ => x12_element(segment, element, encoding),
            })
            .collect();
        count += elements.iter().map(Element::count).sum::<usize>();
        if count > ELEMENTS_MAX {
            return Err(Error::Limit);
        }
        let tag = encoding.decode(segment.tag()).into_owned();
        document.segments.push(Segment {
            tag,
            elements,
            raw: None,
            after: None,
        });
    }
    let rest = text(end.min(bytes.len())..bytes.len());
    match document.segments.last_mut() {
        Some(last) if whole.is_some() => last.after = Some(rest),
        Some(_) | None => document.tail = rest,
    }
    document.settle_line_end();
    Ok(document)
}

fn x12_element(segment: x12::Segment<'_>, element: &[u8], encoding: Encoding) -> Element {
    let repetitions: Vec<Vec<String>> = segment
        .repetitions_of(element)
        .map(|repetition| {
            let components = segment.components_of(repetition);
            components
                .map(|component| encoding.decode(component).into_owned())
                .collect()
        })
        .collect();
    Element::of(repetitions)
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

fn from_edifact(bytes: &[u8], limits: &Limits) -> Result<Document, Error> {
    let source = edifact::Source::of(bytes)?;
    let profile = edifact::Profile {
        limits: *limits,
        ..edifact::Profile::everything()
    };
    let interchange = edifact::read(&source, &profile)?;
    let is_limit = |fault: &edifact::InterchangeFault| matches!(fault, edifact::InterchangeFault::Limit(_));
    if interchange.faults.iter().any(|found| is_limit(&found.fault)) {
        return Err(Error::Limit);
    }
    let (text, advice, encoding) = (source.text(), interchange.service_characters(), source.encoding());
    let ends = interchange
        .places
        .last()
        .is_some_and(|place| &place.tag == b"UNZ");
    if ends {
        check_nothing_follows(bytes, source.bytes_of(interchange.text().len()))?;
    } else if interchange.text().len() < text.len() {
        return Err(Error::MoreFollows {
            at: source.bytes_of(interchange.text().len()),
        });
    }
    let delimiters = delimiters_of(advice);
    let mut document = Document {
        format: Format::One,
        standard: Standard::Edifact,
        encoding,
        delimiters,
        before: Encoding::Latin1.decode(source.before()).into_owned(),
        line_end: String::new(),
        segments: Vec::new(),
        tail: String::new(),
    };
    if encoding == Encoding::Utf8 {
        document.before = Encoding::of(source.before()).decode(source.before()).into_owned();
    }
    let mut end = 0;
    if text.starts_with("UNA") {
        end = 9.min(text.len());
        let raw = Some(text[..end].to_owned());
        document.segments.push(Segment {
            tag: "UNA".to_owned(),
            elements: Vec::new(),
            raw,
            after: None,
        });
    }
    let mut count = 0_usize;
    for (index, place) in interchange.places.iter().enumerate() {
        let (from, to) = (place.start as usize, place.end as usize);
        if let Some(before) = document.segments.last_mut() {
            before.after = Some(text.get(end..from).unwrap_or_default().to_owned());
        }
        end = to;
        let raw = text.get(from..to).unwrap_or_default();
        let mut segment = match interchange.segment(index) {
            Some(segment) => edifact_segment(&segment),
            None => Segment {
                tag: String::new(),
                elements: Vec::new(),
                raw: None,
                after: None,
            },
        };
        count += segment.elements.iter().map(Element::count).sum::<usize>();
        if count > ELEMENTS_MAX {
            return Err(Error::Limit);
        }
        let mut written = String::new();
        segment.write(&mut written, &delimiters, Standard::Edifact);
        if written != raw {
            segment.raw = Some(raw.to_owned());
        }
        document.segments.push(segment);
    }
    let rest = text.get(end..).unwrap_or_default().to_owned();
    match document.segments.last_mut() {
        Some(last) if ends => last.after = Some(rest),
        Some(_) | None => document.tail = rest,
    }
    document.settle_line_end();
    Ok(document)
}

fn delimiters_of(advice: ServiceStringAdvice) -> Delimiters {
    Delimiters {
        element: char::from(advice.element_sep),
        component: char::from(advice.component_sep),
        repetition: advice
            .is_repetition_active()
            .then_some(char::from(advice.repetition_sep)),
        release: Some(char::from(advice.release_char)),
        terminator: char::from(advice.segment_term),
    }
}

fn edifact_segment(segment: &edifact::Segment<'_>) -> Segment {
    let elements = segment.elements.iter().map(|element| {
        let repetitions = element.repetitions();
        let texts =
            repetitions.map(|components| components.iter().map(|(text, _)| text.to_string()).collect());
        Element::of(texts.collect())
    });
    Segment {
        tag: segment.tag().to_owned(),
        elements: elements.collect(),
        raw: None,
        after: None,
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

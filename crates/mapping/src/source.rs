//! A document as paths see it: a list of segments, or JSON.

use std::borrow::Cow;

use edi::{edifact, x12};
use serde_json::Value;

use crate::{code::Code, error::MapError, file::Document};

/// How qualifier and code go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    X12,
    Edifact,
}

/// A segment in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub tag: String,
    /// Position in the document, its header being 1.
    pub position: usize,
    /// Elements with their components; of a repeated element the first.
    pub elements: Vec<Vec<String>>,
}

impl Segment {
    /// A component, both counted from one; empty where there is none.
    pub fn text(&self, element: usize, component: usize) -> &str {
        let components = element.checked_sub(1).and_then(|index| self.elements.get(index));
        let text = components.and_then(|components| components.get(component.checked_sub(1)?));
        text.map_or("", String::as_str)
    }
}

/// One document: a transaction set, a message, or a JSON value.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) document: Document,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Segments(Shape, Vec<Segment>),
    Json(Value),
}

impl Source {
    /// A transaction set of X12. The documents that are known as such are checked as such too: control totals, check
    /// digits of product codes, purposes.
    ///
    /// # Errors
    /// [`MapError`] when the document contradicts itself.
    pub fn of_x12(interchange: &x12::Interchange<'_>, set: &x12::Set) -> Result<Self, MapError> {
        let check = match set.id.as_str() {
            "850" => edi::documents::read_850(interchange, set).map(drop),
            "940" => edi::documents::read_940(interchange, set).map(drop),
            _ => Ok(()),
        };
        check.map_err(|error| refused(&set.id, &error))?;
        let segments = interchange
            .segments_of(set)
            .enumerate()
            .map(|(index, segment)| Segment {
                tag: String::from_utf8_lossy(segment.tag()).into_owned(),
                position: index + 1,
                elements: segment
                    .elements()
                    .map(|element| x12_components(segment, element))
                    .collect(),
            });
        Ok(Self {
            document: Document::X12(set.id.clone()),
            body: Body::Segments(Shape::X12, segments.collect()),
        })
    }

    /// A message of EDIFACT.
    ///
    /// # Errors
    /// [`MapError`] when the document contradicts itself.
    pub fn of_edifact(
        interchange: &edifact::Interchange<'_>,
        message: &edifact::Message,
    ) -> Result<Self, MapError> {
        if message.kind == "ORDERS" {
            edi::documents::read_orders(interchange, message)
                .map_err(|error| refused(&message.kind, &error))?;
        }
        let segments = interchange
            .segments_of(message)
            .enumerate()
            .map(|(index, segment)| Segment {
                tag: segment.tag().to_owned(),
                position: index + 1,
                elements: edifact_elements(&segment),
            });
        Ok(Self {
            document: Document::Edifact(message.kind.clone()),
            body: Body::Segments(Shape::Edifact, segments.collect()),
        })
    }

    /// A JSON value; `name` is what mappings call such documents.
    pub fn of_json(name: impl Into<String>, value: Value) -> Self {
        Self {
            document: Document::Json(name.into()),
            body: Body::Json(value),
        }
    }

    /// What an event of the ERP's outbox tells.
    pub fn of_event(kind: impl Into<String>, payload: Value) -> Self {
        Self {
            document: Document::Event(kind.into()),
            body: Body::Json(payload),
        }
    }

    /// What kind of document it is.
    pub fn document(&self) -> &Document {
        &self.document
    }
}

fn refused(kind: &str, error: &edi::documents::Error) -> MapError {
    MapError::new(Code::Document, "", kind, error.to_string())
}

fn x12_components(segment: x12::Segment<'_>, element: &[u8]) -> Vec<String> {
    let first = segment.repetitions_of(element).next().unwrap_or(element);
    let components = segment.components_of(first);
    components.map(|bytes| text_of(bytes).into_owned()).collect()
}

/// The reader of X12 decides about characters for the whole interchange; a part decodes the same way.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = edi::text::Encoding::of(bytes);
    match encoding.decode(bytes) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end()),
        Cow::Owned(text) => Cow::Owned(text.trim_end().to_owned()),
    }
}

fn edifact_elements(segment: &edifact::Segment<'_>) -> Vec<Vec<String>> {
    let elements = segment.elements.iter().map(|element| {
        let first = element.repetitions().next();
        first.map_or_else(Vec::new, |components| {
            components
                .iter()
                .map(|(text, _)| text.trim().to_owned())
                .collect()
        })
    });
    elements.collect()
}

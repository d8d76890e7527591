//! How each type of value is read and described.
//!
//! One trait does both, so that what the JSON Schema promises is what the reader accepts.

mod choices;
mod collections;
mod names;
mod net;
mod numbers;
mod tagged;
mod text;
mod time;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use crate::{
    SourceSpan, code,
    node::{Node, Value},
    problems::{Problems, clip, wrong_type},
};

pub(crate) use collections::{List, OrNever, Pairs};
pub(crate) use net::{Domain, Endpoint, Mail};
pub(crate) use numbers::{Count, TlsNumber, Whole};
pub(crate) use tagged::{Tag, tag_of, tagged};
pub(crate) use text::{
    CertificateFingerprint, Digest, DirectoryPath, EdiAddressText, EdiDestination, Ending, HeaderName,
    HostKey, Key, Line, Pointer, PolicyCode, TemplateText, pointer,
};
pub(crate) use time::{Days, TimeZoneName};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) span: SourceSpan,
}

/// What became of a key.
#[derive(Clone, Debug)]
pub(crate) enum Given<T> {
    /// Left out.
    Absent,
    /// There, perhaps misspelt, but not to be made sense of; that was reported.
    Broken,
    /// Read.
    Read(Located<T>),
}

impl<T> Given<T> {
    pub(crate) const fn as_ref(&self) -> Option<&Located<T>> {
        match self {
            Self::Read(located) => Some(located),
            Self::Absent | Self::Broken => None,
        }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, where it could be read.
    pub(crate) fn get(&self) -> Option<&T> {
        self.as_ref().map(|located| &located.value)
    }

    /// Where it was written.
    pub(crate) fn span(&self) -> Option<SourceSpan> {
        self.as_ref().map(|located| located.span)
    }
}

impl<T: Clone> Given<T> {
    /// A copy of the value, where it could be read.
    pub(crate) fn value(&self) -> Option<T> {
        self.get().cloned()
    }

    /// A copy of the value, or this.
    pub(crate) fn or(&self, default: T) -> T {
        self.value().unwrap_or(default)
    }
}

/// A type of value in an estate file.
pub(crate) trait Field: Sized {
    /// Reads a value; complains when there is none to be had.
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self>;

    /// Describes the type for editors.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// What one might write.
    fn example() -> Option<&'static str> {
        None
    }
}

/// Text, or a complaint that something else was expected.
pub(crate) fn text_of<'n>(node: &'n Node, expected: &str, problems: &mut Problems<'_>) -> Option<&'n str> {
    if let Value::Text(text) = &node.value {
        return Some(text);
    }
    wrong_type(node, expected, problems);
    None
}

/// A value with a text form of its own.
fn parsed<T: std::str::FromStr>(node: &Node, expected: &str, problems: &mut Problems<'_>) -> Option<T> {
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Whole(number) => number.to_string(),
        _ => {
            wrong_type(node, expected, problems);
            return None;
        }
    };
    let value = text.parse().ok();
    if value.is_none() {
        problems
            .error(
                code::BAD_VALUE,
                node.span,
                format!("`{}` is not {expected}", clip(&text)),
            )
            .maybe_help((text == "0").then(|| "give zero a unit too: `0s`".to_owned()))
            .done();
    }
    value
}

/// Text that `check` makes a value of, or a complaint with `help`.
fn checked<T>(
    node: &Node,
    expected: &str,
    help: &str,
    problems: &mut Problems<'_>,
    check: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = text_of(node, expected, problems)?;
    let value = check(text);
    if value.is_none() {
        problems
            .error(
                code::BAD_VALUE,
                node.span,
                format!("`{}` is not {expected}", clip(text)),
            )
            .help(help)
            .done();
    }
    value
}

/// A schema for an object with these properties.
pub(crate) fn object_schema(
    description: &str,
    properties: Vec<(&'static str, bool, Schema, &str)>,
) -> Schema {
    let required: Vec<&str> = properties
        .iter()
        .filter(|(_, need, ..)| *need)
        .map(|(key, ..)| *key)
        .collect();
    let mut map = serde_json::Map::new();
    for (key, _, mut schema, doc) in properties {
        schema.insert("description".to_owned(), Json::String(doc.trim().to_owned()));
        map.insert(key.to_owned(), schema.into());
    }
    json_schema!({
        "type": "object",
        "description": description.trim(),
        "additionalProperties": false,
        "required": required,
        "properties": map,
    })
}

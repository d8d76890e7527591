//! How each type of value is read and described.
//!
//! One trait does both, so that what the JSON Schema promises is what the reader accepts.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;
use types::settings::{Authority, Probe};
use types::{ByteSize, Span};

use crate::{
    SourceSpan, code,
    model::RegionRole,
    node::{Node, Value},
    problems::{Problems, clip, did_you_mean, list, wrong_type},
};

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

impl<T: Field> Field for Vec<Located<T>> {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            wrong_type(node, "a list (each item on its own line, after `- `)", problems);
            return None;
        };
        let read = |item: &Node| {
            T::read(item, problems).map(|value| Located {
                value,
                span: item.span,
            })
        };
        let read: Vec<_> = items.iter().map(read).collect();
        // A list that lacks some of its items would give rise to wrong conclusions, such as "there is no tier x".
        read.into_iter().collect()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

/// Free text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) String);

/// The longest free text.
const LINE_CHARS_MAX: usize = 200;

impl Field for Line {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "text", problems)?;
        let plain = |c: char| !c.is_control();
        if text.is_empty() || text.chars().count() > LINE_CHARS_MAX || !text.chars().all(plain) {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    "this text is empty, too long or has control characters",
                )
                .help(format!("write one line of 1 to {LINE_CHARS_MAX} characters"))
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": LINE_CHARS_MAX })
    }
}

impl Field for u16 {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        const ALLOWED: std::ops::RangeInclusive<u64> = 1..=64;
        match &node.value {
            Value::Whole(number) if ALLOWED.contains(number) => Self::try_from(*number).ok(),
            Value::Whole(_) | Value::Number => {
                let written = clip(problems.written(node.span));
                problems
                    .error(
                        code::BAD_VALUE,
                        node.span,
                        format!("`{written}` is outside of 1 to 64"),
                    )
                    .done();
                None
            }
            _ => {
                wrong_type(node, "a whole number from 1 to 64", problems);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 64 })
    }

    fn example() -> Option<&'static str> {
        Some("2")
    }
}

impl Field for Span {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        parsed(node, "a length of time such as `10s`, `15m` or `4h`", problems)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", "minLength": 2 })
    }

    fn example() -> Option<&'static str> {
        Some("15m")
    }
}

impl Field for ByteSize {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        parsed(node, "a size such as `512KiB` or `1MiB`", problems)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB|TiB)?$" })
    }

    fn example() -> Option<&'static str> {
        Some("1MiB")
    }
}

macro_rules! name_fields {
    ($($name:ident: $example:literal),* $(,)?) => {$(
        impl Field for types::$name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let text = text_of(node, "a name", problems)?;
                let made = Self::new(text).ok();
                if made.is_none() {
                    problems
                        .error(code::BAD_NAME, node.span, format!("`{}` cannot be a name", clip(text)))
                        .help(name_help(text))
                        .done();
                }
                made
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 63 })
            }

            fn example() -> Option<&'static str> {
                Some($example)
            }
        }
    )*};
}

name_fields! {
    EstateName: "acme",
    RegionName: "westeurope",
    TenantName: "distributor",
    CapabilityName: "order-capture",
    TierName: "critical",
    IntegrationName: "acme-edi",
    PartnerName: "acme",
    SiteName: "warehouse-north",
}

/// The rule, and the nearest name that keeps it.
fn name_help(text: &str) -> String {
    let rule = "use 1 to 63 lowercase letters, digits and single hyphens, starting with a letter";
    let lower = clip(text).to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let near = words.join("-");
    match types::SiteName::new(near) {
        Ok(near) => format!("{rule}, for instance `{near}`"),
        Err(_) => rule.to_owned(),
    }
}

/// An enum whose values are words.
macro_rules! word_fields {
    ($($type:ty { $($word:literal = $value:expr),* $(,)? })*) => {$(
        impl Field for $type {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                const WORDS: &[&str] = &[$($word),*];
                let text = text_of(node, &format!("one of {}", list(WORDS)), problems)?;
                match text {
                    $($word => Some($value),)*
                    _ => {
                        not_a_word(node, text, WORDS, problems);
                        None
                    }
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": [$($word),*] })
            }

            fn example() -> Option<&'static str> {
                [$($word),*].first().copied()
            }
        }
    )*};
}

word_fields! {
    RegionRole { "active" = RegionRole::Active, "standby" = RegionRole::Standby }
    Authority {
        "automatic" = Authority::Automatic,
        "one-person" = Authority::OnePerson,
        "two-people" = Authority::TwoPeople,
    }
    Probe {
        "order-capture" = Probe::OrderCapture,
        "shipment-confirmation" = Probe::ShipmentConfirmation,
        "invoicing" = Probe::Invoicing,
        "web-login" = Probe::WebLogin,
    }
}

fn not_a_word(node: &Node, text: &str, words: &[&str], problems: &mut Problems<'_>) {
    let guess =
        did_you_mean(text, words.iter().copied()).map_or_else(String::new, |guess| format!("; {guess}"));
    problems
        .error(
            code::BAD_VALUE,
            node.span,
            format!("`{}` is not allowed here", clip(text)),
        )
        .help(format!("use one of {}{guess}", list(words)))
        .done();
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

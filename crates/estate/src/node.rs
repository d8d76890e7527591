//! YAML as a tree that remembers where everything was written.
//!
//! serde stops at the first thing it does not like. So the text is first read into this tree, which likes everything,
//! and the typed reading walks the tree and collects complaints.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    Location, Spanned,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use crate::{SOURCE_BYTES_MAX, code, diagnostic::SourceSpan, problems::Problems};

/// An estate nests eleven deep; more is either a mistake or an attack.
const DEPTH_MAX: usize = 24;
/// Nodes in one file, aliases expanded or not: ten thousand tenants, all of which say everything, have half of that.
const NODES_MAX: usize = 1_000_000;
/// What the parser reports of them: at most begin, end and an alias for each.
const EVENTS_MAX: usize = 3 * NODES_MAX;
/// What all aliases together may expand to.
const ALIAS_EVENTS_MAX: usize = 20_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: SourceSpan,
    pub(crate) value: Value,
}

/// A value of any type.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Whole(u64),
    /// Any other number; a field that takes one reads it as it was written.
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// The type in words, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Whole(_) | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads YAML; complains and returns nothing when it is none, or too much of it.
pub(crate) fn parse(text: &str, problems: &mut Problems<'_>) -> Option<Node> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!(
            "the file is {} bytes long, more than the {SOURCE_BYTES_MAX} allowed",
            text.len()
        );
        problems
            .error(code::LIMIT, problems.span_at(0, 0), message)
            .done();
        return None;
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: EVENTS_MAX,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: ALIAS_EVENTS_MAX,
            max_replay_stack_depth: DEPTH_MAX,
        },
        // "Last wins" hands every pair to our visitor, which reports the duplicates with both places.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        emit_comments: false,
        // As text, so that it is refused where a field does not take it, with all the others.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Some(place(raw, problems)),
        Err(error) => {
            refuse(&error, problems);
            None
        }
    }
}

fn refuse(error: &serde_saphyr::Error, problems: &mut Problems<'_>) {
    let span = error
        .location()
        .map_or_else(|| problems.span_at(0, 0), |location| problems.place_of(&location));
    if let serde_saphyr::Error::MultipleDocuments { .. } = error.without_snippet() {
        problems
            .error(code::SYNTAX, span, "a second document begins here")
            .help("keep one estate in one file, without `---` in the middle")
            .done();
    } else if is_limit(error) {
        problems
            .error(
                code::LIMIT,
                span,
                "the file nests too deeply, has too many parts, or its aliases expand to too much",
            )
            .here(brief(error))
            .help("write it out plainly: no deep nesting, few anchors and aliases")
            .done();
    } else {
        problems
            .error(code::SYNTAX, span, format!("this is not YAML: {}", brief(error)))
            .done();
    }
}

fn is_limit(error: &serde_saphyr::Error) -> bool {
    use serde_saphyr::Error as E;
    matches!(
        error.without_snippet(),
        E::Budget { .. }
            | E::AliasReplayLimitExceeded { .. }
            | E::AliasExpansionLimitExceeded { .. }
            | E::AliasReplayStackDepthExceeded { .. }
            | E::AliasReplayCounterOverflow { .. } // The scanner reports its own limits as text, and so does an alias inside of a `Spanned`.
    ) || error.to_string().contains("limit exceeded")
}

/// The first line of the message, without the position that we show ourselves.
fn brief(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(" at line ").unwrap_or(line.len());
    line[..end].trim_start_matches("error: ").to_owned()
}

fn bytes(location: &Location) -> (usize, usize) {
    let span = location.span();
    let number = |value: Option<u64>| value.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    (number(span.byte_offset()), number(span.byte_len()))
}

/// Where an alias is used is more useful than where its anchor stands.
fn place(raw: Spanned<Raw>, problems: &Problems<'_>) -> Node {
    let (start, length) = bytes(&raw.referenced);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Whole(value) => Value::Whole(value),
        Raw::Number => Value::Number,
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| place(item, problems)).collect()),
        Raw::Map(pairs) => Value::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (place(key, problems), place(value, problems)))
                .collect(),
        ),
    };
    let span = match value {
        // The parser knows where a collection begins; the rest of that line is what we show of it.
        Value::List(_) | Value::Map(_) => problems.line_from(start),
        _ => problems.span_at(start, start + length),
    };
    Node { span, value }
}

/// What serde sees, before byte positions become lines and columns.
enum Raw {
    Null,
    Bool(bool),
    Whole(u64),
    Number,
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<Self>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Whole(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(u64::try_from(value).map_or(Raw::Number, Raw::Whole))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = access.next_entry()? {
            pairs.push(pair);
        }
        Ok(Raw::Map(pairs))
    }
}

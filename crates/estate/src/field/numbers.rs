//! Numbers, sizes, lengths of time, truth values.

use schemars::{Schema, SchemaGenerator, json_schema};
use types::{ByteSize, Span};

use super::{Field, parsed};
use crate::{
    code,
    model::TlsVersion,
    node::{Node, Value},
    problems::{Problems, clip, wrong_type},
};

/// A whole number within bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(u64);

/// A number of processes, deliveries and the like.
pub(crate) type Count = Whole<1, 64>;

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    pub(crate) fn u8(self) -> u8 {
        u8::try_from(self.0).unwrap_or(u8::MAX)
    }

    pub(crate) fn u16(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    pub(crate) fn u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Field for Whole<MIN, MAX> {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        match &node.value {
            Value::Whole(number) if (MIN..=MAX).contains(number) => Some(Self(*number)),
            Value::Whole(_) | Value::Number => {
                let written = clip(problems.written(node.span));
                problems
                    .error(
                        code::BAD_VALUE,
                        node.span,
                        format!("`{written}` is outside of {MIN} to {MAX}"),
                    )
                    .done();
                None
            }
            _ => {
                wrong_type(node, &format!("a whole number from {MIN} to {MAX}"), problems);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn example() -> Option<&'static str> {
        Some("2")
    }
}

impl Field for bool {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        wrong_type(node, "`true` or `false`", problems);
        None
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }

    fn example() -> Option<&'static str> {
        Some("true")
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

/// A TLS version. YAML reads `1.2` as a number, so both ways of writing it are understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsNumber(pub(crate) TlsVersion);

impl Field for TlsNumber {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Whole(_) | Value::Number => problems.written(node.span).to_owned(),
            _ => {
                wrong_type(node, "`1.2` or `1.3`", problems);
                return None;
            }
        };
        match text.as_str() {
            "1.2" => Some(Self(TlsVersion::V12)),
            "1.3" => Some(Self(TlsVersion::V13)),
            _ => {
                problems
                    .error(
                        code::BAD_VALUE,
                        node.span,
                        format!("`{}` is not a TLS version that is spoken here", clip(&text)),
                    )
                    .help("write `1.2` or `1.3`; older ones are broken")
                    .done();
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [1.2, 1.3, "1.2", "1.3"] })
    }

    fn example() -> Option<&'static str> {
        Some("1.2")
    }
}

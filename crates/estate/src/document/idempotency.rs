//! Where the key is found that makes a repeated message harmless.

use schemars::{Schema, SchemaGenerator};
use types::settings::IdempotencySource;

use crate::{
    code,
    field::{Field, pointer as is_pointer, text_of},
    node::{Node, Value},
    problems::{Problems, clip, did_you_mean, list, wrong_type},
};

/// Made of the file that a message came in.
const FILE: &str = "file";
/// Made of the number that a site's agent gave a scan.
const SEQUENCE: &str = "sequence";
const IDEMPOTENCY: &[&str] = &["header", "pointer"];

impl Field for IdempotencySource {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            if matches!(&node.value, Value::Text(text) if text == FILE) {
                return Some(Self::File);
            }
            if matches!(&node.value, Value::Text(text) if text == SEQUENCE) {
                return Some(Self::Sequence);
            }
            wrong_type(
                node,
                "`{ header: NAME }`, `{ pointer: /path }`, `file` or `sequence`",
                problems,
            );
            return None;
        };
        let [(key, value)] = pairs.as_slice() else {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    "the idempotency key is found in exactly one place",
                )
                .help("write either `{ header: NAME }` or `{ pointer: /path }`")
                .done();
            return None;
        };
        let name = text_of(key, "`header` or `pointer`", problems)?;
        let build = match name {
            "header" => header,
            "pointer" => pointer,
            _ => {
                problems
                    .error(
                        code::UNKNOWN_KEY,
                        key.span,
                        format!("idempotency has no key `{}`", clip(name)),
                    )
                    .help(
                        did_you_mean(name, IDEMPOTENCY.iter().copied())
                            .unwrap_or_else(|| format!("it may have {}", list(IDEMPOTENCY))),
                    )
                    .done();
                return None;
            }
        };
        let text = text_of(value, "text", problems)?;
        let source = build(text);
        if source.is_none() {
            problems
                .error(
                    code::BAD_VALUE,
                    value.span,
                    format!("`{}` is no {name}", clip(text)),
                )
                .help(
                    "a header is a name such as `Idempotency-Key`, a pointer a path such as `/order/number`",
                )
                .done();
        }
        source
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "oneOf": [
            {
                "type": "object", "additionalProperties": false, "required": ["header"],
                "properties": { "header": { "type": "string", "pattern": "^[A-Za-z0-9-]+$", "maxLength": 64 } },
            },
            {
                "type": "object", "additionalProperties": false, "required": ["pointer"],
                "properties": { "pointer": { "type": "string", "pattern": "^(/[^/]+)+$", "maxLength": 200 } },
            },
            { "const": FILE, "description": "Made of the file that a message came in." },
            { "const": SEQUENCE, "description": "Made of the number that a site's agent gave a scan." },
        ] })
    }

    fn example() -> Option<&'static str> {
        Some("{ header: Idempotency-Key }")
    }
}

fn header(text: &str) -> Option<IdempotencySource> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fine = (1..=64).contains(&text.len()) && text.bytes().all(inside);
    fine.then(|| IdempotencySource::Header(text.to_owned()))
}

fn pointer(text: &str) -> Option<IdempotencySource> {
    is_pointer(text).then(|| IdempotencySource::Pointer(text.to_owned()))
}

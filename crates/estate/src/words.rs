//! Values with a grammar of their own: the version, kinds of messages, names of databases.

use schemars::{Schema, SchemaGenerator};

use crate::{
    code,
    field::{Field, text_of},
    node::Node,
    problems::{Problems, clip, list},
};

/// The version of the format that this program reads.
const API_VERSION: &str = "plimsoll.dev/v1";
const KIND: &str = "Estate";

/// The right `apiVersion`.
#[derive(Clone, Debug)]
pub(crate) struct ApiVersion;

/// The right `kind`.
#[derive(Clone, Debug)]
pub(crate) struct Kind;

macro_rules! constant_fields {
    ($($name:ident = $value:ident),*) => {$(
        impl Field for $name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let text = text_of(node, &format!("`{}`", $value), problems)?;
                if text != $value {
                    problems
                        .error(code::NOT_AN_ESTATE, node.span, format!("`{}` is not read by this program", clip(text)))
                        .help(format!("write `{}`", $value))
                        .done();
                    return None;
                }
                Some(Self)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                schemars::json_schema!({ "type": "string", "const": $value })
            }

            fn example() -> Option<&'static str> {
                Some($value)
            }
        }
    )*};
}

constant_fields!(ApiVersion = API_VERSION, Kind = KIND);

/// What the inbox calls a kind of message.
#[derive(Clone, Debug)]
pub(crate) struct MessageKind(pub(crate) String);

/// Name of a PostgreSQL database.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseName(pub(crate) String);

/// Databases PostgreSQL has already.
const RESERVED_DATABASES: &[&str] = &["postgres", "template0", "template1"];

impl Field for MessageKind {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "a kind of message such as `order.create`", problems)?;
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if text.len() > 64 || !text.contains('.') || !text.split('.').all(word) {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    format!("`{}` is not a kind of message", clip(text)),
                )
                .help("write what and how in lowercase, such as `order.create`")
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z_]+(\\.[a-z_]+)+$", "maxLength": 64 })
    }

    fn example() -> Option<&'static str> {
        Some("order.create")
    }
}

impl Field for DatabaseName {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "the name of a database", problems)?;
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !begins || text.len() > 63 || !text.bytes().all(inside) || RESERVED_DATABASES.contains(&text) {
            problems
                .error(code::BAD_VALUE, node.span, format!("`{}` cannot be the tenant's database", clip(text)))
                .help(format!(
                    "use 1 to 63 lowercase letters, digits, `_` and `-`, starting with a letter; {} are PostgreSQL's own",
                    list(RESERVED_DATABASES)
                ))
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^[a-z][a-z0-9_-]*$", "maxLength": 63,
            "not": { "enum": RESERVED_DATABASES },
        })
    }
}

/// Name of an image in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Repository(pub(crate) String);

impl Field for Repository {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "the name of an image", problems)?;
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let part = |part: &str| {
            part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && part.bytes().all(inside)
        };
        if text.len() > 200 || !text.split('/').all(part) {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    format!("`{}` is not the name of an image", clip(text)),
                )
                .help("write the name alone, such as `erp/odoo`: the registry, the version and the digest have keys of their own")
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$", "maxLength": 200 })
    }

    fn example() -> Option<&'static str> {
        Some("odoo")
    }
}

//! Values of which there are several kinds: a bare word, or one key that says which, with what belongs to it.

use crate::{
    code,
    node::{Node, Value},
    problems::{Problems, clip, did_you_mean, list, wrong_type},
};

/// What was found where a kind of value is said.
pub(crate) enum Tag<'n> {
    /// A bare word that is one of the kinds.
    Word(&'static str),
    /// A key that is one of the kinds, and what stands after it.
    Key(&'static str, &'n Node),
}

/// Finds out which kind was written; complains when it is none.
pub(crate) fn tag_of<'n>(
    node: &'n Node,
    what: &str,
    words: &[&'static str],
    keys: &[&'static str],
    problems: &mut Problems<'_>,
) -> Option<Tag<'n>> {
    match &node.value {
        Value::Text(text) => {
            if let Some(word) = words.iter().find(|word| *word == text) {
                return Some(Tag::Word(word));
            }
            unknown(node, text, what, words, keys, problems);
            None
        }
        Value::Map(pairs) => {
            let [(key, value)] = pairs.as_slice() else {
                problems
                    .error(
                        code::BAD_VALUE,
                        node.span,
                        format!("{what} is exactly one of {}", list(&[words, keys].concat())),
                    )
                    .done();
                return None;
            };
            let Value::Text(name) = &key.value else {
                wrong_type(key, &format!("one of {}", list(keys)), problems);
                return None;
            };
            if let Some(known) = keys.iter().find(|known| *known == name) {
                return Some(Tag::Key(known, value));
            }
            unknown(key, name, what, words, keys, problems);
            None
        }
        _ => {
            wrong_type(
                node,
                &format!("{what}, one of {}", list(&[words, keys].concat())),
                problems,
            );
            None
        }
    }
}

fn unknown(
    node: &Node,
    text: &str,
    what: &str,
    words: &[&'static str],
    keys: &[&'static str],
    problems: &mut Problems<'_>,
) {
    let all = [words, keys].concat();
    let help = if keys.contains(&text) {
        format!("`{text}` needs more: write `{{ {text}: … }}`")
    } else if words.contains(&text) {
        format!("write the bare word: `{text}`")
    } else {
        let rule = format!("use one of {}", list(&all));
        did_you_mean(text, all.iter().copied())
            .map_or_else(|| rule.clone(), |guess| format!("{rule}; {guess}"))
    };
    problems
        .error(
            code::BAD_VALUE,
            node.span,
            format!("`{}` is not {what}", clip(text)),
        )
        .help(help)
        .done();
}

/// Declares a value of several kinds once: the type, how it is read, and its schema.
macro_rules! tagged {
    ($(
        #[doc = $about:literal]
        $name:ident $what:literal {
            words { $($(#[doc = $word_doc:literal])+ $word:literal $word_variant:ident,)* }
            keys { $($(#[doc = $key_doc:literal])+ $key:literal $key_variant:ident($payload:ty),)* }
        }
    )*) => {$(
        #[doc = $about]
        #[derive(Clone, Debug)]
        pub(crate) enum $name {
            $($(#[doc = $word_doc])+ $word_variant,)*
            $($(#[doc = $key_doc])+ $key_variant($payload),)*
        }

        impl $crate::field::Field for $name {
            fn read(node: &$crate::node::Node, problems: &mut $crate::problems::Problems<'_>) -> Option<Self> {
                use $crate::field::{Field, Tag, tag_of};
                match tag_of(node, $what, &[$($word),*], &[$($key),*], problems)? {
                    $(Tag::Word($word) => Some(Self::$word_variant),)*
                    $(Tag::Key($key, value) => <$payload as Field>::read(value, problems).map(Self::$key_variant),)*
                    Tag::Word(_) | Tag::Key(..) => None,
                }
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::field::{Field, object_schema};
                let about: &str = $about;
                let any_of: Vec<schemars::Schema> = vec![
                    $(schemars::json_schema!({
                        "type": "string", "const": $word, "description": concat!($($word_doc),+).trim(),
                    }),)*
                    $(object_schema(
                        concat!($($key_doc),+),
                        vec![($key, true, <$payload as Field>::schema(generator), concat!($($key_doc),+))],
                    ),)*
                ];
                schemars::json_schema!({ "description": about.trim(), "anyOf": any_of })
            }
        }
    )*};
}

pub(crate) use tagged;

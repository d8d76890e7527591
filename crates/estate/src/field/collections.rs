//! Values made of others: lists, mappings with names as keys, values that may be `never`.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Field, Located};
use crate::{
    code,
    node::{Node, Value},
    problems::{Problems, clip, wrong_type},
};

/// A list whose items know where they were written.
pub(crate) type List<T> = Vec<Located<T>>;

impl<T: Field> Field for List<T> {
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

/// A mapping whose keys are names: each key once, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<K, V>(pub(crate) Vec<(Located<K>, Located<V>)>);

/// More of them is a mistake of a program that writes the file.
const PAIRS_MAX: usize = 200;

impl<K: Field, V: Field> Field for Pairs<K, V> {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            wrong_type(node, "a mapping (`name: value`)", problems);
            return None;
        };
        if pairs.len() > PAIRS_MAX {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    format!("{} keys are more than the {PAIRS_MAX} allowed", pairs.len()),
                )
                .done();
            return None;
        }
        let mut read = Vec::with_capacity(pairs.len());
        let mut complete = true;
        for (at, (key, value)) in pairs.iter().enumerate() {
            let earlier = pairs[..at].iter().find(|(other, _)| same_text(other, key));
            if let Some((earlier, _)) = earlier {
                let written = clip(problems.written(key.span));
                problems
                    .error(
                        code::DUPLICATE_KEY,
                        key.span,
                        format!("the key `{written}` is there twice"),
                    )
                    .and(earlier.span, "first written here")
                    .done();
                complete = false;
                continue;
            }
            let name = K::read(key, problems);
            let of_value = V::read(value, problems);
            match name.zip(of_value) {
                Some((name, of_value)) => read.push((
                    Located {
                        value: name,
                        span: key.span,
                    },
                    Located {
                        value: of_value,
                        span: value.span,
                    },
                )),
                None => complete = false,
            }
        }
        complete.then_some(Self(read))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let names = K::schema(generator);
        let values = V::schema(generator);
        json_schema!({ "type": "object", "propertyNames": names, "additionalProperties": values, "maxProperties": PAIRS_MAX })
    }
}

fn same_text(one: &Node, other: &Node) -> bool {
    matches!((&one.value, &other.value), (Value::Text(a), Value::Text(b)) if a == b)
}

/// A value, or `never` for doing without what is done by default.
#[derive(Clone, Debug)]
pub(crate) struct OrNever<T>(pub(crate) Option<T>);

const NEVER: &str = "never";

impl<T: Field> Field for OrNever<T> {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == NEVER => Some(Self(None)),
            _ => T::read(node, problems).map(|value| Self(Some(value))),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let value = T::schema(generator);
        json_schema!({ "anyOf": [{ "type": "string", "const": NEVER }, value] })
    }

    fn example() -> Option<&'static str> {
        T::example()
    }
}

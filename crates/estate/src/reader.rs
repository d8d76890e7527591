//! Reading the keys of a mapping.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    SourceSpan, code,
    field::{Field, Given, Located},
    node::{Node, Value},
    problems::{Problems, clip, list, nearest, wrong_type},
};

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// The keys of one mapping, already checked for unknown and duplicate ones.
pub(crate) struct Keys<'n> {
    /// Where a missing key is reported.
    span: SourceSpan,
    what: &'static str,
    entries: BTreeMap<&'n str, (SourceSpan, &'n Node)>,
    /// Known keys that an unknown one was probably meant to be.
    misspelt: BTreeSet<&'static str>,
}

impl<'n> Keys<'n> {
    /// Reads a mapping that may hold these keys alone.
    pub(crate) fn of(
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            wrong_type(
                node,
                &format!("{what} to be a mapping with {}", list(known)),
                problems,
            );
            return None;
        };
        let mut keys = Self {
            span: node.span,
            what,
            entries: BTreeMap::new(),
            misspelt: BTreeSet::new(),
        };
        for (key, value) in pairs {
            let Value::Text(name) = &key.value else {
                wrong_type(key, "a key made of letters", problems);
                continue;
            };
            if let Some((first, _)) = keys.entries.get(name.as_str()) {
                let first = *first;
                problems
                    .error(
                        code::DUPLICATE_KEY,
                        key.span,
                        format!("the key `{name}` is there twice"),
                    )
                    .and(first, "first written here")
                    .done();
            } else if known.contains(&name.as_str()) {
                keys.entries.insert(name, (key.span, value));
            } else {
                keys.unknown(key, name, known, problems);
            }
        }
        Some(keys)
    }

    fn unknown(&mut self, key: &Node, name: &str, known: &[&'static str], problems: &mut Problems<'_>) {
        let guess = nearest(name, known.iter().copied());
        self.misspelt.extend(guess);
        let help = guess.map_or_else(
            || format!("it may have {}", list(known)),
            |guess| format!("did you mean `{guess}`?"),
        );
        problems
            .error(
                code::UNKNOWN_KEY,
                key.span,
                format!("{} has no key `{}`", self.what, clip(name)),
            )
            .help(help)
            .done();
    }

    /// Reads one value. Whatever is wrong with it has been reported.
    pub(crate) fn take<T: Field>(&self, key: &str, need: Need, problems: &mut Problems<'_>) -> Given<T> {
        let Some((key_span, node)) = self.entries.get(key) else {
            if self.misspelt.contains(key) {
                return Given::Broken;
            }
            if need == Need::Required {
                problems
                    .error(
                        code::MISSING_KEY,
                        self.span,
                        format!("{} needs the key `{key}`", self.what),
                    )
                    .maybe_help(
                        T::example().map(|example| format!("write, for instance, `{key}: {example}`")),
                    )
                    .done();
            }
            return Given::Absent;
        };
        // An empty value has no place of its own.
        let empty = Node {
            span: *key_span,
            value: Value::Null,
        };
        let node = if matches!(node.value, Value::Null) {
            &empty
        } else {
            *node
        };
        match T::read(node, problems) {
            Some(value) => Given::Read(Located {
                value,
                span: node.span,
            }),
            None => Given::Broken,
        }
    }
}

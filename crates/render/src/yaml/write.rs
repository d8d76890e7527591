//! From nodes to lines.

use std::fmt::Write as _;

use super::{Yaml, scalar};

/// Each level is indented by so many spaces.
const STEP: usize = 2;
const SPACES: &str = "                                                                ";

pub(super) fn document(node: &Yaml, text: &mut String) {
    match node {
        Yaml::Map(entries) if !entries.is_empty() => map(entries, 0, text),
        Yaml::List(nodes) if !nodes.is_empty() => list(nodes, 0, text),
        _ => {
            scalar_or_empty(node, 0, text);
            text.push('\n');
        }
    }
}

fn map(entries: &[(std::borrow::Cow<'static, str>, Yaml)], indent: usize, text: &mut String) {
    for (at, (key, value)) in entries.iter().enumerate() {
        // The first key stands where the writer is: after `- `, or at the beginning of a line.
        if at > 0 {
            spaces(indent, text);
        }
        scalar::inline(key, text);
        text.push(':');
        match value {
            Yaml::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                spaces(indent + STEP, text);
                map(entries, indent + STEP, text);
            }
            Yaml::List(nodes) if !nodes.is_empty() => {
                text.push('\n');
                spaces(indent + STEP, text);
                list(nodes, indent + STEP, text);
            }
            value => {
                text.push(' ');
                scalar_or_empty(value, indent + STEP, text);
                text.push('\n');
            }
        }
    }
}

fn list(nodes: &[Yaml], indent: usize, text: &mut String) {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            spaces(indent, text);
        }
        text.push_str("- ");
        match node {
            Yaml::Map(entries) if !entries.is_empty() => map(entries, indent + STEP, text),
            Yaml::List(nodes) if !nodes.is_empty() => list(nodes, indent + STEP, text),
            node => {
                scalar_or_empty(node, indent + STEP, text);
                text.push('\n');
            }
        }
    }
}

/// Writes a node that has no children, without a line break after it.
fn scalar_or_empty(node: &Yaml, indent: usize, text: &mut String) {
    match node {
        Yaml::Absent => text.push_str("null"),
        Yaml::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Yaml::Integer(value) => {
            let _ = write!(text, "{value}");
        }
        Yaml::Text(value) if is_block(value) && indent > 0 => block(value, indent, text),
        Yaml::Text(value) => scalar::inline(value, text),
        Yaml::List(_) => text.push_str("[]"),
        Yaml::Map(_) => text.push_str("{}"),
    }
}

/// Whether text of several lines can be written as it is: nothing that needs an escape, no line that ends with a space
/// (editors remove it), none that begins the text with a space or is empty (the indentation is read off it), and at
/// most one line break at the end.
fn is_block(value: &str) -> bool {
    let lines = value.strip_suffix('\n').unwrap_or(value);
    value.contains('\n')
        && !lines.is_empty()
        && !lines.starts_with([' ', '\n'])
        && !lines.ends_with('\n')
        && lines
            .split('\n')
            .all(|line| !line.ends_with(' ') && line.chars().all(scalar::is_printable))
}

fn block(value: &str, indent: usize, text: &mut String) {
    text.push_str(if value.ends_with('\n') { "|" } else { "|-" });
    for line in value.strip_suffix('\n').unwrap_or(value).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            spaces(indent, text);
            text.push_str(line);
        }
    }
}

fn spaces(count: usize, text: &mut String) {
    let (whole, rest) = (count / SPACES.len(), count % SPACES.len());
    for _ in 0..whole {
        text.push_str(SPACES);
    }
    text.push_str(&SPACES[..rest]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::yaml;

    fn written(node: &Yaml) -> String {
        let mut text = String::new();
        node.write(&mut text);
        text
    }

    #[test]
    fn a_manifest_reads_as_people_write_it() {
        let node = yaml!({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: {
                name: "example",
                labels: { "plimsoll.io/stamp": (String::from("north")) },
                annotations: (None::<String>),
            },
            data: { "odoo.conf": "[options]\nworkers = 2\n", empty: "", flag: "yes", port: "8069" },
            list: [{ a: 1, b: [true, "x: y"] }, [1, 2], {}, [], "plain words"],
        });
        assert_eq!(
            written(&node),
            r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: example
  labels:
    plimsoll.io/stamp: north
data:
  odoo.conf: |
    [options]
    workers = 2
  empty: ""
  flag: "yes"
  port: "8069"
list:
  - a: 1
    b:
      - true
      - "x: y"
  - - 1
    - 2
  - {}
  - []
  - plain words
"#
        );
    }

    /// Text that some reader would take for something else, or stumble over.
    const TRAPS: [&str; 54] = [
        "",
        " ",
        "~",
        "null",
        "Null",
        "NULL",
        "true",
        "True",
        "yes",
        "Yes",
        "NO",
        "on",
        "Off",
        "y",
        "N",
        "1",
        "-1",
        "+1",
        "1.5",
        ".5",
        "1e3",
        "1E3",
        "0x1F",
        "0o17",
        "017",
        "0b11",
        "1_000",
        "12:30",
        "12:30:45",
        ".inf",
        "-.INF",
        ".nan",
        "2026-10-24",
        "2026-10-24T10:00:00Z",
        "=",
        "<<",
        "-",
        "- a",
        "? a",
        "a: b",
        "a:",
        ":a",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "{a}",
        "[a]",
        "|",
        ">",
    ];

    #[test]
    fn every_trap_is_read_back_as_the_text_it_is() {
        for trap in TRAPS {
            let text = written(&yaml!({ (trap): (String::from(trap)), list: [(String::from(trap))] }));
            let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            let expected = serde_json::json!({ trap: trap, "list": [trap] });
            assert_eq!(read, expected, "{text}");
        }
    }

    fn nodes() -> impl Strategy<Value = Yaml> {
        let text = prop_oneof![
            "\\PC{0,12}",
            "[ -~\n]{0,24}",
            "[a-z :#'\"-]{0,8}",
            "[0-9eEx_.:+-]{1,6}",
            any::<String>(),
            proptest::sample::select(&TRAPS[..]).prop_map(str::to_owned),
        ];
        let leaf = prop_oneof![
            any::<bool>().prop_map(Yaml::Bool),
            any::<i64>().prop_map(Yaml::Integer),
            text.clone().prop_map(Yaml::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            let key = "[a-zA-Z0-9./:# \n-]{0,12}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Yaml::List),
                prop::collection::btree_map(key, inner, 0..5)
                    .prop_map(|map| Yaml::map(map.into_iter().map(|(key, value)| (key.into(), value)))),
            ]
        })
    }

    fn json(node: &Yaml) -> serde_json::Value {
        match node {
            Yaml::Absent => serde_json::Value::Null,
            Yaml::Bool(value) => (*value).into(),
            Yaml::Integer(value) => (*value).into(),
            Yaml::Text(value) => value.as_ref().into(),
            Yaml::List(nodes) => nodes.iter().map(json).collect(),
            Yaml::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.to_string(), json(value)))
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(node in nodes()) {
            let node = yaml!({ root: (node) });
            let text = written(&node);
            let read: serde_json::Value = serde_saphyr::from_str(&text)
                .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(read, json(&node), "{}", text);
        }
    }
}

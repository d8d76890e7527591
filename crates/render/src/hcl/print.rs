//! Writes a body as `terraform fmt` does: two blanks per level, equal signs of neighbouring one-line attributes under
//! each other, a blank line around blocks.

use std::fmt::{self, Display, Write as _};

use super::{
    Block, Body, Item,
    expression::{Expression, Part, Step},
    is_identifier,
};

/// A list that is longer than this gets a line for each of its elements.
const LINE_MAX: usize = 100;

impl Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        body(&mut text, self, 0);
        f.write_str(&text)
    }
}

fn body(out: &mut String, body: &Body, depth: usize) {
    let mut items = body.items.as_slice();
    let mut first = true;
    let mut after_comment = false;
    while let Some((item, rest)) = items.split_first() {
        match item {
            Item::Attribute { .. } => {
                let run = items
                    .iter()
                    .take_while(|item| matches!(item, Item::Attribute { .. }))
                    .count();
                let attributes: Vec<_> = items[..run]
                    .iter()
                    .filter_map(|item| match item {
                        Item::Attribute { name, value } => Some((name.clone(), value)),
                        _ => None,
                    })
                    .collect();
                assignments(out, &attributes, depth);
                items = &items[run..];
                first = false;
                after_comment = false;
                continue;
            }
            Item::Block(nested) => {
                if !first && !after_comment {
                    blank(out);
                }
                block(out, nested, depth);
                if !rest.is_empty() {
                    blank(out);
                }
                after_comment = false;
            }
            Item::Comment(text) => {
                if !first && matches!(rest.first(), Some(Item::Block(_))) {
                    blank(out);
                }
                for line in text.lines() {
                    let _ = writeln!(out, "{}# {line}", indent(depth));
                }
                after_comment = true;
            }
            Item::Gap => {
                if !rest.is_empty() {
                    blank(out);
                }
                after_comment = true;
            }
        }
        first = false;
        items = rest;
    }
}

/// One blank line, never two.
fn blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with("\n\n") && !out.ends_with("{\n") {
        out.push('\n');
    }
}

fn block(out: &mut String, block: &Block, depth: usize) {
    let _ = write!(out, "{}{}", indent(depth), block.kind);
    for label in &block.labels {
        let _ = write!(out, " \"{}\"", escape(label));
    }
    if block.body.is_empty() {
        out.push_str(" {}\n");
        return;
    }
    out.push_str(" {\n");
    body(out, &block.body, depth + 1);
    let _ = writeln!(out, "{}}}", indent(depth));
}

/// `name = value` lines. A value of several lines is aligned with nothing.
fn assignments(out: &mut String, entries: &[(String, &Expression)], depth: usize) {
    let values: Vec<String> = entries
        .iter()
        .map(|(name, value)| expression(value, depth, name.len() + 3))
        .collect();
    let mut start = 0;
    while start < entries.len() {
        let run = values[start..]
            .iter()
            .take_while(|value| !value.contains('\n'))
            .count();
        let width = entries[start..start + run]
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for index in start..start + run {
            let name = &entries[index].0;
            let _ = writeln!(out, "{}{name:width$} = {}", indent(depth), values[index]);
        }
        start += run;
        if let (Some((name, _)), Some(value)) = (entries.get(start), values.get(start)) {
            let _ = writeln!(out, "{}{name} = {value}", indent(depth));
            start += 1;
        }
    }
}

fn expression(value: &Expression, depth: usize, column: usize) -> String {
    match value {
        Expression::Null => String::from("null"),
        Expression::Bool(value) => value.to_string(),
        Expression::Number(value) => value.to_string(),
        Expression::Text(text) => format!("\"{}\"", escape(text)),
        Expression::Type(written) => (*written).to_owned(),
        Expression::Reference(steps) => reference(steps),
        Expression::Template(parts) => template(parts, depth),
        Expression::One(list) => format!("one({})", expression(list, depth, column)),
        Expression::Split {
            separator,
            value,
            index,
        } => {
            format!(
                "split(\"{}\", {})[{index}]",
                escape(separator),
                expression(value, depth, column)
            )
        }
        Expression::List(items) => list(items, depth, column),
        Expression::Map(entries) => map(entries, depth),
    }
}

fn reference(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Name(name) if text.is_empty() => text.push_str(name),
            Step::Name(name) => {
                let _ = write!(text, ".{name}");
            }
            Step::All => text.push_str("[*]"),
            Step::Key(key) => {
                let _ = write!(text, "[\"{}\"]", escape(key));
            }
        }
    }
    text
}

fn template(parts: &[Part], depth: usize) -> String {
    let parts: Vec<_> = parts
        .iter()
        .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()))
        .collect();
    // A value alone needs no quotes.
    if let [Part::Value(value)] = parts.as_slice() {
        return expression(value, depth, 0);
    }
    let mut text = String::from("\"");
    let mut literal = String::new();
    for part in parts {
        match part {
            Part::Text(more) => literal.push_str(more),
            Part::Value(value) => {
                // `$${` would be read as an escape.
                let signs = literal.split_off(literal.trim_end_matches(['$', '%']).len());
                text.push_str(&escape(&std::mem::take(&mut literal)));
                if !signs.is_empty() {
                    let _ = write!(text, "${{\"{signs}\"}}");
                }
                let _ = write!(text, "${{{}}}", expression(value, depth, 0));
            }
        }
    }
    text.push_str(&escape(&literal));
    text.push('"');
    text
}

fn list(items: &[Expression], depth: usize, column: usize) -> String {
    let flat: Vec<_> = items.iter().map(|item| expression(item, depth + 1, 0)).collect();
    let width = column + depth * 2 + flat.iter().map(|item| item.len() + 2).sum::<usize>();
    if width <= LINE_MAX && flat.iter().all(|item| !item.contains('\n')) {
        return format!("[{}]", flat.join(", "));
    }
    let mut text = String::from("[\n");
    for item in flat {
        let _ = writeln!(text, "{}{item},", indent(depth + 1));
    }
    let _ = write!(text, "{}]", indent(depth));
    text
}

fn map(entries: &[(String, Expression)], depth: usize) -> String {
    if entries.is_empty() {
        return String::from("{}");
    }
    let named: Vec<_> = entries
        .iter()
        .map(|(key, value)| {
            let name = if is_identifier(key) {
                key.clone()
            } else {
                format!("\"{}\"", escape(key))
            };
            (name, value)
        })
        .collect();
    let mut text = String::from("{\n");
    assignments(&mut text, &named, depth + 1);
    let _ = write!(text, "{}}}", indent(depth));
    text
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// Quotes what Terraform would take for an end, an escape or a template.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                escaped.push(character);
                escaped.push(character);
            }
            other if other.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(other));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

//! `plimsoll explain CODE|PATH`: what an error means, or what a key of the estate file is for.

use std::fmt::Write as _;

use rust_embed::RustEmbed;
use serde_json::Value;

use crate::failure::{Exit, Failure};

/// The pages of all codes, as they are published.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../docs/errors"]
#[include = "PL*.md"]
struct Pages;

pub fn run(what: &str) -> Result<Exit, Failure> {
    let code = what.to_uppercase();
    if let Some(page) = Pages::get(&format!("{code}.md")) {
        anstream::print!("{}", String::from_utf8_lossy(&page.data));
        return Ok(Exit::Done);
    }
    if code.starts_with("PL") && code[2..].bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::no("PL0016", format!("there is no code {code}"))
            .hint("codes are `PL` and four digits, such as PL0101"));
    }
    let schema: Value = serde_json::from_str(&estate::schema())
        .map_err(|error| Failure::machine("PL0001", "cannot read our own schema").because(&error))?;
    anstream::print!("{}", describe(&schema, what)?);
    Ok(Exit::Done)
}

/// What the schema says of the key at a path such as `spec.tiers.rto`; positions in lists may be left out.
fn describe(schema: &Value, path: &str) -> Result<String, Failure> {
    let mut at = schema;
    let mut walked: Vec<&str> = Vec::new();
    // `spec` goes without saying: nobody asks for `apiVersion`.
    let steps = path
        .split(['.', '/', '['])
        .map(|step| step.trim_end_matches(']'))
        .filter(|step| !step.is_empty() && step.bytes().any(|byte| !byte.is_ascii_digit()));
    for step in steps {
        let here = resolve(schema, at);
        let next = key(here, step).or_else(|| {
            (walked.is_empty() && key(here, "spec").is_some())
                .then(|| key(resolve(schema, key(here, "spec")?), step))
                .flatten()
        });
        at = next.ok_or_else(|| unknown(&walked, step, resolve(schema, at)))?;
        walked.push(step);
    }
    let mut text = format!(
        "{}\n",
        if walked.is_empty() {
            "an estate".to_owned()
        } else {
            walked.join(".")
        }
    );
    // A reference carries a description of its own: what the key is for, where the type only says what it is.
    let described = at
        .get("description")
        .or_else(|| resolve(schema, at).get("description"));
    if let Some(about) = described.and_then(Value::as_str) {
        let _ = writeln!(text, "  {about}");
    }
    write_type(&mut text, schema, at);
    write_keys(&mut text, schema, resolve(schema, at));
    Ok(text)
}

/// Follows references and lists to what has keys.
fn resolve<'s>(root: &'s Value, mut at: &'s Value) -> &'s Value {
    // A cycle of references would be a bug of ours; it must not hang.
    for _ in 0..32 {
        if let Some(reference) = at.get("$ref").and_then(Value::as_str) {
            match root.pointer(reference.trim_start_matches('#')) {
                Some(target) => at = target,
                None => return at,
            }
        } else if let Some(all) = at
            .get("allOf")
            .and_then(Value::as_array)
            .and_then(|all| all.first())
        {
            at = all;
        } else if let Some(items) = at.get("items") {
            at = items;
        } else if let Some(values) = at.get("additionalProperties").filter(|values| values.is_object()) {
            at = values;
        } else {
            return at;
        }
    }
    at
}

/// A key of an object, or of one of its alternatives.
fn key<'s>(at: &'s Value, name: &str) -> Option<&'s Value> {
    if let Some(found) = at.get("properties").and_then(|properties| properties.get(name)) {
        return Some(found);
    }
    alternatives(at).find_map(|one| key(one, name))
}

fn alternatives(at: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|which| at.get(which)?.as_array())
        .flatten()
}

fn keys(at: &Value) -> Vec<(&str, &Value)> {
    let own = at
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    own.map(|(name, value)| (name.as_str(), value))
        .chain(alternatives(at).flat_map(keys))
        .collect()
}

fn unknown(walked: &[&str], step: &str, at: &Value) -> Failure {
    let place = match walked {
        [] => "an estate file".to_owned(),
        walked => format!("`{}`", walked.join(".")),
    };
    let failure = Failure::no("PL0016", format!("{place} has no key `{step}`"));
    match keys(at)
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect::<Vec<_>>()
    {
        names if names.is_empty() => failure.hint("it has no keys"),
        names => failure.hint(format!("it has {}", names.join(", "))),
    }
}

fn write_type(text: &mut String, root: &Value, at: &Value) {
    if at.get("items").is_some() {
        text.push_str("  a list, of which each item is:\n");
    }
    let end = resolve(root, at);
    if let Some(words) = end.get("enum").and_then(Value::as_array) {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
        let _ = writeln!(text, "  one of: {}", words.join(", "));
    } else if let Some(kind) = end.get("type").and_then(Value::as_str) {
        let _ = write!(
            text,
            "  type: {}",
            if kind == "object" { "mapping" } else { kind }
        );
        for (name, word) in [
            ("minimum", "from"),
            ("maximum", "to"),
            ("pattern", "like"),
            ("maxLength", "at most long"),
        ] {
            if let Some(limit) = end.get(name) {
                let _ = write!(text, ", {word} {limit}");
            }
        }
        text.push('\n');
    }
}

fn write_keys(text: &mut String, root: &Value, at: &Value) {
    let keys = keys(at);
    let Some(widest) = keys.iter().map(|(name, _)| name.len()).max() else {
        return;
    };
    let required: Vec<_> = at
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    text.push_str("\n  keys:\n");
    for (name, value) in keys {
        let about = value
            .get("description")
            .or_else(|| resolve(root, value).get("description"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let need = if required.iter().any(|one| *one == name) {
            " (required)"
        } else {
            ""
        };
        let _ = writeln!(text, "    {name:<widest$}  {about}{need}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        serde_json::from_str(&estate::schema()).unwrap()
    }

    #[test]
    fn a_key_is_found_with_and_without_spec_and_positions() {
        let schema = schema();
        let short = describe(&schema, "tiers.rto").unwrap();
        assert!(short.contains("this soon after a region is lost"), "{short}");
        assert!(
            describe(&schema, "spec.tiers[0].rto")
                .unwrap()
                .contains("this soon")
        );
        assert!(describe(&schema, "").unwrap().contains("apiVersion"));
    }

    #[test]
    fn a_key_that_is_not_there_names_those_that_are() {
        let failure = describe(&schema(), "tiers.rot").unwrap_err();
        assert_eq!(failure.code, "PL0016");
        assert!(failure.hint.unwrap().contains("`rto`"));
    }

    #[test]
    fn every_code_has_its_page_inside_the_program() {
        assert!(Pages::get("PL0101.md").is_some());
        assert!(Pages::iter().count() > 60);
    }
}

//! A rendered file as the values that rules look at.

mod hcl;
mod kubernetes;
mod yaml;

use std::sync::Arc;

use regorus::Value;

use kubernetes::objects;
pub(crate) use kubernetes::{record, workload};
pub(crate) use yaml::values as yaml_values;

/// One value in a file: a Kubernetes object, a Terraform block, or anything else.
pub(crate) struct Document {
    /// How findings name it.
    pub(crate) at: String,
    /// Where it begins, counted from one.
    pub(crate) line: u32,
    /// What it is.
    pub(crate) content: Content,
}

/// What a document is.
pub(crate) enum Content {
    /// Has `kind` and `apiVersion`.
    Kubernetes(Value),
    /// A top-level block: its word, its first label, its name, its body.
    Terraform {
        block: String,
        label: String,
        name: String,
        body: Value,
    },
    /// YAML or JSON of another kind.
    Data(Value),
}

/// Why a file could not be read.
pub(crate) struct Unreadable {
    pub(crate) line: u32,
    pub(crate) message: String,
}

/// Reads one file by the end of its name; files of other kinds hold no documents.
pub(crate) fn read(path: &str, text: &str) -> Result<Vec<Document>, Unreadable> {
    let (_, extension) = path.rsplit_once('.').unwrap_or_default();
    match extension {
        "yaml" | "yml" => yaml::read(path, text),
        "json" => json(path, text),
        "tf" => hcl::read(path, text),
        _ => Ok(Vec::new()),
    }
}

fn json(path: &str, text: &str) -> Result<Vec<Document>, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|error| Unreadable {
        line: u32::try_from(error.line()).unwrap_or(u32::MAX),
        message: format!("this is not JSON: {error}"),
    })?;
    Ok(structured(path, 1, value))
}

/// Kubernetes objects, or one value of another kind.
fn structured(path: &str, line: u32, value: Value) -> Vec<Document> {
    let found = objects(value);
    found
        .into_iter()
        .map(|value| {
            let (at, content) = match kubernetes::name_of(&value) {
                Some(name) => (format!("{path}#{name}"), Content::Kubernetes(value)),
                None => (path.to_owned(), Content::Data(value)),
            };
            Document { at, line, content }
        })
        .collect()
}

/// The text of a value, if it is text.
pub(crate) fn text_of(value: &Value) -> Option<&str> {
    value.as_string().ok().map(|text: &Arc<str>| text.as_ref())
}

/// The line of a byte in a text, counted from one.
pub(crate) fn line_of(text: &str, byte: usize) -> u32 {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

//! A sample, and what it becomes: the words of the gateway, which files documents as commands or as dead letters.

use std::{fs, path::Path};

use ::mapping::{Document, Form, Given, Mapping, Source, Unused, edifact_document, map, write, x12_document};
use edi::{edifact, x12};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// What was agreed on with the partner, in the directory of the samples.
pub const GIVEN: &str = "given.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    partner: String,
    warehouse: Option<String>,
    #[serde(default)]
    confirm: bool,
}

/// What was agreed on; nothing where no file says it.
pub fn given(directory: &Path) -> Result<Given, Failure> {
    let path = directory.join(GIVEN);
    if !path.exists() {
        return Ok(Given::new());
    }
    let text = fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
    let Agreement {
        partner,
        warehouse,
        confirm,
    } = serde_json::from_str(&text).map_err(|error| {
        Failure::no("PL0769", format!("{} is no agreement: {error}", path.display()))
            .hint("it may have the keys `partner`, `warehouse` and `confirm`, as `edi` in the estate")
    })?;
    Ok(::mapping::agreed(&partner, warehouse.as_deref(), confirm))
}

/// What becomes of each document of a sample, in their order.
pub fn outcomes(sample: &Path, mappings: &[Mapping], given: &Given) -> Result<Value, Failure> {
    let bytes = fs::read(sample).map_err(Failure::file("read", sample))?;
    let start = bytes.trim_ascii_start();
    let documents = if start.starts_with(b"{") || start.starts_with(b"[") {
        vec![in_json(&bytes, mappings)]
    } else if start.starts_with(b"ISA") {
        in_x12(&bytes)
    } else {
        in_edifact(&bytes)
    };
    let outcomes = documents.into_iter().map(|(document, source)| {
        let source = match source {
            Ok(source) if matches!(source.document(), Document::Event(_)) => {
                return message(&document, &source, mappings, given);
            }
            other => other,
        };
        let command =
            source.and_then(|source| map(mappings, &source, given).map_err(|error| error.to_string()));
        match command {
            Ok(command) => json!({
                "document": document,
                "mapping": command.mapping,
                "command": command.kind.as_str(),
                "payload": command.payload,
            }),
            Err(why) => json!({ "document": document, "refused": why }),
        }
    });
    Ok(outcomes.collect())
}

/// What leaves the ERP for an event; a table and a label are shown as text.
fn message(document: &str, source: &Source, templates: &[Mapping], given: &Given) -> Value {
    match write(templates, source, given) {
        Ok(written) => {
            let message = match written.form {
                Form::Json => written.value,
                Form::Csv | Form::Zpl => String::from_utf8_lossy(&written.bytes).into(),
            };
            json!({ "document": document, "mapping": written.mapping, "form": written.form.as_str(), "message": message })
        }
        Err(why) => json!({ "document": document, "refused": why.to_string() }),
    }
}

/// A document, what it is called, or why it is not used.
type Found = (String, Result<Source, String>);

fn unread(why: impl std::fmt::Display) -> Vec<Found> {
    vec![("interchange".to_owned(), Err(why.to_string()))]
}

fn used(source: Result<Source, Unused>) -> Result<Source, String> {
    source.map_err(|why| why.to_string())
}

/// JSON is what the first mapping for JSON or for events takes: a document of that name, or the payload of that event.
fn in_json(bytes: &[u8], mappings: &[Mapping]) -> Found {
    let mut taken = mappings.iter().map(Mapping::document);
    let document = taken
        .find(|document| matches!(document, Document::Json(_) | Document::Event(_)))
        .cloned()
        .unwrap_or(Document::Json(String::new()));
    let value = serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"));
    let source = value.map(|value| match &document {
        Document::Event(kind) => Source::of_event(kind, value),
        Document::Json(name) | Document::X12(name) | Document::Edifact(name) => Source::of_json(name, value),
    });
    (document.to_string(), source)
}

fn in_x12(bytes: &[u8]) -> Vec<Found> {
    let interchange = match x12::read(bytes, &x12::Profile::everything()) {
        Ok(interchange) => interchange,
        Err(error) => return unread(error),
    };
    let groups = interchange.groups.iter();
    let sets = groups
        .filter(|group| group.functional_id != "FA")
        .flat_map(|group| group.sets.iter().map(move |set| (group, set)));
    sets.map(|(group, set)| {
        let source = used(x12_document(&interchange, group, set));
        (format!("X12 {}", set.id), source)
    })
    .collect()
}

fn in_edifact(bytes: &[u8]) -> Vec<Found> {
    let source = match edifact::Source::of(bytes) {
        Ok(source) => source,
        Err(error) => return unread(error),
    };
    let interchange = match edifact::read(&source, &edifact::Profile::everything()) {
        Ok(interchange) => interchange,
        Err(error) => return unread(error),
    };
    let messages = interchange
        .messages
        .iter()
        .filter(|message| message.kind != "CONTRL");
    messages
        .map(|message| {
            let source = used(edifact_document(&interchange, message));
            (format!("EDIFACT {}", message.kind), source)
        })
        .collect()
}

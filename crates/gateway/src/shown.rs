//! What people are shown of messages: as the estate says of their integration, decided here and not in the programs that
//! ask.
//!
//! A body is never shown unless somebody asks for it and the estate says that it is visible; else its shape is, or
//! nothing. What the ERP, a partner or its server says about a message quotes it now and then, and so does what we say of
//! a file or a template, so where bodies are hidden these words are, too, also in our own log. Requests about a person (`personal`) are not held to this: they are there to show everything.

use std::fmt::Display;

use api::gateway::lanes::{Attempt, DeadLetter, Delivery, Files};
use serde_json::Value;
use types::settings::{PayloadSettings, Payloads};

use crate::gateway::Gateway;

/// What is shown in place of anything that is hidden.
pub const HIDDEN: &str = "(hidden)";
const MASKED: &str = "(masked)";

/// Whether a body may be shown as it came.
pub fn may_reveal(settings: &PayloadSettings) -> bool {
    settings.show == Payloads::Visible
}

/// A body: its shape, or, where that may be and is wanted, what it says.
pub fn body(settings: &PayloadSettings, body: &[u8], reveal: bool) -> Value {
    if journal::is_erased(body) {
        return Value::String(crate::personal::ERASED.to_owned());
    }
    let reveal = reveal && may_reveal(settings);
    match (settings.show, serde_json::from_slice::<Value>(body)) {
        (Payloads::Hidden, _) => Value::String(HIDDEN.to_owned()),
        (Payloads::Redacted | Payloads::Visible, Ok(mut value)) if reveal => {
            for pointer in &settings.masked {
                let path: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
                mask(&mut value, &path);
            }
            value
        }
        (Payloads::Redacted | Payloads::Visible, Ok(value)) => redacted(value),
        // Nothing of it can be named, so nothing can be left out.
        (Payloads::Redacted | Payloads::Visible, Err(_)) if reveal && settings.masked.is_empty() => {
            Value::String(String::from_utf8_lossy(body).into_owned())
        }
        (Payloads::Redacted | Payloads::Visible, Err(_)) => Value::String(format!("{} bytes", body.len())),
    }
}

/// What somebody said about a message.
pub fn words(settings: &PayloadSettings, said: &str) -> String {
    match settings.show {
        Payloads::Hidden => HIDDEN.to_owned(),
        Payloads::Redacted | Payloads::Visible => said.to_owned(),
    }
}

/// What somebody said, for our own log: a line there is read by people, too.
pub fn logged(gateway: &Gateway, integration: &str, said: &(impl Display + ?Sized)) -> String {
    let index = gateway.by_name.get(integration);
    let integration = index.and_then(|index| gateway.integrations.get(*index));
    integration.map_or_else(
        || HIDDEN.to_owned(),
        |one| words(&one.settings.payloads, &said.to_string()),
    )
}

/// How a lane's files are fetched; why not may quote the partner's server.
pub fn files(settings: &PayloadSettings, files: Files) -> Files {
    Files {
        away: files.away.map(|why| words(settings, &why)),
        ..files
    }
}

/// Tries, with what was said.
pub fn attempts(settings: &PayloadSettings, attempts: &[Attempt]) -> Vec<Attempt> {
    let told = |one: &Attempt| Attempt {
        said: words(settings, &one.said),
        ..one.clone()
    };
    attempts.iter().map(told).collect()
}

/// A dead letter, with why it is one.
pub fn letter(settings: &PayloadSettings, letter: DeadLetter) -> DeadLetter {
    DeadLetter {
        why: words(settings, &letter.why),
        ..letter
    }
}

/// Whether a lane delivers; why not may quote an answer. What a person gave as a reason is theirs.
pub fn delivery(settings: &PayloadSettings, delivery: Delivery) -> Delivery {
    match delivery {
        Delivery::Open {
            why,
            since_ms,
            again_ms,
        } => Delivery::Open {
            why: words(settings, &why),
            since_ms,
            again_ms,
        },
        Delivery::Probation { why, since_ms } => Delivery::Probation {
            why: words(settings, &why),
            since_ms,
        },
        other @ (Delivery::Elsewhere | Delivery::Closed | Delivery::Paused(_)) => other,
    }
}

/// One step of a JSON pointer (RFC 6901).
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn mask(value: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        *value = Value::String(MASKED.to_owned());
        return;
    };
    match value {
        Value::Object(fields) if step == "*" => fields.values_mut().for_each(|one| mask(one, rest)),
        Value::Array(items) if step == "*" => items.iter_mut().for_each(|one| mask(one, rest)),
        Value::Object(fields) => {
            if let Some(one) = fields.get_mut(step) {
                mask(one, rest);
            }
        }
        Value::Array(items) => {
            if let Some(one) = step.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                mask(one, rest);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same shape, and nothing of what it says.
fn redacted(value: Value) -> Value {
    let word = match value {
        Value::Object(fields) => {
            return Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, redacted(value)))
                    .collect(),
            );
        }
        Value::Array(items) => return Value::Array(items.into_iter().map(redacted).collect()),
        Value::Null => return Value::Null,
        Value::Bool(_) => "(yes or no)".to_owned(),
        Value::Number(_) => "(number)".to_owned(),
        Value::String(text) => format!("(text of {})", text.chars().count()),
    };
    Value::String(word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(show: Payloads, masked: &[&str]) -> PayloadSettings {
        PayloadSettings {
            show,
            masked: masked.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    fn shown(settings: &PayloadSettings, reveal: bool) -> Value {
        let text = json!({
            "partner": "Example Stores", "lines": [{ "sku": "A-1", "quantity": 3 }, { "sku": "A-2", "quantity": 1 }],
            "note": null, "a/b": { "x": 1, "y": [2, 3] },
        });
        body(settings, text.to_string().as_bytes(), reveal)
    }

    #[test]
    fn a_redacted_body_keeps_its_shape_and_nothing_else_whoever_asks() {
        let shape = json!({
            "partner": "(text of 14)",
            "lines": [
                { "sku": "(text of 3)", "quantity": "(number)" },
                { "sku": "(text of 3)", "quantity": "(number)" },
            ],
            "note": null,
            "a/b": { "x": "(number)", "y": ["(number)", "(number)"] },
        });
        let by_default = PayloadSettings::default();
        assert_eq!(shown(&by_default, false), shape);
        assert_eq!(
            shown(&by_default, true),
            shape,
            "the one who asks does not decide"
        );
        assert_eq!(shown(&settings(Payloads::Visible, &[]), false), shape);
        assert_eq!(shown(&settings(Payloads::Hidden, &[]), true), HIDDEN);
    }

    #[test]
    fn what_is_masked_is_not_shown_of_a_visible_body() {
        let masked = [
            "/partner",
            "/lines/*/sku",
            "/a~1b/y/1",
            "/nothing/there",
            "/note/deeper",
        ];
        assert_eq!(
            shown(&settings(Payloads::Visible, &masked), true),
            json!({
                "partner": "(masked)",
                "lines": [{ "sku": "(masked)", "quantity": 3 }, { "sku": "(masked)", "quantity": 1 }],
                "note": null,
                "a/b": { "x": 1, "y": [2, "(masked)"] },
            })
        );
        let all = shown(&settings(Payloads::Visible, &["/*"]), true);
        assert!(
            all.as_object().unwrap().values().all(|one| one == MASKED),
            "{all}"
        );
    }

    #[test]
    fn of_what_is_no_json_nothing_is_shown_where_something_is_masked() {
        let edi = b"ISA*00*~";
        let visible = |masked: &[&str]| body(&settings(Payloads::Visible, masked), edi, true);
        assert_eq!(visible(&[]), "ISA*00*~");
        assert_eq!(visible(&["/x"]), "8 bytes");
    }
}

//! What the addon's inbox is sent and what it answers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{CallError, Delivered, Delivery, excerpt};

/// Several messages of one source.
#[derive(Serialize)]
pub(super) struct Call<'a> {
    source: &'a str,
    messages: Vec<Message<'a>>,
    generation: u64,
    incarnation: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    message_id: &'a str,
    body_hash: &'a str,
    kind: &'a str,
    payload: &'a RawValue,
    place: u64,
}

/// What is said of one message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub(super) enum Answer {
    Done {
        #[serde(default)]
        result: serde_json::Value,
    },
    Duplicate {
        #[serde(default)]
        result: serde_json::Value,
    },
    Conflict,
    Fenced {
        generation: u64,
        incarnation: Option<String>,
    },
    /// By validation or by the business; only in a call of several, else it is a 422.
    Refused {
        message: String,
    },
    /// It met another transaction, or the addon has failed; only in a call of several.
    #[serde(alias = "failed")]
    Again {
        message: String,
    },
}

/// What is said of a call with several.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub(super) enum Answers {
    Answered {
        messages: Vec<One>,
    },
    Fenced {
        generation: u64,
        incarnation: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct One {
    message_id: String,
    #[serde(flatten)]
    answer: Answer,
}

// === impl Call ===

impl<'a> Call<'a> {
    /// Nothing where there is nothing to send.
    pub(super) fn of(deliveries: &'a [Delivery<'a>]) -> Option<Self> {
        let first = deliveries.first()?;
        let message = |one: &'a Delivery<'a>| Message {
            message_id: one.message_id,
            body_hash: &one.body_hash,
            kind: one.kind,
            payload: one.payload,
            place: one.place,
        };
        Some(Self {
            source: first.source,
            messages: deliveries.iter().map(message).collect(),
            generation: first.generation,
            incarnation: first.incarnation,
        })
    }
}

// === impl Answer ===

impl Answer {
    pub(super) fn read(self) -> Result<Delivered, CallError> {
        let applied = |before, result: serde_json::Value| {
            let effect = excerpt(result.to_string().as_bytes());
            Ok(Delivered::Applied { before, effect })
        };
        match self {
            Self::Done { result } => applied(false, result),
            Self::Duplicate { result } => applied(true, result),
            Self::Conflict => Ok(Delivered::Conflict),
            Self::Fenced {
                generation,
                incarnation,
            } => Ok(fenced(generation, incarnation.as_deref())),
            Self::Refused { message } => Err(CallError::Refused(message)),
            Self::Again { message } => Err(CallError::Unknown(excerpt(message.as_bytes()))),
        }
    }
}

// === impl Answers ===

impl Answers {
    /// For each delivery what is said of it. What is said of a message that was not sent is nobody's, and what is said
    /// of one twice is not believed.
    pub(super) fn read(self, deliveries: &[Delivery<'_>]) -> Vec<Result<Delivered, CallError>> {
        let messages = match self {
            Self::Answered { messages } => messages,
            Self::Fenced {
                generation,
                incarnation,
            } => {
                let fenced = fenced(generation, incarnation.as_deref());
                return deliveries.iter().map(|_| Ok(fenced.clone())).collect();
            }
        };
        let mut said: HashMap<String, Vec<Answer>> = HashMap::with_capacity(messages.len());
        for one in messages {
            said.entry(one.message_id).or_default().push(one.answer);
        }
        let of = |delivery: &Delivery<'_>| {
            let mut answers = said.remove(delivery.message_id).unwrap_or_default();
            match (answers.pop(), answers.is_empty()) {
                (Some(answer), true) => answer.read(),
                (Some(_), false) => Err(CallError::Unknown("it was answered twice".to_owned())),
                (None, _) => Err(CallError::Unknown(
                    "the answer to the call does not mention it".to_owned(),
                )),
            }
        };
        deliveries.iter().map(of).collect()
    }
}

fn fenced(generation: u64, incarnation: Option<&str>) -> Delivered {
    Delivered::Fenced {
        detail: format!(
            "the ERP's database belongs to generation {generation}, incarnation {}",
            incarnation.unwrap_or("unknown")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliveries<'a>(ids: &[&'a str], payload: &'a RawValue) -> Vec<Delivery<'a>> {
        let delivery = |id: &&'a str| Delivery {
            source: "acme-edi",
            message_id: id,
            body_hash: "h".to_owned(),
            kind: "order.create",
            payload,
            place: 7,
            generation: 3,
            incarnation: "x",
        };
        ids.iter().map(delivery).collect()
    }

    fn read(ids: &[&str], answer: &str) -> Vec<Result<Delivered, String>> {
        let payload = RawValue::from_string("{}".to_owned()).unwrap();
        let answers: Answers = serde_json::from_str(answer).unwrap();
        let read = answers.read(&deliveries(ids, &payload));
        read.into_iter()
            .map(|one| one.map_err(|error| error.to_string()))
            .collect()
    }

    fn applied(before: bool) -> Result<Delivered, String> {
        let effect = "null".to_owned();
        Ok(Delivered::Applied { before, effect })
    }

    #[test]
    fn an_answer_to_one_message_is_understood() {
        let fenced = r#"{"status": "fenced", "generation": 4, "incarnation": "x"}"#;
        let fenced: Answer = serde_json::from_str(fenced).unwrap();
        assert!(matches!(fenced.read(), Ok(Delivered::Fenced { .. })));
        let done = r#"{"status": "done", "result": {"order": {"id": 1}}}"#;
        let done: Answer = serde_json::from_str(done).unwrap();
        assert!(matches!(
            done.read(),
            Ok(Delivered::Applied { before: false, .. })
        ));
    }

    #[test]
    fn answers_are_matched_by_id_and_what_is_missing_or_told_twice_is_unknown() {
        let answer = r#"{"status": "answered", "messages": [
            {"message_id": "d", "status": "again", "message": "could not serialize"},
            {"message_id": "c", "status": "refused", "message": "no such product"},
            {"message_id": "a", "status": "done"},
            {"message_id": "x", "status": "done"},
            {"message_id": "b", "status": "duplicate"},
            {"message_id": "f", "status": "done"},
            {"message_id": "f", "status": "refused", "message": "no"},
            {"message_id": "g", "status": "failed", "message": "KeyError: 'sku'"}]}"#;
        let unknown = |why: &str| Err(format!("unknown outcome: {why}"));
        assert_eq!(
            read(&["a", "b", "c", "d", "e", "f", "g"], answer),
            [
                applied(false),
                applied(true),
                Err("refused by the ERP: no such product".to_owned()),
                unknown("could not serialize"),
                unknown("the answer to the call does not mention it"),
                unknown("it was answered twice"),
                unknown("KeyError: 'sku'"),
            ]
        );
    }

    #[test]
    fn a_fenced_call_is_fenced_for_every_message_and_nonsense_is_no_answer() {
        let fenced = read(
            &["a", "b"],
            r#"{"status": "fenced", "generation": 4, "incarnation": null}"#,
        );
        assert_eq!(fenced.len(), 2);
        assert!(
            fenced
                .iter()
                .all(|one| matches!(one, Ok(Delivered::Fenced { .. })))
        );
        for nonsense in [
            "[]",
            "{}",
            r#"{"status": "done"}"#,
            r#"{"status": "answered", "messages": [{"message_id": "a", "status": "perhaps"}]}"#,
        ] {
            assert!(serde_json::from_str::<Answers>(nonsense).is_err(), "{nonsense}");
        }
    }
}

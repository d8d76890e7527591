//! What operators ask about messages: pages of the journal, and the life of one message.

use std::{sync::Arc, time::Duration};

use api::{
    Problem,
    gateway::{MessageLine, MessagePage, MessageState, lanes::MessageTrace},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use journal::{ReadError, Record, key_hash};
use serde::Deserialize;
use serde_json::Value;
use types::{Generation, Timestamp};

use crate::{gateway::Gateway, lock, refusal};

/// Messages in one page at most.
const PAGE_MAX: u32 = 10_000;
/// A person waits so long for the ERP's word.
const ERP_MAX: Duration = Duration::from_secs(2);

/// Which page.
#[derive(Deserialize)]
pub struct PageQuery {
    integration: Option<String>,
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

/// `GET /v1/messages`
pub async fn page(
    State(gateway): State<Arc<Gateway>>,
    Query(query): Query<PageQuery>,
) -> Result<Json<MessagePage>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) as usize;
    let records = gateway
        .reader
        .read(query.after + 1, limit)
        .map_err(|error| Problem::failed(error.to_string()))?;
    let next_after = records
        .last()
        .filter(|_| records.len() == limit)
        .map(|record| record.sequence);
    let ledger = lock(&gateway.ledger);
    let messages = records
        .into_iter()
        .filter(|record| {
            query
                .integration
                .as_ref()
                .is_none_or(|wanted| *wanted == record.entry.stream)
        })
        .map(|record| MessageLine {
            sequence: record.sequence,
            state: ledger.state(record.sequence).unwrap_or(MessageState::Pending),
            integration: record.entry.stream,
            message_id: record.entry.id,
            body_hash: hex::encode(record.entry.body_hash),
        })
        .collect();
    Ok(Json(MessagePage { messages, next_after }))
}

/// How much is shown.
#[derive(Deserialize)]
pub struct TraceQuery {
    #[serde(default)]
    reveal: bool,
}

/// `GET /v1/messages/{integration}/{key}`
pub async fn trace(
    State(gateway): State<Arc<Gateway>>,
    Path((integration, key)): Path<(String, String)>,
    Query(query): Query<TraceQuery>,
) -> Result<Json<MessageTrace>, Problem> {
    let unknown = || refusal::unknown_message(&integration, &key);
    let index = *gateway.by_name.get(&integration).ok_or_else(unknown)?;
    let settings = &gateway.integrations[index].settings;
    let (sequence, state, copies) = {
        let ledger = lock(&gateway.ledger);
        let sequence = ledger.find(&key_hash(&integration, &key)).ok_or_else(unknown)?;
        let state = ledger.state(sequence).unwrap_or(MessageState::Pending);
        (sequence, state, ledger.acks.copies(sequence))
    };
    let record = match gateway.reader.read_one(sequence) {
        Ok(record) => record.ok_or_else(unknown)?,
        Err(ReadError::Trimmed { .. }) => {
            return Err(refusal::trimmed_message(&integration, &key, sequence, state));
        }
        Err(error) => return Err(Problem::failed(error.to_string())),
    };
    if query.reveal {
        tracing::info!(%integration, key, "a person reads a message's body");
    }
    let attempts = lock(&gateway.history).of(sequence).to_vec();
    let dead = super::lanes::letter(&gateway, &settings.name, &key, sequence, state);
    let counted = lock(&gateway.register).attempts(&settings.name, &key);
    let in_erp = in_erp(&gateway, &record).await;
    Ok(Json(MessageTrace {
        integration: settings.name.clone(),
        partner: settings.lane.partner.as_ref().map(ToString::to_string),
        sequence,
        generation: Generation::new(record.generation),
        accepted: Timestamp::from_micros(record.entry.time),
        body_hash: hex::encode(record.entry.body_hash),
        body_bytes: record.entry.body.len() as u64,
        body: body(&record, query.reveal),
        message_id: record.entry.id,
        copies,
        state,
        answer: attempts.last().map(|last| last.said.clone()),
        attempts_all: counted.max(u32::try_from(attempts.len()).unwrap_or(u32::MAX)),
        attempts,
        dead,
        in_erp,
    }))
}

/// Whether the ERP's inbox has it, asked now.
async fn in_erp(gateway: &Gateway, record: &Record) -> Option<bool> {
    let term = gateway.term()?;
    let ids = [record.entry.id.clone()];
    let asked = term.erp.as_ref()?.missing(&record.entry.stream, &ids);
    let missing = tokio::time::timeout(ERP_MAX, asked).await.ok()?.ok()?;
    Some(missing.is_empty())
}

fn body(record: &Record, reveal: bool) -> Value {
    if journal::is_erased(&record.entry.body) {
        return Value::String(crate::personal::ERASED.to_owned());
    }
    match serde_json::from_slice(&record.entry.body) {
        Ok(value) if reveal => value,
        Ok(value) => redacted(value),
        Err(_) if reveal => Value::String(String::from_utf8_lossy(&record.entry.body).into_owned()),
        Err(_) => Value::String(format!("{} bytes", record.entry.body.len())),
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
    use super::*;

    #[test]
    fn a_redacted_body_keeps_its_shape_and_nothing_else() {
        let body = serde_json::json!({ "partner": "Example Stores", "lines": [{ "sku": "A-1", "quantity": 3 }], "note": null });
        assert_eq!(
            redacted(body),
            serde_json::json!({
                "partner": "(text of 14)",
                "lines": [{ "sku": "(text of 3)", "quantity": "(number)" }],
                "note": null
            })
        );
    }
}

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
use types::{Generation, Timestamp};

use crate::{gateway::Gateway, lock, refusal, shown};

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
    let payloads = &settings.payloads;
    if query.reveal {
        if !shown::may_reveal(payloads) {
            tracing::warn!(%integration, key, "a person is refused a message's body");
            return Err(refusal::not_shown(&integration));
        }
        tracing::info!(%integration, key, "a person reads a message's body");
    }
    let attempts = shown::attempts(payloads, lock(&gateway.history).of(sequence));
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
        body: shown::body(payloads, &record.entry.body, query.reveal),
        message_id: record.entry.id,
        copies,
        state,
        answer: attempts.last().map(|last| last.said.clone()),
        attempts_all: counted.max(u32::try_from(attempts.len()).unwrap_or(u32::MAX)),
        attempts,
        dead: dead.map(|letter| shown::letter(payloads, letter)),
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

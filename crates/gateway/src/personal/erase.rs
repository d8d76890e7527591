//! Erasing: written down, then done in the other region, then here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{
    Problem,
    gateway::{
        MessageState,
        personal::{EraseRequest, Erasure},
    },
};
use journal::{EraseError, Erased, ReadError, RealDisk, key_hash};
use serde::{Deserialize, Serialize};
use types::IntegrationName;

use super::search::streams;
use crate::{
    copy::wire::Speaker,
    edi::records,
    gateway::{Gateway, Term, now},
    lock,
};

/// What cannot be done now is tried again after this long.
const AGAIN: Duration = Duration::from_secs(5);
/// Everything is gone through again after this long: what was copied or mended meanwhile may be what it was.
const ALL_AGAIN: Duration = Duration::from_secs(600);
/// The other region is given so long.
const PEER_MAX: Duration = Duration::from_secs(5);
/// The record of an erasure is as long as a page, so that what it erases is not among the newest any more.
const RECORD_BYTES: usize = 5 << 10;
/// Messages in one request.
const MESSAGES_MAX: usize = 200;
/// Somebody else may write down another erasure at the same moment.
const TRIES_MAX: u32 = 5;

/// Why something was not erased, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Unerased {
    /// There is nothing of that name.
    #[error("there is no such message")]
    Unknown,
    /// The ERP does not have it yet.
    #[error("it is not delivered yet: it would be lost; when it is applied or given up it can be erased")]
    Pending,
    /// Something that is kept is still needed.
    #[error("the exchange with the partner that it belongs to is not finished yet")]
    Open,
    /// Nobody has its body any more.
    #[error("it was trimmed from the journal, and its body with it")]
    Trimmed,
    /// A record of the gateway's own.
    #[error("it is a record of what the gateway did, and holds no document")]
    Own,
}

/// An erasure as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    stream: String,
    id: String,
    body_hash: String,
    by: String,
    why: String,
    at: types::Timestamp,
}

/// Writes erasures down and carries them out as far as that can be done now.
///
/// # Errors
/// When they cannot be written down.
pub async fn request(
    gateway: &Gateway,
    term: &Term,
    request: &EraseRequest,
) -> Result<Vec<Erasure>, Problem> {
    if request.messages.len() > MESSAGES_MAX {
        let message = format!("at most {MESSAGES_MAX} messages at once");
        return Err(Problem::bad_request(message));
    }
    let integration = request.integration.as_str();
    let mut answer = Vec::new();
    for id in &request.messages {
        let erasure = |erased, why: Option<String>| Erasure {
            message_id: id.clone(),
            erased,
            why,
        };
        let written = match check(gateway, integration, id) {
            Ok((stream, sequence)) => {
                let record = match gateway.reader.read_one(sequence) {
                    Ok(Some(record)) => record,
                    Ok(None) => {
                        answer.push(erasure(false, Some(Unerased::Unknown.to_string())));
                        continue;
                    }
                    Err(ReadError::Trimmed { .. }) => {
                        answer.push(erasure(false, Some(Unerased::Trimmed.to_string())));
                        continue;
                    }
                    Err(error) => return Err(Problem::failed(error.to_string())),
                };
                Written {
                    stream,
                    id: id.clone(),
                    body_hash: hex::encode(record.entry.body_hash),
                    by: request.by.clone(),
                    why: request.why.clone(),
                    at: now(),
                }
            }
            Err(why) => {
                answer.push(erasure(false, Some(why.to_string())));
                continue;
            }
        };
        write(gateway, integration, &written).await?;
        tracing::info!(%integration, id, by = request.by, "a message's body is erased");
        answer.push(match carry_out(gateway, term, &written).await {
            Ok(()) => erasure(true, None),
            Err(why) => erasure(false, Some(format!("{why}; it is written down and will be done"))),
        });
    }
    Ok(answer)
}

/// Its stream and sequence, if it may be erased.
fn check(gateway: &Gateway, integration: &str, id: &str) -> Result<(String, u64), Unerased> {
    let [messages, kept] = streams(integration);
    let is_kept = |id: String| records::is_kept(gateway, integration, &id);
    let (message, other) = {
        let ledger = lock(&gateway.ledger);
        let message = ledger.find(&key_hash(&messages, id));
        let message = message.map(|sequence| (sequence, ledger.state(sequence)));
        (message, ledger.find(&key_hash(&kept, id)))
    };
    if let Some((sequence, state)) = message {
        return match state {
            Some(MessageState::Applied | MessageState::Rejected | MessageState::Quarantined) => {
                Ok((messages, sequence))
            }
            Some(MessageState::Pending) | None => Err(Unerased::Pending),
        };
    }
    let sequence = other.ok_or(Unerased::Unknown)?;
    let finished = match id.split_once('/') {
        Some(("in", rest)) => is_kept(format!("ack/{rest}")),
        Some(("out", rest)) => is_kept(format!("end/{rest}")),
        _ => return Err(Unerased::Own),
    };
    if finished {
        Ok((kept, sequence))
    } else {
        Err(Unerased::Open)
    }
}

async fn write(gateway: &Gateway, integration: &str, written: &Written) -> Result<(), Problem> {
    let mut body = serde_json::to_vec(written).map_err(|error| Problem::failed(error.to_string()))?;
    body.resize(body.len().max(RECORD_BYTES), b' ');
    let body = bytes::Bytes::from(body);
    let mut tries = 0;
    loop {
        let next = records::last(gateway, integration, "erased") + 1;
        match records::keep(gateway, integration, &format!("erased/{next}"), body.clone()).await {
            Ok(()) => return Ok(()),
            Err(_) if tries < TRIES_MAX && records::last(gateway, integration, "erased") >= next => {
                tries += 1
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// In the other region first: at no time may a power cut damage both.
async fn carry_out(gateway: &Gateway, term: &Term, written: &Written) -> Result<(), String> {
    if let Some(peer) = &gateway.peer {
        let speaker = Speaker::of(gateway, term);
        let wanted = [(written.stream.clone(), written.id.clone())];
        let path = speaker.on("/peer/erase");
        let call = peer.client.post::<_, ()>(&path, &wanted);
        match tokio::time::timeout(PEER_MAX, call).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("the other region: {error}")),
            Err(_) => return Err("the other region does not answer".to_owned()),
        }
    }
    let sequence = lock(&gateway.ledger).find(&key_hash(&written.stream, &written.id));
    let Some(sequence) = sequence else { return Ok(()) };
    lock(&gateway.history).forget(sequence);
    if let Ok(lane) = IntegrationName::new(&written.stream) {
        lock(&gateway.register).erase_words(&lane, &written.id);
    }
    overwrite(gateway, sequence).await
}

/// Erases here what the leader wants erased; what is not here is no error.
///
/// # Errors
/// In words, what could not be erased.
pub async fn erase_here(gateway: &Gateway, wanted: Vec<(String, String)>) -> Result<(), String> {
    for (stream, id) in wanted {
        let sequence = lock(&gateway.ledger).find(&key_hash(&stream, &id));
        if let Some(sequence) = sequence {
            overwrite(gateway, sequence).await?;
        }
    }
    Ok(())
}

async fn overwrite(gateway: &Gateway, sequence: u64) -> Result<(), String> {
    let (reader, directory) = (gateway.reader.clone(), gateway.settings.journal.directory.clone());
    let erasing = tokio::task::spawn_blocking(move || reader.erase(&RealDisk, &directory, sequence));
    match erasing.await {
        // Trimmed since, also in this region alone: then nothing is left to erase.
        Ok(Ok(Erased::Now | Erased::Before | Erased::Trimmed)) => Ok(()),
        // What is too short for a mark is too short for a person.
        Ok(Err(EraseError::TooShort(_))) => Ok(()),
        Ok(Err(error)) => Err(crate::start::chain(&error)),
        Err(error) => Err(error.to_string()),
    }
}

/// Carries out what was written down until the term ends: all of it once, then what is new or could not be done.
/// Cancelled at any moment, whoever leads next begins anew.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>) {
    let mut done: BTreeMap<String, u64> = BTreeMap::new();
    let mut began = tokio::time::Instant::now();
    loop {
        if began.elapsed() > ALL_AGAIN {
            done.clear();
            began = tokio::time::Instant::now();
        }
        for integration in &gateway.integrations {
            let name = integration.settings.name.as_str();
            let last = records::last(&gateway, name, "erased");
            let from = done.get(name).copied().unwrap_or(0);
            for number in from + 1..=last {
                if let Err(why) = again(&gateway, &term, name, number).await {
                    tracing::warn!(integration = name, number, why, "an erasure must wait");
                    break;
                }
                done.insert(name.to_owned(), number);
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn again(gateway: &Gateway, term: &Term, integration: &str, number: u64) -> Result<(), String> {
    let record = records::find(gateway, integration, &format!("erased/{number}"));
    let record = record.map_err(|problem| problem.message)?;
    // Not readable now: it comes back from the other region, and everything is gone through again.
    let Some(record) = record else { return Ok(()) };
    let written: Written = serde_json::from_slice(&record.entry.body).map_err(|error| error.to_string())?;
    carry_out(gateway, term, &written).await
}

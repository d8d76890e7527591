//! Records of a partner that are no messages: kept, found by name, never delivered.
//!
//! | id | what it is |
//! | --- | --- |
//! | `in/IDENTITY` | an interchange as it came in |
//! | `ack/IDENTITY` | what was answered to it |
//! | `numbers/N` | the Nth block of control numbers |
//! | `out/N` | the Nth interchange that was sent, with what it was made of |
//! | `end/N` | what became of it: the partner's acknowledgement, or a person's decision |
//! | `event/ID/DOCUMENT` | which interchange tells an event of the ERP's outbox, or that none can |
//! | `again/N/K` | the event that tells the same as the Nth interchange since the ERP had lost it for the Kth time |
//! | `decision/N/K` | what a person decided about it while it was lost, having been made anew K times |
//! | `agent/K`, `counted/K/N` | of a site's agent: see `scans::site` |
//! | `decision/in/ID` | what a person decided about a message that the journal and the ERP disagree about |

use api::Problem;
use bytes::Bytes;
use journal::{Entry, Record, body_hash, key_hash};

use crate::{
    gateway::{Gateway, now},
    ingest::{self, Acceptance},
    ledger::{KIND_MESSAGE, Need},
    lock,
};

/// The stream of an integration's records that are no messages.
pub fn stream(integration: &str) -> String {
    format!("edi:{integration}")
}

/// Whether there is such a record.
pub fn is_kept(gateway: &Gateway, integration: &str, id: &str) -> bool {
    let key = key_hash(&stream(integration), id);
    lock(&gateway.ledger).find(&key).is_some()
}

/// A record by its name.
///
/// # Errors
/// When the journal cannot be read.
pub fn find(gateway: &Gateway, integration: &str, id: &str) -> Result<Option<Record>, Problem> {
    let key = key_hash(&stream(integration), id);
    let Some(sequence) = lock(&gateway.ledger).find(&key) else {
        return Ok(None);
    };
    let record = gateway.reader.read_one(sequence);
    record.map_err(|error| Problem::failed(error.to_string()))
}

/// Keeps a record; durable upon return. Keeping the same again changes nothing.
///
/// # Errors
/// When it cannot be stored now, or another record has its name.
pub async fn keep(gateway: &Gateway, integration: &str, id: &str, body: Bytes) -> Result<(), Problem> {
    let acceptance = ingest::accept(gateway, entry(stream(integration), id, body), Need::Durable).await?;
    match acceptance {
        Acceptance::New(_) | Acceptance::Before(_) => Ok(()),
        Acceptance::Aside => Err(Problem::failed(format!("there is another record `{id}`"))),
    }
}

/// Puts a command into a lane; durable upon return.
///
/// # Errors
/// When it cannot be stored now.
pub async fn order(gateway: &Gateway, integration: &str, id: &str, body: Bytes) -> Result<(), Problem> {
    let entry = entry(integration.to_owned(), id, body);
    // Aside: the mapping was changed between a first try and this one; the first is what counts.
    ingest::accept(gateway, entry, Need::Durable).await.map(drop)
}

fn entry(stream: String, id: &str, body: Bytes) -> Entry {
    Entry {
        kind: KIND_MESSAGE,
        time: now().as_micros(),
        key: key_hash(&stream, id),
        body_hash: body_hash(&body),
        stream,
        id: id.to_owned(),
        body,
    }
}

/// The last N of names that are counted from 1 without gaps; 0 when there is none.
pub fn last(gateway: &Gateway, integration: &str, kind: &str) -> u64 {
    let stream = stream(integration);
    let ledger = lock(&gateway.ledger);
    let there = |number: u64| {
        ledger
            .find(&key_hash(&stream, &format!("{kind}/{number}")))
            .is_some()
    };
    let mut step = 1;
    while there(step) {
        step *= 2;
    }
    // Between the last power of two that is there and the first that is not.
    let (mut low, mut high) = (step / 2, step);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if there(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

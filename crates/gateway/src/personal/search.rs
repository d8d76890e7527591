//! Messages of an integration in which a text stands: an e-mail address, an external id.
//!
//! Bytes are compared, in what came in and in what went out. A text that a partner wrote with escapes (`\u0040`) or in
//! another character set is not found; so the answer is a help, and the ids that a person knows come first.

use api::{
    Problem,
    gateway::{
        MessageState,
        personal::{Found, SearchAnswer, SearchRequest},
    },
};
use journal::{ReadError, Record, is_erased, key_hash};
use types::Timestamp;

use crate::{edi::records, gateway::Gateway, lock};

/// Records that are read for one answer; whoever asks goes on behind them.
const READ_MAX: usize = 20_000;
/// Bytes that are read for one answer, about.
const READ_BYTES_MAX: usize = 32 << 20;
/// Records that are read at once.
const STEP: usize = 200;
/// Of what is found, in one answer.
const FOUND_MAX: usize = 200;
/// A shorter text is found everywhere.
const TEXT_MIN: usize = 4;
const TEXT_MAX: usize = 256;

/// One page of what is found.
///
/// # Errors
/// When the text cannot be searched for, or the journal cannot be read.
pub fn search(gateway: &Gateway, request: &SearchRequest) -> Result<SearchAnswer, Problem> {
    let text = request.text.as_deref().map(str::trim);
    if text.is_some_and(|text| !(TEXT_MIN..=TEXT_MAX).contains(&text.len())) {
        let message = format!("what is searched for has {TEXT_MIN} to {TEXT_MAX} bytes");
        return Err(Problem::bad_request(message));
    }
    if let Some(text) = text {
        return scan(gateway, request, text);
    }
    let mut found = Vec::new();
    for id in request.messages.iter().take(FOUND_MAX) {
        for stream in streams(request.integration.as_str()) {
            let sequence = lock(&gateway.ledger).find(&key_hash(&stream, id));
            let Some(sequence) = sequence else { continue };
            let record = match gateway.reader.read_one(sequence) {
                Ok(record) => record,
                // Of it there is a key, and nothing of a person.
                Err(ReadError::Trimmed { .. }) => continue,
                Err(error) => return Err(Problem::failed(error.to_string())),
            };
            found.extend(record.map(|record| told(gateway, &record)));
        }
    }
    Ok(SearchAnswer {
        found,
        next_after: None,
    })
}

/// Where an integration's messages are, and what else is kept of its partner.
pub fn streams(integration: &str) -> [String; 2] {
    [integration.to_owned(), records::stream(integration)]
}

fn scan(gateway: &Gateway, request: &SearchRequest, text: &str) -> Result<SearchAnswer, Problem> {
    let streams = streams(request.integration.as_str());
    let (mut found, mut read, mut bytes) = (Vec::new(), 0, 0);
    // What was parked is read first: it is older than what the log has.
    let mut after = request.after;
    loop {
        let records = gateway.reader.read(after + 1, STEP);
        let records = records.map_err(|error| Problem::failed(error.to_string()))?;
        let Some(last) = records.last().map(|record| record.sequence) else {
            return Ok(SearchAnswer {
                found,
                next_after: None,
            });
        };
        for record in &records {
            read += 1;
            bytes += record.entry.body.len();
            if streams.contains(&record.entry.stream) && holds(&record.entry.body, text.as_bytes()) {
                found.push(told(gateway, record));
            }
        }
        after = last;
        if read >= READ_MAX || bytes >= READ_BYTES_MAX || found.len() >= FOUND_MAX {
            return Ok(SearchAnswer {
                found,
                next_after: Some(after),
            });
        }
    }
}

/// Whether a text stands in a body, and not as a part of a longer word.
fn holds(body: &[u8], text: &[u8]) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    body.windows(text.len()).enumerate().any(|(at, window)| {
        window == text
            && !part(at.checked_sub(1).and_then(|before| body.get(before)))
            && !part(body.get(at + text.len()))
    })
}

fn told(gateway: &Gateway, record: &Record) -> Found {
    let body = &record.entry.body;
    let erased = is_erased(body);
    Found {
        message_id: record.entry.id.clone(),
        is_message: gateway.by_name.contains_key(&record.entry.stream),
        sequence: record.sequence,
        accepted: Timestamp::from_micros(record.entry.time),
        state: lock(&gateway.ledger)
            .state(record.sequence)
            .unwrap_or(MessageState::Pending),
        body_hash: hex::encode(record.entry.body_hash),
        erased,
        body: match serde_json::from_slice(body) {
            _ if erased => serde_json::Value::String(super::ERASED.to_owned()),
            Ok(value) => value,
            Err(_) => serde_json::Value::String(String::from_utf8_lossy(body).into_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_as_a_whole_word_only() {
        let body = br#"{"mail": "ann@example.com", "reference": "C-1000"}"#;
        for (text, is_there) in [
            ("ann@example.com", true),
            ("nn@example.com", false),
            ("C-1000", true),
            ("C-100", false),
            ("mail", true),
            ("nobody", false),
        ] {
            assert_eq!(holds(body, text.as_bytes()), is_there, "{text}");
        }
        assert!(holds(b"NM1*BY*1*ANN~", b"ANN") && !holds(b"", b"ANN"));
    }
}

//! Many messages in one request; the format is in `docs/reference/ingest.md`.
//!
//! Each message stands for itself: what is wrong with one is told on its line and touches no other. Only what concerns the
//! whole request (who sends it, its size, its number of lines) refuses it whole, and then nothing of it was stored.

use api::{Problem, gateway::code};
use axum::http::HeaderMap;
use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::SemaphorePermit;
use types::settings::IdempotencySource;

use super::{
    Visitor,
    answer::{self, Answer},
    counter::Ticket,
    enter, entry, json, key, receive, too_many,
};
use crate::{gateway::Integration, refusal};

/// Messages in one request.
const MESSAGES_MAX: usize = 4096;
/// Bytes of one request.
pub(super) const BYTES_MAX: u64 = 8 << 20;
/// A request holds one permit of the intake for so many bytes, as if they were messages of their own.
const BYTES_PER_PERMIT: u64 = 64 << 10;

/// One line of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    /// The idempotency key, where the integration takes it from a header.
    #[serde(default)]
    id: Option<std::borrow::Cow<'l, str>>,
    /// The message, kept byte for byte.
    #[serde(borrow)]
    body: &'l RawValue,
}

/// One line of an answer that is not about an accepted message.
#[derive(Serialize)]
struct Refused<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'p str>,
    status: &'static str,
    code: &'p str,
    message: &'p str,
}

/// A message on its way.
struct Sent {
    id: String,
    ticket: Ticket,
}

/// Takes a batch in and answers line by line, when every message of it has come to rest.
pub async fn take_in(
    visitor: &Visitor,
    integration: &str,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Answer, Problem> {
    let integration = enter(visitor, integration, headers)?;
    let _memory = memory(visitor, body)?;
    let body = receive(integration, headers, body, BYTES_MAX).await?;
    let lines = split(&body)?;
    let sent: Vec<_> = lines
        .into_iter()
        .map(|line| send(visitor, integration, &body, line))
        .collect();
    let mut out = Vec::with_capacity(sent.len() * 96);
    for one in sent {
        match one {
            Ok(Sent { id, ticket }) => match ticket.await {
                Ok(acceptance) => {
                    integration.meters.accepted(acceptance);
                    match answer::accepted(id.clone(), acceptance) {
                        Ok(accepted) => write(&mut out, &accepted),
                        Err(problem) => write(&mut out, &refused(Some(&id), &problem)),
                    }
                }
                Err(problem) => write(&mut out, &refused(Some(&id), &problem)),
            },
            Err(problem) => write(&mut out, &refused(None, &problem)),
        }
    }
    Ok(answer::lines(out))
}

/// The right to hold a request of many messages in memory.
pub(super) fn memory<'v>(visitor: &'v Visitor, body: &Incoming) -> Result<SemaphorePermit<'v>, Problem> {
    let bytes = body.size_hint().upper().unwrap_or(BYTES_MAX).min(BYTES_MAX);
    let permits = u32::try_from(bytes.div_ceil(BYTES_PER_PERMIT).max(1)).unwrap_or(u32::MAX);
    let memory = visitor.gateway.intake.try_acquire_many(permits);
    memory.map_err(|_| too_many())
}

/// The lines of a request; empty ones count for nothing.
pub(super) fn split(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let lines = body.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty())
        .take(MESSAGES_MAX + 1)
        .collect();
    match lines.len() {
        0 => Err(Problem::bad_request("there is no message in the batch")),
        count if count > MESSAGES_MAX => Err(refusal::too_many_lines(MESSAGES_MAX)),
        _ => Ok(lines),
    }
}

/// Offers one line's message, or says what is wrong with it.
fn send(visitor: &Visitor, integration: &Integration, whole: &Bytes, line: &[u8]) -> Result<Sent, Problem> {
    let Line { id, body } = serde_json::from_slice(line)
        .map_err(|error| Problem::bad_request(format!("the line is not a message: {error}")))?;
    let bytes_max = integration.settings.body_max.get();
    let body = body.get().as_bytes();
    if body.len() as u64 > bytes_max {
        return Err(refusal::too_large(bytes_max));
    }
    let id = match (&integration.settings.idempotency, id) {
        (IdempotencySource::Header(_), Some(id)) => {
            json::check_value(body).map_err(|error| json::refused(&error))?;
            key::usable(id.into_owned())?
        }
        (IdempotencySource::Header(_), None) => {
            return Err(Problem::bad_request("the line has no `id`"));
        }
        (
            source @ (IdempotencySource::Pointer(_) | IdempotencySource::File | IdempotencySource::Sequence),
            None,
        ) => key::find(source, &HeaderMap::new(), body)?,
        (IdempotencySource::Pointer(_) | IdempotencySource::File | IdempotencySource::Sequence, Some(_)) => {
            let message = "this integration takes the key from the body: leave `id` out";
            return Err(Problem::bad_request(message));
        }
    };
    let entry = entry(integration, id.clone(), whole.slice_ref(body));
    let ticket = visitor.counter.offer(entry);
    Ok(Sent { id, ticket })
}

fn refused<'p>(message_id: Option<&'p str>, problem: &'p Problem) -> Refused<'p> {
    let status = match (problem.code.as_str(), problem.status) {
        (code::KEY_CONFLICT, _) => "conflict",
        (_, 503) => "not-stored",
        _ => "refused",
    };
    Refused {
        message_id,
        status,
        code: &problem.code,
        message: &problem.message,
    }
}

fn write(out: &mut Vec<u8>, line: &impl Serialize) {
    // Writing into a vector cannot fail, and neither can these types.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_and_counted() {
        assert_eq!(split(b"a\r\n\nb").unwrap(), [b"a", b"b"]);
        assert!(split(b"\n\r\n").is_err());
        let many = "x\n".repeat(MESSAGES_MAX);
        assert_eq!(split(many.as_bytes()).unwrap().len(), MESSAGES_MAX);
        let more = "x\n".repeat(MESSAGES_MAX + 1);
        assert_eq!(split(more.as_bytes()).unwrap_err().code, code::TOO_LARGE);
    }
}

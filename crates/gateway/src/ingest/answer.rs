//! Answers of the ingest listener.

use api::{
    Problem,
    gateway::{Accepted, AcceptedStatus},
};
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;

use super::Acceptance;
use crate::refusal;

/// An answer whose body is there.
pub type Answer = Response<Full<Bytes>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

fn answer(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut answer = empty(status);
    *answer.body_mut() = Full::new(body.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// There is something here, for other methods.
pub fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
    let methods = HeaderValue::from_static(methods);
    answer.headers_mut().insert(header::ALLOW, methods);
    answer
}

/// Text.
pub fn text(body: &'static str) -> Answer {
    answer(StatusCode::OK, TEXT, body)
}

/// Lines of JSON.
pub fn lines(body: Vec<u8>) -> Answer {
    answer(StatusCode::OK, LINES, body)
}

/// An answer in JSON.
pub fn json(status: StatusCode, value: &impl serde::Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::failed(error.to_string()))?;
    Ok(answer(status, JSON, body))
}

/// A refusal.
pub fn refused(problem: &Problem) -> Answer {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = answer(status, JSON, serde_json::to_vec(problem).unwrap_or_default());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let seconds = HeaderValue::from(refusal::RETRY_AFTER_SECONDS);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    answer
}

/// What became of one message.
pub fn one(message_id: String, acceptance: Acceptance) -> Result<Answer, Problem> {
    let accepted = accepted(message_id, acceptance)?;
    let code = match accepted.status {
        AcceptedStatus::Accepted => StatusCode::ACCEPTED,
        AcceptedStatus::Duplicate => StatusCode::OK,
    };
    json(code, &accepted)
}

/// What the sender is told of a message, if it is not told of a conflict.
pub fn accepted(message_id: String, acceptance: Acceptance) -> Result<Accepted, Problem> {
    let (status, stored) = match acceptance {
        Acceptance::New(stored) => (AcceptedStatus::Accepted, stored),
        Acceptance::Before(stored) => (AcceptedStatus::Duplicate, stored),
        Acceptance::Aside => return Err(refusal::key_conflict(&message_id)),
    };
    Ok(Accepted {
        message_id,
        sequence: stored.sequence,
        status,
        copies: stored.copies,
    })
}

//! The ingest listener: where partners post.
//!
//! `POST /in/{integration}` answers 202 (or 200 for what was stored before) only when the message is durable.
//! `GET /healthz` is 200 while this gateway leads; the ingress routes by it.

mod key;

use std::sync::Arc;

use api::{
    Problem,
    gateway::{Accepted, AcceptedStatus},
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use journal::{Entry, body_hash, key_hash};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use crate::{
    gateway::{Gateway, Integration, now},
    ledger::{Admission, KIND_CONFLICT, KIND_MESSAGE, Need, Outcome, Stored, Unstored},
    lock,
    log::Store,
    refusal::{self, Refused},
};

/// The routes of the ingest listener.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/in/{integration}", post(take_in))
        .route("/healthz", get(health))
        .with_state(gateway)
}

async fn health(State(gateway): State<Arc<Gateway>>) -> Response {
    if gateway.leads() {
        (StatusCode::OK, "leading\n").into_response()
    } else {
        Refused(not_leading()).into_response()
    }
}

async fn take_in(
    State(gateway): State<Arc<Gateway>>,
    Path(integration): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let index = *gateway
        .by_name
        .get(&integration)
        .ok_or_else(refusal::unknown_integration)?;
    let integration = &gateway.integrations[index];
    authenticate(integration, &headers)?;
    if !gateway.leads() {
        return Err(not_leading().into());
    }
    let _memory = gateway
        .intake
        .try_acquire()
        .map_err(|_| Problem::not_now("too many messages at the same time"))?;
    let body = read(integration, body).await?;
    let id = key::find(&integration.settings.idempotency, &headers, &body)?;
    let entry = entry(integration, &id, body);
    let accepted = accept(&gateway, entry, Need::Durable).await?;
    answer(id, accepted)
}

fn authenticate(integration: &Integration, headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| body_hash(token.trim().as_bytes()));
    match given {
        Some(hash) if bool::from(hash.ct_eq(&integration.token_hash)) => Ok(()),
        Some(_) | None => Err(refusal::unauthorised()),
    }
}

async fn read(integration: &Integration, body: Body) -> Result<Bytes, Problem> {
    let bytes_max = integration.settings.body_max.get();
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        // `to_bytes` has one error type: the limit is told apart by its source, a connection that broke has another.
        let text = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if text.contains("length limit") {
            refusal::too_large(bytes_max)
        } else {
            Problem::bad_request("the body ended before its end")
        }
    })
}

fn entry(integration: &Integration, id: &str, body: Bytes) -> Entry {
    let stream = integration.settings.name.to_string();
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

/// How a message came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Stored now.
    New(Stored),
    /// Stored before.
    Before(Stored),
    /// Its key was used for another body: kept aside.
    Aside,
}

/// Stores a message once; returns when it is as durable as needed.
pub async fn accept(gateway: &Gateway, mut entry: Entry, need: Need) -> Result<Acceptance, Problem> {
    let admission = lock(&gateway.ledger).admit(entry.key, &entry.body_hash);
    match admission {
        Admission::New => Ok(Acceptance::New(store(gateway, entry, need).await?)),
        Admission::Duplicate(stored) => Ok(Acceptance::Before(stored)),
        Admission::Wait(receiver) => Ok(Acceptance::Before(outcome(receiver).await?)),
        Admission::Conflict => {
            tracing::warn!(
                integration = entry.stream,
                id = entry.id,
                "another body under the same key"
            );
            entry.kind = KIND_CONFLICT;
            store(gateway, entry, need).await?;
            Ok(Acceptance::Aside)
        }
        Admission::KnownConflict => Ok(Acceptance::Aside),
    }
}

async fn store(gateway: &Gateway, entry: Entry, need: Need) -> Result<Stored, Problem> {
    let (reply, receiver) = oneshot::channel();
    let closed = |_| Problem::not_now("the gateway is shutting down");
    gateway.log.store(Store { entry, need, reply }).map_err(closed)?;
    outcome(receiver).await
}

async fn outcome(receiver: oneshot::Receiver<Outcome>) -> Result<Stored, Problem> {
    match receiver.await {
        Ok(Ok(stored)) => Ok(stored),
        Ok(Err(unstored @ (Unstored::NotLeading | Unstored::Journal(_)))) => {
            Err(Problem::not_now(unstored.to_string()).hint("send the same message again"))
        }
        Err(_) => Err(Problem::not_now("the gateway is shutting down")),
    }
}

fn answer(message_id: String, acceptance: Acceptance) -> Result<Response, Refused> {
    let (code, status, stored) = match acceptance {
        Acceptance::New(stored) => (StatusCode::ACCEPTED, AcceptedStatus::Accepted, stored),
        Acceptance::Before(stored) => (StatusCode::OK, AcceptedStatus::Duplicate, stored),
        Acceptance::Aside => return Err(refusal::key_conflict(&message_id).into()),
    };
    let accepted = Accepted {
        message_id,
        sequence: stored.sequence,
        status,
        copies: stored.copies,
    };
    Ok((code, Json(accepted)).into_response())
}

fn not_leading() -> Problem {
    Problem::not_now("this region's gateway does not lead").hint("send the same message again")
}

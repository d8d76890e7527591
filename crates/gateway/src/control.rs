//! The control listener: what the controller, the command line and the other region's gateway ask (mutual TLS).

use std::{sync::Arc, time::Duration};

use api::{
    Problem,
    caller::{self, Kind, Table},
    gateway::{
        FollowRequest, GatewayRole, GatewayStatus, JournalStatus, LaneStatus, LeadRequest, MessageLine,
        MessagePage, MessageState, MessageTrace, PeerState, PeerStatus,
    },
    site::Done,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use journal::key_hash;
use serde::Deserialize;
use types::{Generation, Timestamp};

use crate::{
    copy::serve,
    gateway::{ChangeError, Gateway, now},
    ledger::{Ledger, age_ms},
    link::Link,
    lock,
    role::Role,
};

/// A leader that was not heard for this long counts as gone in the status; it speaks four times a second.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Messages in one page at most.
const PAGE_MAX: u32 = 10_000;

/// Who may ask what on the control listener.
const MAY_ASK: Table = &[
    ("/v1/status", &[Kind::Controller, Kind::Cli, Kind::Agent]),
    ("/v1/lead", &[Kind::Controller]),
    ("/v1/follow", &[Kind::Controller]),
    ("/v1/stop", &[Kind::Controller, Kind::Cli]),
    ("/v1/messages", &[Kind::Controller, Kind::Cli]),
    ("/v1/messages/{integration}/{key}", &[Kind::Controller, Kind::Cli]),
    ("/peer/append", &[Kind::Gateway]),
    ("/peer/position", &[Kind::Gateway]),
    ("/peer/realign", &[Kind::Gateway]),
    ("/peer/marks", &[Kind::Gateway]),
    ("/peer/fork", &[Kind::Gateway]),
    ("/peer/offer", &[Kind::Gateway]),
];

/// The routes of the control listener.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let router = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/lead", post(lead))
        .route("/v1/follow", post(follow))
        .route("/v1/stop", post(stop))
        .route("/v1/messages", get(messages))
        .route("/v1/messages/{integration}/{key}", get(trace))
        .merge(serve::router())
        .with_state(gateway);
    caller::guard(router, MAY_ASK)
}

fn changed(result: Result<(), ChangeError>) -> Result<Json<Done>, Problem> {
    match result {
        Ok(()) => Ok(Json(Done { at: now() })),
        Err(ChangeError::Refused(refusal)) => Err(refusal.into()),
        Err(error) => Err(Problem::failed(crate::start::chain(&error))),
    }
}

async fn lead(
    State(gateway): State<Arc<Gateway>>,
    Json(request): Json<LeadRequest>,
) -> Result<Json<Done>, Problem> {
    changed(gateway.lead(request.generation, &request.incarnation, request.peer_gone))
}

async fn follow(
    State(gateway): State<Arc<Gateway>>,
    Json(request): Json<FollowRequest>,
) -> Result<Json<Done>, Problem> {
    changed(gateway.follow(request.generation, &request.leader))
}

async fn stop(State(gateway): State<Arc<Gateway>>) -> Json<Done> {
    gateway.cancel.cancel();
    Json(Done { at: now() })
}

async fn status(State(gateway): State<Arc<Gateway>>) -> Json<GatewayStatus> {
    let state = gateway.state();
    let term = gateway.term();
    let reconciliation = gateway.reconciliation();
    let position = gateway.reader.position();
    let figures = *lock(&gateway.shared.figures);
    let ledger = lock(&gateway.ledger);
    let role = match (state.role, state.leader) {
        (Role::Leading, _) => GatewayRole::Leading,
        (Role::Following, Some(leader)) => GatewayRole::Following { leader },
        (Role::Poisoned, _) => GatewayRole::Poisoned,
        (Role::Waiting, _) | (Role::Following, None) => GatewayRole::Waiting,
    };
    Json(GatewayStatus {
        region: gateway.settings.region.clone(),
        role,
        generation: state.generation,
        incarnation: term
            .map(|term| term.incarnation.clone())
            .filter(|known| !known.is_empty()),
        journal: JournalStatus {
            messages: ledger.readable(),
            synced: position.sequence,
            bytes: figures.bytes,
            quarantined: figures.quarantined,
        },
        peer: PeerStatus {
            state: peer_state(&gateway, state.role, ledger.acks.link),
            synced: ledger.acks.there,
            acknowledged_alone: ledger.acks.acknowledged_alone,
            degraded_since: ledger.acks.degraded_since,
        },
        lanes: lanes(&gateway, &ledger),
        reconciliation,
    })
}

/// How the other region's copy stands; seen by a follower, that is whether it hears the leader and holds a prefix of
/// the leader's log.
fn peer_state(gateway: &Gateway, role: Role, link: Link) -> PeerState {
    match role {
        Role::Leading => link.shown(),
        _ if link == Link::None => PeerState::None,
        Role::Following => {
            let heard = lock(&gateway.heard).is_some_and(|at| at.elapsed() < SILENCE_MAX);
            match (heard, *lock(&gateway.aligned)) {
                (false, _) => PeerState::Gone,
                (true, false) => PeerState::CatchingUp,
                (true, true) => PeerState::InSync,
            }
        }
        Role::Waiting | Role::Poisoned => PeerState::Gone,
    }
}

fn lanes(gateway: &Gateway, ledger: &Ledger) -> Vec<LaneStatus> {
    let now = now();
    let settings = gateway
        .integrations
        .iter()
        .map(|integration| &integration.settings);
    settings
        .zip(&ledger.lanes)
        .map(|(settings, lane)| LaneStatus {
            integration: settings.name.clone(),
            accepted: lane.accepted,
            delivered: lane.delivered,
            pending: lane.pending(),
            rejected: lane.rejected,
            quarantined: lane.quarantined,
            oldest_pending_ms: lane.oldest().map(|since| age_ms(since, now)),
            detail: lane.detail.clone(),
        })
        .collect()
}

#[derive(Deserialize)]
struct PageQuery {
    integration: Option<String>,
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

async fn messages(
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

async fn trace(
    State(gateway): State<Arc<Gateway>>,
    Path((integration, key)): Path<(String, String)>,
) -> Result<Json<MessageTrace>, Problem> {
    let unknown = || Problem {
        status: 404,
        ..Problem::bad_request("there is no such message in this journal")
    };
    let index = *gateway.by_name.get(&integration).ok_or_else(unknown)?;
    let (sequence, state, copies) = {
        let ledger = lock(&gateway.ledger);
        let sequence = ledger.find(&key_hash(&integration, &key)).ok_or_else(unknown)?;
        let state = ledger.state(sequence).unwrap_or(MessageState::Pending);
        (sequence, state, ledger.acks.copies(sequence))
    };
    let records = gateway
        .reader
        .read(sequence, 1)
        .map_err(|error| Problem::failed(error.to_string()))?;
    let record = records
        .into_iter()
        .find(|record| record.sequence == sequence)
        .ok_or_else(unknown)?;
    Ok(Json(MessageTrace {
        integration: gateway.integrations[index].settings.name.clone(),
        message_id: record.entry.id,
        sequence,
        generation: Generation::new(record.generation),
        accepted: Timestamp::from_micros(record.entry.time),
        body_hash: hex::encode(record.entry.body_hash),
        copies,
        state,
        answer: lock(&gateway.answers).get(&sequence).cloned(),
    }))
}

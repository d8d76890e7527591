//! The control listener: what the controller, the command line and the other region's gateway ask (mutual TLS).

mod lanes;
mod messages;
mod personal;
mod reconciliation;

use std::{sync::Arc, time::Duration};

use api::{
    Problem,
    caller::{self, Kind, Table},
    gateway::{FollowRequest, GatewayRole, GatewayStatus, JournalStatus, LeadRequest, PeerState, PeerStatus},
    site::Done,
};
use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};

use crate::{
    copy::serve,
    gateway::{ChangeError, Gateway, now},
    link::Link,
    lock, monitor,
    role::Role,
};

/// A leader that was not heard for this long counts as gone in the status; it speaks four times a second.
const SILENCE_MAX: Duration = Duration::from_secs(2);

/// Who may ask what on the control listener.
const MAY_ASK: Table = &[
    ("/v1/status", &[Kind::Controller, Kind::Cli, Kind::Agent]),
    ("/v1/lead", &[Kind::Controller]),
    ("/v1/follow", &[Kind::Controller]),
    ("/v1/stop", &[Kind::Controller, Kind::Cli]),
    ("/v1/messages", &[Kind::Controller, Kind::Cli]),
    ("/v1/messages/{integration}/{key}", &[Kind::Controller, Kind::Cli]),
    ("/v1/erp", &[Kind::Controller, Kind::Cli]),
    ("/v1/lanes/{lane}", &[Kind::Controller, Kind::Cli]),
    ("/v1/lanes/{lane}/pause", &[Kind::Cli]),
    ("/v1/lanes/{lane}/resume", &[Kind::Cli]),
    ("/v1/reconciliation", &[Kind::Controller, Kind::Cli]),
    ("/v1/reconciliation/decisions", &[Kind::Cli]),
    ("/v1/sites", &[Kind::Controller, Kind::Cli]),
    ("/v1/dead-letters", &[Kind::Controller, Kind::Cli]),
    ("/v1/replay", &[Kind::Cli]),
    ("/v1/personal/search", &[Kind::Cli]),
    ("/v1/personal/erase", &[Kind::Cli]),
    ("/metrics", &[Kind::Controller, Kind::Cli, Kind::Agent]),
    ("/peer/append", &[Kind::Gateway]),
    ("/peer/position", &[Kind::Gateway]),
    ("/peer/batches", &[Kind::Gateway]),
    ("/peer/realign", &[Kind::Gateway]),
    ("/peer/marks", &[Kind::Gateway]),
    ("/peer/lanes", &[Kind::Gateway]),
    ("/peer/fork", &[Kind::Gateway]),
    ("/peer/offer", &[Kind::Gateway]),
    ("/peer/erase", &[Kind::Gateway]),
    ("/peer/retain", &[Kind::Gateway]),
    ("/peer/parked", &[Kind::Gateway]),
    ("/peer/base", &[Kind::Gateway]),
    ("/peer/part", &[Kind::Gateway]),
];

/// The routes of the control listener.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let router = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/lead", post(lead))
        .route("/v1/follow", post(follow))
        .route("/v1/stop", post(stop))
        .route("/v1/messages", get(messages::page))
        .route("/v1/messages/{integration}/{key}", get(messages::trace))
        .route("/v1/erp", get(lanes::erp))
        .route("/v1/lanes/{lane}", get(lanes::show))
        .route("/v1/lanes/{lane}/pause", post(lanes::pause))
        .route("/v1/lanes/{lane}/resume", post(lanes::resume))
        .route("/v1/reconciliation", get(reconciliation::show))
        .route("/v1/reconciliation/decisions", post(reconciliation::decide))
        .route("/v1/sites", get(lanes::sites))
        .route("/v1/dead-letters", get(lanes::dead_letters))
        .route("/v1/replay", post(lanes::replay))
        .route("/v1/personal/search", post(personal::search))
        .route("/v1/personal/erase", post(personal::erase))
        .route("/metrics", get(monitor::show))
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
    changed(gateway.lead(request))
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
    let desks = term.as_ref().map_or_else(Vec::new, |term| term.desks.clone());
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
            trimmed: gateway.reader.floor().sequence,
            parked: gateway.reader.parked(),
        },
        peer: PeerStatus {
            state: peer_state(&gateway, state.role, ledger.acks.link),
            synced: ledger.acks.there,
            acknowledged_alone: ledger.acks.acknowledged_alone,
            degraded_since: ledger.acks.degraded_since,
        },
        lanes: lanes::all(&gateway, &ledger, &desks),
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

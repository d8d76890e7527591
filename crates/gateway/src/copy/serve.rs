//! The routes that the other region's gateway calls, under `/peer`.

use std::{sync::Arc, time::Instant};

use api::Problem;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query, State},
    routing::{get, post},
};
use bytes::Bytes;
use journal::{AppendError, Batch, Position};

use super::{
    offered, retain,
    wire::{ForkAnswer, ForkRequest, Speaker, Synced, Wanted},
};
use crate::{
    gateway::{ChangeError, Gateway},
    lanes::{Register, keep},
    lock,
    log::{Copied, CopyError},
    marks::Marks,
    personal,
    role::Role,
};

/// Requests larger than this are refused; one batch of a leader may be as large as its segment.
const BODY_BYTES_MAX: usize = 80 << 20;

/// Bytes given back in one answer, unless one batch has more.
const GIVE_BYTES_MAX: usize = 4 << 20;

/// The routes.
pub fn router() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/peer/append", post(append))
        .route("/peer/position", get(position))
        .route("/peer/batches", get(batches))
        .route("/peer/realign", post(realign))
        .route("/peer/marks", post(marks))
        .route("/peer/lanes", post(lanes))
        .route("/peer/fork", post(fork))
        .route("/peer/offer", post(offered::offer))
        .route("/peer/erase", post(erase))
        .route("/peer/retain", post(retain::retain))
        .route("/peer/parked", get(retain::parked))
        .route("/peer/base", get(retain::base))
        .route("/peer/part", get(retain::part))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The leader speaks: follow it, unless it is not the leader.
pub(super) fn hear(gateway: &Arc<Gateway>, speaker: &Speaker) -> Result<(), Problem> {
    gateway
        .follow(speaker.generation, &speaker.region)
        .map_err(|error| match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Remember(_) | ChangeError::Erp(_) => Problem::failed(error.to_string()),
        })?;
    *lock(&gateway.heard) = Some(Instant::now());
    Ok(())
}

fn not_aligned() -> Problem {
    Problem::not_now("this log is not known to be a prefix of the leader's yet")
}

/// Makes bodies unreadable that the leader was told to erase, before it does the same.
async fn erase(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Json(wanted): Json<Vec<(String, String)>>,
) -> Result<Json<()>, Problem> {
    hear(&gateway, &speaker)?;
    let erased = personal::erase_here(&gateway, wanted).await;
    erased.map(Json).map_err(Problem::not_now)
}

/// Stores the leader's batches as they are; without a body it is a heartbeat.
async fn append(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    body: Bytes,
) -> Result<Json<Synced>, Problem> {
    hear(&gateway, &speaker)?;
    if body.is_empty() {
        return synced(&gateway).await;
    }
    let batches = Batch::parse_all(body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let copied = gateway.log.copy(batches, speaker.generation.get()).await;
    match copied.map_err(|closed| Problem::not_now(closed.to_string()))? {
        Ok(Copied { end, continued }) => {
            // A batch that continues this log names the chain of its end: the logs are the same up to here.
            if continued {
                *lock(&gateway.aligned) = true;
            }
            Ok(Json(Synced { end: end.into() }))
        }
        Err(error @ (CopyError::NotFollowing | CopyError::Early)) => Err(Problem::not_now(error.to_string())),
        Err(CopyError::Append(error @ (AppendError::Diverged { .. } | AppendError::Stale { .. }))) => {
            *lock(&gateway.aligned) = false;
            gateway.misaligned.notify_one();
            Err(Problem::not_now(error.to_string()))
        }
        Err(CopyError::Append(error)) => Err(Problem::not_now(error.to_string())),
    }
}

async fn position(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
) -> Result<Json<Synced>, Problem> {
    hear(&gateway, &speaker)?;
    synced(&gateway).await
}

async fn synced(gateway: &Gateway) -> Result<Json<Synced>, Problem> {
    if !*lock(&gateway.aligned) {
        gateway.misaligned.notify_one();
        return Err(not_aligned());
    }
    let position = gateway.log.position().await;
    let position = position.map_err(|closed| Problem::not_now(closed.to_string()))?;
    Ok(Json(Synced { end: position.into() }))
}

/// Whole batches, the first of which begins there, in their exact bytes: the leader's own are damaged.
async fn batches(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Query(wanted): Query<Wanted>,
) -> Result<Vec<u8>, Problem> {
    hear(&gateway, &speaker)?;
    let read = gateway.reader.batches(wanted.from, GIVE_BYTES_MAX);
    let batches = read.map_err(|error| Problem::refused(error.to_string()))?;
    let bytes = batches.iter().flat_map(|batch| batch.bytes().iter().copied());
    Ok(bytes.collect())
}

/// The leader does not have the end of this log.
async fn realign(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
) -> Result<Json<()>, Problem> {
    hear(&gateway, &speaker)?;
    *lock(&gateway.aligned) = false;
    gateway.misaligned.notify_one();
    Ok(Json(()))
}

async fn marks(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Json(marks): Json<Marks>,
) -> Result<Json<()>, Problem> {
    hear(&gateway, &speaker)?;
    marks.apply(&mut lock(&gateway.ledger));
    Ok(Json(()))
}

/// What operators said to the leader, and what it has given up; on disk here upon return.
async fn lanes(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Json(register): Json<Register>,
) -> Result<Json<()>, Problem> {
    hear(&gateway, &speaker)?;
    keep::take_over(&gateway, register)
        .await
        .map_err(|error| Problem::failed(crate::start::chain(&error)))?;
    Ok(Json(()))
}

/// The follower speaks: answer only while leading in exactly its generation.
pub(super) fn check_leading(gateway: &Gateway, speaker: &Speaker) -> Result<(), Problem> {
    let state = gateway.state();
    if speaker.generation < state.generation {
        return Err(Problem::stale(speaker.generation, state.generation));
    }
    if state.role != Role::Leading || speaker.generation > state.generation {
        return Err(Problem::not_now(
            "this gateway does not lead in that generation yet",
        ));
    }
    Ok(())
}

async fn fork(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    Json(request): Json<ForkRequest>,
) -> Result<Json<ForkAnswer>, Problem> {
    check_leading(&gateway, &speaker)?;
    let probes: Vec<Position> = request.probes.into_iter().map(Position::from).collect();
    let compared = gateway.reader.compare(&probes);
    let differs = compared.held < probes.len();
    if differs && !gateway.reader.gaps().is_empty() && lock(&gateway.unmended).is_none() {
        return Err(Problem::not_now("this log is damaged, and mended first"));
    }
    Ok(Json(compared.into()))
}

//! The controller's API: thin handlers that never retry.

mod moves;

use std::sync::Arc;

use api::{
    Problem,
    caller::{self, Caller, Kind, Table},
    controller::{
        EstateStatus, FailoverRequest, RecoveryTimeline, ReincarnationRequest, SagaRecord, SagaSummary,
    },
    lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest},
    site::{Done, Observation, Site},
};
use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, State},
    routing::{get, post},
};
use saga::{Record, SagaId};
use types::Timestamp;

use crate::{Controller, OrderError, status, store};

/// Sagas in a list; older ones are found by their id.
const SAGAS_MAX: usize = 100;

type Shared = State<Arc<Controller>>;

/// Who may ask what.
const MAY_ASK: Table = &[
    ("/v1/status", READERS),
    ("/v1/heartbeat", &[Kind::Agent, Kind::FrontDoor]),
    ("/v1/sagas", READERS),
    ("/v1/sagas/{id}", READERS),
    ("/v1/sagas/{id}/timeline", READERS),
    ("/v1/failovers", &[Kind::Cli]),
    ("/v1/reincarnations", &[Kind::Cli]),
    ("/v1/moves", &[Kind::Cli]),
    ("/v1/moves/{id}/approve", &[Kind::Cli]),
    ("/v1/sagas/{id}/abort", &[Kind::Cli]),
    ("/v1/lease/renew", &[Kind::Controller, Kind::Agent]),
    ("/v1/lease/promise", &[Kind::Controller, Kind::Agent]),
    ("/v1/stop", &[Kind::Controller, Kind::Cli]),
];
const READERS: &[Kind] = &[Kind::Controller, Kind::Cli, Kind::Agent];

/// The routes.
pub fn router(controller: Arc<Controller>) -> Router {
    let router = Router::new()
        .route("/v1/status", get(estate_status))
        .route("/v1/heartbeat", post(heartbeat))
        .route("/v1/sagas", get(sagas))
        .route("/v1/sagas/{id}", get(saga))
        .route("/v1/sagas/{id}/timeline", get(timeline))
        .route("/v1/failovers", post(failover))
        .route("/v1/reincarnations", post(reincarnate))
        .route("/v1/moves", post(moves::declare))
        .route("/v1/moves/{id}/approve", post(moves::approve))
        .route("/v1/sagas/{id}/abort", post(moves::abort))
        .route("/v1/lease/renew", post(renew))
        .route("/v1/lease/promise", post(promise))
        .route("/v1/stop", post(stop))
        .with_state(controller);
    caller::guard(router, MAY_ASK)
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for `map_err`")]
fn failed(error: store::Error) -> Problem {
    tracing::error!(%error, source = std::error::Error::source(&error).map(tracing::field::display), "request failed");
    Problem::failed(error.to_string())
}

async fn estate_status(State(controller): Shared) -> Result<Json<EstateStatus>, Problem> {
    controller.status().await.map(Json).map_err(failed)
}

async fn heartbeat(
    State(controller): Shared,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Json(observation): Json<Observation>,
) -> Result<Json<Done>, Problem> {
    // What one site claims about another would decide about a failover.
    let own = match (&caller, &observation.site) {
        (Caller::Agent(own), Site::Region(region)) => own == region,
        (Caller::FrontDoor, Site::FrontDoor) => true,
        _ => false,
    };
    if !own {
        return Err(Problem::forbidden(format!(
            "{caller} may not report for another site"
        )));
    }
    controller.hear(observation);
    Ok(Json(Done {
        at: controller.wall(),
    }))
}

async fn sagas(State(controller): Shared) -> Result<Json<Vec<SagaSummary>>, Problem> {
    let rows = controller.store.sagas(SAGAS_MAX).await.map_err(failed)?;
    let mut list: Vec<_> = rows.iter().map(status::row_summary).collect();
    // Only the one that runs has more to tell than its row.
    for (row, brief) in rows.iter().zip(&mut list).filter(|(row, _)| row.ended.is_none()) {
        if let Some(record) = controller.store.saga(row.id).await.map_err(failed)? {
            *brief = status::summary(&record, None);
        }
    }
    Ok(Json(list))
}

async fn find(controller: &Controller, id: &str) -> Result<(Record, Option<(String, Timestamp)>), Problem> {
    let unknown = || Problem {
        status: 404,
        ..Problem::refused(format!("there is no saga `{id}`"))
    };
    let id = SagaId(id.parse().map_err(|_| unknown())?);
    let record = controller
        .store
        .saga(id)
        .await
        .map_err(failed)?
        .ok_or_else(unknown)?;
    let ended = controller.store.saga_end(id).await.map_err(failed)?;
    Ok((record, ended))
}

async fn saga(State(controller): Shared, Path(id): Path<String>) -> Result<Json<SagaRecord>, Problem> {
    let (record, ended) = find(&controller, &id).await?;
    let ended = ended.as_ref().map(|(phase, at)| (phase.as_str(), *at));
    Ok(Json(status::saga_record(&record, ended)))
}

async fn timeline(
    State(controller): Shared,
    Path(id): Path<String>,
) -> Result<Json<RecoveryTimeline>, Problem> {
    let (record, _) = find(&controller, &id).await?;
    recovery::sagas::timeline(&record)
        .map(Json)
        .ok_or_else(|| Problem::refused(format!("a {} has no recovery timeline", record.kind)))
}

fn order_problem(error: OrderError) -> Problem {
    match error {
        OrderError::NotActive { .. } | OrderError::Refused(_) => Problem::refused(error.to_string()),
        OrderError::NotNow(why) => Problem::not_now(why),
        OrderError::Start(error) => Problem::not_now(error.to_string()),
        OrderError::Store(error) => failed(error),
    }
}

async fn failover(
    State(controller): Shared,
    Json(request): Json<FailoverRequest>,
) -> Result<Json<SagaSummary>, Problem> {
    // An order is half of an authorisation, or all of it.
    let named = controller.check_named(&request.by);
    named.map_err(|error| Problem::refused(error.to_string()))?;
    let running = controller.order(&request).await.map_err(order_problem)?;
    let record = controller.store.saga(running.id).await.map_err(failed)?;
    record
        .map(|record| Json(status::summary(&record, None)))
        .ok_or_else(|| Problem::failed("the saga is not in the store"))
}

async fn reincarnate(
    State(controller): Shared,
    Json(request): Json<ReincarnationRequest>,
) -> Result<Json<SagaSummary>, Problem> {
    let running = controller.reincarnate(&request).await.map_err(order_problem)?;
    let record = controller.store.saga(running.id).await.map_err(failed)?;
    record
        .map(|record| Json(status::summary(&record, None)))
        .ok_or_else(|| Problem::failed("the saga is not in the store"))
}

async fn renew(
    State(controller): Shared,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Json(request): Json<RenewRequest>,
) -> Result<Json<RenewReply>, Problem> {
    caller.speaks_for(&request.holder)?;
    controller.witness.renew(&request).await.map(Json).map_err(failed)
}

async fn promise(
    State(controller): Shared,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Json(request): Json<PromiseRequest>,
) -> Result<Json<PromiseReply>, Problem> {
    caller.speaks_for(&request.candidate)?;
    controller
        .witness
        .promise(&request)
        .await
        .map(Json)
        .map_err(failed)
}

async fn stop(State(controller): Shared) -> Json<Done> {
    tracing::info!("told to stop");
    controller.cancel.cancel();
    Json(Done {
        at: controller.wall(),
    })
}

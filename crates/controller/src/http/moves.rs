//! Moves that people declare, authorise and abort.

use std::sync::Arc;

use api::{
    Problem,
    moves::{AbortPlan, AbortRequest, ApproveRequest, MovePlan, MoveRequest},
};
use axum::{
    Json,
    extract::{Path, State},
};

use super::failed;
use crate::{Controller, MoveError};

fn told(error: MoveError) -> Problem {
    match error {
        MoveError::Unknown(_) => Problem {
            status: 404,
            ..Problem::refused(error.to_string())
        },
        MoveError::NoReason(_)
        | MoveError::NothingToAccept(_)
        | MoveError::NotAlone
        | MoveError::SamePerson(_)
        | MoveError::NotNamed { .. }
        | MoveError::NoReturn
        | MoveError::NotRunning(_) => Problem::refused(error.to_string()),
        MoveError::Order(error) => super::order_problem(error),
        MoveError::Start(error) => Problem::not_now(error.to_string()),
        MoveError::Saga(error) => Problem::failed(error.to_string()),
        MoveError::Store(error) => failed(error),
    }
}

pub(super) async fn declare(
    State(controller): State<Arc<Controller>>,
    Json(request): Json<MoveRequest>,
) -> Result<Json<MovePlan>, Problem> {
    controller.declare(request).await.map(Json).map_err(told)
}

pub(super) async fn approve(
    State(controller): State<Arc<Controller>>,
    Path(id): Path<String>,
    Json(request): Json<ApproveRequest>,
) -> Result<Json<MovePlan>, Problem> {
    controller.approve(&id, &request.by).await.map(Json).map_err(told)
}

pub(super) async fn abort(
    State(controller): State<Arc<Controller>>,
    Path(id): Path<String>,
    Json(request): Json<AbortRequest>,
) -> Result<Json<AbortPlan>, Problem> {
    controller.abort(&id, &request).await.map(Json).map_err(told)
}

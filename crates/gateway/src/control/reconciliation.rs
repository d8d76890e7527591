//! What people ask about the last comparison with the ERP, and what they decide about what it found.

use std::sync::Arc;

use api::{
    Problem,
    gateway::reconciliation::{DecisionRequest, Phantom, ReconciliationReport},
};
use axum::{Json, extract::State};

use super::lanes::{leading, words};
use crate::{gateway::Gateway, reconcile};

/// `GET /v1/reconciliation`
pub async fn show(
    State(gateway): State<Arc<Gateway>>,
) -> Result<Json<Option<ReconciliationReport>>, Problem> {
    let report = reconcile::report(&gateway);
    report
        .map(Json)
        .map_err(|error| Problem::failed(crate::start::chain(&error)))
}

/// `POST /v1/reconciliation/decisions`
pub async fn decide(
    State(gateway): State<Arc<Gateway>>,
    Json(request): Json<DecisionRequest>,
) -> Result<Json<Phantom>, Problem> {
    leading(&gateway)?;
    let request = DecisionRequest {
        by: words(&request.by, "who decides")?,
        why: words(&request.why, "the reason")?,
        ..request
    };
    reconcile::decide(&gateway, &request).await.map(Json)
}

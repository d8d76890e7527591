//! `GET /metrics`: on the control listener for programs of the estate, and where the settings say on a listener of its
//! own, which the network must keep to whoever measures. No payload and no key is ever in it.

use std::sync::Arc;

use api::Problem;
use axum::{
    Router,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{gateway::Gateway, metrics};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The route alone.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(gateway)
}

/// The answer.
pub async fn show(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    let text = metrics::text(&gateway).map_err(|error| Problem::failed(error.to_string()))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

//! What operators ask about personal data, and what they have erased.

use std::sync::Arc;

use api::{
    Problem,
    gateway::personal::{EraseRequest, Erasure, SearchAnswer, SearchRequest},
};
use axum::{Json, extract::State};

use super::lanes::{index_of, leading, words};
use crate::{gateway::Gateway, personal};

/// `POST /v1/personal/search`
pub async fn search(
    State(gateway): State<Arc<Gateway>>,
    Json(request): Json<SearchRequest>,
) -> Result<Json<SearchAnswer>, Problem> {
    leading(&gateway)?;
    index_of(&gateway, request.integration.as_str())?;
    tracing::info!(integration = %request.integration, "a person asks for personal data");
    let searching = tokio::task::spawn_blocking(move || personal::search(&gateway, &request));
    let answer = searching
        .await
        .map_err(|error| Problem::failed(error.to_string()))?;
    Ok(Json(answer?))
}

/// `POST /v1/personal/erase`
pub async fn erase(
    State(gateway): State<Arc<Gateway>>,
    Json(mut request): Json<EraseRequest>,
) -> Result<Json<Vec<Erasure>>, Problem> {
    let term = leading(&gateway)?;
    index_of(&gateway, request.integration.as_str())?;
    request.by = words(&request.by, "who has it erased")?;
    request.why = words(&request.why, "the reason")?;
    Ok(Json(personal::request(&gateway, &term, &request).await?))
}

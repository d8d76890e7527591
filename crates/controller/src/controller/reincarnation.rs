//! What a person says when the database was taken back in its place.

use std::sync::Arc;

use api::controller::ReincarnationRequest;
use recovery::sagas::reincarnation;
use uuid::Uuid;

use super::{Controller, OrderError};
use crate::sagas::Running;

impl Controller {
    /// Gives the database of the region that leads a new identity in a new generation; its gateway then replays what
    /// the database lacks.
    ///
    /// # Errors
    /// [`OrderError`], with the reason in words.
    pub async fn reincarnate(
        self: &Arc<Self>,
        request: &ReincarnationRequest,
    ) -> Result<Running, OrderError> {
        if request.by.trim().is_empty() || request.reason.trim().is_empty() {
            return Err(OrderError::Refused(
                "it is written down who took the database back, and why: both are needed".to_owned(),
            ));
        }
        // No failover may be decided between the look and the beginning; a saga that runs forbids it afterwards.
        let _one = self.deciding.lock().await;
        let Some(reign) = self.record.latest() else {
            return Err(OrderError::NotNow("nobody leads yet".to_owned()));
        };
        let plan = reincarnation::Plan {
            region: reign.active,
            generation: reign.generation.next(),
            incarnation: Uuid::new_v4().to_string(),
            reason: request.reason.clone(),
            by: request.by.clone(),
            decided: self.wall(),
        };
        tracing::warn!(region = %plan.region, generation = %plan.generation, reason = plan.reason,
            "the database was taken back: it gets a new identity");
        self.begin(reincarnation::KIND, &request.by, serde_json::json!(plan))
            .await?;
        let running = self.runner.running();
        running
            .filter(|running| running.kind == reincarnation::KIND)
            .ok_or_else(|| OrderError::NotNow("another saga runs".to_owned()))
    }
}

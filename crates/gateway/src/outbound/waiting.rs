//! What was sent and is not acknowledged yet.

use api::Problem;

use super::Heard;
use crate::gateway::Gateway;

/// What was sent and is not acknowledged yet.
#[derive(Debug, Default)]
pub struct Waiting {}

impl Waiting {
    /// Settles what a partner speaks of.
    pub async fn settle(
        &mut self,
        _gateway: &Gateway,
        integration: &str,
        heard: Heard,
    ) -> Result<(), Problem> {
        if !heard.groups.is_empty() || !heard.reports.is_empty() || !heard.interchanges.is_empty() {
            tracing::warn!(
                integration,
                ?heard,
                "PL0709: an acknowledgement of something that was not sent"
            );
        }
        Ok(())
    }
}

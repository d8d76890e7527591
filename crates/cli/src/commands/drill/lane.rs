//! One lane at the gateway that leads, as a drill looks at it.

use std::time::{Duration, Instant};

use api::gateway::{GatewayClient, LaneStatus};
use types::IntegrationName;

use super::disturb::UnderLoad;
use crate::{failure::Failure, open_estate::OpenEstate};

/// How often the lane is asked for.
pub const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The lane.
pub struct Lane<'a> {
    pub gateway: GatewayClient,
    pub name: &'a IntegrationName,
}

impl<'a> Lane<'a> {
    pub fn of(
        estate: &OpenEstate,
        name: &'a IntegrationName,
        under: &UnderLoad<'_>,
    ) -> Result<Self, Failure> {
        let mut gateways = estate.gateways()?.into_iter();
        let found = gateways.find(|(region, _)| *region == under.leader);
        let (_, gateway) = found.ok_or_else(|| Failure::no("PL0403", "no gateway leads"))?;
        Ok(Self { gateway, name })
    }

    pub async fn status(&self) -> Result<LaneStatus, Failure> {
        Ok(self.gateway.lane(self.name).await?.status)
    }

    /// Waits until the lane is as asked; `None` when that did not come in time.
    pub async fn wait(
        &self,
        limit: Duration,
        is: impl Fn(&LaneStatus) -> bool,
    ) -> Result<Option<LaneStatus>, Failure> {
        let began = Instant::now();
        while began.elapsed() < limit {
            let seen = self.status().await?;
            if is(&seen) {
                return Ok(Some(seen));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(None)
    }
}

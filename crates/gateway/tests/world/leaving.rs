//! Lanes that leave the ERP.

use serde_json::Value;
use types::{
    IntegrationName, PartnerName, Span,
    settings::{GatewaySettings, IdempotencySource, IntegrationSettings},
};

/// The first of them, behind those of the world.
pub const OURS: usize = 4;

/// Adds a lane that leaves the ERP.
pub fn sending<'s>(
    settings: &'s mut GatewaySettings,
    name: &str,
    outbound: Value,
) -> &'s mut IntegrationSettings {
    let like = settings.integrations[0].clone();
    settings.integrations.push(IntegrationSettings {
        name: IntegrationName::new(name).unwrap(),
        idempotency: IdempotencySource::Header("Idempotency-Key".to_owned()),
        outbound: Some(serde_json::from_value(outbound).unwrap()),
        ..like
    });
    let added = settings.integrations.last_mut().unwrap();
    added.lane.partner = Some(PartnerName::new("carrier").unwrap());
    added.lane.retry.longest = Span::from_millis(200);
    added
}

//! A region's ingress: Traefik with one service for each class of work.

use estate::{Authentication, Direction};
use types::{RegionName, Span};

use super::{Planner, odoo};
use crate::{Ingress, Port, Refusal, ports};

/// The gateway acknowledges in milliseconds, and after [`super::timing::DEGRADE_AFTER`] at the latest.
const GATEWAY_TIMEOUT: Span = Span::from_secs(5);

/// A little longer than Odoo itself allows, so that Odoo's own answer wins.
pub(super) const ODOO_TIMEOUT: Span = Span::from_millis(odoo::REQUEST_TIME_MAX.as_millis() + 5_000);

impl Planner<'_> {
    pub(super) fn ingress(&self, region: &RegionName) -> Result<Ingress, Refusal> {
        Ok(Ingress {
            listen: self.regional(Port::Ingress, region)?,
            front_door: self.listen(ports::PUBLIC)?.ip(),
            tls: self.host.layout.identity(&format!("{region}-ingress")),
            dynamic_file: self.rendered(region).join("traefik/dynamic.yml"),
            gateway_url: self.https(&Port::GatewayIngest.of(region))?,
            web_url: self.http(&Port::OdooWeb.of(region))?,
            integration_url: self.http(&Port::OdooIntegration.of(region))?,
            live_url: self.http(&Port::OdooLive.of(region))?,
            gateway_timeout: GATEWAY_TIMEOUT,
            odoo_timeout: ODOO_TIMEOUT,
            partner_certificates: self.partner_certificates(),
        })
    }

    /// Whether any partner of the tenant proves itself by a certificate.
    pub(super) fn partner_certificates(&self) -> bool {
        let mut inbound = self
            .estate
            .integrations
            .iter()
            .filter(|one| one.tenant == *self.name && one.direction == Direction::Inbound);
        inbound.any(|one| matches!(one.authentication, Authentication::MutualTls { .. }))
    }
}

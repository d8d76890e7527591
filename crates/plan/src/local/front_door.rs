//! The one public entrance above all regions: the local stand-in for a global load balancer.

use types::{
    Span,
    settings::{FrontDoorSettings, SiteRole, SiteSettings},
};

use super::{Planner, ingress, timing};
use crate::{FrontDoorBlueprint, Port, Refusal, ports};

/// A failover takes about this long.
const RETRY_AFTER: Span = Span::from_secs(5);

impl Planner<'_> {
    pub(super) fn front_door(&self) -> Result<FrontDoorBlueprint, Refusal> {
        let layout = &self.host.layout;
        let rendered = layout.rendered().join("front-door");
        let routes = rendered.join("routes");
        let directory = layout.front_door();
        // Outside of the rendered tree, which is replaced as a whole, and alone in its directory, which Traefik reads.
        let routes_dir = directory.join("routes");
        let names = || self.regions.iter().map(|region| region.name.clone());
        let ingresses = names()
            .map(|name| Ok((name.clone(), self.https(&Port::Ingress.of(&name))?)))
            .collect::<Result<std::collections::BTreeMap<_, _>, Refusal>>()?;
        let settings = FrontDoorSettings {
            live_file: routes_dir.join("live.yml"),
            regions: names()
                .map(|name| (name.clone(), routes.join(format!("region-{name}.yml"))))
                .collect(),
            failing_over_to: names()
                .map(|name| (name.clone(), routes.join(format!("failing-over-to-{name}.yml"))))
                .collect(),
            maintenance: routes.join("maintenance.yml"),
            ingresses: ingresses.clone(),
            public_url: self.https(ports::PUBLIC)?,
            maintenance_listen: self.listen(ports::MAINTENANCE)?,
            maintenance_page: rendered.join("maintenance.html"),
            maintenance_retry_after: RETRY_AFTER,
        };
        let tls = layout.identity("front-door");
        let public = self.listen(ports::PUBLIC)?;
        Ok(FrontDoorBlueprint {
            site: SiteSettings {
                estate: self.estate.name.clone(),
                role: SiteRole::FrontDoor(settings),
                directory: directory.clone(),
                listen: self.listen(ports::FRONT_DOOR_AGENT)?,
                tls: tls.clone(),
                controller: self.https(ports::CONTROLLER)?,
                heartbeat_every: timing::HEARTBEAT_EVERY,
                processes: vec![self.traefik_process(directory.join("traefik"), &rendered, public)],
            },
            listen: public,
            tls,
            ingresses,
            maintenance_url: self.http(ports::MAINTENANCE)?,
            routes_dir,
            response_timeout: Span::from_millis(ingress::ODOO_TIMEOUT.as_millis() + 5_000),
            partner_certificates: self.partner_certificates(),
        })
    }
}

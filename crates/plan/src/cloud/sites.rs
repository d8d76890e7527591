//! How warehouses get into a region's network.

use estate::{LinkKind, Posture, Site};

use super::{
    Notes,
    blueprint::{Connection, GatewayKind, SiteGateway},
    catalogue,
    environment::{Place, Planner},
    names::{self, longest},
};

impl<'e> Planner<'_, 'e> {
    /// Gateways of a region. Only production's: a test must not reach into a warehouse.
    ///
    /// The standby region has its own, because the links of the active one go down with it.
    pub(super) fn site_gateways(&self, place: &Place<'e>, notes: &mut Notes) -> Vec<SiteGateway> {
        if !self.is_production() || place.posture == Posture::Cold {
            return Vec::new();
        }
        [
            (GatewayKind::Vpn, LinkKind::Vpn),
            (GatewayKind::ExpressRoute, LinkKind::ExpressRoute),
        ]
        .into_iter()
        .filter_map(|(kind, link)| self.site_gateway(place, kind, link, notes))
        .collect()
    }

    fn site_gateway(
        &self,
        place: &Place<'e>,
        kind: GatewayKind,
        link: LinkKind,
        notes: &mut Notes,
    ) -> Option<SiteGateway> {
        let region = &place.region.name;
        let sites: Vec<&Site> = self
            .survey
            .estate
            .sites
            .iter()
            .filter(|site| site.link.kind == link)
            .filter(|site| site.region == *region || place.partner == Some(&site.region))
            .collect();
        if sites.is_empty() {
            return None;
        }
        let megabits = sites
            .iter()
            .fold(0u32, |sum, site| sum.saturating_add(site.link.megabits));
        let (short, sku) = match kind {
            GatewayKind::Vpn => ("vpn", catalogue::vpn_gateway(megabits, sites.len())),
            GatewayKind::ExpressRoute => (
                "express-route",
                catalogue::express_route_gateway(megabits, sites.len()),
            ),
        };
        let at = format!("{}/{region}", self.name);
        notes.report.decide_at(
            "sites",
            &at,
            &format!("{} of them connected by {sku}", sites.len()),
            "the smallest that carries their bandwidth together; the other region of the pair has one too, because links go down with their region",
        );
        if catalogue::gateway_sites_most(sku).is_some_and(|most| sites.len() > most) {
            notes.report.caution_at(
                "sites",
                &at,
                "more sites than one gateway can have",
                "a network has one gateway of a kind: connect the small ones over the internet",
            );
        }
        Some(SiteGateway {
            name: self.regional(region, &[short], longest::GATEWAY),
            kind,
            sku: sku.to_owned(),
            connections: sites
                .into_iter()
                .map(|site| Connection {
                    site: site.name.clone(),
                    name: names::joined(&[region.as_str(), site.name.as_str(), short], longest::GATEWAY),
                    link,
                    remote: site.link.gateway,
                    addresses: site.link.addresses.clone(),
                    secret: names::joined(&[site.name.as_str(), short, "key"], longest::SECRET),
                })
                .collect(),
        })
    }
}

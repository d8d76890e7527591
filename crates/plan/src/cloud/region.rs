//! One region of an environment: what stands there, and what of each stamp.

use estate::Engine;

use super::{
    Notes, addresses,
    blueprint::{Network, Placement, PrivateZone, Region, ResourceGroups},
    environment::{Place, Planner, Sized},
    names::longest,
};

/// The longest that Azure allows: a vault that was deleted by mistake takes every secret with it.
const VAULT_SOFT_DELETE_DAYS: u16 = 90;

impl<'e> Planner<'_, 'e> {
    pub(super) fn region(&self, place: &Place<'e>, sized: &[Sized<'e>], notes: &mut Notes) -> Region {
        let region = &place.region.name;
        let subnets = addresses::subnets(place.addresses);
        let mut placed: Vec<(&Sized<'e>, Placement)> = Vec::new();
        for one in sized {
            if one.home.region == region || one.home.standby == Some(region) {
                let cluster = self.cluster_of(place, one);
                placed.push((one, self.placement(place, one, cluster, notes)));
            }
        }
        let clusters = self.clusters(place, &placed, &subnets, notes);
        let group = |what: &str| self.regional(region, &[what], longest::RESOURCE_GROUP);
        Region {
            name: region.clone(),
            location: place.region.location.clone(),
            geography: place.region.geography.clone(),
            role: place.role,
            posture: place.posture,
            partner: place.partner.cloned(),
            zones: place.region.zones.clone(),
            resource_groups: ResourceGroups {
                infrastructure: group("infrastructure"),
                data: group("data"),
                platform: group("platform"),
            },
            network: Network {
                name: self.regional(region, &["network"], longest::NETWORK),
                addresses: place.addresses,
                subnets,
                peered: place.partner.is_some(),
                private_zones: private_zones(sized),
                internal_domain: self.internal_domain(region),
            },
            vault: self.regional_global(region, &["vault"], longest::VAULT),
            vault_soft_delete_days: VAULT_SOFT_DELETE_DAYS,
            log_workspace: self.regional(region, &["logs"], longest::LOG_WORKSPACE),
            storage: self.storage(place, sized, notes),
            clusters,
            site_gateways: self.site_gateways(place, notes),
            placements: placed.into_iter().map(|(_, placement)| placement).collect(),
        }
    }
}

fn private_zones(sized: &[Sized<'_>]) -> Vec<PrivateZone> {
    let mut zones = vec![
        PrivateZone::Vault,
        PrivateZone::Blob,
        PrivateZone::Redis,
        PrivateZone::Registry,
    ];
    if sized
        .iter()
        .any(|one| one.estate.database.engine == Engine::FlexibleServer)
    {
        zones.push(PrivateZone::Postgres);
    }
    zones
}

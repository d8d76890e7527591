//! Regions, environments and sites.

use std::collections::{BTreeMap, BTreeSet};

use types::{EnvironmentName, RegionName};

use super::{Context, line, values};
use crate::{
    defaults,
    document::{EnvironmentDocument, LinkDocument, RegionDocument, SiteDocument},
    field::{Located, TimeZoneName},
    locations::{self, Location},
    model::{EdgeAgent, Environment, Link, Posture, Region, RegionRole, Site, Stage},
};

/// The environment that always exists.
const PRODUCTION: &str = "production";

/// What is known about where a region is.
fn location_of(written: &RegionDocument) -> Option<&'static Location> {
    match &written.location {
        crate::field::Given::Absent => locations::location(written.name.get()?.as_str()),
        given => locations::location(&given.get()?.0),
    }
}

/// Regions in locations without availability zones.
pub(super) fn zoneless(written: &[Located<RegionDocument>]) -> BTreeSet<RegionName> {
    let without = written
        .iter()
        .filter(|one| location_of(&one.value).is_some_and(|location| !location.zones));
    without.filter_map(|one| one.value.name.value()).collect()
}

pub(super) fn region(written: &RegionDocument, context: &Context<'_>) -> Option<Region> {
    let name = written.name.value()?;
    let role = written.role.value()?;
    let known = location_of(written);
    let said = line(&written.location);
    let mut zones: Vec<u8> = values(&written.zones).into_iter().map(|zone| zone.u8()).collect();
    zones.sort_unstable();
    zones.dedup();
    if written.zones.as_ref().is_none() && known.is_none_or(|location| location.zones) {
        zones = defaults::ZONES.to_vec();
    }
    let standby_for = match role {
        RegionRole::Active => None,
        RegionRole::Standby => Some(written.standby_for.value().or_else(|| context.only_active())?),
    };
    Some(Region {
        location: known
            .map(|location| location.name.to_owned())
            .or(said)
            .unwrap_or_else(|| name.to_string()),
        role,
        standby_for,
        posture: match role {
            RegionRole::Active => Posture::Hot,
            RegionRole::Standby => written.posture.or(defaults::POSTURE),
        },
        zones,
        geography: line(&written.geography).or_else(|| known.map(|location| location.geography.to_owned())),
        address_space: written.address_space.value(),
        name,
    })
}

pub(super) fn environment(
    written: &EnvironmentDocument,
    context: &Context<'_>,
) -> Option<(EnvironmentName, Environment)> {
    let stage = written.stage.value()?;
    let name = written
        .name
        .value()
        .or_else(|| EnvironmentName::new(stage.as_str()).ok())?;
    let asked: BTreeSet<RegionName> = values(&written.regions).into_iter().collect();
    let regions = context.regions.iter().map(|(region, _)| region);
    let regions: Vec<RegionName> = match (asked.is_empty(), stage) {
        (false, _) => regions
            .filter(|region| asked.contains(*region))
            .cloned()
            .collect(),
        // Whether code works does not depend on a second region.
        (true, Stage::Development | Stage::Test) => context.active().take(1).cloned().collect(),
        (true, Stage::Staging | Stage::Production | Stage::Recovery) => regions.cloned().collect(),
    };
    let environment = Environment {
        stage,
        regions: active_first(regions, context),
        scale_percent: written
            .scale_percent
            .get()
            .map_or(defaults::SCALE_PERCENT, |percent| percent.u8()),
        runs: written.runs.get().and_then(super::running::window),
        copies_production: written.copies_production.or(stage == Stage::Recovery),
    };
    Some((name, environment))
}

fn active_first(mut regions: Vec<RegionName>, context: &Context<'_>) -> Vec<RegionName> {
    let active: BTreeSet<&RegionName> = context.active().collect();
    regions.sort_by_key(|region| !active.contains(region));
    regions
}

/// Production exists whether it is written or not.
pub(super) fn complete_environments(
    environments: &mut BTreeMap<EnvironmentName, Environment>,
    regions: &[Region],
) -> Option<()> {
    if !environments.values().any(|one| one.stage == Stage::Production) {
        let all = regions.iter().map(|region| region.name.clone()).collect();
        environments.insert(EnvironmentName::new(PRODUCTION).ok()?, defaults::production(all));
    }
    Some(())
}

pub(super) fn site(written: &SiteDocument, context: &Context<'_>) -> Option<Site> {
    let name = written.name.value()?;
    let zone: Option<TimeZoneName> = written.time_zone.value();
    Some(Site {
        display_name: line(&written.display_name).unwrap_or_else(|| defaults::display_name(name.as_str())),
        region: written
            .region
            .value()
            .or_else(|| context.active().next().cloned())?,
        tenants: if written.tenants.is_absent() {
            context.tenants.to_vec()
        } else {
            values(&written.tenants)
        },
        time_zone: zone.map_or_else(|| context.organisation.time_zone.clone(), |zone| zone.0),
        link: written.link.get().map_or_else(defaults::link, link),
        devices: values(&written.devices),
        edge: match written.edge.get() {
            Some(edge) => Some(EdgeAgent {
                offline: edge.offline.value()?,
            }),
            None => None,
        },
        pack_age: written.pack_age.or(defaults::PACK_AGE),
        name,
    })
}

fn link(written: &LinkDocument) -> Link {
    let default = defaults::link();
    Link {
        kind: written.kind.or(default.kind),
        gateway: written.gateway.value(),
        addresses: values(&written.addresses),
        megabits: written
            .megabits
            .get()
            .map_or(default.megabits, |number| number.u32()),
        redundant: written.redundant.or(default.redundant),
    }
}

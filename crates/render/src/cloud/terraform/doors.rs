//! Names of the doors that partners with certificates come in by, and who may reach them.

use std::collections::BTreeSet;

use estate::Posture;
use plan::cloud::blueprint::{CertificateDoor, Environment, Region, Stamp, Tenant};

use super::stack::Stack;
use crate::hcl::{Body, Expression};

/// What the gateway of the leading region answers 200 to, and no other.
const HEALTH_PATH: &str = "/healthz";
/// Azure's word for every public address.
const ANYWHERE: &str = "Internet";

/// Whom a region's network lets through to doors: nobody where it has none.
pub(super) fn sources(environment: &Environment, region: &Region) -> BTreeSet<String> {
    let here = |stamp: &&Stamp| {
        let placements = region.placements.iter();
        placements
            .filter(|one| one.gateway.is_some())
            .any(|one| one.stamp == stamp.name)
    };
    let doors: Vec<&CertificateDoor> = environment
        .stamps
        .iter()
        .filter(here)
        .flat_map(|stamp| of(stamp).map(|(_, door)| door))
        .collect();
    if doors.iter().any(|door| door.allow.is_empty()) {
        return BTreeSet::from([ANYWHERE.to_owned()]);
    }
    let allowed = doors.iter().flat_map(|door| &door.allow);
    allowed.map(ToString::to_string).collect()
}

/// Adds the names of all doors to the stack of the entrance.
pub(super) fn add(
    environment: &Environment,
    workspaces: &[(String, Expression)],
    tags: &Expression,
    stack: &mut Stack,
) {
    let doors: Vec<(String, Expression)> = environment
        .stamps
        .iter()
        .flat_map(|stamp| of(stamp).map(move |(tenant, door)| (stamp, tenant, door)))
        .map(|(stamp, tenant, door)| (tenant.name.to_string(), self::door(environment, stamp, door)))
        .collect();
    if doors.is_empty() {
        return;
    }
    let inputs = Body::new()
        .set("resource_group_name", &environment.front_door.resource_group)
        .gap()
        .set("doors", Expression::map(doors))
        .set("health_path", HEALTH_PATH)
        .gap()
        .set(
            "log_analytics_workspace_ids",
            Expression::map(workspaces.iter().cloned()),
        )
        .set("tags", tags.clone());
    stack.module("certificate_doors", "certificate-doors", inputs);
    stack.output(
        "certificate_host_names",
        "Where the CNAME records of partners with certificates point to, by host.",
        Expression::output("certificate_doors", "host_names"),
    );
}

fn of(stamp: &Stamp) -> impl Iterator<Item = (&Tenant, &CertificateDoor)> {
    let tenants = stamp.tenants.iter();
    tenants.filter_map(|tenant| Some((tenant, tenant.certificate_door.as_ref()?)))
}

fn door(environment: &Environment, stamp: &Stamp, door: &CertificateDoor) -> Expression {
    let regions = environment.regions.iter();
    let endpoints = regions
        .filter(|region| region.name == stamp.home || Some(&region.name) == stamp.standby.as_ref())
        // A cold standby has no gateway, and gets a door when it is built.
        .filter(|region| region.posture != Posture::Cold)
        .map(|region| {
            let priority = if region.name == stamp.home { 1_u64 } else { 2 };
            let target = format!("{}.{}.cloudapp.azure.com", door.label, region.location);
            let endpoint = Expression::map([
                ("target", Expression::from(target)),
                ("priority", priority.into()),
            ]);
            (region.name.to_string(), endpoint)
        });
    Expression::map([
        ("profile", Expression::from(&door.profile)),
        ("host", Expression::from(&door.host)),
        ("endpoints", Expression::map(endpoints)),
    ])
}

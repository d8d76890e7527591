//! The stack of a region's data: databases, caches, storage. Everything in it refuses to be destroyed.

use std::collections::BTreeMap;

use estate::{CachePersistence, HighAvailability, Tenancy, Weekday};
use plan::cloud::blueprint::{
    CachePlan, DatabaseEngine, FlexibleServer, Placement, PrivateZone, Region, SubnetPurpose,
};

use super::{
    access,
    here::{self, Here, Part},
    ids::{self, Kind},
    infrastructure::{placed, watched},
    stack::{Secrecy, Stack, Variable},
    storage,
};
use crate::hcl::{Body, Expression};

/// The login that makes databases and roles of tenants.
const ADMINISTRATOR: &str = "plimsoll_administrator";

pub(super) fn stack(here: Here<'_>) -> Stack {
    let region = here.region;
    let mut stack = Stack::new(here.path("data"));
    let group = stack.group("data", &region.resource_groups.data);
    let tags = stack.tags(here.tags());
    stack.resource(
        "azurerm_resource_group",
        "this",
        Body::new()
            .set("name", &region.resource_groups.data)
            .set("location", &region.location)
            .set("tags", tags)
            .block(crate::hcl::Block::new(
                "lifecycle",
                Body::new().set("prevent_destroy", true),
            )),
    );
    stack.group("infrastructure", &region.resource_groups.infrastructure);
    for placement in &region.placements {
        if let DatabaseEngine::FlexibleServer(server) = &placement.database.engine {
            database(here, placement, server, &mut stack);
        }
    }
    // Stamps that share a cache have it in common.
    let mut caches: BTreeMap<&str, (&CachePlan, Vec<&Placement>)> = BTreeMap::new();
    for placement in &region.placements {
        if let Some(cache) = &placement.cache {
            caches
                .entry(cache.name.as_str())
                .or_insert((cache, Vec::new()))
                .1
                .push(placement);
        }
    }
    for (cache, users) in caches.into_values() {
        let tenancy = |placement: &Placement| {
            let stamp = here
                .environment
                .stamps
                .iter()
                .find(|stamp| stamp.name == placement.stamp)?;
            (stamp.tenancy == Tenancy::Dedicated).then(|| stamp.name.as_str().replace('-', "_"))
        };
        let whose = users
            .first()
            .copied()
            .and_then(tenancy)
            .unwrap_or_else(|| "shared".to_owned());
        self::cache(here, &format!("cache_{whose}"), cache, &mut stack);
    }
    storage::modules(here, &mut stack);
    access::modules(here, Part::Data, &group, &mut stack);
    stack
}

/// The workspace, which the infrastructure has.
pub(super) fn workspace(here: Here<'_>) -> Expression {
    ids::resource(
        Expression::local("infrastructure"),
        Kind::Workspace,
        &here.region.log_workspace,
    )
}

/// A private endpoint in the region's network and zone, which the infrastructure has.
pub(super) fn endpoint(here: Here<'_>, zone: PrivateZone) -> Expression {
    endpoint_of(here.region, Expression::local("infrastructure"), zone)
}

/// The same in any region, by the group of its infrastructure.
pub(super) fn endpoint_of(region: &Region, group: Expression, zone: PrivateZone) -> Expression {
    let subnet = here::subnet(region, SubnetPurpose::PrivateEndpoints).map_or("", |subnet| &subnet.name);
    let (_, zone) = here::zone(region, zone);
    Expression::map([
        (
            "subnet_id",
            ids::subnet(group.clone(), &region.network.name, subnet),
        ),
        ("zone_id", ids::resource(group, Kind::PrivateDnsZone, &zone)),
    ])
}

fn database(here: Here<'_>, placement: &Placement, server: &FlexibleServer, stack: &mut Stack) {
    let region = here.region;
    let infrastructure = || Expression::local("infrastructure");
    let (_, zone) = here::zone(region, PrivateZone::Postgres);
    let subnet = here::subnet(region, SubnetPurpose::Database).map_or("", |subnet| &subnet.name);
    let source = server.upstream.as_ref().map(|upstream| {
        let name = format!("data_{}", upstream.region.as_str().replace('-', "_"));
        let group = stack.group(&name, &upstream.resource_group);
        ids::resource(group, Kind::FlexibleServer, &upstream.name)
    });
    // An endpoint joins a primary and its replica, so it is made with the replica, which comes last.
    let endpoint = server.upstream.as_ref().and_then(|upstream| {
        let upstream_region = here
            .environment
            .regions
            .iter()
            .find(|region| region.name == upstream.region)?;
        let primary = upstream_region
            .placements
            .iter()
            .find(|one| one.stamp == placement.stamp)?;
        match &primary.database.engine {
            DatabaseEngine::FlexibleServer(primary) => primary.virtual_endpoint.clone(),
            DatabaseEngine::CloudNativePg(_) | DatabaseEngine::RestoredWhenNeeded => None,
        }
    });
    let mut inputs = placed(here, &server.name)
        .set("tenant_id", stack.tenant_id())
        .gap()
        .set("postgres_version", placement.database.version.to_string())
        .set("sku_name", &server.sku)
        .set("storage_mb", server.storage_mib)
        .set(
            "zone",
            (!region.zones.is_empty()).then(|| server.zone.to_string()),
        )
        .set("high_availability", high_availability(server))
        .set("backup_days", server.backup_days)
        .set("geo_backup", server.geo_backup)
        .set("maintenance", maintenance(server))
        .gap()
        .set(
            "subnet_id",
            ids::subnet(infrastructure(), &region.network.name, subnet),
        )
        .set(
            "private_dns_zone_id",
            ids::resource(infrastructure(), Kind::PrivateDnsZone, &zone),
        )
        .gap();
    if let Some(source) = source {
        inputs = inputs
            .set("source_server_id", source)
            .set_some("virtual_endpoint", endpoint)
            .gap();
    }
    if !server.reporting_replicas.is_empty() {
        inputs = inputs
            .set("reporting_replicas", Expression::list(&server.reporting_replicas))
            .gap();
    }
    let administrator = Expression::map([
        ("login", Expression::from(ADMINISTRATOR)),
        ("password_version", 1u8.into()),
    ]);
    inputs = inputs.set("administrator", administrator);
    if server.upstream.is_none() {
        let passwords = passwords(here, stack);
        inputs = inputs
            .set("administrator_password", passwords.at(placement.stamp.as_str()))
            .set("directory_administrators", directory_administrators(stack));
    }
    inputs = inputs
        .set(
            "parameters",
            Expression::map(placement.database.parameters.clone()),
        )
        .gap();
    let label = format!("database_{}", placement.stamp.as_str().replace('-', "_"));
    stack.module(&label, "flexible-server", watched(inputs, workspace(here)));
}

fn high_availability(server: &FlexibleServer) -> Expression {
    let mode = match server.high_availability {
        HighAvailability::None => return Expression::Null,
        HighAvailability::SameZone => "SameZone",
        HighAvailability::ZoneRedundant => "ZoneRedundant",
    };
    Expression::map([
        ("mode", Expression::from(mode)),
        (
            "standby_zone",
            server.standby_zone.map(|zone| zone.to_string()).into(),
        ),
    ])
}

/// Azure counts days from Sunday.
fn maintenance(server: &FlexibleServer) -> Expression {
    let day: u8 = match server.maintenance.day {
        Weekday::Sun => 0,
        Weekday::Mon => 1,
        Weekday::Tue => 2,
        Weekday::Wed => 3,
        Weekday::Thu => 4,
        Weekday::Fri => 5,
        Weekday::Sat => 6,
    };
    Expression::map([("day_of_week", day), ("hour", server.maintenance.hour)])
}

fn passwords(here: Here<'_>, stack: &mut Stack) -> Expression {
    let primaries = here.region.placements.iter().filter(|placement| {
        matches!(&placement.database.engine, DatabaseEngine::FlexibleServer(server) if server.upstream.is_none())
    });
    stack.variable(Variable {
        name: "database_administrator_passwords",
        kind: "map(string)",
        description: "Passwords of the databases' administrators by stamp; from the vault, at the moment of the apply. Never in the state.",
        default: None,
        example: Expression::map(primaries.map(|placement| (placement.stamp.to_string(), "from-the-vault"))),
        secrecy: Secrecy::Secret,
    })
}

fn directory_administrators(stack: &mut Stack) -> Expression {
    stack.variable(Variable {
        name: "database_administrator_groups",
        kind: "map(string)",
        description: "Entra groups that may administer databases: object ids by name. They ask for membership, for a limited time.",
        default: Some(Expression::map::<&str, &str>([])),
        example: Expression::map([("database-administrators", "00000000-0000-0000-0000-000000000003")]),
        secrecy: Secrecy::Open,
    })
}

fn cache(here: Here<'_>, label: &str, cache: &CachePlan, stack: &mut Stack) {
    let persistence = match cache.persistence {
        CachePersistence::None => "none",
        CachePersistence::Snapshot => "snapshot",
        CachePersistence::AppendOnly => "append-only",
    };
    let inputs = placed(here, &cache.name)
        .gap()
        .set("sku_name", &cache.sku)
        .set("high_availability", cache.high_availability)
        .set("persistence", persistence)
        .set("private_endpoint", endpoint(here, PrivateZone::Redis))
        .gap();
    stack.module(label, "cache", watched(inputs, workspace(here)));
}

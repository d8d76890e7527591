//! Databases: one primary, replicas that follow it, room for everybody, durability.

use estate::{HighAvailability, Posture, Stage};

use super::{Findings, Placed, placed};
use crate::cloud::{
    blueprint::{
        CloudNativePg, DatabaseEngine, DatabasePlan, Environment, FlexibleServer, Placement, Stamp,
        WorkloadPlan,
    },
    catalogue,
};

/// What PostgreSQL keeps for superusers.
const SUPERUSER_CONNECTIONS: u64 = 3;
/// A quorum needs three to survive one.
const QUORUM_MIN: u8 = 3;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    for one in placed(environment) {
        let Some(stamp) = environment
            .stamps
            .iter()
            .find(|stamp| stamp.name == one.placement.stamp)
        else {
            continue;
        };
        let leader =
            placed(environment).find(|other| other.placement.stamp == stamp.name && other.placement.leads);
        let database = &one.placement.database;
        match &database.engine {
            DatabaseEngine::FlexibleServer(server) => {
                flexible(&one, database, server, findings);
                if let Some(leader) = &leader {
                    follows_server(&one, server, leader, findings);
                }
            }
            DatabaseEngine::CloudNativePg(postgres) => {
                cluster(environment, &one, database, postgres, findings);
                if let Some(leader) = &leader {
                    follows_cluster(&one, postgres, leader, findings);
                }
            }
            DatabaseEngine::RestoredWhenNeeded => {
                if one.placement.leads || one.region.posture != Posture::Cold {
                    findings.find(&one, "has no database until one is restored, and is not cold");
                }
            }
        }
        if let Some(leader) = &leader {
            like_its_primary(&one, leader.placement, findings);
        }
        parameters(&one, database, findings);
        quotas(&one, stamp, findings);
        connections(environment, &one, findings);
    }
}

fn flexible(one: &Placed<'_>, database: &DatabasePlan, server: &FlexibleServer, findings: &mut Findings) {
    match catalogue::server_named(&server.sku) {
        None => findings.find(one, format!("Azure has no server `{}`", server.sku)),
        Some(size) if (size.cores, size.memory) != (database.cores, database.memory) => {
            findings.find(
                one,
                format!("`{}` has other cores or memory than planned", server.sku),
            );
        }
        Some(_) => {}
    }
    if !catalogue::is_server_disk_mib(server.storage_mib) {
        findings.find(
            one,
            format!("Azure has no disk of {} MiB for a server", server.storage_mib),
        );
    }
    if u64::from(server.storage_mib) << 20 != database.storage.get() {
        findings.find(one, "its disk is another than planned");
    }
    let zones = &one.region.zones;
    let here = |zone: u8| zones.contains(&zone);
    if !zones.is_empty() && !here(server.zone) {
        findings.find(one, format!("zone {} is none of the region's", server.zone));
    }
    match (server.high_availability, server.standby_zone) {
        (HighAvailability::ZoneRedundant, Some(zone)) if zone != server.zone && here(zone) => {}
        (HighAvailability::ZoneRedundant, _) => findings.find(one, "its copy is in no other zone"),
        (HighAvailability::None | HighAvailability::SameZone, Some(_)) => {
            findings.find(
                one,
                "its copy has a zone of its own, and it is not zone-redundant",
            );
        }
        (HighAvailability::None | HighAvailability::SameZone, None) => {}
    }
    if !(7..=35).contains(&server.backup_days) {
        findings.find(
            one,
            format!("Azure keeps backups for 7 to 35 days, not {}", server.backup_days),
        );
    }
}

fn follows_server(one: &Placed<'_>, server: &FlexibleServer, leader: &Placed<'_>, findings: &mut Findings) {
    if one.placement.leads {
        if server.upstream.is_some() {
            findings.find(one, "leads and replicates another server");
        }
        return;
    }
    if server.high_availability != HighAvailability::None || server.virtual_endpoint.is_some() {
        findings.find(
            one,
            "is a replica: availability and the virtual endpoint belong to the primary",
        );
    }
    let DatabaseEngine::FlexibleServer(primary) = &leader.placement.database.engine else {
        findings.find(one, "replicates what is no Flexible Server");
        return;
    };
    if primary.virtual_endpoint.is_none() {
        findings.find(leader, "has a replica, and no name that follows the primary");
    }
    let right = server.upstream.as_ref().is_some_and(|upstream| {
        upstream.region == leader.region.name
            && upstream.name == primary.name
            && upstream.resource_group == leader.region.resource_groups.data
    });
    if !right {
        findings.find(one, "does not replicate the server that leads");
    }
}

fn cluster(
    environment: &Environment,
    one: &Placed<'_>,
    database: &DatabasePlan,
    postgres: &CloudNativePg,
    findings: &mut Findings,
) {
    let remote = u8::try_from(postgres.synchronous_remote.len()).unwrap_or(u8::MAX);
    let local = postgres.synchronous.saturating_sub(remote);
    if postgres.instances == 0 || local >= postgres.instances {
        findings.find(
            one,
            format!(
                "commits wait for {local} copies of {} instances",
                postgres.instances
            ),
        );
    }
    if postgres.failover_quorum && (postgres.synchronous == 0 || postgres.instances < QUORUM_MIN) {
        findings.find(one, "a failover needs a quorum that it does not have");
    }
    if postgres.failover_quorum && postgres.smart_shutdown_seconds > 0 {
        findings.find(
            one,
            "two primaries could accept writes while the old one shuts down politely",
        );
    }
    for name in &postgres.synchronous_remote {
        let exists = placed(environment).any(|other| {
            other.placement.stamp == one.placement.stamp
                && matches!(&other.placement.database.engine,
                    DatabaseEngine::CloudNativePg(theirs) if theirs.name == *name && theirs.source.is_some())
        });
        if !exists {
            findings.find(
                one,
                format!("commits wait for `{name}`, which does not follow it"),
            );
        }
    }
    let local_only = database
        .parameters
        .get("synchronous_commit")
        .is_some_and(|value| value == "local");
    if local_only == postgres.synchronous_remote.is_empty() && (local_only || remote > 0) {
        findings.find(
            one,
            "every commit waits for the other region, or none that should wait for a copy does",
        );
    }
    if postgres.wal_storage.get() == 0 {
        findings.find(one, "has no disk for its log");
    }
}

fn follows_cluster(one: &Placed<'_>, postgres: &CloudNativePg, leader: &Placed<'_>, findings: &mut Findings) {
    if one.placement.leads {
        if postgres.source.is_some() {
            findings.find(one, "leads and follows another cluster");
        }
        return;
    }
    let DatabaseEngine::CloudNativePg(primary) = &leader.placement.database.engine else {
        findings.find(one, "follows what is no CloudNativePG cluster");
        return;
    };
    let right = postgres
        .source
        .as_ref()
        .is_some_and(|source| source.region == leader.region.name && source.cluster == primary.name);
    if !right {
        findings.find(one, "does not follow the cluster that leads");
    }
}

/// A replica that is smaller than its primary cannot take over, and Azure does not even make one.
fn like_its_primary(one: &Placed<'_>, leader: &Placement, findings: &mut Findings) {
    let (mine, theirs) = (&one.placement.database, &leader.database);
    if mine.version != theirs.version {
        findings.find(one, "has another version of PostgreSQL than its primary");
    }
    if mine.cores < theirs.cores || mine.memory < theirs.memory || mine.storage < theirs.storage {
        findings.find(one, "has a smaller database than its primary");
    }
    if mine.connections_max < theirs.connections_max {
        findings.find(
            one,
            "takes fewer connections than its primary, so that it cannot even start as its replica",
        );
    }
}

fn parameters(one: &Placed<'_>, database: &DatabasePlan, findings: &mut Findings) {
    for name in ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"] {
        if database.parameters.get(name).is_some_and(|value| value == "off") {
            findings.find(
                one,
                format!("`{name}` is off: what was acknowledged could be lost"),
            );
        }
    }
    let connections = database.connections_max.to_string();
    if database.parameters.get("max_connections") != Some(&connections) {
        findings.find(one, "`max_connections` is not what was planned");
    }
}

/// What tenants are promised exists.
fn quotas(one: &Placed<'_>, stamp: &Stamp, findings: &mut Findings) {
    let database = &one.placement.database;
    let promised = stamp
        .quota
        .database_size_max
        .get()
        .saturating_mul(stamp.tenants.len() as u64);
    if promised > database.storage.get() {
        findings.find(
            one,
            "its tenants may take more disk together than the database has",
        );
    }
    if stamp.quota.database_connections_max > database.connections_max {
        findings.find(one, "one tenant may take more connections than the database has");
    }
}

/// Everything that may run at the same time can connect.
fn connections(environment: &Environment, one: &Placed<'_>, findings: &mut Findings) {
    if !one.placement.leads {
        return;
    }
    let opened = |workload: &WorkloadPlan, replicas: u16| {
        u64::from(replicas) * u64::from(workload.database_connections_max)
    };
    let mut sum: u64 = one
        .placement
        .workloads
        .iter()
        .map(|class| opened(class, class.replicas_max))
        .sum();
    // Processes of a standby follow the primary where it has a name that moves.
    if let DatabaseEngine::FlexibleServer(_) = one.placement.database.engine {
        sum += placed(environment)
            .filter(|other| other.placement.stamp == one.placement.stamp && !other.placement.leads)
            .flat_map(|other| &other.placement.workloads)
            .map(|class| opened(class, class.replicas_min))
            .sum::<u64>();
    }
    let database = &one.placement.database;
    let room = match database.pooler {
        Some(pooler) => {
            if u64::from(pooler.connections_max) + SUPERUSER_CONNECTIONS > u64::from(database.connections_max)
            {
                findings.find(
                    one,
                    "the pooler takes every connection, and nobody can look after the database",
                );
            }
            u64::from(pooler.clients_max)
        }
        None => {
            u64::from(database.connections_max)
                - SUPERUSER_CONNECTIONS.min(u64::from(database.connections_max))
        }
    };
    if sum > room {
        findings.find(
            one,
            format!("its processes may open {sum} connections, and there is room for {room}"),
        );
    }
    if environment.stage == Stage::Production && database.host.is_empty() {
        findings.find(one, "nothing says where the database is");
    }
}

//! Databases that somebody offers, processes that fit into them.

mod classes;

use std::collections::BTreeMap;

use types::{ByteSize, Span, StampName};

use super::{
    assemble::{Draft, StampItem},
    promises::Protected,
};
use crate::{
    SourceSpan, code,
    document::DatabaseDocument,
    model::{Database, Durability, Engine, HighAvailability, Posture, Tenancy, WorkloadClass},
    problems::Problems,
};

const CORES: [u16; 7] = [2, 4, 8, 16, 32, 48, 64];
/// What a Flexible Server has for each core: standard and memory-optimised sizes.
const GIB_PER_CORE: [u64; 2] = [4, 8];
/// Premium disks of a Flexible Server, in GiB.
const STORAGE_GIB: [u64; 11] = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const MEMORY_PER_CORE_MIN: ByteSize = ByteSize::gib(1);
const MEMORY_PER_CORE_MAX: ByteSize = ByteSize::gib(16);
const STORAGE_MIN: ByteSize = ByteSize::gib(10);
const STORAGE_MAX: ByteSize = ByteSize::gib(65_536);
const DAY: Span = Span::from_days(1);
const POINT_IN_TIME_DAYS: core::ops::RangeInclusive<u64> = 7..=35;
/// Each connection takes about this much when it works, and they may take half of the server's memory.
const CONNECTION_MEMORY: ByteSize = ByteSize::mib(5);
/// Agent, probes, people with `psql`, and the three that PostgreSQL keeps for superusers.
const CONNECTIONS_BESIDE_ODOO: u32 = 20;
/// The live process serves all websockets with one pool.
const CONNECTIONS_LIVE: u32 = 16;
const CACHE_MIN: ByteSize = ByteSize::mib(512);
const CACHE_MAX: ByteSize = ByteSize::gib(120);

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    check_zones(draft, problems);
    for stamp in &draft.stamps {
        let written = stamp.written.and_then(|one| one.database.get());
        if let Some(written) = written {
            check_server(&stamp.stamp.database, written, problems);
            check_point_in_time(&stamp.stamp.database, written, problems);
            check_durability(draft, stamp, written, problems);
        }
        check_availability(draft, stamp, problems);
        check_quota(stamp, problems);
        check_cache(stamp, problems);
        check_connections(stamp, problems);
    }
    for stamp in &draft.stamps {
        let workloads = stamp.written.and_then(|one| one.workloads.get());
        classes::check(stamp, workloads, problems);
    }
    // Stamps that tenants have to themselves take the tenants' words.
    let own: BTreeMap<&StampName, &StampItem<'_>> = draft
        .stamps
        .iter()
        .filter(|stamp| stamp.written.is_none())
        .map(|stamp| (&stamp.name, stamp))
        .collect();
    for tenant in draft.tenants.iter() {
        let own = own.get(&tenant.model.1.stamp).copied();
        if let Some((own, workloads)) = own.zip(tenant.written.workloads.get()) {
            classes::check(own, Some(workloads), problems);
        }
    }
}

fn refuse(span: Option<SourceSpan>, message: String, help: impl Into<String>, problems: &mut Problems<'_>) {
    if let Some(span) = span {
        problems.error(code::DATABASE, span, message).help(help).done();
    }
}

fn check_server(database: &Database, written: &DatabaseDocument, problems: &mut Problems<'_>) {
    let cores = database.cores;
    if !CORES.contains(&cores) {
        refuse(
            written.cores.span(),
            format!("no server has {cores} cores"),
            "use 2, 4, 8, 16, 32, 48 or 64",
            problems,
        );
        return;
    }
    if database.engine == Engine::CloudNativePg {
        check_own_server(database, written, problems);
        return;
    }
    let fitting = GIB_PER_CORE.map(|gib| ByteSize::gib(gib * u64::from(cores)));
    if !fitting.contains(&database.memory) {
        refuse(
            written.memory.span(),
            format!("no Flexible Server has {} for {cores} cores", database.memory),
            format!("use {} or {}", fitting[0], fitting[1]),
            problems,
        );
    }
    let gib = database.storage.get() >> 30;
    if ByteSize::gib(gib) != database.storage || !STORAGE_GIB.contains(&gib) {
        let next = STORAGE_GIB
            .iter()
            .find(|size| ByteSize::gib(**size) >= database.storage);
        refuse(
            written.storage.span(),
            format!("no Flexible Server has a disk of {}", database.storage),
            next.map_or_else(
                || "32TiB is the largest".to_owned(),
                |size| format!("the next larger one is {}", ByteSize::gib(*size)),
            ),
            problems,
        );
    }
}

/// In a cluster of one's own sizes are free, within what nodes and disks have.
fn check_own_server(database: &Database, written: &DatabaseDocument, problems: &mut Problems<'_>) {
    let per_core = database.memory.get() / u64::from(database.cores).max(1);
    if !(MEMORY_PER_CORE_MIN.get()..=MEMORY_PER_CORE_MAX.get()).contains(&per_core) {
        refuse(
            written.memory.span(),
            format!("no node has {} for {} cores", database.memory, database.cores),
            format!("use {MEMORY_PER_CORE_MIN} to {MEMORY_PER_CORE_MAX} for each core"),
            problems,
        );
    }
    if !(STORAGE_MIN..=STORAGE_MAX).contains(&database.storage) {
        refuse(
            written.storage.span(),
            format!("no disk has {}", database.storage),
            format!("use {STORAGE_MIN} to {STORAGE_MAX}"),
            problems,
        );
    }
}

fn check_point_in_time(database: &Database, written: &DatabaseDocument, problems: &mut Problems<'_>) {
    let span = database.point_in_time;
    let whole = span.as_millis().is_multiple_of(DAY.as_millis());
    let days = span.as_millis() / DAY.as_millis();
    let fine = match database.engine {
        Engine::FlexibleServer => whole && POINT_IN_TIME_DAYS.contains(&days),
        Engine::CloudNativePg => whole && (1..=365).contains(&days),
    };
    if !fine {
        let help = match database.engine {
            Engine::FlexibleServer => "a Flexible Server takes 7d to 35d, in whole days",
            Engine::CloudNativePg => "use 1d to 365d, in whole days",
        };
        refuse(
            written.point_in_time.span(),
            format!("point-in-time recovery cannot reach back {span}"),
            help,
            problems,
        );
    }
}

/// Only one of the engines lets a commit wait for another region, and only where a copy is.
fn check_durability(
    draft: &Draft<'_>,
    stamp: &StampItem<'_>,
    written: &DatabaseDocument,
    problems: &mut Problems<'_>,
) {
    let Some(pairs) = written.durability.get() else {
        return;
    };
    let Some((_, remote)) = pairs
        .0
        .iter()
        .find(|(_, value)| value.value == Durability::RemoteApply)
    else {
        return;
    };
    let standby = draft
        .regions
        .models()
        .find(|region| region.standby_for.as_ref() == Some(&stamp.stamp.region));
    if stamp.stamp.database.engine == Engine::FlexibleServer {
        problems
            .error(code::DATABASE, remote.span, "a Flexible Server does not wait for another region")
            .and(written.engine.span().unwrap_or(stamp.span), "this one is a Flexible Server")
            .help("say `engine: cloud-native-pg`, or take it out: what passes the gateway is in both regions anyway")
            .done();
    } else if standby.map_or(Protected::of(draft) == Protected::NotAll, |region| {
        region.posture == Posture::Cold
    }) {
        problems
            .error(
                code::DATABASE,
                remote.span,
                format!("no standby of `{}` could apply anything", stamp.stamp.region),
            )
            .help("declare a standby that is `warm` or `hot`")
            .done();
    }
}

/// Zones that a location does not have.
fn check_zones(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for region in draft.regions.iter() {
        let known = crate::locations::location(&region.model.location);
        let Some(list) = region.written.zones.as_ref() else {
            continue;
        };
        if known.is_some_and(|location| !location.zones) && !list.value.is_empty() {
            problems
                .error(
                    code::ZONES,
                    list.span,
                    format!("`{}` has no availability zones", region.model.location),
                )
                .help("take `zones` out, or choose a location that has them")
                .done();
        }
    }
}

fn check_availability(draft: &Draft<'_>, stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    if stamp.stamp.database.high_availability != HighAvailability::ZoneRedundant {
        return;
    }
    let region = draft
        .regions
        .iter()
        .find(|region| region.model.name == stamp.stamp.region);
    let Some(region) = region.filter(|region| region.model.zones.len() < 2) else {
        return;
    };
    let said = stamp
        .written
        .and_then(|one| one.database.get()?.high_availability.span());
    problems
        .error(
            code::ZONES,
            said.unwrap_or(stamp.span),
            format!("the database of `{}` cannot be in two zones", stamp.name),
        )
        .and(
            region.written.zones.span().unwrap_or(region.span),
            format!("`{}` has {} of them", region.model.name, region.model.zones.len()),
        )
        .help("use a region with two zones or more, or say `highAvailability: same-zone`")
        .done();
}

fn check_quota(stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    let Some(written) = stamp.written.and_then(|one| one.quota.get()) else {
        return;
    };
    let (quota, database) = (stamp.stamp.quota, &stamp.stamp.database);
    let server = stamp
        .written
        .and_then(|one| one.database.span())
        .unwrap_or(stamp.span);
    let rows = [
        (
            quota.database_connections_max > database.pooling.connections_max,
            written.database_connections_max.span(),
            format!(
                "connections, and the server takes {}",
                database.pooling.connections_max
            ),
        ),
        (
            quota.database_size_max > database.storage,
            written.database_size_max.span(),
            format!("on the disk, which has {}", database.storage),
        ),
    ];
    if let Some(span) = written
        .statement_time_max
        .span()
        .filter(|_| quota.statement_time_max.as_millis() == 0)
    {
        problems
            .error(
                code::CAPACITY,
                span,
                "to PostgreSQL, no time at all means without limit",
            )
            .help("write how long a statement may take, such as `2m`")
            .done();
    }
    for (exceeds, span, what) in rows {
        if let Some(span) = span.filter(|_| exceeds) {
            problems
                .error(
                    code::CAPACITY,
                    span,
                    format!("one tenant may take more than there is: {what}"),
                )
                .and(server, "this server")
                .help("lower the quota, or enlarge the server")
                .done();
        }
    }
}

fn check_cache(stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    let memory = stamp.stamp.cache.memory;
    let said = stamp.written.and_then(|one| one.cache.get()?.memory.span());
    if !(CACHE_MIN..=CACHE_MAX).contains(&memory) {
        refuse(
            said,
            format!("no cache has {memory}"),
            format!("use {CACHE_MIN} to {CACHE_MAX}"),
            problems,
        );
    }
}

/// More processes than the server has connections for would only get errors.
fn check_connections(stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    let (stamp_model, database) = (&stamp.stamp, &stamp.stamp.database);
    let said = stamp
        .written
        .and_then(|one| one.database.get()?.pooling.get()?.connections_max.span());
    let place = said.unwrap_or(stamp.span);
    let max = u32::from(database.pooling.connections_max);
    if u64::from(max) * CONNECTION_MEMORY.get() > database.memory.get() {
        problems
            .error(
                code::CAPACITY,
                place,
                format!("{max} connections do not fit into {}", database.memory),
            )
            .help(format!(
                "allow {} at most",
                database.memory.get() / CONNECTION_MEMORY.get()
            ))
            .done();
    }
    // With a pool before it, and where tenants share processes, connections do not follow processes.
    if database.pooling.pgbouncer || stamp_model.tenancy == Tenancy::Shared {
        return;
    }
    let work = &stamp_model.workloads;
    let class = |class: &WorkloadClass| u32::from(class.replicas_max) * (u32::from(class.workers) * 2 + 1);
    let processes =
        class(&work.web) + class(&work.integration) + class(&work.worker) + class(&work.scheduler);
    let needed = processes + u32::from(work.live.replicas_max) * CONNECTIONS_LIVE + CONNECTIONS_BESIDE_ODOO;
    if needed > max {
        let workloads = stamp.written.and_then(|one| one.workloads.span());
        problems
            .error(
                code::CAPACITY,
                workloads.unwrap_or(stamp.span),
                format!(
                    "all processes of `{}` take up to {needed} connections, and its server has {max}",
                    stamp.name
                ),
            )
            .help(format!(
                "raise `pooling.connectionsMax` to {needed}, say `pgbouncer: true`, or lower `replicasMax`"
            ))
            .done();
    }
}

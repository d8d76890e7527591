//! A stamp's database: how large, and as what it runs in each region.

use std::collections::BTreeMap;

use estate::{Durability, Engine, HighAvailability, Posture, Quota};
use types::{ByteSize, RegionName, Span, StampName};

use super::{
    Notes, Problem,
    blueprint::{
        BackupPlan, CloudNativePg, DatabaseEngine, DatabasePlan, FlexibleServer, FlexibleServerUpstream,
        Pooler, ReplicaSource, WorkloadPlan,
    },
    catalogue,
    environment::{Home, Place, Planner, Sized},
    names::{self, longest},
    objects, parameters,
    placement::namespace,
    postgres_images,
};

/// Agent, probes, backups, people with `psql`, and what PostgreSQL keeps for superusers.
pub(crate) const CONNECTIONS_RESERVED: u16 = 20;
/// Growth is an alarm at 80 %, and there must be room for temporary files and the log beside it.
const FULL_PERCENT: u64 = 85;
/// Cores that can be declared, and scaled to.
const CORES: [u16; 7] = [2, 4, 8, 16, 32, 48, 64];
/// What a Flexible Server keeps for point-in-time recovery, in days.
const BACKUP_DAYS: (u64, u64) = (7, 35);
/// The smallest disk that Azure sells for a server.
const STORAGE_MIN: ByteSize = ByteSize::gib(32);
/// A fifth of the data, as much as a day of changes; a standby that stays away must not fill more.
const WAL_SHARE: u64 = 5;
const WAL_MIN: ByteSize = ByteSize::gib(10);
const WAL_MAX: ByteSize = ByteSize::gib(256);
/// A quorum of three survives the loss of one and still knows every acknowledged commit.
const INSTANCES_STRICT: u8 = 3;
/// Seconds of a polite shutdown, in which the old primary would still take writes.
const SMART_SHUTDOWN_SECONDS: u32 = 0;
/// Zones that a region of Azure has.
const ZONES: u8 = 3;
const PORT: u16 = 5432;
/// Where a Flexible Server's own pooler listens.
const POOLER_PORT: u16 = 6432;
const POOLER_INSTANCES: u8 = 2;

/// What is the same wherever a stamp's database runs.
pub(super) struct DatabaseSize {
    pub(super) cores: u16,
    pub(super) memory: ByteSize,
    pub(super) storage: ByteSize,
    pub(super) connections_max: u16,
    pub(super) pooler: Option<Pooler>,
    pub(super) parameters: BTreeMap<String, String>,
    /// What one tenant may take here.
    pub(super) quota: Quota,
    sku: Option<&'static str>,
    storage_mib: u32,
}

impl<'e> Planner<'_, 'e> {
    pub(super) fn database_size(
        &self,
        name: &StampName,
        stamp: &estate::Stamp,
        leading: &[WorkloadPlan],
        following: &[WorkloadPlan],
        notes: &mut Notes,
    ) -> DatabaseSize {
        let asked = &stamp.database;
        let quota = self.quota(stamp);
        let tenants = self.survey.tenants(name).len() as u64;
        let promised = quota.database_size_max.get().saturating_mul(tenants) / FULL_PERCENT * 100;
        let declared = if self.holds_production_data() {
            asked.storage
        } else {
            ByteSize::new(self.scaled(asked.storage.get()))
        };
        let wanted_storage = declared.max(ByteSize::new(promised)).max(STORAGE_MIN);
        if wanted_storage > declared.max(STORAGE_MIN) {
            notes.report.decide_at(
                "database",
                &format!("{}/{name}", self.name),
                "a larger disk than declared",
                "its tenants may take more together than the declared one holds, and a full disk stops all of them",
            );
        }
        let cores = self.cores(asked.cores);
        let wanted_memory =
            ByteSize::new(asked.memory.get() / u64::from(asked.cores.max(1)) * u64::from(cores));
        let (cores, memory, sku, storage, storage_mib) = match asked.engine {
            Engine::CloudNativePg => (cores, wanted_memory, None, wanted_storage, 0),
            Engine::FlexibleServer => {
                let server = catalogue::server_with(cores, wanted_memory);
                let disk = catalogue::server_disk_mib(wanted_storage);
                if server.is_none() || disk.is_none() {
                    notes.problems.push(Problem::NoDatabaseSize {
                        stamp: name.clone(),
                        cores,
                        memory: wanted_memory,
                        storage: wanted_storage,
                    });
                }
                let disk = disk.unwrap_or(0);
                (
                    server.map_or(cores, |one| one.cores),
                    server.map_or(wanted_memory, |one| one.memory),
                    server.map(|one| one.sku),
                    ByteSize::mib(u64::from(disk)),
                    disk,
                )
            }
        };
        let (connections_max, pooler) = self.connections(
            name,
            stamp,
            cores,
            connections_wanted(asked.engine, leading, following),
            notes,
        );
        let quota = Quota {
            database_connections_max: quota
                .database_connections_max
                .min(connections_max.saturating_sub(CONNECTIONS_RESERVED)),
            ..quota
        };
        DatabaseSize {
            cores,
            memory,
            storage,
            connections_max,
            pooler,
            parameters: parameters::plan(
                asked,
                &parameters::Server {
                    cores,
                    memory,
                    connections_max,
                    slot_keep_max: ByteSize::new(wal_storage(storage).get() / 2),
                    pooler,
                },
            ),
            quota,
            sku,
            storage_mib,
        }
    }

    /// What a tenant may take; smaller with the environment, unless it holds copies of production.
    fn quota(&self, stamp: &estate::Stamp) -> Quota {
        let quota = stamp.quota;
        if self.holds_production_data() {
            return quota;
        }
        Quota {
            database_size_max: ByteSize::new(self.scaled(quota.database_size_max.get())),
            objects_size_max: ByteSize::new(self.scaled(quota.objects_size_max.get())),
            ..quota
        }
    }

    fn cores(&self, production: u16) -> u16 {
        let wanted = self.scaled_count(production);
        CORES
            .into_iter()
            .find(|cores| *cores >= wanted)
            .unwrap_or(production)
    }

    /// Connections of the server and the pooler: room for everything that may run at the same time.
    fn connections(
        &self,
        name: &StampName,
        stamp: &estate::Stamp,
        cores: u16,
        wanted: u64,
        notes: &mut Notes,
    ) -> (u16, Option<Pooler>) {
        let pooling = stamp.database.pooling;
        let most = catalogue::connections_most(cores);
        let place = format!("{}/{name}", self.name);
        if pooling.pgbouncer {
            let connections_max = pooling.connections_max.clamp(2 * CONNECTIONS_RESERVED, most);
            notes.report.decide_at(
                "connections",
                &place,
                "a pooler in session mode stands before the database",
                "Odoo listens for notifications, which transaction mode breaks",
            );
            let pooler = Pooler {
                instances: POOLER_INSTANCES,
                clients_max: u16::try_from(wanted).unwrap_or(u16::MAX),
                connections_max: connections_max - CONNECTIONS_RESERVED,
            };
            return (connections_max, Some(pooler));
        }
        if wanted > u64::from(most) {
            notes.problems.push(Problem::TooManyConnections {
                stamp: name.clone(),
                wanted,
                most: u64::from(most),
            });
        }
        if wanted > u64::from(pooling.connections_max) {
            notes.report.decide_at(
                "connections",
                &place,
                &format!("{wanted} instead of the declared {}", pooling.connections_max),
                "so many can be open when everything runs that may run, in both regions and with what operators need",
            );
        }
        let connections_max = u16::try_from(wanted).unwrap_or(most).max(pooling.connections_max);
        (connections_max.min(most), None)
    }

    /// The database in one region.
    pub(super) fn database(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> DatabasePlan {
        let size = &sized.sizes.database;
        let asked = &sized.estate.database;
        let (engine, host) = match asked.engine {
            _ if !leads && place.posture == Posture::Cold => (
                DatabaseEngine::RestoredWhenNeeded,
                self.flexible_host(place, sized),
            ),
            Engine::FlexibleServer => (
                DatabaseEngine::FlexibleServer(self.flexible_server(place, sized, leads, notes)),
                self.flexible_host(place, sized),
            ),
            Engine::CloudNativePg => {
                let cluster = self.cloud_native_pg(place, sized, leads, notes);
                let service = if size.pooler.is_some() { "pooler" } else { "rw" };
                let host = service_host(&cluster.name, service, sized.name);
                (DatabaseEngine::CloudNativePg(cluster), host)
            }
        };
        let reporting_hosts = match &engine {
            DatabaseEngine::FlexibleServer(server) => server
                .reporting_replicas
                .iter()
                .map(|name| format!("{name}.postgres.database.azure.com"))
                .collect(),
            DatabaseEngine::CloudNativePg(cluster) if leads && self.reporting_replicas(sized) > 0 => {
                vec![service_host(&cluster.name, "ro", sized.name)]
            }
            DatabaseEngine::CloudNativePg(_) | DatabaseEngine::RestoredWhenNeeded => Vec::new(),
        };
        self.explain_database(sized, &engine, leads, notes);
        let mut parameters = size.parameters.clone();
        if let DatabaseEngine::CloudNativePg(cluster) = &engine
            && !cluster.synchronous_remote.is_empty()
        {
            // The list of synchronous copies has the other region in it: who does not ask must not wait for it.
            parameters.insert("synchronous_commit".to_owned(), "local".to_owned());
        }
        let port = match (asked.engine, size.pooler) {
            (Engine::FlexibleServer, Some(_)) => POOLER_PORT,
            (Engine::FlexibleServer, None) | (Engine::CloudNativePg, _) => PORT,
        };
        DatabasePlan {
            version: asked.version,
            cores: size.cores,
            memory: size.memory,
            storage: size.storage,
            connections_max: size.connections_max,
            parameters,
            engine,
            pooler: size.pooler,
            host,
            port,
            reporting_hosts,
            backup: self.backup(place, sized),
        }
    }

    fn reporting_replicas(&self, sized: &Sized<'_>) -> u8 {
        if self.is_waited_for() {
            sized.estate.database.reporting_replicas
        } else {
            0
        }
    }

    fn high_availability(&self, place: &Place<'_>, sized: &Sized<'_>, notes: &mut Notes) -> HighAvailability {
        let asked = sized.estate.database.high_availability;
        if !self.is_waited_for() {
            return HighAvailability::None;
        }
        if asked == HighAvailability::ZoneRedundant && place.region.zones.len() < 2 {
            notes.report.caution_at(
                "database",
                &format!("{}/{}", self.name, place.region.name),
                "survives the loss of a machine, not of a zone as was asked",
                "the region has a single zone",
            );
            return HighAvailability::SameZone;
        }
        asked
    }

    fn server_name(&self, region: &RegionName, stamp: &StampName) -> String {
        self.regional_global(region, &[stamp.as_str()], longest::FLEXIBLE_SERVER)
    }

    /// The name that follows the primary; there is one where there is another server that could be it.
    fn virtual_endpoint(&self, stamp: &StampName, home: Home<'_>) -> Option<String> {
        let standby = self.place(home.standby?)?;
        if standby.posture == Posture::Cold {
            return None;
        }
        let parts = [
            self.survey.estate.name.as_str(),
            self.name.as_str(),
            stamp.as_str(),
        ];
        Some(names::global(self.survey.salt, &parts, longest::FLEXIBLE_SERVER))
    }

    /// What Odoo connects to, the same in both regions: a standby's processes follow the primary too.
    fn flexible_host(&self, place: &Place<'_>, sized: &Sized<'_>) -> String {
        match self.virtual_endpoint(sized.name, sized.home) {
            Some(endpoint) => format!("{endpoint}.writer.postgres.database.azure.com"),
            None => {
                let server = self.server_name(&place.region.name, sized.name);
                format!("{server}.postgres.database.azure.com")
            }
        }
    }

    fn flexible_server(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> FlexibleServer {
        let size = &sized.sizes.database;
        let name = self.server_name(&place.region.name, sized.name);
        let (zone, other_zone) = zones(&place.region.zones, sized.name);
        let high_availability = if leads {
            self.high_availability(place, sized, notes)
        } else {
            // A replica has none until it is promoted.
            HighAvailability::None
        };
        let replicas = if leads { self.reporting_replicas(sized) } else { 0 };
        let (least, most) = BACKUP_DAYS;
        let days = days(sized.estate.database.point_in_time).clamp(least, most);
        FlexibleServer {
            sku: size.sku.unwrap_or_default().to_owned(),
            storage_mib: size.storage_mib,
            high_availability,
            zone,
            standby_zone: other_zone.filter(|_| high_availability == HighAvailability::ZoneRedundant),
            upstream: (!leads).then(|| self.upstream(sized)),
            reporting_replicas: (1..=replicas)
                .map(|number| format!("{name}-ro{number}"))
                .collect(),
            virtual_endpoint: self.virtual_endpoint(sized.name, sized.home).filter(|_| leads),
            backup_days: u8::try_from(days).unwrap_or(35),
            geo_backup: leads && self.geo_backup(place, sized.home),
            maintenance: sized.estate.database.maintenance,
            name,
        }
    }

    fn upstream(&self, sized: &Sized<'_>) -> FlexibleServerUpstream {
        let region = sized.home.region;
        FlexibleServerUpstream {
            region: region.clone(),
            name: self.server_name(region, sized.name),
            resource_group: self.regional(region, &["data"], longest::RESOURCE_GROUP),
        }
    }

    /// Azure's own copy in the paired region: where nothing of ours runs there. It can only be chosen at creation.
    fn geo_backup(&self, place: &Place<'_>, home: Home<'_>) -> bool {
        let warm = home
            .standby
            .and_then(|region| self.place(region))
            .is_some_and(|standby| standby.posture != Posture::Cold);
        self.is_production() && !warm && self.may_use_pair(place)
    }

    fn cloud_native_pg(
        &self,
        place: &Place<'e>,
        sized: &Sized<'e>,
        leads: bool,
        notes: &mut Notes,
    ) -> CloudNativePg {
        let asked = &sized.estate.database;
        let strict = self.survey.strict && self.is_waited_for();
        let by_availability = match self.high_availability(place, sized, notes) {
            HighAvailability::None => 1,
            HighAvailability::SameZone | HighAvailability::ZoneRedundant => 2,
        };
        let instances: u8 = if strict { INSTANCES_STRICT } else { by_availability };
        if strict {
            notes.report.decide_at(
                "database",
                &format!("{}/{}", self.name, sized.name),
                "three instances; a commit is on two of them before it is acknowledged",
                "a tier may lose nothing or recovers by itself, and a quorum of three always knows what was acknowledged",
            );
        }
        let name = self.cluster_name(&place.region.name, sized.name);
        let remote = self.synchronous_remote(sized, leads, instances);
        CloudNativePg {
            // A replica cluster's synchronous replication begins when it is promoted, as its settings already say.
            instances: instances + self.reporting_replicas(sized),
            synchronous: if remote.is_empty() { u8::from(strict) } else { 2 },
            synchronous_remote: remote,
            failover_quorum: strict,
            smart_shutdown_seconds: SMART_SHUTDOWN_SECONDS,
            wal_storage: wal_storage(sized.sizes.database.storage),
            image: postgres_images::image(&self.survey.estate.release.registry, asked.version),
            source: (!leads).then(|| {
                let region = sized.home.region;
                let cluster = self.cluster_name(region, sized.name);
                ReplicaSource {
                    region: region.clone(),
                    host: format!("{cluster}.{}", self.internal_domain(region)),
                    cluster,
                }
            }),
            name,
        }
    }

    /// The replica cluster that commits of some capabilities wait for. Only where the stamp leads first: after a failover
    /// the other region is gone, and they would wait for ever.
    fn synchronous_remote(&self, sized: &Sized<'_>, leads: bool, instances: u8) -> Vec<String> {
        let standby = sized.home.standby.and_then(|region| self.place(region));
        let live = standby.filter(|place| place.posture != Posture::Cold);
        match live {
            Some(place) if leads && instances > 1 && waits_for_remote(sized.estate) => {
                vec![self.cluster_name(&place.region.name, sized.name)]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn explain_database(&self, sized: &Sized<'e>, engine: &DatabaseEngine, leads: bool, notes: &mut Notes) {
        let report = &mut notes.report;
        let at = format!("{}/{}", self.name, sized.name);
        if !leads {
            return;
        }
        let size = &sized.sizes.database;
        match engine {
            DatabaseEngine::FlexibleServer(server) => {
                report.decide_at(
                    "database",
                    &at,
                    &format!("{} with {}", server.sku, size.storage),
                    "the smallest Flexible Server that has the cores and memory asked for",
                );
                if server.geo_backup {
                    report.caution_at(
                        "database",
                        &at,
                        "Azure keeps backups in the paired region too",
                        "no replica of ours runs elsewhere; this can only be chosen when the server is created",
                    );
                }
                if waits_for_remote(sized.estate) {
                    report.caution_at(
                        "durability",
                        &at,
                        "no transaction waits for the other region, though some should",
                        "replicas of a Flexible Server are asynchronous; what passes the gateway is in both regions' journals, what people type may lose its last moments with a region",
                    );
                }
            }
            DatabaseEngine::CloudNativePg(cluster) if !cluster.synchronous_remote.is_empty() => {
                report.caution_at(
                    "durability",
                    &at,
                    "transactions that ask for it wait for the other region and for one instance here; all others for their own disk",
                    "PostgreSQL has one list of copies to wait for: with the other region in it, the rest either waits as long or for none, so the loss of a zone may take the last moments of what did not ask",
                );
            }
            DatabaseEngine::CloudNativePg(_) => {
                if waits_for_remote(sized.estate) && self.is_waited_for() {
                    report.caution_at(
                        "durability",
                        &at,
                        "no transaction waits for the other region, though some should",
                        "there is no live one here",
                    );
                }
            }
            DatabaseEngine::RestoredWhenNeeded => {}
        }
    }

    fn cluster_name(&self, region: &RegionName, stamp: &StampName) -> String {
        names::joined(&[stamp.as_str(), region.as_str()], longest::CLOUD_NATIVE_PG)
    }

    fn backup(&self, place: &Place<'e>, sized: &Sized<'e>) -> BackupPlan {
        let container = objects::container(sized.name, objects::BACKUPS);
        let own = &place.region.name;
        let regions = if own == sized.home.region {
            self.backup_regions(own)
        } else {
            // What it follows may hold its data, because it does already.
            vec![own, sized.home.region]
        };
        BackupPlan {
            containers: regions
                .into_iter()
                .map(|region| {
                    let account = self.account_name(region, objects::BACKUPS_SHORT);
                    format!("{account}/{container}")
                })
                .collect(),
            schedule: self.survey.backup_schedule(sized.name).to_owned(),
            point_in_time: sized.estate.database.point_in_time,
            // A point in time needs the full backup before it.
            keep: self
                .survey
                .estate
                .retention
                .backups
                .max(sized.estate.database.point_in_time),
        }
    }
}

fn waits_for_remote(stamp: &estate::Stamp) -> bool {
    let mut all = stamp.database.durability.values();
    all.any(|durability| *durability == Durability::RemoteApply)
}

/// Room for everything that may run at the same time: the leading region at its largest, and on a Flexible Server, whose
/// primary the other region's processes follow, what stands there.
fn connections_wanted(engine: Engine, leading: &[WorkloadPlan], following: &[WorkloadPlan]) -> u64 {
    let each = |workload: &WorkloadPlan, replicas: u16| {
        u64::from(replicas) * u64::from(workload.database_connections_max)
    };
    let here: u64 = leading
        .iter()
        .map(|one| each(one, one.replicas_max.max(one.replicas_leading)))
        .sum();
    let there: u64 = match engine {
        Engine::FlexibleServer => following.iter().map(|one| each(one, one.replicas_min)).sum(),
        Engine::CloudNativePg => 0,
    };
    (here + there + u64::from(CONNECTIONS_RESERVED)).next_multiple_of(10)
}

fn wal_storage(storage: ByteSize) -> ByteSize {
    // Whole gibibytes, which is what people read and disks are sold in.
    ByteSize::gib((storage.get() / WAL_SHARE).div_ceil(1 << 30))
        .max(WAL_MIN)
        .min(WAL_MAX)
}

fn service_host(cluster: &str, service: &str, stamp: &StampName) -> String {
    format!("{cluster}-{service}.{}.svc", namespace(stamp))
}

/// A zone for a server, and another one for its copy: by name, so that not all servers are in the first, and so that
/// a zone that goes moves only what was in it.
fn zones(zones: &[u8], stamp: &StampName) -> (u8, Option<u8>) {
    let first = names::spread(&[stamp.as_str()]) % u64::from(ZONES);
    let mut turned = (0..u64::from(ZONES))
        .map(|step| ((first + step) % u64::from(ZONES)) as u8 + 1)
        .filter(|zone| zones.contains(zone));
    let zone = turned.next();
    (zone.unwrap_or(1), turned.next())
}

fn days(span: Span) -> u64 {
    span.as_millis().div_ceil(Span::from_days(1).as_millis())
}

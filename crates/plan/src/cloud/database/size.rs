//! How large a stamp's database is, the same wherever it runs.

use std::collections::BTreeMap;

use estate::{Engine, Quota};
use types::{ByteSize, StampName};

use super::{
    super::{
        Notes, Problem,
        blueprint::{Pooler, WorkloadPlan},
        catalogue,
        environment::Planner,
    },
    parameters,
};

/// Agent, probes, backups, people with `psql`, and what PostgreSQL keeps for superusers.
const CONNECTIONS_RESERVED: u16 = 20;
/// Growth is an alarm at 80 %, and there must be room for temporary files and the log beside it.
const FULL_PERCENT: u64 = 85;
/// Cores that can be declared, and scaled to.
const CORES: [u16; 7] = [2, 4, 8, 16, 32, 48, 64];
/// The smallest disk that Azure sells for a server.
const STORAGE_MIN: ByteSize = ByteSize::gib(32);
/// A fifth of the data, as much as a day of changes; a standby that stays away must not fill more.
const WAL_SHARE: u64 = 5;
const WAL_MIN: ByteSize = ByteSize::gib(10);
const WAL_MAX: ByteSize = ByteSize::gib(256);
const POOLER_INSTANCES: u8 = 2;

/// What is the same wherever a stamp's database runs.
pub(in crate::cloud) struct DatabaseSize {
    pub(in crate::cloud) cores: u16,
    pub(in crate::cloud) memory: ByteSize,
    pub(in crate::cloud) storage: ByteSize,
    pub(in crate::cloud) connections_max: u16,
    pub(in crate::cloud) pooler: Option<Pooler>,
    pub(in crate::cloud) parameters: BTreeMap<String, String>,
    /// What one tenant may take here.
    pub(in crate::cloud) quota: Quota,
    pub(super) sku: Option<&'static str>,
    pub(super) storage_mib: u32,
}

impl Planner<'_, '_> {
    pub(in crate::cloud) fn database_size(
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

/// The disk of the write-ahead log.
pub(super) fn wal_storage(storage: ByteSize) -> ByteSize {
    // Whole gibibytes, which is what people read and disks are sold in.
    ByteSize::gib((storage.get() / WAL_SHARE).div_ceil(1 << 30))
        .max(WAL_MIN)
        .min(WAL_MAX)
}

//! Counts what a blueprint has, and multiplies.

use estate::{HighAvailability, Posture, WeeklyWindow};
use types::ByteSize;

use super::{Kind, Line, Prices, Quantity, Unit};
use crate::cloud::{
    blueprint::{
        Cluster, ContainerKind, DatabaseEngine, DatabasePlan, Environment, FlexibleServer, GatewayKind,
        NodePool, Region,
    },
    catalogue,
};

/// Hours of a week.
const WEEK: u64 = 168;

/// Every kind of thing in every region of an environment, in US cents.
pub(super) fn environment(environment: &Environment, prices: &Prices) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |region: Option<&Region>, kind, sum: Sum| {
        if sum.cents > 0 {
            lines.push(Line {
                environment: environment.name.clone(),
                region: region.map(|region| region.name.clone()),
                kind,
                quantities: sum.quantities,
                monthly_cents: sum.cents,
            });
        }
    };
    let counter = Counter { environment, prices };
    for region in &environment.regions {
        add(Some(region), Kind::Compute, counter.compute(region));
        add(Some(region), Kind::Database, counter.databases(region));
        add(Some(region), Kind::Cache, counter.caches(region));
        add(Some(region), Kind::Disks, counter.disks(region));
        add(Some(region), Kind::Objects, counter.objects(region));
        add(Some(region), Kind::Network, counter.network(region));
        add(Some(region), Kind::Logs, counter.logs(region));
    }
    let mut entrance = Sum::default();
    entrance.add(Unit::Pieces, 100, prices.front_door);
    add(None, Kind::Entrance, entrance);
    lines
}

#[derive(Default)]
struct Sum {
    quantities: Vec<Quantity>,
    cents: u64,
}

impl Sum {
    /// So many hundredths of a unit, each at so many cents.
    fn add(&mut self, unit: Unit, hundredths: u64, cents_each: u64) {
        if hundredths == 0 {
            return;
        }
        match self.quantities.iter_mut().find(|one| one.unit == unit) {
            Some(quantity) => quantity.hundredths += hundredths,
            None => self.quantities.push(Quantity { hundredths, unit }),
        }
        self.cents += hundredths * cents_each / 100;
    }

    fn size(&mut self, unit: Unit, size: u64, cents_each: u64) {
        let hundredths = u128::from(size) * 100 / (1 << 30);
        self.add(unit, u64::try_from(hundredths).unwrap_or(u64::MAX), cents_each);
    }
}

struct Counter<'b> {
    environment: &'b Environment,
    prices: &'b Prices,
}

impl Counter<'_> {
    /// Hours of the week in which nodes run.
    fn hours(&self) -> u64 {
        self.environment.runs.as_ref().map_or(WEEK, hours)
    }

    /// In a cold region nothing runs until it is needed.
    fn clusters<'r>(&self, region: &'r Region) -> &'r [Cluster] {
        if region.posture == Posture::Cold {
            &[]
        } else {
            &region.clusters
        }
    }

    /// Hundredths of a node, on average.
    fn nodes(&self, pool: &NodePool) -> u64 {
        let (least, most) = (u64::from(pool.nodes_min), u64::from(pool.nodes_max));
        let average = least * 100 + most.saturating_sub(least) * self.prices.pool_use_percent;
        average * self.hours() / WEEK
    }

    fn compute(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        for cluster in self.clusters(region) {
            if cluster.paid_control_plane {
                sum.add(Unit::Pieces, 100, self.prices.control_plane);
            }
            for pool in &cluster.node_pools {
                let Some(machine) = catalogue::machine_named(&pool.vm_size) else {
                    continue;
                };
                let nodes = self.nodes(pool);
                let cores = nodes * u64::from(machine.cores);
                let price = if per_core_gib(machine.memory, machine.cores) > 4 {
                    self.prices.memory_machine_core
                } else {
                    self.prices.machine_core
                };
                sum.add(Unit::Cores, cores, price);
                sum.add(Unit::MemoryGib, nodes * (machine.memory.get() >> 30), 0);
            }
        }
        sum
    }

    fn databases(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        for placement in &region.placements {
            if let DatabaseEngine::FlexibleServer(server) = &placement.database.engine {
                self.server(&placement.database, server, &mut sum);
            }
        }
        sum
    }

    fn server(&self, database: &DatabasePlan, server: &FlexibleServer, sum: &mut Sum) {
        let copies = match server.high_availability {
            HighAvailability::None => 1,
            HighAvailability::SameZone | HighAvailability::ZoneRedundant => 2,
        } + server.reporting_replicas.len() as u64;
        let price = if per_core_gib(database.memory, database.cores) > 4 {
            self.prices.memory_database_core
        } else {
            self.prices.database_core
        };
        sum.add(Unit::Cores, copies * u64::from(database.cores) * 100, price);
        sum.size(Unit::MemoryGib, copies * database.memory.get(), 0);
        let disk = u64::from(server.storage_mib) << 20;
        sum.size(Unit::StorageGib, copies * disk, self.prices.database_gib);
    }

    fn caches(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        let mut seen: Vec<&str> = Vec::new();
        for cache in region.placements.iter().filter_map(|one| one.cache.as_ref()) {
            if seen.contains(&cache.name.as_str()) {
                continue;
            }
            seen.push(&cache.name);
            let memory = catalogue::redis_named(&cache.sku).map_or(0, |size| size.memory.get());
            let copies = 1 + u64::from(cache.high_availability);
            sum.size(Unit::MemoryGib, copies * memory, self.prices.cache_gib);
        }
        sum
    }

    fn disks(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        for placement in &region.placements {
            if let Some(gateway) = &placement.gateway {
                sum.size(
                    Unit::StorageGib,
                    gateway.journal_storage.get(),
                    self.prices.disk_gib,
                );
            }
            if let DatabaseEngine::CloudNativePg(postgres) = &placement.database.engine {
                let each = placement.database.storage.get() + postgres.wal_storage.get();
                sum.size(
                    Unit::StorageGib,
                    each * u64::from(postgres.instances),
                    self.prices.disk_gib,
                );
            }
        }
        sum
    }

    fn objects(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        for account in &region.storage {
            // Azure's own copy in the paired region doubles it.
            let copies = 1 + u64::from(account.redundancy.starts_with('G'));
            for container in &account.containers {
                let Some(stamp) = self
                    .environment
                    .stamps
                    .iter()
                    .find(|stamp| stamp.name == container.stamp)
                else {
                    continue;
                };
                let tenants = stamp.tenants.len() as u64;
                let used = self.prices.object_use_percent;
                let size = match container.kind {
                    ContainerKind::Attachments => percent(stamp.quota.objects_size_max.get() * tenants, used),
                    // A tenth of what attachments take.
                    ContainerKind::Exports => {
                        percent(stamp.quota.objects_size_max.get() * tenants, used) / 10
                    }
                    ContainerKind::Backups => percent(
                        percent(stamp.quota.database_size_max.get() * tenants, used),
                        self.prices.backup_percent,
                    ),
                };
                sum.size(Unit::StorageGib, size * copies, self.prices.object_gib);
                if container.replicate {
                    // A twentieth changes in a month.
                    sum.size(Unit::TransferGib, size / 20, self.prices.transfer_gib);
                }
            }
        }
        sum
    }

    fn network(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        for gateway in &region.site_gateways {
            let price = match gateway.kind {
                GatewayKind::Vpn => self.prices.vpn_gateway,
                GatewayKind::ExpressRoute => self.prices.express_route_gateway,
            };
            sum.add(Unit::Pieces, 100, price);
        }
        let endpoints = 1 + region.storage.len() as u64 + u64::from(!self.clusters(region).is_empty());
        sum.add(Unit::Pieces, endpoints * 100, self.prices.private_endpoint);
        sum
    }

    fn logs(&self, region: &Region) -> Sum {
        let mut sum = Sum::default();
        let mut cores = 0;
        for pool in self.clusters(region).iter().flat_map(|one| &one.node_pools) {
            let machine = catalogue::machine_named(&pool.vm_size);
            cores += self.nodes(pool) * machine.map_or(0, |machine| u64::from(machine.cores)) / 100;
        }
        let centi_gib = cores * self.prices.log_centi_gib_per_core;
        sum.add(Unit::StorageGib, centi_gib, self.prices.log_gib);
        sum
    }
}

fn per_core_gib(memory: ByteSize, cores: u16) -> u64 {
    (memory.get() >> 30) / u64::from(cores.max(1))
}

fn percent(number: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(number) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// Hours of a week that a window lasts.
fn hours(window: &WeeklyWindow) -> u64 {
    let minutes = |time: jiff::civil::Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    let (from, to) = (minutes(window.from), minutes(window.to));
    let day = 24 * 60;
    let length = if to > from { to - from } else { to + day - from };
    let total = u64::try_from(length).unwrap_or(0) * window.days.len() as u64;
    (total / 60).clamp(1, WEEK)
}

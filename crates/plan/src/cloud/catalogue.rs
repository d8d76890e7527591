//! Sizes that Azure sells, from small to large. One place to bring up to date.

use types::ByteSize;

/// A virtual machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// As Azure names it.
    pub(crate) name: &'static str,
    /// Cores.
    pub(crate) cores: u16,
    /// Memory.
    pub(crate) memory: ByteSize,
}

const fn machine(name: &'static str, cores: u16, memory_gib: u64) -> Machine {
    Machine {
        name,
        cores,
        memory: ByteSize::gib(memory_gib),
    }
}

/// 4 GiB for each core.
const GENERAL_MACHINES: [Machine; 6] = [
    machine("Standard_D4s_v5", 4, 16),
    machine("Standard_D8s_v5", 8, 32),
    machine("Standard_D16s_v5", 16, 64),
    machine("Standard_D32s_v5", 32, 128),
    machine("Standard_D64s_v5", 64, 256),
    machine("Standard_D96s_v5", 96, 384),
];

/// 8 GiB for each core.
const MEMORY_MACHINES: [Machine; 6] = [
    machine("Standard_E4s_v5", 4, 32),
    machine("Standard_E8s_v5", 8, 64),
    machine("Standard_E16s_v5", 16, 128),
    machine("Standard_E32s_v5", 32, 256),
    machine("Standard_E64s_v5", 64, 512),
    machine("Standard_E96s_v5", 96, 672),
];

/// Machines of the family that fits work of this shape best, small ones first, then the other family's.
pub(crate) fn machines(cpu_millis: u64, memory: ByteSize) -> impl Iterator<Item = &'static Machine> {
    // Between the two families' 4 and 8 GiB.
    let per_core_max = ByteSize::gib(6).get();
    let (first, then) = if memory.get().saturating_mul(1000) > cpu_millis.saturating_mul(per_core_max) {
        (&MEMORY_MACHINES, &GENERAL_MACHINES)
    } else {
        (&GENERAL_MACHINES, &MEMORY_MACHINES)
    };
    first.iter().chain(then)
}

/// The machine of that name.
pub(crate) fn machine_named(name: &str) -> Option<&'static Machine> {
    GENERAL_MACHINES
        .iter()
        .chain(&MEMORY_MACHINES)
        .find(|machine| machine.name == name)
}

/// What a node leaves for pods: the kubelet, the system and the agents of monitoring and network take the rest (AKS
/// reserves about 2.2 GiB, and cores by the size of the machine; the agents take as much again).
pub(crate) fn allocatable(machine: &Machine) -> (u64, ByteSize) {
    let cores = u64::from(machine.cores);
    let memory = machine.memory.get() / 100 * 99 - ByteSize::gib(4).get();
    (cores * 990 - 450, ByteSize::new(memory))
}

/// A Flexible Server's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// As the provider names it.
    pub(crate) sku: &'static str,
    /// Cores.
    pub(crate) cores: u16,
    /// Memory.
    pub(crate) memory: ByteSize,
}

const fn server(sku: &'static str, cores: u16, memory_gib: u64) -> Server {
    Server {
        sku,
        cores,
        memory: ByteSize::gib(memory_gib),
    }
}

/// By memory for each core, then by cores.
const SERVERS: [Server; 14] = [
    server("GP_Standard_D2ds_v5", 2, 8),
    server("GP_Standard_D4ds_v5", 4, 16),
    server("GP_Standard_D8ds_v5", 8, 32),
    server("GP_Standard_D16ds_v5", 16, 64),
    server("GP_Standard_D32ds_v5", 32, 128),
    server("GP_Standard_D48ds_v5", 48, 192),
    server("GP_Standard_D64ds_v5", 64, 256),
    server("MO_Standard_E2ds_v5", 2, 16),
    server("MO_Standard_E4ds_v5", 4, 32),
    server("MO_Standard_E8ds_v5", 8, 64),
    server("MO_Standard_E16ds_v5", 16, 128),
    server("MO_Standard_E32ds_v5", 32, 256),
    server("MO_Standard_E48ds_v5", 48, 384),
    server("MO_Standard_E64ds_v5", 64, 432),
];

/// The cheapest server with that many cores or more, and so much memory or more.
pub(crate) fn server_with(cores: u16, memory: ByteSize) -> Option<&'static Server> {
    SERVERS
        .iter()
        .filter(|one| one.cores >= cores && one.memory >= memory)
        .min_by_key(|one| (one.cores, one.memory))
}

/// The server of that name.
pub(crate) fn server_named(sku: &str) -> Option<&'static Server> {
    SERVERS.iter().find(|one| one.sku == sku)
}

/// Connections a Flexible Server can be set to: Azure's own default of its smallest size, for all; more would only
/// stand in each other's way.
pub(crate) const fn connections_most(cores: u16) -> u16 {
    match cores {
        0..=2 => 859,
        3..=4 => 1718,
        5..=8 => 3437,
        _ => 5000,
    }
}

/// Disks of a Flexible Server in MiB.
const SERVER_DISKS_MIB: [u32; 11] = [
    32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576, 2_097_152, 4_193_280, 8_388_608, 16_777_216,
    33_553_408,
];

/// The smallest disk of a Flexible Server with so much room.
pub(crate) fn server_disk_mib(storage: ByteSize) -> Option<u32> {
    SERVER_DISKS_MIB
        .into_iter()
        .find(|mib| ByteSize::mib(u64::from(*mib)) >= storage)
}

/// Whether Azure sells this disk for a Flexible Server.
pub(crate) fn is_server_disk_mib(mib: u32) -> bool {
    SERVER_DISKS_MIB.contains(&mib)
}

/// Managed disks in GiB.
const DISKS_GIB: [u64; 13] = [
    8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_767,
];

/// The largest managed disk.
pub(crate) const DISK_LARGEST: ByteSize = ByteSize::gib(32_767);

/// The smallest managed disk with so much room.
pub(crate) fn disk(storage: ByteSize) -> Option<ByteSize> {
    DISKS_GIB
        .into_iter()
        .map(ByteSize::gib)
        .find(|size| *size >= storage)
}

/// A Managed Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RedisSize {
    /// As Azure names it.
    pub(crate) sku: &'static str,
    /// Memory of the instance.
    pub(crate) memory: ByteSize,
}

const fn redis(sku: &'static str, memory_mib: u64) -> RedisSize {
    RedisSize {
        sku,
        memory: ByteSize::mib(memory_mib),
    }
}

const REDIS_SIZES: [RedisSize; 12] = [
    redis("Balanced_B0", 512),
    redis("Balanced_B1", 1_024),
    redis("Balanced_B3", 3 * 1_024),
    redis("Balanced_B5", 6 * 1_024),
    redis("Balanced_B10", 12 * 1_024),
    redis("Balanced_B20", 24 * 1_024),
    redis("Balanced_B50", 60 * 1_024),
    redis("Balanced_B100", 120 * 1_024),
    redis("Balanced_B150", 180 * 1_024),
    redis("Balanced_B250", 240 * 1_024),
    redis("Balanced_B350", 360 * 1_024),
    redis("Balanced_B500", 480 * 1_024),
];

/// The smallest Managed Redis that has so much memory for data: Azure keeps a fifth for itself.
pub(crate) fn redis_with(memory: ByteSize) -> Option<&'static RedisSize> {
    REDIS_SIZES
        .iter()
        .find(|one| one.memory.get() / 5 * 4 >= memory.get())
}

/// The Managed Redis of that name.
pub(crate) fn redis_named(sku: &str) -> Option<&'static RedisSize> {
    REDIS_SIZES.iter().find(|one| one.sku == sku)
}

/// A VPN gateway: name, megabits per second, tunnels.
const VPN_GATEWAYS: [(&str, u32, usize); 5] = [
    ("VpnGw1AZ", 650, 30),
    ("VpnGw2AZ", 1_000, 30),
    ("VpnGw3AZ", 1_250, 30),
    ("VpnGw4AZ", 5_000, 100),
    ("VpnGw5AZ", 10_000, 100),
];

/// An ExpressRoute gateway: name, megabits per second, circuits.
const EXPRESS_ROUTE_GATEWAYS: [(&str, u32, usize); 3] = [
    ("ErGw1AZ", 1_000, 4),
    ("ErGw2AZ", 2_000, 8),
    ("ErGw3AZ", 10_000, 16),
];

/// The smallest VPN gateway for so many sites, which together send so much; the largest where none suffices.
pub(crate) fn vpn_gateway(megabits: u32, sites: usize) -> &'static str {
    smallest(&VPN_GATEWAYS, megabits, sites)
}

/// The smallest ExpressRoute gateway, likewise.
pub(crate) fn express_route_gateway(megabits: u32, sites: usize) -> &'static str {
    smallest(&EXPRESS_ROUTE_GATEWAYS, megabits, sites)
}

/// Sites that a gateway can have, by its name.
pub(crate) fn gateway_sites_most(sku: &str) -> Option<usize> {
    let all = VPN_GATEWAYS.iter().chain(&EXPRESS_ROUTE_GATEWAYS);
    all.clone()
        .find(|(name, ..)| *name == sku)
        .map(|(.., sites)| *sites)
}

fn smallest(gateways: &[(&'static str, u32, usize)], megabits: u32, sites: usize) -> &'static str {
    gateways
        .iter()
        .find(|(_, most, tunnels)| *most >= megabits && *tunnels >= sites)
        .or(gateways.last())
        .map_or("", |(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_size_that_suffices_is_taken() {
        let sku = |cores, memory| server_with(cores, ByteSize::gib(memory)).map(|one| one.sku);
        assert_eq!(sku(2, 8), Some("GP_Standard_D2ds_v5"));
        assert_eq!(sku(2, 12), Some("MO_Standard_E2ds_v5"));
        assert_eq!(sku(4, 16), Some("GP_Standard_D4ds_v5"));
        assert_eq!(sku(64, 500), None);
        assert_eq!(server_disk_mib(ByteSize::gib(129)), Some(262_144));
        assert_eq!(disk(ByteSize::gib(40)), Some(ByteSize::gib(64)));
        assert_eq!(
            redis_with(ByteSize::gib(1)).map(|one| one.sku),
            Some("Balanced_B3")
        );
        assert_eq!(vpn_gateway(700, 3), "VpnGw2AZ");
        assert_eq!(vpn_gateway(100, 31), "VpnGw4AZ");
        assert_eq!(express_route_gateway(50_000, 1), "ErGw3AZ");
    }

    #[test]
    fn work_with_much_memory_gets_machines_with_much_memory() {
        let first = |cpu, gib| machines(cpu, ByteSize::gib(gib)).next().map(|one| one.name);
        assert_eq!(first(1000, 4), Some("Standard_D4s_v5"));
        assert_eq!(first(1000, 7), Some("Standard_E4s_v5"));
    }
}

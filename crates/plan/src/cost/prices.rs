//! Unit prices. **They are assumptions**: round figures near public list prices of a western European region without
//! any discount, so that plans can be compared with each other. Whoever has a contract puts its prices here.

use estate::Currency;

/// Prices of a unit for a month of 730 hours, in US cents, and how much of what is planned is really used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// A core of a general machine with 4 GiB.
    pub machine_core: u64,
    /// A core of a machine with 8 GiB.
    pub memory_machine_core: u64,
    /// A cluster's control plane with a service level.
    pub control_plane: u64,
    /// A core of a Flexible Server with 4 GiB.
    pub database_core: u64,
    /// A core of a Flexible Server with 8 GiB.
    pub memory_database_core: u64,
    /// A GiB of a Flexible Server's disk.
    pub database_gib: u64,
    /// A GiB of Managed Redis.
    pub cache_gib: u64,
    /// A GiB of a managed disk.
    pub disk_gib: u64,
    /// A GiB of objects, copied within the region.
    pub object_gib: u64,
    /// A GiB that is copied to another region.
    pub transfer_gib: u64,
    /// A GiB of logs that is taken in and kept.
    pub log_gib: u64,
    /// A front door with its firewall.
    pub front_door: u64,
    /// A VPN gateway.
    pub vpn_gateway: u64,
    /// An `ExpressRoute` gateway, without what the carrier takes.
    pub express_route_gateway: u64,
    /// A private endpoint.
    pub private_endpoint: u64,
    /// Where a pool is between its least and its most, on average, in percent.
    pub pool_use_percent: u64,
    /// How full disks for objects and backups are, in percent of what tenants may take.
    pub object_use_percent: u64,
    /// Backups take so many times the database's use, in percent.
    pub backup_percent: u64,
    /// Logs of a core in a month, in hundredths of a GiB.
    pub log_centi_gib_per_core: u64,
}

/// The assumed prices.
pub const ASSUMED: Prices = Prices {
    machine_core: 3_500,
    memory_machine_core: 4_700,
    control_plane: 7_300,
    database_core: 6_500,
    memory_database_core: 8_800,
    database_gib: 13,
    cache_gib: 2_600,
    disk_gib: 15,
    object_gib: 3,
    transfer_gib: 2,
    log_gib: 250,
    front_door: 33_000,
    vpn_gateway: 26_000,
    express_route_gateway: 33_000,
    private_endpoint: 730,
    pool_use_percent: 25,
    object_use_percent: 30,
    backup_percent: 300,
    log_centi_gib_per_core: 200,
};

/// What a US dollar is worth, in hundredths of a currency; an assumption as well.
pub const fn per_dollar_percent(currency: Currency) -> u64 {
    match currency {
        Currency::EUR => 90,
        Currency::USD => 100,
        Currency::GBP => 78,
    }
}

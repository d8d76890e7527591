//! Why no blueprint for Azure can be made.

use ipnet::Ipv4Net;
use types::{ByteSize, CapabilityName, EnvironmentName, RegionName, StampName};

/// Every code that planning for Azure can report.
pub const CODES: &[&str] = &[
    "PL0310", "PL0311", "PL0312", "PL0313", "PL0314", "PL0315", "PL0316", "PL0317", "PL0318", "PL0319",
    "PL0320",
];

/// Why no blueprint for Azure can be made. All of them are found at once; nothing is guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Every /16 of 10.0.0.0/8 is taken.
    #[error(
        "no private addresses are left for `{environment}` in `{region}`: sites and regions use all of 10.0.0.0/8"
    )]
    NoAddresses {
        /// The environment.
        environment: EnvironmentName,
        /// The region.
        region: RegionName,
    },
    /// Two things have the same addresses.
    #[error("{first} has {first_addresses} and {second} has {second_addresses}: they overlap")]
    SameAddresses {
        /// One of them.
        first: String,
        /// Its addresses.
        first_addresses: Ipv4Net,
        /// The other one.
        second: String,
        /// Its addresses.
        second_addresses: Ipv4Net,
    },
    /// The nodes need more addresses than the region has.
    #[error(
        "the clusters of `{environment}` in `{region}` may grow to {nodes} nodes: {addresses}, and the addresses of pods, have room for {room}"
    )]
    TooManyNodes {
        /// The environment.
        environment: EnvironmentName,
        /// The region.
        region: RegionName,
        /// The region's addresses.
        addresses: Ipv4Net,
        /// Nodes at most.
        nodes: u64,
        /// Room in the subnet of the nodes.
        room: u64,
    },
    /// One replica is larger than every machine.
    #[error(
        "a replica of `{what}` in stamp `{stamp}` takes {cpu_millis} thousandths of a core and {memory}: no machine of the catalogue has room for it"
    )]
    NoMachine {
        /// The stamp.
        stamp: StampName,
        /// The class of work, or `database`.
        what: &'static str,
        /// Cores in thousandths.
        cpu_millis: u64,
        /// Memory.
        memory: ByteSize,
    },
    /// Azure has no database server like this.
    #[error(
        "stamp `{stamp}` asks for a database with {cores} cores, {memory} of memory and {storage} of disk: Flexible Server has no such size"
    )]
    NoDatabaseSize {
        /// The stamp.
        stamp: StampName,
        /// Cores.
        cores: u16,
        /// Memory.
        memory: ByteSize,
        /// Disk, with room for what its tenants may take.
        storage: ByteSize,
    },
    /// Azure has no cache like this.
    #[error("the session store of {whose} needs {memory}: Managed Redis has no such size")]
    NoCacheSize {
        /// A stamp, or all that share one.
        whose: String,
        /// Memory.
        memory: ByteSize,
    },
    /// More connections than the server can have.
    #[error(
        "the processes of stamp `{stamp}` may open {wanted} connections, and its database can take {most}"
    )]
    TooManyConnections {
        /// The stamp.
        stamp: StampName,
        /// Sum of what all processes may open.
        wanted: u64,
        /// The most that the server can be set to.
        most: u64,
    },
    /// A journal larger than a disk.
    #[error("the messages of stamp `{stamp}` need a journal of {needed}: the largest disk has {largest}")]
    JournalTooLarge {
        /// The stamp.
        stamp: StampName,
        /// What is needed.
        needed: ByteSize,
        /// The largest disk.
        largest: ByteSize,
    },
    /// The names of two regions of two environments read the same.
    #[error("`{first}` and `{second}` would both be called `{name}`")]
    SameName {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The name.
        name: String,
    },
    /// A name longer than Azure allows, which others must be able to take apart.
    #[error("{what} would be called `{name}`, which is longer than {longest} letters")]
    NameTooLong {
        /// What it is.
        what: &'static str,
        /// The name.
        name: String,
        /// Letters at most.
        longest: usize,
    },
    /// A capability waits for something that is not there, directly or in a circle.
    #[error("`{capability}` never comes back: it waits for itself or for something that does not exist")]
    NeverRecovered {
        /// The capability.
        capability: CapabilityName,
    },
}

impl Problem {
    /// Its stable code, with a page in `docs/errors/`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAddresses { .. } => "PL0310",
            Self::SameAddresses { .. } => "PL0311",
            Self::TooManyNodes { .. } => "PL0312",
            Self::NoMachine { .. } => "PL0313",
            Self::NoDatabaseSize { .. } => "PL0314",
            Self::NoCacheSize { .. } => "PL0315",
            Self::TooManyConnections { .. } => "PL0316",
            Self::JournalTooLarge { .. } => "PL0317",
            Self::SameName { .. } => "PL0318",
            Self::NeverRecovered { .. } => "PL0319",
            Self::NameTooLong { .. } => "PL0320",
        }
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoAddresses { .. } => "narrow the addresses of the sites to what they use",
            Self::SameAddresses { .. } => {
                "give one of them other addresses, or leave the region's to the planner"
            }
            Self::TooManyNodes { .. } => {
                "give the region a larger `addressSpace`, or leave it to the planner"
            }
            Self::NoMachine { .. } => "give one replica fewer workers, and have more replicas",
            Self::NoDatabaseSize { .. } => {
                "take more cores (4 to 8 GiB of memory each), or move tenants to another stamp"
            }
            Self::NoCacheSize { .. } => "sessions take kilobytes: lower the memory of the caches",
            Self::TooManyConnections { .. } => {
                "take more cores for the database, a pooler, or fewer replicas"
            }
            Self::JournalTooLarge { .. } => {
                "keep applied messages for a shorter time, or move lanes to another stamp"
            }
            Self::SameName { .. } => "rename one of the environments or regions",
            Self::NameTooLong { .. } => "give stamp and tenant shorter names",
            Self::NeverRecovered { .. } => "take the capability out of the circle",
        }
    }
}

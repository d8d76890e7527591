//! Names of the ports that an estate needs on one machine.

use std::fmt;

use estate::Estate;
use types::{RegionName, host};

/// The front door's maintenance page.
pub const MAINTENANCE: &str = "front-door/maintenance";
pub(crate) const PUBLIC: &str = "front-door/public";
pub(crate) const FRONT_DOOR_AGENT: &str = "front-door/agent";
pub(crate) const CONTROLLER: &str = "controller";

/// The site at whose address something listens; `None` for what only programs of its own site speak to, which stays on
/// the loopback address wherever the site is.
pub(crate) fn reached_at(name: &str) -> Option<&str> {
    if name == CONTROLLER {
        return Some(host::CONTROLLER);
    }
    let (site, _) = name.split_once('/')?;
    let within = Port::WITHIN_SITE
        .iter()
        .any(|port| name.ends_with(&format!("/{port}")));
    (name != MAINTENANCE && !within).then_some(site)
}

/// What listens in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The agent's API.
    Agent,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// Where the other regions copy Redis from, over TLS.
    RedisCopy,
    /// The region's ingress.
    Ingress,
    /// Odoo for people.
    OdooWeb,
    /// Odoo for the gateway.
    OdooIntegration,
    /// Odoo's websockets.
    OdooLive,
    /// Where partners' messages arrive.
    GatewayIngest,
    /// Where the controller and the other gateway speak to this one.
    GatewayControl,
}

impl Port {
    /// All of them, in the order of their names' use.
    pub const ALL: [Self; 10] = [
        Self::Agent,
        Self::Postgres,
        Self::Redis,
        Self::Ingress,
        Self::OdooWeb,
        Self::OdooIntegration,
        Self::OdooLive,
        Self::GatewayIngest,
        Self::GatewayControl,
        Self::RedisCopy,
    ];

    /// Those that only programs of the same site speak to.
    const WITHIN_SITE: [Self; 5] = [
        Self::Redis,
        Self::OdooWeb,
        Self::OdooIntegration,
        Self::OdooLive,
        // The ingress stands before it.
        Self::GatewayIngest,
    ];

    /// The port's name in one region.
    pub fn of(self, region: &RegionName) -> String {
        format!("{region}/{self}")
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agent => "agent",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::RedisCopy => "redis-copy",
            Self::Ingress => "ingress",
            Self::OdooWeb => "odoo-web",
            Self::OdooIntegration => "odoo-integration",
            Self::OdooLive => "odoo-live",
            Self::GatewayIngest => "gateway-ingest",
            Self::GatewayControl => "gateway-control",
        })
    }
}

/// Names of the ports that an estate needs on one machine; [`types::host::Host::ports`] must hold each.
pub fn ports(estate: &Estate) -> Vec<String> {
    let shared = [PUBLIC, FRONT_DOOR_AGENT, MAINTENANCE, CONTROLLER].map(str::to_owned);
    let regional = estate
        .regions
        .iter()
        .flat_map(|region| Port::ALL.map(|port| port.of(&region.name)));
    shared.into_iter().chain(regional).collect()
}

//! What recovery can do to the world, as port traits; and a world in memory that implements exactly these.
//!
//! The nouns are the wire types of `api`: a receipt that a saga writes down is the receipt the region gave.
//! Every call is idempotent and carries a generation where it moves writes; an error says whether asking again helps.
//!
//! Traits use boxed futures because a saga holds them as `Arc<dyn …>`: the same saga code runs over real regions and
//! over [`simulated::World`].

pub mod backup;
pub mod simulated;

use std::{future::Future, pin::Pin, sync::Arc};

use api::{gateway, lease, site};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

/// Why a call has no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody answered; whether the call took effect is unknown.
    #[error("{whom} does not answer")]
    Unreachable {
        /// Who.
        whom: String,
    },
    /// Not yet; asking again may help.
    #[error("{whom}: {why}")]
    NotNow {
        /// Who said so.
        whom: String,
        /// Its reason.
        why: String,
    },
    /// It knows a newer generation.
    #[error("{whom} already knows generation {known}")]
    Stale {
        /// Who said so.
        whom: String,
        /// The newest generation it knows.
        known: Generation,
    },
    /// No, and asking again does not help.
    #[error("{whom} refuses: {why}")]
    Refused {
        /// Who said so.
        whom: String,
        /// Its reason.
        why: String,
    },
    /// It tried and failed; asking again may help.
    #[error("{whom} failed: {why}")]
    Failed {
        /// Who said so.
        whom: String,
        /// Its reason.
        why: String,
    },
}

impl Error {
    /// Whether the same call may succeed later.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotNow { .. } | Self::Failed { .. } => true,
            Self::Stale { .. } | Self::Refused { .. } => false,
        }
    }

    /// Whether nobody answered.
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The answer to a call.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The agents of the regions.
pub trait Regions: Send + Sync {
    /// What it sees.
    fn observe<'a>(&'a self, region: &'a RegionName) -> Answer<'a, site::Observation>;
    /// Makes sure that nothing below the generation can write there. Gives up soon when nobody answers: the lease
    /// makes an unreachable region harmless, only later.
    fn fence<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a site::FenceRequest,
    ) -> Answer<'a, site::FenceReceipt>;
    /// Its database writes a checkpoint, so that a clean stop is short.
    fn checkpoint<'a>(&'a self, region: &'a RegionName) -> Answer<'a, site::Done>;
    /// A region that leads stops its database cleanly and gives its right away; the receipt says what a standby must
    /// have received so that nothing is lost.
    fn release<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a site::FenceRequest,
    ) -> Answer<'a, site::FenceReceipt>;
    /// It leads; answers when its database accepts writes.
    fn lead<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a site::LeadRequest,
    ) -> Answer<'a, site::LeadReceipt>;
    /// It follows.
    fn follow<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a site::FollowRequest,
    ) -> Answer<'a, site::Done>;
}

/// The gateways of the regions.
pub trait Gateways: Send + Sync {
    /// What it does and holds.
    fn status<'a>(&'a self, region: &'a RegionName) -> Answer<'a, gateway::GatewayStatus>;
    /// It accepts and delivers.
    fn lead<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a gateway::LeadRequest,
    ) -> Answer<'a, site::Done>;
    /// It keeps a copy.
    fn follow<'a>(
        &'a self,
        region: &'a RegionName,
        request: &'a gateway::FollowRequest,
    ) -> Answer<'a, site::Done>;
}

/// The public entrance.
pub trait FrontDoor: Send + Sync {
    /// Sends traffic somewhere.
    fn route<'a>(&'a self, request: &'a site::RouteRequest) -> Answer<'a, site::Done>;
}

/// The third voter of the lease.
pub trait Witness: Send + Sync {
    /// Promises a generation to a candidate, durably.
    fn promise<'a>(&'a self, request: &'a lease::PromiseRequest) -> Answer<'a, lease::PromiseReply>;
}

/// Who leads, by the durable record of the controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reign {
    /// The region.
    pub active: RegionName,
    /// The generation it leads in.
    pub generation: Generation,
    /// Identity of the database since the last lossy change.
    pub incarnation: String,
    /// When this was recorded.
    pub since: Timestamp,
}

/// The durable record of who leads.
pub trait Reigns: Send + Sync {
    /// The latest.
    fn current(&self) -> Answer<'_, Option<Reign>>;
    /// Records a newer one; the same again changes nothing, an older one is [`Error::Stale`].
    fn record<'a>(&'a self, reign: &'a Reign) -> Answer<'a, ()>;
}

/// The wall clock, for records.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// All ports together: the context of every recovery saga.
#[derive(Clone)]
pub struct Ports {
    /// The agents.
    pub regions: Arc<dyn Regions>,
    /// The gateways.
    pub gateways: Arc<dyn Gateways>,
    /// The entrance.
    pub front_door: Arc<dyn FrontDoor>,
    /// The third voter.
    pub witness: Arc<dyn Witness>,
    /// The record.
    pub reigns: Arc<dyn Reigns>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

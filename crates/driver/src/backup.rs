//! What a recovery from backups can do to the world.
//!
//! Everything here is about one tenant: its database is brought back beside the one that serves, and others of the stamp
//! are not asked. Only [`crate::simulated::backup::Stamp`] implements these ports so far; whoever runs a real estate is
//! told so before anything is changed.
//!
//! What every implementation owes:
//! - An act is carried out **once in a generation**. Asked again it tells what it told, even when the tenant has gone
//!   further: a call that was slow on its way must not hold, fence or swap a second time.
//! - An act of an older generation is [`crate::Error::Stale`].
//! - A copy is mute from its first moment until its lanes are opened.
//! - A database that has served is never deleted by anybody but a person, and neither is a restore point.

use std::sync::Arc;

use api::backup::{
    Agreed, DatabaseName, Gate, IncarnationRequest, LaneState, Measure, Proof, PutRelease, RestorePoint,
    RestoreRequest, Restored, Room, RunningRelease, Serving, SwapRequest, Swapped, TenantAct, TenantFence,
    TenantPhantom, TenantReplay,
};
use types::TenantName;

use crate::{Answer, Clock};

/// Repositories, and copies in quarantine.
pub trait Backups: Send + Sync {
    /// Every restore point of a tenant.
    fn points<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Vec<RestorePoint>>;
    /// Room for copies in its stamp.
    fn room<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Room>;
    /// Brings a point back side by side, mute. [`crate::Error::NotNow`] while that is under way.
    fn restore<'a>(&'a self, request: &'a RestoreRequest) -> Answer<'a, Restored>;
    /// Looks whether a copy is what it should be. What does not hold refutes its point in the catalogue.
    fn prove<'a>(&'a self, act: &'a TenantAct, copy: &'a DatabaseName) -> Answer<'a, Proof>;
    /// Removes a copy that never served. Anything else is refused.
    fn discard<'a>(&'a self, act: &'a TenantAct, copy: &'a DatabaseName) -> Answer<'a, ()>;
}

/// Which database of a tenant serves, and who reaches it.
pub trait Tenants: Send + Sync {
    /// How it is.
    fn serving<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, Serving>;
    /// Nothing leaves any more; what wants to leave is kept.
    fn hold_outbound<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, ()>;
    /// The database accepts no writes; messages stay in the journal.
    fn fence<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, TenantFence>;
    /// A copy takes the place of a fenced database, which is kept aside. It accepts nothing yet.
    fn swap<'a>(&'a self, request: &'a SwapRequest) -> Answer<'a, Swapped>;
    /// The database that `swapped` kept aside takes its place again; it accepts nothing yet.
    fn swap_back<'a>(&'a self, act: &'a TenantAct, swapped: &'a Swapped) -> Answer<'a, ()>;
    /// Everything is as before a recovery that came to nothing: the database accepts, lanes send.
    fn reopen<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, ()>;
    /// The database gets a new identity and accepts messages again.
    fn incarnate<'a>(&'a self, request: &'a IncarnationRequest) -> Answer<'a, ()>;
    /// The journal delivers what the database lacks. [`crate::Error::NotNow`] while that is under way.
    fn replay<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, TenantReplay>;
    /// What left and was lost.
    fn phantoms<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, Vec<TenantPhantom>>;
    /// Lets people or jobs in.
    fn open<'a>(&'a self, act: &'a TenantAct, gate: Gate) -> Answer<'a, ()>;
    /// Opens the lanes about which nothing is left to decide, and tells of all.
    fn open_lanes<'a>(&'a self, act: &'a TenantAct) -> Answer<'a, Vec<LaneState>>;
}

/// Keeping somebody who got in from going on.
pub trait Containment: Send + Sync {
    /// Takes a measure. Nothing here takes one back: people do, when they know how it happened.
    fn contain<'a>(&'a self, act: &'a TenantAct, measure: Measure) -> Answer<'a, ()>;
}

/// Which image runs over a tenant's database.
pub trait Releases: Send + Sync {
    /// What runs.
    fn running<'a>(&'a self, tenant: &'a TenantName) -> Answer<'a, RunningRelease>;
    /// Runs another image; refused when the database accepts writes and the image cannot read its schema.
    fn put<'a>(&'a self, request: &'a PutRelease) -> Answer<'a, RunningRelease>;
}

/// People who agree in the middle of a recovery.
pub trait Approvals: Send + Sync {
    /// Who has agreed to exactly this question so far.
    fn agreed<'a>(&'a self, question: &'a str) -> Answer<'a, Vec<Agreed>>;
}

/// All ports of a recovery from backups: the context of its sagas.
#[derive(Clone)]
pub struct RestorePorts {
    /// Repositories and copies.
    pub backups: Arc<dyn Backups>,
    /// What serves.
    pub tenants: Arc<dyn Tenants>,
    /// Measures.
    pub containment: Arc<dyn Containment>,
    /// Images.
    pub releases: Arc<dyn Releases>,
    /// People.
    pub approvals: Arc<dyn Approvals>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

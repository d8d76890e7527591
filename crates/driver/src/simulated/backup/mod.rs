//! A stamp of tenants with repositories of restore points in memory, behind the ports of [`crate::backup`].
//!
//! It judges after every effect, whoever caused it, and keeps what it found in [`Stamp::violations`]: never two databases
//! of a tenant that accept writes, nothing that served is gone, a copy is mute, no neighbour lost its room, no lane sends
//! before the journal was compared, no image serves a schema that it cannot read. What a caller must not do is refused and noted as well.
//!
//! Simplified on purpose: a database is the set of messages it has applied and of what people did in it; damage and
//! break-ins are marks on it, which a restore point carries when its line is not before them. A restore point may lie:
//! it says that it is verified, and does not hold. Time passes with every call. No runtime, no chance: [`Chance`] decides
//! what becomes of a call.

mod effects;
mod history;
mod model;
mod ports;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::backup::{Agreed, DatabaseName, Evidence, Measure, RestorePoint, Room, Serving};
use types::{Generation, TenantName, Timestamp};

use crate::{Error, backup::RestorePorts};
use model::{State, Tenant};

pub use history::{History, Kept};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out and answered.
    Well,
    /// Nobody hears it.
    Unheard,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// Nobody answers, and it is carried out after so many other calls.
    Late(u32),
    /// It is not carried out, and asking again helps.
    Fails,
}

/// Decides what cannot be foreseen.
pub trait Chance: Send {
    /// What becomes of this call.
    fn fate(&mut self, what: &'static str) -> Fate;
    /// Whether the business does something meanwhile: a message arrives, somebody works.
    fn business_goes_on(&mut self) -> bool;
}

/// Every call is well, and the business goes on.
#[derive(Clone, Copy, Debug)]
pub struct Calm;

impl Chance for Calm {
    fn fate(&mut self, _: &'static str) -> Fate {
        Fate::Well
    }

    fn business_goes_on(&mut self) -> bool {
        true
    }
}

/// What a test may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Which database serves.
    pub serving: DatabaseName,
    /// Whether it accepts writes.
    pub accepts: bool,
    /// Its identity.
    pub incarnation: String,
    /// The newest generation that is known.
    pub generation: Generation,
    /// Databases kept aside.
    pub aside: BTreeSet<DatabaseName>,
    /// Copies in quarantine.
    pub copies: BTreeSet<DatabaseName>,
    /// It holds the damage.
    pub damaged: bool,
    /// Whoever broke in is in it.
    pub broken_into: bool,
    /// Messages of the journal that it lacks and that were not left out.
    pub lacking: usize,
    /// Messages applied more than once.
    pub twice: usize,
    /// Lanes that send.
    pub sending: BTreeSet<String>,
    /// Measures in force.
    pub contained: BTreeSet<Measure>,
    /// The image that runs.
    pub image: String,
    /// Restore points.
    pub points: usize,
}

/// The simulated stamp.
pub struct Stamp {
    state: Mutex<State>,
}

// === impl Stamp ===

impl Stamp {
    /// An empty stamp at this time.
    pub fn new(now: Timestamp, room: Room, chance: Box<dyn Chance>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(now, room, chance)),
        })
    }

    /// A tenant with its history.
    pub fn settle(&self, tenant: &TenantName, history: &History) {
        let mut state = self.lock();
        let settled = Tenant::of(tenant, history, state.now);
        state.tenants.insert(tenant.clone(), settled);
    }

    /// An image, and which schemas it can read.
    pub fn knows_image(&self, image: &str, schemas: std::ops::RangeInclusive<u32>) {
        self.lock().images.insert(image.to_owned(), schemas);
    }

    /// Somebody agrees to whatever is asked, the `after`-th time it is asked.
    pub fn agrees(&self, after: u32, agreed: Agreed) {
        self.lock().agreeing.push((after, agreed));
    }

    /// The ports of this stamp.
    pub fn ports(self: &Arc<Self>) -> RestorePorts {
        RestorePorts {
            backups: Arc::<Self>::clone(self),
            tenants: Arc::<Self>::clone(self),
            containment: Arc::<Self>::clone(self),
            releases: Arc::<Self>::clone(self),
            approvals: Arc::<Self>::clone(self),
            clock: Arc::<Self>::clone(self),
        }
    }

    /// Time passes.
    pub fn pass(&self, length: Duration) {
        self.lock().pass(length);
    }

    /// What still is on its way arrives.
    pub fn arrive(&self) {
        self.lock().arrive_all();
    }

    /// Restore points as the catalogue tells of them.
    pub fn catalogue(&self, tenant: &TenantName) -> Vec<RestorePoint> {
        let state = self.lock();
        let points = state.tenants.get(tenant).map(|tenant| &tenant.points);
        let points = points.into_iter().flatten();
        points.map(|stored| stored.point.clone()).collect()
    }

    /// A person says what a point is, whatever that is.
    pub fn mark(&self, tenant: &TenantName, point: &str, evidence: &Evidence) {
        if let Some(tenant) = self.lock().tenants.get_mut(tenant) {
            let points = tenant.points.iter_mut();
            for stored in points.filter(|stored| stored.point.id == point) {
                stored.point.evidence = evidence.clone();
            }
        }
    }

    /// Which database serves.
    pub fn serving(&self, tenant: &TenantName) -> Option<Serving> {
        self.lock().tenants.get(tenant).map(Tenant::told_serving)
    }

    /// Room for copies.
    pub fn room(&self) -> Room {
        self.lock().room
    }

    /// Now.
    pub fn wall(&self) -> Timestamp {
        self.lock().now
    }

    /// How a tenant is.
    pub fn look(&self, tenant: &TenantName) -> Option<Look> {
        self.lock().tenants.get(tenant).map(Tenant::look)
    }

    /// What must never be, and was.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// From now on everything that is asked is kept for [`Self::transcript`].
    pub fn tell(&self) {
        self.lock().telling = true;
    }

    /// Everything that was asked and came of it since [`Self::tell`], one line each.
    pub fn transcript(&self) -> Vec<String> {
        self.lock().said.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call with its fate.
    fn call<T>(
        &self,
        what: &'static str,
        whom: &TenantName,
        effect: impl FnOnce(&mut State) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let mut state = self.lock();
        state.go_on();
        let fate = state.chance.fate(what);
        let unreachable = || Error::Unreachable {
            whom: whom.to_string(),
        };
        let answer = match fate {
            Fate::Well => effect(&mut state),
            Fate::AnswerLost => effect(&mut state).and_then(|_| Err(unreachable())),
            Fate::Unheard => Err(unreachable()),
            Fate::Fails => Err(Error::Failed {
                whom: whom.to_string(),
                why: "told to fail".to_owned(),
            }),
            Fate::Late(calls) => {
                let late = move |state: &mut State| effect(state).map(drop);
                state.late.push((calls, what, Box::new(late)));
                Err(unreachable())
            }
        };
        state.say(|| match &answer {
            Ok(_) => format!("{what} {whom} {fate:?}: done"),
            Err(error) => format!("{what} {whom} {fate:?}: {error}"),
        });
        state.judge();
        answer
    }
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        f.debug_struct("Stamp")
            .field("now", &state.now)
            .field("tenants", &state.tenants)
            .finish_non_exhaustive()
    }
}

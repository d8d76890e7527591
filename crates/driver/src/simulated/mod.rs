//! Two regions, their gateways, a front door and a witness in memory, with faults to switch on.
//!
//! The world asserts its invariants after every effect, whoever caused it: never two databases that accept writes, and
//! no generation ever goes back. Time is tokio's, so that tests with paused time wait for nothing.
//!
//! Simplified on purpose: a journal is a count, a database is a count of commits, and the lease of a region that nobody
//! can reach ends [`LEASE`] after the witness promised a newer generation. The real rules of the lease have a
//! simulation of their own in the `lease` crate.

pub mod backup;
mod model;
mod ports;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::{gateway::OldEnd, site::Observation};
use types::{Generation, RegionName, Timestamp};

use crate::{Error, Ports, Reign};
use model::{Region, State};

/// How long a region that nobody can reach still holds its lease after a newer generation was promised.
pub const LEASE: Duration = Duration::from_secs(3);

/// A call that can be made to fail or to be slow, by whom and what: `("west", "lead")`.
type Call = (String, &'static str);

/// The simulated world.
#[derive(Debug)]
pub struct World {
    state: Mutex<State>,
    started: tokio::time::Instant,
}

/// What a test may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Regions whose database accepts writes, with the generation.
    pub writing: Vec<(RegionName, Generation)>,
    /// Regions whose database follows, and whom.
    pub following: Vec<(RegionName, RegionName)>,
    /// Regions whose gateway leads, with the generation.
    pub gateways_leading: Vec<(RegionName, Generation)>,
    /// Where the front door sends traffic.
    pub route: Option<api::site::Route>,
    /// The durable record: region, generation, incarnation.
    pub reign: Option<(RegionName, Generation, String)>,
}

// === impl World ===

impl World {
    /// A world in which nothing leads yet and every agent waits.
    pub fn new<const N: usize>(regions: [&RegionName; N]) -> Arc<Self> {
        let regions = regions.map(|name| (name.clone(), Region::new(name.clone())));
        Arc::new(Self {
            state: Mutex::new(State::new(BTreeMap::from(regions))),
            started: tokio::time::Instant::now(),
        })
    }

    /// A world in which `active` leads in generation 1 and the others follow.
    pub fn running<const N: usize>(regions: [&RegionName; N], active: &RegionName) -> Arc<Self> {
        let world = Self::new(regions);
        let since = world.wall();
        let mut state = world.lock();
        state.begin(active, since);
        drop(state);
        world
    }

    /// The ports of this world.
    pub fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            regions: Arc::<Self>::clone(self),
            gateways: Arc::<Self>::clone(self),
            front_door: Arc::<Self>::clone(self),
            witness: Arc::<Self>::clone(self),
            reigns: Arc::<Self>::clone(self),
            clock: Arc::<Self>::clone(self),
        }
    }

    /// Kills everything in a region.
    pub fn kill(&self, region: &RegionName) {
        self.lock().region_mut(region, Region::kill);
    }

    /// Starts a dead region's programs; they wait to be told what to do.
    pub fn start(&self, region: &RegionName) {
        self.lock().region_mut(region, Region::start);
    }

    /// Kills only the database of a region.
    pub fn kill_database(&self, region: &RegionName) {
        self.lock().region_mut(region, Region::kill_database);
    }

    /// Ends a region's gateway; it is started anew at once and waits to be told what to do.
    pub fn restart_gateway(&self, region: &RegionName) {
        self.lock().region_mut(region, Region::restart_gateway);
    }

    /// Cuts a region off from everybody; it goes on inside until its lease ends.
    pub fn isolate(&self, region: &RegionName) {
        self.lock().region_mut(region, |region| region.reachable = false);
    }

    /// The next such call fails once after it took effect: the answer was lost.
    pub fn lose_answer(&self, whom: &str, what: &'static str) {
        self.lock().lost_answers.insert((whom.to_owned(), what));
    }

    /// The next such call is refused for good.
    pub fn refuse(&self, whom: &str, what: &'static str) {
        self.lock().refusals.insert((whom.to_owned(), what));
    }

    /// Every such call takes this long from now on.
    pub fn slow(&self, whom: &str, what: &'static str, by: Duration) {
        self.lock().delays.insert((whom.to_owned(), what), by);
    }

    /// Commits `count` transactions in whichever region accepts writes, copied to its standbys.
    pub fn commit(&self, count: u64) {
        self.lock().commit(count);
    }

    /// What an agent would send as its heartbeat; `None` when nobody hears it.
    pub fn heartbeat(&self, region: &RegionName) -> Option<Observation> {
        let at = self.wall();
        self.settled().observation(region, at)
    }

    /// What the front door's agent would send.
    pub fn front_door_heartbeat(&self) -> Observation {
        let at = self.wall();
        self.lock().front_door(at)
    }

    /// What a region's gateway was told last of the end of the database that led before.
    pub fn old_end(&self, region: &RegionName) -> Option<OldEnd> {
        self.lock().regions.get(region)?.old_end.clone()
    }

    /// What it looks like now.
    pub fn picture(&self) -> Picture {
        self.settled().picture()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state after every lease that has ended by now has ended.
    fn settled(&self) -> MutexGuard<'_, State> {
        let now = self.started.elapsed();
        let mut state = self.lock();
        state.expire(now);
        state
    }

    fn wall(&self) -> Timestamp {
        let micros = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(1_795_000_000_000_000_i64.saturating_add(micros))
    }

    /// One call with its faults: it may be slow, refused, unheard, or its answer lost.
    async fn call<T>(
        &self,
        whom: &str,
        what: &'static str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let call: Call = (whom.to_owned(), what);
        let delay = self.lock().delays.get(&call).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let at = self.wall();
        let mut state = self.settled();
        if state.refusals.remove(&call) {
            return Err(Error::Refused {
                whom: call.0,
                why: "told to refuse".to_owned(),
            });
        }
        let answer = effect(&mut state, at);
        state.check();
        if answer.is_ok() && state.lost_answers.remove(&call) {
            return Err(Error::Unreachable { whom: call.0 });
        }
        answer
    }
}

/// Sets of calls with a fault switched on.
type Calls = BTreeSet<Call>;

/// The reign without its time, for pictures.
fn reign_of(reign: &Reign) -> (RegionName, Generation, String) {
    (reign.active.clone(), reign.generation, reign.incarnation.clone())
}

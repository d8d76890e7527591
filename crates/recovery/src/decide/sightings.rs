//! What was heard, and how long ago. Pure: readings of the clocks are passed in.
//!
//! Ages are taken from a monotonic clock; the wall clock only stamps what is kept or shown.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::site::{DatabaseState, LeaseState, Observation, Role, Site};
use driver::Reign;
use types::{Generation, RegionName, Timestamp, settings::FailoverSettings};

use super::Eligibility;

/// A database that starts may take this many times longer than one that is gone before it counts as lost: after a
/// crash it replays its log, and promoting a standby would lose more than waiting.
const STARTING_PATIENCE: u32 = 4;
/// What the front door said longer ago says nothing: it sends a heartbeat every 400 ms.
const DOOR_WORD_MAX: Duration = Duration::from_millis(1_500);

/// One region as it was last heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionSight {
    /// Which.
    pub region: RegionName,
    /// Age of its last heartbeat; `None`: never heard.
    pub heard_ago: Option<Duration>,
    /// That heartbeat.
    pub observation: Option<Arc<Observation>>,
    /// How long its database has not been usable as a primary, by what was heard.
    pub unusable_for: Option<Duration>,
    /// The longest silence before that heartbeat and since its database was last usable: nobody knows what it did then.
    pub unheard_for: Duration,
    /// How long its ingress has given the front door no sign of life, by what the front door has just said.
    pub unreached_for: Option<Duration>,
}

/// An order by a person to fail over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Whether they accept what an unfit standby lacks.
    pub unfit_standby: UnfitStandby,
}

/// What somebody who orders a failover says about a standby that is not fit to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfitStandby {
    /// It is not promoted.
    Refused,
    /// It is promoted all the same, if another person says so too and the loss can be stated.
    Accepted,
}

/// The saga that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Underway {
    /// Its kind.
    pub kind: String,
    /// It may be ended for something more urgent: it has changed nothing yet, or what is left only gives evidence.
    pub gives_way: bool,
}

/// Everything a decision is made from, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How long the controller has been listening.
    pub listening_for: Duration,
    /// Who leads, by the durable record.
    pub reign: Option<Reign>,
    /// The newest generation this controller's witness has promised.
    pub promised: Generation,
    /// When the last failover ended well.
    pub last_failover: Option<Timestamp>,
    /// The saga that runs.
    pub running: Option<Underway>,
    /// Every region.
    pub regions: Vec<RegionSight>,
    /// What was known of the standby when the active region was last seen well.
    pub eligibility: Option<Eligibility>,
    /// Who has ordered or authorised a failover away from the active region.
    pub orders: Vec<Order>,
}

impl Snapshot {
    /// The sight of one region.
    pub fn region(&self, name: &RegionName) -> Option<&RegionSight> {
        self.regions.iter().find(|sight| sight.region == *name)
    }

    /// The timeline on which a standby and the region that leads were, when that standby was last fit.
    pub fn shared_timeline(&self, standby: &RegionName) -> Option<u32> {
        let known = self
            .eligibility
            .as_ref()
            .filter(|known| known.standby == *standby);
        known.and_then(|known| known.timeline)
    }
}

#[derive(Clone, Debug)]
struct Heard {
    at: Duration,
    /// Shared with every snapshot made of it: decisions are made many times a second.
    observation: Arc<Observation>,
    /// When its database was last usable, or first heard after a silence.
    usable_at: Duration,
    /// The longest silence since its database was last usable.
    unheard_for: Duration,
}

/// Collects heartbeats.
#[derive(Clone, Debug)]
pub struct Sightings {
    listening_since: Duration,
    names: Vec<RegionName>,
    regions: BTreeMap<RegionName, Heard>,
    front_door: Option<(Duration, Observation)>,
    eligibility: Option<Eligibility>,
}

// === impl Sightings ===

impl Sightings {
    /// Begins to listen at `now`, with what was known before a restart.
    pub fn new(regions: Vec<RegionName>, eligibility: Option<Eligibility>, now: Duration) -> Self {
        Self {
            listening_since: now,
            names: regions,
            regions: BTreeMap::new(),
            front_door: None,
            eligibility,
        }
    }

    /// Takes one heartbeat in. `now` and `wall` are the same moment on both clocks.
    pub fn hear(
        &mut self,
        observation: Observation,
        reign: Option<&Reign>,
        settings: &FailoverSettings,
        now: Duration,
        wall: Timestamp,
    ) {
        let Site::Region(name) = &observation.site else {
            self.front_door = Some((now, observation));
            return;
        };
        let name = name.clone();
        if !self.names.contains(&name) {
            return;
        }
        // Who heard no region at all was cut off itself: what it did not hear says nothing, and it listens anew.
        let deaf = |heard: &Heard| now.saturating_sub(heard.at) >= settings.region_lost_after.as_duration();
        if !self.regions.is_empty() && self.regions.values().all(deaf) {
            self.listening_since = now;
        }
        let (usable_at, unheard_for) = if is_usable(&observation) {
            (now, Duration::ZERO)
        } else {
            self.unusable_since(&name, settings, now, wall)
        };
        let heard = Heard {
            at: now,
            observation: Arc::new(observation),
            usable_at,
            unheard_for,
        };
        if reign.is_some_and(|reign| reign.active == name) {
            self.judge(&name, &heard.observation, settings, wall);
        }
        self.regions.insert(name, heard);
    }

    /// Since when a region that says it is not usable is known to be so, and how long nobody heard it before.
    ///
    /// Silence is no evidence: it may have been the controller that was cut off, and the region served all the time.
    fn unusable_since(
        &self,
        name: &RegionName,
        settings: &FailoverSettings,
        now: Duration,
        wall: Timestamp,
    ) -> (Duration, Duration) {
        let Some(before) = self.regions.get(name) else {
            let judged = self.eligibility.as_ref();
            return (
                now,
                judged.map_or(Duration::ZERO, |known| wall.since(known.judged_at)),
            );
        };
        let silence = now.saturating_sub(before.at);
        if silence < settings.region_lost_after.as_duration() {
            return (before.usable_at, before.unheard_for);
        }
        (now, before.unheard_for.max(silence))
    }

    fn judge(
        &mut self,
        active: &RegionName,
        primary: &Observation,
        settings: &FailoverSettings,
        wall: Timestamp,
    ) {
        let Some(standby) = self.names.iter().find(|name| *name != active) else {
            return;
        };
        let seen = self.regions.get(standby).map(|heard| &*heard.observation);
        let before = self.eligibility.as_ref();
        if let Some(judged) =
            Eligibility::judge(before, primary, (standby, seen), settings.lag_bytes_max, wall)
        {
            self.eligibility = Some(judged);
        }
    }

    /// What was known of the standby when the active region was last seen well.
    pub const fn eligibility(&self) -> Option<&Eligibility> {
        self.eligibility.as_ref()
    }

    /// The front door's last heartbeat with its age.
    pub fn front_door(&self, now: Duration) -> Option<(Duration, &Observation)> {
        let (at, observation) = self.front_door.as_ref()?;
        Some((now.saturating_sub(*at), observation))
    }

    /// How long it has been listening.
    pub const fn listening_for(&self, now: Duration) -> Duration {
        now.saturating_sub(self.listening_since)
    }

    /// Every region as it was last heard.
    pub fn regions(&self, now: Duration) -> Vec<RegionSight> {
        let door = self
            .front_door(now)
            .filter(|(told_ago, _)| *told_ago < DOOR_WORD_MAX);
        let unreached_for = |name: &RegionName| {
            let millis = door.and_then(|(_, door)| door.unreached.get(name));
            millis.copied().map(Duration::from_millis)
        };
        self.names
            .iter()
            .map(|name| match self.regions.get(name) {
                Some(heard) => RegionSight {
                    region: name.clone(),
                    heard_ago: Some(now.saturating_sub(heard.at)),
                    observation: Some(Arc::clone(&heard.observation)),
                    unusable_for: unusable_for(heard, now),
                    unheard_for: heard.unheard_for,
                    unreached_for: unreached_for(name),
                },
                None => RegionSight {
                    region: name.clone(),
                    heard_ago: None,
                    observation: None,
                    unusable_for: None,
                    unheard_for: Duration::ZERO,
                    unreached_for: unreached_for(name),
                },
            })
            .collect()
    }
}

fn is_usable(observation: &Observation) -> bool {
    observation.role == Role::Active
        && !matches!(observation.lease, LeaseState::Expired)
        && observation.database.as_ref().is_some_and(|database| {
            database.state == DatabaseState::Primary && database.answered_in_ms.is_some()
        })
}

fn unusable_for(heard: &Heard, now: Duration) -> Option<Duration> {
    if is_usable(&heard.observation) {
        return None;
    }
    let length = now.saturating_sub(heard.usable_at);
    let starting = heard
        .observation
        .database
        .as_ref()
        .is_some_and(|database| database.state == DatabaseState::Starting);
    Some(if starting {
        length / STARTING_PATIENCE
    } else {
        length
    })
}

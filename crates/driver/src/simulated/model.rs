//! The state of the simulated world and its invariants.

use std::{collections::BTreeMap, time::Duration};

use api::{
    gateway::{GatewayRole, GatewayStatus, JournalStatus, OldEnd, PeerState, PeerStatus, Reconciliation},
    site::{
        ComponentObservation, ComponentState, DatabaseObservation, DatabaseState, Downstream, LeaderSight,
        LeaseState, Observation, Role, Route, Site,
    },
};
use types::{ComponentName, Generation, Lsn, RegionName, Timestamp};

use super::{Call, Calls, LEASE, Picture, reign_of};
use crate::{Error, Reign};

/// One region.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub name: RegionName,
    /// Its programs run.
    pub alive: bool,
    /// Others can reach it.
    pub reachable: bool,
    /// The database process runs.
    pub database: bool,
    pub role: Role,
    /// The newest generation it knows; survives its death.
    pub generation: Generation,
    pub commits: u64,
    pub timeline: u32,
    pub gateway: GatewayRole,
    pub gateway_generation: Generation,
    pub incarnation: Option<String>,
    pub old_end: Option<OldEnd>,
    pub reconciliation: Option<Reconciliation>,
}

impl Region {
    pub fn new(name: RegionName) -> Self {
        Self {
            name,
            alive: true,
            reachable: true,
            database: false,
            role: Role::Waiting,
            generation: Generation::NONE,
            commits: 0,
            timeline: 1,
            gateway: GatewayRole::Waiting,
            gateway_generation: Generation::NONE,
            incarnation: None,
            old_end: None,
            reconciliation: None,
        }
    }

    pub fn kill(&mut self) {
        self.alive = false;
        self.database = false;
        self.role = Role::Waiting;
        self.gateway = GatewayRole::Waiting;
    }

    pub fn start(&mut self) {
        self.alive = true;
        self.reachable = true;
    }

    pub fn kill_database(&mut self) {
        self.database = false;
    }

    pub fn restart_gateway(&mut self) {
        self.gateway = GatewayRole::Waiting;
        self.incarnation = None;
    }

    pub fn writes(&self) -> bool {
        self.alive && self.database && self.role == Role::Active
    }

    pub fn hears(&self) -> bool {
        self.alive && self.reachable
    }

    /// Refuses what is older than what it knows; otherwise knows it from now on.
    pub fn learn(&mut self, generation: Generation) -> Result<(), Error> {
        if generation < self.generation {
            return Err(Error::Stale {
                whom: self.name.to_string(),
                known: self.generation,
            });
        }
        self.generation = generation;
        Ok(())
    }
}

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    pub regions: BTreeMap<RegionName, Region>,
    pub route: Option<Route>,
    pub route_generation: Generation,
    pub promised: Option<(Generation, RegionName, Duration)>,
    pub reign: Option<Reign>,
    pub refusals: Calls,
    pub lost_answers: Calls,
    pub delays: BTreeMap<Call, Duration>,
    highest_writing: Generation,
    highest_recorded: Generation,
}

impl State {
    pub fn new(regions: BTreeMap<RegionName, Region>) -> Self {
        Self {
            regions,
            route: None,
            route_generation: Generation::NONE,
            promised: None,
            reign: None,
            refusals: Calls::new(),
            lost_answers: Calls::new(),
            delays: BTreeMap::new(),
            highest_writing: Generation::NONE,
            highest_recorded: Generation::NONE,
        }
    }

    /// Generation 1 has begun well.
    pub fn begin(&mut self, active: &RegionName, since: Timestamp) {
        for region in self.regions.values_mut() {
            let leads = region.name == *active;
            region.database = true;
            region.generation = Generation::FIRST;
            region.gateway_generation = Generation::FIRST;
            region.commits = 100;
            if leads {
                region.role = Role::Active;
                region.gateway = GatewayRole::Leading;
            } else {
                region.role = Role::Standby {
                    upstream: active.clone(),
                };
                region.gateway = GatewayRole::Following {
                    leader: active.clone(),
                };
            }
        }
        self.promised = Some((Generation::FIRST, active.clone(), Duration::ZERO));
        self.route = Some(Route::Region(active.clone()));
        self.route_generation = Generation::FIRST;
        self.reign = Some(Reign {
            active: active.clone(),
            generation: Generation::FIRST,
            incarnation: "first".to_owned(),
            since,
        });
        self.check();
    }

    pub fn region_mut(&mut self, name: &RegionName, change: impl FnOnce(&mut Region)) {
        if let Some(region) = self.regions.get_mut(name) {
            change(region);
        }
        self.check();
    }

    /// The region, if it hears us.
    pub fn reach(&mut self, name: &RegionName) -> Result<&mut Region, Error> {
        self.regions
            .get_mut(name)
            .filter(|region| region.hears())
            .ok_or_else(|| Error::Unreachable {
                whom: name.to_string(),
            })
    }

    /// Regions nobody reaches stop writing when their lease ends.
    pub fn expire(&mut self, now: Duration) {
        let Some((promised, _, at)) = &self.promised else {
            return;
        };
        if now < *at + LEASE {
            return;
        }
        for region in self.regions.values_mut() {
            if region.role == Role::Active && region.generation < *promised {
                region.database = false;
                region.role = Role::Fenced;
            }
        }
    }

    /// Promises a generation; tells when it was first promised, or what was promised to whom instead.
    pub fn promise(
        &mut self,
        generation: Generation,
        candidate: &RegionName,
        now: Duration,
    ) -> Result<Duration, (Generation, RegionName)> {
        match &self.promised {
            Some((known, whom, at)) if *known == generation && whom == candidate => Ok(*at),
            Some((known, whom, _)) if *known >= generation => Err((*known, whom.clone())),
            _ => {
                self.promised = Some((generation, candidate.clone(), now));
                Ok(now)
            }
        }
    }

    pub fn commit(&mut self, count: u64) {
        let Some(writer) = self.regions.values_mut().find(|region| region.writes()) else {
            return;
        };
        writer.commits += count;
        let (name, commits) = (writer.name.clone(), writer.commits);
        self.hand_on(&name, commits);
    }

    /// What a region has written reaches the standbys that stream from it.
    pub fn hand_on(&mut self, from: &RegionName, commits: u64) {
        let follows = Role::Standby {
            upstream: from.clone(),
        };
        for region in self.regions.values_mut() {
            if region.hears() && region.database && region.role == follows {
                region.commits = commits;
            }
        }
    }

    /// Panics when an invariant is broken: a simulated world that goes on after split brain proves nothing.
    pub fn check(&mut self) {
        let writing: Vec<_> = self.regions.values().filter(|region| region.writes()).collect();
        assert!(writing.len() <= 1, "two databases accept writes: {writing:#?}");
        if let Some(writer) = writing.first() {
            assert!(
                writer.generation >= self.highest_writing,
                "writes went back to an older generation"
            );
            self.highest_writing = writer.generation;
        }
        if let Some(reign) = &self.reign {
            assert!(
                reign.generation >= self.highest_recorded,
                "the record went back to an older generation"
            );
            self.highest_recorded = reign.generation;
        }
    }

    pub fn picture(&self) -> Picture {
        let regions = || self.regions.values().filter(|region| region.alive);
        Picture {
            writing: regions()
                .filter(|region| region.writes())
                .map(|region| (region.name.clone(), region.generation))
                .collect(),
            following: regions()
                .filter_map(|region| match &region.role {
                    Role::Standby { upstream } if region.database => {
                        Some((region.name.clone(), upstream.clone()))
                    }
                    _ => None,
                })
                .collect(),
            gateways_leading: regions()
                .filter(|region| region.gateway == GatewayRole::Leading)
                .map(|region| (region.name.clone(), region.gateway_generation))
                .collect(),
            route: self.route.clone(),
            reign: self.reign.as_ref().map(reign_of),
        }
    }

    pub fn observation(&self, name: &RegionName, at: Timestamp) -> Option<Observation> {
        let region = self.regions.get(name).filter(|region| region.hears())?;
        let upstream_writes = |upstream: &RegionName| {
            self.regions
                .get(upstream)
                .is_some_and(|region| region.writes() && region.reachable)
        };
        let (state, streaming) = match (&region.role, region.database) {
            (_, false) if region.commits == 0 => (DatabaseState::Absent, false),
            (_, false) => (DatabaseState::Stopped, false),
            (Role::Active, true) => (DatabaseState::Primary, false),
            (Role::Standby { upstream }, true) => (DatabaseState::Standby, upstream_writes(upstream)),
            (_, true) => (DatabaseState::Starting, false),
        };
        let position = region.database.then(|| Lsn::new(region.commits * 100));
        let database = DatabaseObservation {
            timeline: region.database.then_some(region.timeline),
            position,
            received: position.filter(|_| state == DatabaseState::Standby),
            streaming,
            last_replayed_commit: None,
            downstreams: if region.writes() {
                self.downstreams(region)
            } else {
                Vec::new()
            },
            answered_in_ms: region.database.then_some(1),
            divergence: None,
            state,
        };
        Some(Observation {
            site: Site::Region(name.clone()),
            at,
            run: Default::default(),
            role: region.role.clone(),
            generation: region.generation,
            lease: if region.writes() {
                LeaseState::Held {
                    left_ms: 2_000,
                    by: self.granters(name),
                }
            } else {
                LeaseState::None
            },
            database: Some(database),
            leader: Some(LeaderSight::default()),
            unreached: BTreeMap::new(),
            room: None,
            components: components(region),
        })
    }

    /// Who grants a leading region its lease.
    fn granters(&self, holder: &RegionName) -> Vec<String> {
        let others = self
            .regions
            .values()
            .filter(|region| region.hears() && region.name != *holder);
        let mut by: Vec<_> = others.map(|region| region.name.to_string()).collect();
        by.push("witness".to_owned());
        by
    }

    fn downstreams(&self, of: &Region) -> Vec<Downstream> {
        let follows = Role::Standby {
            upstream: of.name.clone(),
        };
        self.regions
            .values()
            .filter(|region| region.hears() && region.database && region.role == follows)
            .map(|region| Downstream {
                name: region.name.to_string(),
                state: "streaming".to_owned(),
                replay_lag_bytes: of.commits.saturating_sub(region.commits) * 100,
            })
            .collect()
    }

    pub fn front_door(&self, at: Timestamp) -> Observation {
        Observation {
            site: Site::FrontDoor,
            at,
            run: Default::default(),
            role: Role::Routing(self.route.clone()),
            generation: self.route_generation,
            lease: LeaseState::None,
            database: None,
            leader: None,
            unreached: BTreeMap::new(),
            room: None,
            components: Vec::new(),
        }
    }

    pub fn gateway(&self, region: &Region) -> GatewayStatus {
        let pair = self
            .regions
            .values()
            .filter(|other| other.hears() && other.gateway != GatewayRole::Waiting);
        GatewayStatus {
            region: region.name.clone(),
            role: region.gateway.clone(),
            generation: region.gateway_generation,
            incarnation: region.incarnation.clone(),
            journal: JournalStatus {
                messages: 0,
                synced: 0,
                bytes: 0,
                quarantined: 0,
                trimmed: 0,
                parked: 0,
            },
            peer: PeerStatus {
                state: if pair.count() > 1 {
                    PeerState::InSync
                } else {
                    PeerState::Gone
                },
                synced: 0,
                acknowledged_alone: 0,
                degraded_since: None,
            },
            lanes: Vec::new(),
            reconciliation: region.reconciliation.clone(),
        }
    }
}

fn components(region: &Region) -> Vec<ComponentObservation> {
    ["odoo-web", "odoo-integration"]
        .into_iter()
        .filter_map(|name| ComponentName::new(name).ok())
        .map(|name| ComponentObservation {
            name,
            state: if region.database {
                ComponentState::Ready
            } else {
                ComponentState::Unhealthy
            },
            pid: None,
            starts: 1,
            detail: None,
        })
        .collect()
}

//! One region: its role, its database, its processes, its lease.
//!
//! A region is told what to be by four orders (lead, follow, fence, release). An order is judged by
//! [`decide_role`](super::decide_role), written down, and only then carried out by the *duty* of the new role: a task
//! that goes on for as long as the role does.
//!
//! ```text
//!            lead ──► candidacy ──► duty: keep the lease, keep a primary running while it is valid
//!            follow ──────────────► duty: make the data fit, keep a standby streaming
//!            fence ───────────────► no duty; the database is stopped
//!            release ─────────────► the same, cleanly: the last transactions end, the standby receives everything
//! ```

mod following;
mod leading;
mod orders;
mod release;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{
    Problem,
    client::Client,
    lease::VoterClient,
    site::{
        ComponentObservation, ComponentState, DatabaseObservation, DatabaseState, LeadReceipt, LeaderSight,
        LeaseState, Observation, Role, Room, Site,
    },
};
use lease::{Standing, VoterName};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use types::{
    ComponentName, Generation, Timestamp,
    settings::{DatabaseSettings, LeaseTiming, RegionSettings, SiteSettings},
};
use uuid::Uuid;

use super::{
    clock,
    decide_role::{Boot, Data, Known, decide_boot},
    keeper::Right,
    postgres::{
        control::{self, Activity, Postgres},
        data_directory::DataDirectory,
        observe, seed,
    },
    role::RoleRecord,
    room, sessions,
    supervise::{guarded::Launcher, supervisor::Supervisor},
    voting::Voting,
};

/// A voter that does not answer by then does not help.
const VOTER_TIME_MAX: Duration = Duration::from_millis(1_000);

/// Why a region's agent cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Its memory cannot be read.
    #[error(transparent)]
    Memory(#[from] durable::Error),
    /// It cannot speak to the other voters.
    #[error("cannot speak to the other voters")]
    Client(#[from] api::client::BuildError),
}

/// Where a region's lead stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lead {
    /// Nothing is being done about one.
    Idle,
    /// The database is being started or promoted.
    Working(Generation),
    /// It leads.
    Leading(LeadReceipt),
    /// It could not lead yet; it is tried again.
    Failed(Generation, String),
}

/// The task of the present role.
#[derive(Default)]
struct Duty {
    cancel: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Duty {
    async fn end(&mut self) {
        self.cancel.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

/// One region.
pub struct Region {
    settings: RegionSettings,
    estate_directory: PathBuf,
    run: Uuid,
    postgres: Arc<Postgres>,
    data: DataDirectory,
    supervisor: Supervisor,
    voting: Arc<Voting>,
    others: Vec<(VoterName, VoterClient)>,
    record: Mutex<RoleRecord>,
    role: watch::Sender<Role>,
    right: watch::Sender<Option<Right>>,
    lead: watch::Sender<Lead>,
    database: watch::Sender<DatabaseObservation>,
    sessions: watch::Sender<Option<ComponentObservation>>,
    streamed_at: Mutex<Option<Timestamp>>,
    room: watch::Sender<Option<Room>>,
    duty: tokio::sync::Mutex<Duty>,
    candidacy: Mutex<Option<(Generation, CancellationToken)>>,
    stopping: CancellationToken,
}

impl Region {
    /// Reads what the region remembers and begins to supervise; starts no database yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(
        site: &SiteSettings,
        settings: RegionSettings,
        run: Uuid,
        launcher: Launcher,
    ) -> Result<Arc<Self>, SetupError> {
        let state = site.directory.join("state");
        let record: RoleRecord = durable::read(&state.join("role.json"))?.unwrap_or_default();
        let voting = Voting::load(state.join("lease.json"), settings.lease)?;
        let client = Client::new(&site.controller, &site.tls, VOTER_TIME_MAX)?;
        let mut others = vec![(VoterName::Witness, VoterClient(client.clone()))];
        others.extend(settings.peers.iter().map(|(region, base)| {
            let voter = VoterName::Region(region.clone());
            (voter, VoterClient(client.at(base)))
        }));
        let database = Arc::new(settings.database.clone());
        let supervisor = Supervisor::start(&site.processes, &launcher);
        let postgres = Arc::new(Postgres::new(database, settings.region.clone(), launcher));
        Ok(Arc::new(Self {
            data: DataDirectory {
                path: settings.database.data_dir.clone(),
            },
            estate_directory: state,
            run,
            postgres,
            supervisor,
            voting,
            others,
            record: Mutex::new(record),
            role: watch::channel(Role::Waiting).0,
            right: watch::channel(None).0,
            lead: watch::channel(Lead::Idle).0,
            database: watch::channel(observe::unknown(DatabaseState::Stopped)).0,
            sessions: watch::channel(None).0,
            streamed_at: Mutex::default(),
            room: watch::channel(None).0,
            duty: tokio::sync::Mutex::default(),
            candidacy: Mutex::new(None),
            stopping: CancellationToken::new(),
            settings,
        }))
    }

    /// Takes up what it did before, as far as that is harmless or its lease allows; watches the database until
    /// cancelled.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        self.take_up_duty().await;
        let observing = observe::run(
            Arc::clone(&self.postgres),
            self.data.clone(),
            self.database.clone(),
            cancel.clone(),
        );
        let mut database = self.database.subscribe();
        let telling = async {
            loop {
                let serves = matches!(
                    database.borrow_and_update().state,
                    DatabaseState::Standby | DatabaseState::Primary
                );
                self.supervisor.set(|conditions| conditions.database = serves);
                if database.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = observing => {}
            () = telling => {}
            () = self.keep_sessions(cancel.clone()) => {}
            () = room::keep(&self.settings.database.data_dir, &self.estate_directory, &self.room) => {}
        }
    }

    async fn keep_sessions(&self, cancel: CancellationToken) {
        match self.settings.sessions.clone() {
            Some(settings) => {
                let role = self.role.subscribe();
                sessions::keep(settings, role, self.sessions.clone(), cancel).await;
            }
            None => cancel.cancelled().await,
        }
    }

    /// Begins the duty of the role that is written down.
    async fn take_up_duty(self: &Arc<Self>) {
        let mut duty = self.duty.lock().await;
        self.begin_duty(&mut duty);
    }

    fn begin_duty(self: &Arc<Self>, duty: &mut Duty) {
        let cancel = CancellationToken::new();
        let (region, token) = (Arc::clone(self), cancel.clone());
        let task = match decide_boot(&self.record()) {
            Boot::Wait => None,
            Boot::AskForLease { generation } => Some(tokio::spawn(async move {
                region.keep_leading(generation, token).await
            })),
            Boot::Follow { upstream } => Some(tokio::spawn(async move {
                region.keep_following(upstream, token).await
            })),
        };
        *duty = Duty { cancel, task };
    }

    /// What it remembers.
    fn record(&self) -> RoleRecord {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what it remembers; durable when it returns.
    fn remember(&self, change: impl FnOnce(&mut RoleRecord)) -> Result<RoleRecord, Problem> {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = record.clone();
        change(&mut changed);
        if changed != *record {
            let path = self.estate_directory.join("role.json");
            durable::write(&path, &changed).map_err(|error| Problem::failed(error.to_string()))?;
            *record = changed;
        }
        Ok(record.clone())
    }

    fn marker(&self) -> seed::Marker {
        seed::Marker {
            pending: self.estate_directory.join("seeding"),
            hba_file: self.estate_directory.join("seeding-hba.conf"),
        }
    }

    /// Exists while a rewind is at work.
    fn rewinding(&self) -> PathBuf {
        self.estate_directory.join("rewinding")
    }

    const fn timing(&self) -> LeaseTiming {
        self.settings.lease
    }

    const fn database_settings(&self) -> &DatabaseSettings {
        &self.settings.database
    }

    fn known(&self) -> Known {
        let rejoining = matches!(*self.postgres.activity().borrow(), Activity::Rejoining { .. });
        // A rewind that was interrupted leaves a mixture of two histories; a copy that was interrupted while it took its
        // place leaves the data beside where it should be. Following settles both.
        let unsettled =
            self.rewinding().exists() || (!self.data.exists() && self.data.has_copies().unwrap_or(true));
        let data = if rejoining || unsettled {
            Data::Rejoining
        } else if self.marker().is_pending() {
            Data::Seeding
        } else if self.data.exists() {
            Data::Complete
        } else {
            Data::Absent
        };
        Known {
            record: self.record(),
            data,
            stopping: self.stopping.is_cancelled(),
        }
    }

    /// The lease voter of this region.
    pub fn voting(&self) -> &Voting {
        &self.voting
    }

    /// What it sees right now.
    pub fn observe(&self) -> Observation {
        let record = self.record();
        let database = DatabaseObservation {
            divergence: record.divergence.clone(),
            ..self.database.borrow().clone()
        };
        let mut components = self.supervisor.observe();
        components.extend(self.database_component(&database));
        components.extend(self.sessions.borrow().clone());
        Observation {
            site: Site::Region(self.settings.region.clone()),
            at: clock::timestamp(),
            run: self.run,
            role: self.role.borrow().clone(),
            generation: record.generation.max(self.voting.ballot().borrow().promised),
            lease: self.lease_state(),
            leader: Some(self.leader_sight(&database)),
            unreached: BTreeMap::new(),
            database: Some(database),
            room: *self.room.borrow(),
            components,
        }
    }

    /// What it knows of the region that leads. Called with every heartbeat, which is how often streaming is noted.
    fn leader_sight(&self, database: &DatabaseObservation) -> LeaderSight {
        let mut streamed_at = self.streamed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if database.streaming {
            *streamed_at = Some(clock::timestamp());
        }
        let granted = self
            .voting
            .last_grant()
            .filter(|grant| grant.holder != self.settings.region);
        LeaderSight {
            streamed_at: *streamed_at,
            renewed_at: granted.as_ref().map(|grant| grant.at),
            served_at: granted.and_then(|grant| grant.served_at),
        }
    }

    fn lease_state(&self) -> LeaseState {
        match &*self.right.borrow() {
            None => LeaseState::None,
            Some(right) => match right.standing {
                Standing::Valid { until } => LeaseState::Held {
                    left_ms: u64::try_from(clock::left_until(until).as_millis()).unwrap_or(u64::MAX),
                    by: right.by.clone(),
                },
                Standing::Expired | Standing::Deposed { .. } => LeaseState::Expired,
            },
        }
    }

    /// The database as one of the components, for people who look at the list of them.
    fn database_component(&self, seen: &DatabaseObservation) -> Option<ComponentObservation> {
        let state = match seen.state {
            DatabaseState::Absent | DatabaseState::Stopped => ComponentState::Off,
            DatabaseState::Starting | DatabaseState::Rejoining { .. } => ComponentState::Starting,
            DatabaseState::Unresponsive => ComponentState::Unhealthy,
            DatabaseState::Standby | DatabaseState::Primary => ComponentState::Ready,
        };
        Some(ComponentObservation {
            name: ComponentName::new(control::NAME).ok()?,
            state,
            pid: self.postgres.running().map(|server| server.pid()),
            starts: self.postgres.starts(),
            detail: None,
        })
    }

    /// Stops everything for good: processes in reverse order, then the database cleanly.
    ///
    /// The lease is kept until the database is stopped, or its guard would kill it half way.
    pub async fn stop(self: &Arc<Self>) {
        self.stopping.cancel();
        self.call_off_candidacy(|_| true);
        self.supervisor.stop().await;
        let mut duty = self.duty.lock().await;
        self.postgres.stop().await;
        duty.end().await;
        // A rejoin may have been about to start it.
        self.postgres.stop().await;
    }

    fn call_off_candidacy(&self, which: impl FnOnce(Generation) -> bool) {
        let candidacy = self.candidacy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((generation, cancel)) = &*candidacy
            && which(*generation)
        {
            cancel.cancel();
        }
    }
}

/// Whether a set of regions holds only this one, for which one proof is proof of all.
fn is_only_peer(peers: &BTreeMap<types::RegionName, String>) -> bool {
    peers.len() == 1
}

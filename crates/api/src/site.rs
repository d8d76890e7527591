//! What an agent of a site (a region, or the front door) is asked and what it tells.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use types::{ComponentName, Generation, Lsn, RegionName, Timestamp};
use uuid::Uuid;

use crate::client::{Client, Error};

/// Leading may mean copying a seed and starting a database.
const LEAD_TIME_MAX: Duration = Duration::from_secs(120);
/// A clean stop writes a checkpoint, and waits until its standby has received it.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(40);
/// Fencing is a kill and a look.
const FENCE_TIME_MAX: Duration = Duration::from_secs(15);

/// What one agent saw, at one moment. Stale as soon as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which site.
    pub site: Site,
    /// When it was taken, wall clock of the agent.
    pub at: Timestamp,
    /// Changes whenever the agent was started anew.
    pub run: Uuid,
    /// What the site believes to be.
    pub role: Role,
    /// The newest generation it knows.
    pub generation: Generation,
    /// Whether it may write right now, for a region that leads.
    pub lease: LeaseState,
    /// The database, for a region.
    pub database: Option<DatabaseObservation>,
    /// What a standby itself knows of the region that leads; `None` where there is nothing to know.
    #[serde(default)]
    pub leader: Option<LeaderSight>,
    /// Front door: regions whose ingress gives no sign of life, for this many milliseconds; one that refuses gives one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unreached: BTreeMap<RegionName, u64>,
    /// What a region's machine has, and has left; `None`: nobody has looked yet, or it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Every supervised process.
    pub components: Vec<ComponentObservation>,
}

/// What a machine has, and has left, as its operating system says; limits of containers are not known to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Size of the file system with the database, bytes.
    pub disk_bytes: u64,
    /// What may still be written there, bytes.
    pub disk_free_bytes: u64,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// What programs can still get without swapping, bytes.
    pub memory_free_bytes: u64,
    /// Processors that may be used.
    pub cpus: u32,
}

/// When a standby last had to do with the region that leads, by the standby's own clock.
///
/// The two times are compared with each other alone: a leader that went on renewing long after its stream had ended
/// went on committing what this standby never received, and a controller that was away at that time cannot know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderSight {
    /// The WAL receiver was last seen streaming.
    pub streamed_at: Option<Timestamp>,
    /// This region's voter last granted another region a term.
    pub renewed_at: Option<Timestamp>,
    /// That region last said, when it asked for a term, that its database takes writes.
    #[serde(default)]
    pub served_at: Option<Timestamp>,
}

/// Which site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Site {
    /// A region.
    Region(RegionName),
    /// The front door.
    FrontDoor,
}

/// What a site believes to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Just started; nobody has told it anything yet, and it does nothing that writes.
    Waiting,
    /// It leads.
    Active,
    /// It follows.
    Standby {
        /// Whom.
        upstream: RegionName,
    },
    /// It led, and was told or forced to stop; it waits to be told whom to follow.
    Fenced,
    /// The front door, with where it sends traffic.
    Routing(Option<Route>),
}

/// Where the front door sends traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Everything to this region.
    Region(RegionName),
    /// People get the maintenance page, partners' messages go to this region's gateway.
    FailingOverTo(RegionName),
    /// People's requests wait at the front door until it is told where they go, partners' messages go to this region's
    /// gateway. For a planned move: nobody is refused.
    HoldingFor(RegionName),
    /// The maintenance page for everyone.
    Maintenance,
}

/// A leading region's right to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// It does not lead.
    None,
    /// It may write for this much longer.
    Held {
        /// Milliseconds left.
        left_ms: u64,
        /// Which voters granted last: region names or `witness`.
        by: Vec<String>,
    },
    /// It may not write; the database is being or has been stopped.
    Expired,
}

/// The database of a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseObservation {
    /// What it does.
    pub state: DatabaseState,
    /// Its timeline, when known.
    pub timeline: Option<u32>,
    /// Primary: the current write position. Standby: the last replayed position.
    pub position: Option<Lsn>,
    /// Standby: the last received position.
    pub received: Option<Lsn>,
    /// Standby: the WAL receiver is streaming.
    pub streaming: bool,
    /// Standby: commit time of the last replayed transaction.
    pub last_replayed_commit: Option<Timestamp>,
    /// Primary: the standbys that stream from it.
    pub downstreams: Vec<Downstream>,
    /// The last probe of a connection took this long; `None`: it did not answer in time.
    pub answered_in_ms: Option<u64>,
    /// What the last rejoin threw away: commits of this region that the surviving one never received.
    pub divergence: Option<Divergence>,
}

/// What a database does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseState {
    /// There is no data directory yet.
    Absent,
    /// Not running.
    Stopped,
    /// Running, does not accept connections yet.
    Starting,
    /// Running, accepted connections before, and does not answer now.
    Unresponsive,
    /// Read-only, following.
    Standby,
    /// Accepting writes.
    Primary,
    /// Being made a standby again.
    Rejoining {
        /// `rewind`, `base-backup` or `restart`.
        by: String,
    },
}

/// A standby seen from its primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downstream {
    /// Its `application_name`, which is the name of its region.
    pub name: String,
    /// `streaming`, `catchup`, … (`pg_stat_replication.state`).
    pub state: String,
    /// Bytes written here that it has not replayed.
    pub replay_lag_bytes: u64,
}

/// What a rejoin threw away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// The generation this region had led.
    pub generation: Generation,
    /// Where the survivor's history parted from this one's.
    pub fork: Lsn,
    /// Commit records beyond the fork.
    pub lost_commits: u64,
    /// Commit time of the first of them.
    pub first_lost: Option<Timestamp>,
    /// Commit time of the last of them.
    pub last_lost: Option<Timestamp>,
}

/// One supervised process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentObservation {
    /// Its name.
    pub name: ComponentName,
    /// What it does.
    pub state: ComponentState,
    /// Its process id while it runs.
    pub pid: Option<u32>,
    /// How often it was started since the agent was.
    pub starts: u32,
    /// One line on why it is not ready, for people.
    pub detail: Option<String>,
}

/// What a supervised process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentState {
    /// Not wanted in this role.
    Off,
    /// Wanted, waits for what it needs.
    Waiting,
    /// Started, not serving yet.
    Starting,
    /// Serving.
    Ready,
    /// Started and served before, does not serve now.
    Unhealthy,
    /// Ended on its own; will be started again.
    Failed,
}

/// "You lead in this generation." Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadRequest {
    /// The generation.
    pub generation: Generation,
    /// True only for the first lead of a new estate: copy the seed. Refused when a data directory exists.
    pub bootstrap: bool,
    /// Proof that the region which led before is stopped and fenced for this generation (its receipt): then nobody has
    /// to wait until its grants have run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced: Option<FenceReceipt>,
}

/// Proof that a region leads: its database accepts writes and its lease is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadReceipt {
    /// The generation.
    pub generation: Generation,
    /// Timeline of the database.
    pub timeline: u32,
    /// Where its history began to be its own.
    pub position: Lsn,
    /// When it accepted its first write, which is one of the agent's own.
    pub at: Timestamp,
    /// Since when nobody older could write any more: when the grants of older generations had certainly run out, or the
    /// time of the fence receipt that made waiting for that unnecessary. `None` from an agent that did not tell yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced_at: Option<Timestamp>,
    /// Commit time of the last transaction it had replayed before.
    pub last_replayed_commit: Option<Timestamp>,
}

/// "You follow that region." Idempotent; returns at once, progress shows in observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowRequest {
    /// The generation in which the upstream leads.
    pub generation: Generation,
    /// Whom.
    pub upstream: RegionName,
}

/// "Make sure that nothing below this generation can write here." Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceRequest {
    /// The generation that is about to lead elsewhere.
    pub generation: Generation,
}

/// Proof that a region cannot write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceReceipt {
    /// The generation below which nothing runs here.
    pub generation: Generation,
    /// When the last writer was certainly gone.
    pub at: Timestamp,
    /// Last known write position, if the database could still be asked.
    pub position: Option<Lsn>,
    /// The true end of what was ever written here, read from the log of the stopped database. `None` where that is not
    /// certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_end: Option<LogPosition>,
}

/// A position in the write-ahead log, on one timeline: positions of different timelines say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// The timeline.
    pub timeline: u32,
    /// The position. As the end of a log it lies within the last record, so that only who has that one is past it.
    pub position: Lsn,
}

/// "Send traffic there." Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRequest {
    /// The generation in which this is decided.
    pub generation: Generation,
    /// Where.
    pub route: Route,
}

/// The acknowledgement of a request that has nothing else to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When it was done.
    pub at: Timestamp,
}

/// Speaks to one agent.
#[derive(Clone, Debug)]
pub struct AgentClient(pub Client);

impl AgentClient {
    /// `GET /v1/observation`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn observe(&self) -> Result<Observation, Error> {
        self.0.get("/v1/observation").await
    }

    /// `POST /v1/lead`: returns when the region leads. Asked again while it is at work, it waits for the same work.
    ///
    /// # Errors
    /// [`Error`]; `NOT_NOW` while older grants may still be valid.
    pub async fn lead(&self, request: &LeadRequest) -> Result<LeadReceipt, Error> {
        self.0.post_within("/v1/lead", request, LEAD_TIME_MAX).await
    }

    /// `POST /v1/follow`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn follow(&self, request: &FollowRequest) -> Result<Done, Error> {
        self.0.post("/v1/follow", request).await
    }

    /// `POST /v1/fence`: returns when every process of the database is gone.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn fence(&self, request: &FenceRequest) -> Result<FenceReceipt, Error> {
        self.0.post_within("/v1/fence", request, FENCE_TIME_MAX).await
    }

    /// `POST /v1/checkpoint`: the database writes a checkpoint; what leads goes on leading.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn checkpoint(&self) -> Result<Done, Error> {
        let nothing = serde_json::json!({});
        self.0
            .post_within("/v1/checkpoint", &nothing, RELEASE_TIME_MAX)
            .await
    }

    /// `POST /v1/release`: the leading region lets its last transactions end, stops its database cleanly and gives its
    /// right to write away. The receipt's position lies within the last record that it wrote.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn release(&self, request: &FenceRequest) -> Result<FenceReceipt, Error> {
        self.0.post_within("/v1/release", request, RELEASE_TIME_MAX).await
    }

    /// `POST /v1/route`, front door only.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn route(&self, request: &RouteRequest) -> Result<Done, Error> {
        self.0.post("/v1/route", request).await
    }

    /// `POST /v1/stop`: ends everything this agent started, the database cleanly, then the agent itself.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stop(&self) -> Result<Done, Error> {
        self.0
            .post_within("/v1/stop", &serde_json::json!({}), Duration::from_secs(60))
            .await
    }
}

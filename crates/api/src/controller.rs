//! What the controller tells about the estate.

use serde::{Deserialize, Serialize};
use types::{CapabilityName, EstateName, Generation, RegionName, Span, Timestamp};

use crate::{
    client::{Client, Error},
    gateway::GatewayStatus,
    site::{Done, Observation},
};

/// The estate as the controller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstateStatus {
    /// The estate.
    pub estate: EstateName,
    /// When this was put together.
    pub at: Timestamp,
    /// The region that leads, by the controller's durable record; `None` before the first lead.
    pub active: Option<RegionName>,
    /// The generation it leads in.
    pub generation: Generation,
    /// Public base URL.
    pub public_url: String,
    /// Whether a loss of the active region right now would be survived, and if not, why.
    pub protection: Protection,
    /// Regions, with what is known of each.
    pub regions: Vec<RegionStatus>,
    /// The front door's last observation.
    pub front_door: Option<Observation>,
    /// Health by business capability.
    pub capabilities: Vec<CapabilityStatus>,
    /// The saga that runs now.
    pub running: Option<SagaSummary>,
    /// What the controller would do about a failover right now, in words: `nothing to do`, `wait: …`, `refuse: …`.
    pub decision: String,
}

/// Whether a loss of the active region would be survived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// The standby streams, its workloads are warm and the journals are in sync.
    Protected,
    /// Something of that is missing.
    Exposed {
        /// What, one line each.
        because: Vec<String>,
    },
}

/// One region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionStatus {
    /// Its name.
    pub region: RegionName,
    /// The last heartbeat, however old.
    pub observation: Option<Observation>,
    /// Age of that heartbeat when the status was made, milliseconds.
    pub heard_ms_ago: Option<u64>,
    /// Its gateway, if it answered.
    pub gateway: Option<GatewayStatus>,
}

/// Health of one business capability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityStatus {
    /// The capability.
    pub capability: CapabilityName,
    /// Its promise: works again this soon.
    pub rto: Span,
    /// How it is.
    pub health: Health,
    /// Why it is not up, one line.
    pub detail: Option<String>,
}

/// How a capability is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Everything it needs serves.
    Up,
    /// It works with something missing (delayed, unprotected).
    Degraded,
    /// It does not work.
    Down,
    /// Nothing here tells.
    Unknown,
}

/// A saga in brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaSummary {
    /// Its id.
    pub id: String,
    /// `failover`, …
    pub kind: String,
    /// `running`, `done`, `unwinding`, `unwound`, `stuck`.
    pub state: String,
    /// The nodes that have begun and not ended.
    pub at_nodes: Vec<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// A saga with everything that happened in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaRecord {
    /// In brief.
    pub summary: SagaSummary,
    /// What it was started with.
    pub input: serde_json::Value,
    /// Events in order.
    pub events: Vec<SagaEventRecord>,
}

/// One event of a saga.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaEventRecord {
    /// When it was written down.
    pub at: Timestamp,
    /// Which node.
    pub node: String,
    /// `started`, `retrying`, `succeeded`, `failed`, `undo-started`, `undone`, `undo-failed`.
    pub kind: String,
    /// The node's output, or the error.
    pub data: serde_json::Value,
}

/// The database of the region that leads was taken back in its place: it gets a new identity, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReincarnationRequest {
    /// Who says so.
    pub by: String,
    /// Why it was.
    pub reason: String,
}

/// Start a failover by hand, or authorise one that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverRequest {
    /// Away from this region; must be the active one.
    pub from: RegionName,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Timeline of one recovery, for drills; every time is set as soon as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryTimeline {
    /// t1: the loss was noticed.
    pub detected: Option<Timestamp>,
    /// t2: the failover was decided.
    pub decided: Option<Timestamp>,
    /// t3: the old writer certainly cannot commit any more.
    pub fenced: Option<Timestamp>,
    /// t4: the standby accepts writes.
    pub promoted: Option<Timestamp>,
    /// Traffic goes to the new region.
    pub routed: Option<Timestamp>,
    /// t5: the first write was accepted by the recovered ERP.
    pub first_write: Option<Timestamp>,
    /// t7: the journal and the ERP agree again.
    pub reconciled: Option<Timestamp>,
}

/// Speaks to the controller.
#[derive(Clone, Debug)]
pub struct ControllerClient(pub Client);

impl ControllerClient {
    /// `GET /v1/status`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn status(&self) -> Result<EstateStatus, Error> {
        self.0.get("/v1/status").await
    }

    /// `POST /v1/reincarnations`: gives the database a new identity, and replays what it lacks.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn reincarnate(&self, request: &ReincarnationRequest) -> Result<SagaSummary, Error> {
        self.0.post("/v1/reincarnations", request).await
    }

    /// `POST /v1/heartbeat`, from agents.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn heartbeat(&self, observation: &Observation) -> Result<Done, Error> {
        self.0.post("/v1/heartbeat", observation).await
    }

    /// `GET /v1/sagas`, newest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sagas(&self) -> Result<Vec<SagaSummary>, Error> {
        self.0.get("/v1/sagas").await
    }

    /// `GET /v1/sagas/{id}`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn saga(&self, id: &str) -> Result<SagaRecord, Error> {
        self.0.get(&format!("/v1/sagas/{id}")).await
    }

    /// `GET /v1/sagas/{id}/timeline` of a failover.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn timeline(&self, id: &str) -> Result<RecoveryTimeline, Error> {
        self.0.get(&format!("/v1/sagas/{id}/timeline")).await
    }

    /// `POST /v1/failovers`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn failover(&self, request: &FailoverRequest) -> Result<SagaSummary, Error> {
        self.0.post("/v1/failovers", request).await
    }

    /// `POST /v1/stop`: ends the controller; regions go on without it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stop(&self) -> Result<Done, Error> {
        self.0.post("/v1/stop", &serde_json::json!({})).await
    }
}

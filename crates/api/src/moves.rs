//! Moving writes because people say so: what they ask for, and the plan with its reasons that they get.

use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

use crate::{
    client::Error,
    controller::{ControllerClient, SagaSummary},
};

/// What people can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// Writes move as planned; both regions are well.
    Switchover,
    /// A region that was lost becomes a standby again.
    Failback,
    /// Writes move away from a region that is lost, or believed to be.
    Failover,
}

impl MoveKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Switchover => "switchover",
            Self::Failback => "failback",
            Self::Failover => "failover",
        }
    }
}

impl std::fmt::Display for MoveKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Ask for the plan of a move, or declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveRequest {
    /// What.
    pub kind: MoveKind,
    /// Where writes go; for a failback, the region that comes back. The other one when left out.
    #[serde(default)]
    pub to: Option<RegionName>,
    /// Who declares it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Begin without the second person, which is written down.
    #[serde(default)]
    pub emergency: bool,
    /// Of a failover: go on although the standby is not fit to take over, without what it lacks. Another person has to
    /// say so too, in every tier.
    #[serde(default)]
    pub accept_loss: bool,
    /// Only tell what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Whether it may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveDecision {
    /// It may.
    Proceed,
    /// Not now; waiting may help.
    Wait,
    /// No.
    Refuse,
}

/// One question with what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveCheck {
    /// What was asked.
    pub question: String,
    /// What was found.
    pub found: String,
    /// What that means.
    pub verdict: MoveDecision,
}

/// One step of the saga that carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveStep {
    /// Its name.
    pub name: String,
    /// What it does.
    pub says: String,
    /// From its beginning nothing is taken back any more.
    pub no_return: bool,
}

/// How long such a move took before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// How often it was done.
    pub runs: usize,
    /// The usual time, milliseconds from the decision to the end of the saga.
    pub p50_ms: u64,
    /// The longest.
    pub worst_ms: u64,
}

/// A plan with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovePlan {
    /// Names the request while it waits for another person.
    pub id: String,
    /// What.
    pub kind: MoveKind,
    /// The region that leads.
    pub from: Option<RegionName>,
    /// Where writes go, or which region comes back.
    pub to: Option<RegionName>,
    /// The generation it would be in.
    pub generation: Generation,
    /// Whether it may begin.
    pub decision: MoveDecision,
    /// What speaks against it, or what it follows from.
    pub because: Vec<String>,
    /// Every question.
    pub checks: Vec<MoveCheck>,
    /// What it may lose.
    pub loss: String,
    /// How long it took before, if it was ever done.
    pub expected: Option<Expected>,
    /// What would be done, in order.
    pub steps: Vec<MoveStep>,
    /// Who declared it.
    pub declared_by: String,
    /// Who authorised it beside them.
    pub approved_by: Vec<String>,
    /// How many others must.
    pub approvals_needed: usize,
    /// Whether it goes on without what a standby lacks that is not fit to take over.
    #[serde(default)]
    pub accepts_loss: bool,
    /// The saga, once it has begun.
    pub saga: Option<SagaSummary>,
}

/// Authorise what somebody else declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveRequest {
    /// Who.
    pub by: String,
}

/// Stop a saga and take back what it has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortRequest {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Only tell what would be taken back.
    #[serde(default)]
    pub dry_run: bool,
}

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortPlan {
    /// The saga.
    pub saga: SagaSummary,
    /// The steps that are undone, in the order in which that happens.
    pub undone: Vec<String>,
}

impl ControllerClient {
    /// `POST /v1/moves`: the plan, and the saga when it began.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn request_move(&self, request: &MoveRequest) -> Result<MovePlan, Error> {
        self.0.post("/v1/moves", request).await
    }

    /// `POST /v1/moves/{id}/approve`
    ///
    /// # Errors
    /// [`Error`]; whoever declared it may not authorise it.
    pub async fn approve_move(&self, id: &str, request: &ApproveRequest) -> Result<MovePlan, Error> {
        self.0.post(&format!("/v1/moves/{id}/approve"), request).await
    }

    /// `POST /v1/sagas/{id}/abort`
    ///
    /// # Errors
    /// [`Error`]; refused where nothing can be taken back any more.
    pub async fn abort(&self, id: &str, request: &AbortRequest) -> Result<AbortPlan, Error> {
        self.0.post(&format!("/v1/sagas/{id}/abort"), request).await
    }
}

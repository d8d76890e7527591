//! What a gateway tells about its last comparison with the ERP.

use serde::{Deserialize, Serialize};
use types::{IntegrationName, RegionName, Timestamp};

pub use super::aftermath::{Aftermath, BurnedNumbers, HeldJob, JobClass};
use super::{GatewayClient, Reconciliation};
use crate::client::Error;

/// One comparison, lane by lane, with what a person must look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationReport {
    /// Whose gateway compared.
    pub region: RegionName,
    /// With which incarnation of the ERP's database.
    pub incarnation: String,
    /// All lanes together.
    pub summary: Reconciliation,
    /// Each lane.
    pub lanes: Vec<LaneComparison>,
    /// What the ERP or a partner knows and the other side does not; the first [`PHANTOMS_MAX`].
    pub phantoms: Vec<Phantom>,
    /// What the ERP did because it may have lost something; nothing after a planned move, or while it is not known.
    #[serde(default)]
    pub aftermath: Option<Aftermath>,
}

/// So many phantoms are listed by name; all are counted.
pub const PHANTOMS_MAX: usize = 10_000;

impl ReconciliationReport {
    /// Phantoms that a person has still to decide about; those that are not listed are among them.
    pub fn open(&self) -> u64 {
        let listed = self.phantoms.len() as u64;
        let open = self.phantoms.iter().filter(|one| one.is_open()).count() as u64;
        open + self.summary.phantoms.saturating_sub(listed)
    }
}

/// One lane's comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneComparison {
    /// The lane.
    pub integration: IntegrationName,
    /// Ranges of the journal in which either side has something.
    pub ranges: u64,
    /// Of those, compared message by message because their digests differ.
    pub differing: u64,
    /// Messages that the ERP has.
    pub present: u64,
    /// Messages that it lacked.
    pub lacking: u64,
    /// Of those, known to have been applied before.
    pub lost_by_erp: u64,
    /// Of those that it lacked, applied since.
    pub replayed: u64,
    /// Of those that it lacked, refused since: dead letters now.
    pub refused: u64,
    /// Messages in the ERP without a place in the journal; they were compared by their ids.
    pub unplaced: u64,
    /// The comparison once more, after everything was replayed.
    pub check: Option<Check>,
}

/// What the comparison found that was made after the replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// When.
    pub at: Timestamp,
    /// Messages that the ERP has.
    pub present: u64,
    /// Messages that it lacks: 0, or they are replayed and it is checked again.
    pub lacking: u64,
}

/// Something that one side knows and the other has lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phantom {
    /// What it is.
    pub kind: PhantomKind,
    /// The integration.
    pub integration: IntegrationName,
    /// Its partner, where the estate names one.
    pub partner: Option<String>,
    /// The message's id, or the event's and its document.
    pub id: String,
    /// What document it is.
    pub document: Option<String>,
    /// The control number under which the partner has it.
    pub control_number: Option<String>,
    /// The number that people know it by, where it went out.
    #[serde(default)]
    pub reference: Option<String>,
    /// When it was handed over, where it went out; nothing: not as far as is known, and it is kept back.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// What the ERP has made anew in its place, and what is therefore not sent.
    #[serde(default)]
    pub again: Option<MadeAgain>,
    /// What a person decided.
    #[serde(default)]
    pub decision: Option<Decision>,
}

impl Phantom {
    /// Whether a person has still to decide.
    pub fn is_open(&self) -> bool {
        self.decision.is_none() && !self.again.as_ref().is_some_and(|again| again.settles)
    }
}

/// What the ERP made anew after it had lost what a partner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeAgain {
    /// The new event.
    pub event: String,
    /// The ERP's number of it: of the order, the shipment, the invoice.
    pub number: String,
    /// Whether it says what the partner has: the same lines of the same order.
    pub same: bool,
    /// Whether it is the same in everything, its number included, or a person said that the partner's holds for it: then
    /// nothing is left to do.
    pub settles: bool,
}

/// What a person decided about a phantom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// What can be decided about a phantom. The gateway writes it down, and sends or keeps back by it; what is to be done in
/// the ERP and with the partner, people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds, and is entered into the ERP again.
    ReImport,
    /// It does not hold; the partner is told so.
    Cancel,
    /// It is as it should be.
    Accept,
}

/// `POST /v1/reconciliation/decisions`: what a person decided. The same again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRequest {
    /// The phantom's integration.
    pub integration: IntegrationName,
    /// Its id.
    pub id: String,
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What kind of phantom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhantomKind {
    /// The ERP applied a message that this journal does not have.
    NotInJournal,
    /// The ERP applied another body under the id of a message of this journal.
    OtherBody,
    /// A partner was sent what the ERP no longer knows of.
    NotInErp,
}

impl GatewayClient {
    /// `GET /v1/reconciliation`: the last comparison, also one that is under way.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn reconciliation(&self) -> Result<Option<ReconciliationReport>, Error> {
        self.0.get("/v1/reconciliation").await
    }

    /// `POST /v1/reconciliation/decisions`: a phantom as it stands then.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn decide(&self, request: &DecisionRequest) -> Result<Phantom, Error> {
        self.0.post("/v1/reconciliation/decisions", request).await
    }
}

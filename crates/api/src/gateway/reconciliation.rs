//! What a gateway tells about its last comparison with the ERP.

use serde::{Deserialize, Serialize};
use types::{IntegrationName, RegionName, Timestamp};

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
}

/// So many phantoms are listed by name; all are counted.
pub const PHANTOMS_MAX: usize = 10_000;

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
    /// The message's id, or the event's.
    pub id: String,
    /// What document it is.
    pub document: Option<String>,
    /// The control number under which the partner has it.
    pub control_number: Option<String>,
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
}

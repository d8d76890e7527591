//! What the ERP tells of a warehouse's open work.

use serde::{Deserialize, Serialize};
use types::Timestamp;

/// Everything for one warehouse.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pack {
    /// Whose goods.
    pub company: String,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// When the database said so.
    pub read_at: Timestamp,
    /// Whether it was a standby: then the last moments may lack.
    pub standby: bool,
    /// What is reserved, by place.
    pub picks: Picks,
    /// What is to leave.
    pub deliveries: Transfers,
    /// What is to come.
    pub receipts: Transfers,
    /// Labels set aside, the newest first.
    pub labels: Vec<LabelRange>,
}

/// A warehouse of the ERP.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Warehouse {
    /// Short, unique.
    pub code: String,
    /// For people.
    pub name: String,
}

/// Lines to pick.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picks {
    /// In the order in which they are walked.
    pub lines: Vec<Pick>,
    /// Of so many transfers.
    pub shown: u64,
    /// Out of so many.
    pub count: u64,
}

/// A line to pick.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pick {
    pub transfer: String,
    pub place: String,
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub name: String,
    pub lot: Option<String>,
    pub package: Option<String>,
    pub quantity: f64,
    pub unit: String,
}

/// Transfers of one direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transfers {
    /// The most urgent first.
    pub transfers: Vec<Transfer>,
    /// So many.
    pub shown: u64,
    /// Out of so many.
    pub count: u64,
}

/// A delivery or a receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transfer {
    pub transfer: String,
    pub origin: Option<String>,
    pub state: String,
    pub due: Option<String>,
    pub partner: Option<String>,
    pub address: Vec<String>,
    pub carrier: Option<String>,
    pub lines: Vec<Line>,
}

/// A line of a delivery or a receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub name: String,
    pub quantity: f64,
    pub unit: String,
}

/// Labels that the ERP gives to nobody else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LabelRange {
    /// What they are.
    pub kind: LabelKind,
    /// As they are printed.
    pub labels: Vec<String>,
    /// When they were set aside.
    pub reserved_at: Timestamp,
    /// By whom.
    pub reserved_by: String,
}

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelKind {
    /// Eighteen digits that are unique in the world.
    Sscc,
    /// A name of the ERP's own packages.
    Package,
}

/// A quantity without needless digits.
pub fn quantity(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

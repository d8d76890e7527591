//! What a region must remember about its role.

use api::site::{Divergence, FenceReceipt, LeadReceipt, LogPosition};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

/// The role of a region on disk, written before anything is done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRecord {
    /// Nothing older is obeyed.
    pub generation: Generation,
    /// The role.
    pub role: DurableRole,
    /// The generation this region led last.
    pub led: Option<Generation>,
    /// It was told to begin a new estate and has not led with the seed yet: the only state in which missing data is
    /// replaced by a seed. In every other one a missing data directory is a loss to be looked at.
    #[serde(default)]
    pub seeds: bool,
    /// When older grants had certainly run out for the present lead.
    #[serde(default)]
    pub fenced_at: Option<Timestamp>,
    /// Proof of the present lead.
    pub receipt: Option<LeadReceipt>,
    /// Where the history of the last reign here begins; kept when that reign ends, until the data is another's.
    #[serde(default)]
    pub history: Option<LogPosition>,
    /// Proof of the present fence.
    pub fence: Option<FenceReceipt>,
    /// What the last rejoin threw away.
    pub divergence: Option<Divergence>,
}

/// A role that survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DurableRole {
    /// Nobody has told it anything yet.
    #[default]
    Untold,
    /// It leads in the record's generation.
    Active,
    /// It follows.
    Standby {
        /// Whom.
        upstream: RegionName,
        /// In which generation that one leads.
        generation: Generation,
    },
    /// It must not write before it is told to lead in the record's generation or a newer one.
    Fenced,
}

//! What a region must remember about its role.

use api::site::{Divergence, FenceReceipt, LeadReceipt};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

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
    /// Proof of the present lead.
    pub receipt: Option<LeadReceipt>,
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

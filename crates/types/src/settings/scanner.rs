//! Scans of a warehouse site, forwarded by its edge agent.

use serde::{Deserialize, Serialize};

use crate::{SiteName, Span};

/// What a lane that takes scans knows of its site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerSettings {
    /// The site: whoever posts here may speak for it, and for no other.
    pub site: SiteName,
    /// A scan is held back at most this long because one before it has not arrived.
    pub wait_for_gap: Span,
    /// The site's warehouse in the ERP, by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Texts of mapping files that make commands of scans, tried before the built-in ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<String>,
}

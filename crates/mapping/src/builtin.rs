//! Mappings that are there without being written: what most partners mean by a document.

use crate::file::{FileError, Mapping};

/// The files, in the order in which they are tried.
const FILES: &[&str] = &[
    include_str!("builtin/x12-850.yaml"),
    include_str!("builtin/x12-940.yaml"),
    include_str!("builtin/x12-945.yaml"),
    include_str!("builtin/x12-846.yaml"),
    include_str!("builtin/x12-855.yaml"),
    include_str!("builtin/x12-856.yaml"),
    include_str!("builtin/x12-810.yaml"),
    include_str!("builtin/edifact-orders.yaml"),
    include_str!("builtin/edifact-ordrsp.yaml"),
    include_str!("builtin/edifact-desadv.yaml"),
    include_str!("builtin/edifact-invoic.yaml"),
    include_str!("builtin/edifact-invrpt.yaml"),
    include_str!("builtin/scan-receive.yaml"),
    include_str!("builtin/scan-ship.yaml"),
    include_str!("builtin/scan-count.yaml"),
];

/// Every built-in mapping.
///
/// # Errors
/// [`FileError`] when one of them is no mapping; a test holds that none is.
pub fn builtin() -> Result<Vec<Mapping>, FileError> {
    FILES.iter().map(|text| Mapping::parse(text)).collect()
}

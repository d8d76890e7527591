//! The page that people see for some seconds while the ERP moves to the other region.

const PAGE: &str = include_str!("../assets/maintenance.html");

/// The page, which tries again by itself after so many seconds.
pub(crate) fn page(retry_seconds: u64) -> String {
    PAGE.replace("RETRY_SECONDS", &retry_seconds.to_string())
}

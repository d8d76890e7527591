//! What runs.

use jiff::civil::Date;
use serde::Serialize;
use types::Span;

/// What runs: images, where they come from, and how old their last scan may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Host name of the container registry.
    pub registry: String,
    /// Odoo with the tenant's addons.
    pub odoo: Image,
    /// Plimsoll's own programs.
    pub platform: Image,
    /// Identity that signs images, as the signature names it.
    pub signed_by: Option<String>,
    /// An image scanned longer ago is not deployed.
    pub scan_age_max: Span,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Name in the registry.
    pub repository: String,
    /// For people; never used to pull.
    pub version: String,
    /// `sha256:` and 64 hexadecimal digits; `None` until the first build (no deployment accepts that).
    pub digest: Option<String>,
    /// When it was scanned last.
    pub scanned: Option<Date>,
}

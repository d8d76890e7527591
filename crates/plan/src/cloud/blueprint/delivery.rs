//! What is built and how it gets where it runs.

use std::collections::BTreeMap;

use estate::Calendar;
use serde::Serialize;
use types::{CalendarName, Span};

/// Images, pipelines, windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Name of the container registry, without its domain; globally unique.
    pub registry_name: String,
    /// Host name of the container registry.
    pub registry: String,
    /// Odoo with the tenant's addons.
    pub odoo: ImagePlan,
    /// Plimsoll's own programs.
    pub platform: ImagePlan,
    /// Identity that signs images.
    pub signed_by: Option<String>,
    /// An image scanned longer ago is not deployed.
    pub scan_age_max: Span,
    /// When releases may happen.
    pub calendars: BTreeMap<CalendarName, Calendar>,
}

/// An image, as it is pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImagePlan {
    /// Name in the registry.
    pub repository: String,
    /// For people.
    pub version: String,
    /// `sha256:…`; `None` until the first build.
    pub digest: Option<String>,
    /// When it was scanned last, `YYYY-MM-DD`.
    pub scanned: Option<String>,
    /// What is pulled: `REGISTRY/REPOSITORY@DIGEST`, or by version where there is no digest yet (a policy refuses that).
    pub reference: String,
}

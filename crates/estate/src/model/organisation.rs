//! Who an estate belongs to.

use std::collections::BTreeMap;

use serde::Serialize;

/// Who an estate belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Name for people; by default the estate's name.
    pub display_name: String,
    /// DNS domain that everything public is under, such as `erp.example.com`; by default `NAME.example.invalid`, which
    /// no deployment accepts (a policy says so).
    pub domain: String,
    /// IANA time zone that times are in where nothing else is said; by default `UTC`.
    pub time_zone: String,
    /// Mail address of those who run it.
    pub contact: Option<String>,
    /// Who pays; becomes a tag.
    pub cost_centre: Option<String>,
    /// Further tags on every Azure resource.
    pub tags: BTreeMap<String, String>,
    /// Geographies that data may be in, such as `europe`; empty means anywhere.
    pub residency: Vec<String>,
}

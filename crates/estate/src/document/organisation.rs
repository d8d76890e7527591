//! Who an estate belongs to.

use crate::field::{Domain, Key, Line, List, Mail, Pairs, TimeZoneName};

use super::mapping::mapping;

mapping! {
    /// Who an estate belongs to.
    OrganisationDocument "the organisation" {
        /// Name for people; by default the estate's name.
        Optional "displayName" display_name: Line,
        /// DNS domain that everything public is under; by default `NAME.example.invalid`, which nothing can be deployed under.
        Optional "domain" domain: Domain,
        /// IANA time zone that times are in where nothing else is said; by default `UTC`.
        Optional "timeZone" time_zone: TimeZoneName,
        /// Mail address of those who run the estate.
        Optional "contact" contact: Mail,
        /// Who pays; becomes a tag on every resource.
        Optional "costCentre" cost_centre: Line,
        /// Further tags on every Azure resource.
        Optional "tags" tags: Pairs<Key, Line>,
        /// Geographies that data may be in, such as `europe`; by default anywhere.
        Optional "residency" residency: List<Line>,
    }
}

//! Scans of warehouse sites: what an edge agent kept while its link was down, taken in without a hole.
//!
//! ```text
//! agent ─ POST /in/NAME/events ─► each line read ─► journal, both regions ─► counted ─► "durable up to 812, lacking 815"
//!                                                          │
//!          desk ◄─ released in the order of their numbers ─┴─ holding: by document and location, behind gaps for a while
//!            └─► mapped when it is delivered ─► inbox
//! ```
//!
//! The journal keeps each line as it came, under `SITE/INCARNATION/NUMBER`. What is counted here is derived from those
//! names, so a gateway that begins to lead counts the same; so that counting does not begin at 1 each time, how far
//! everything is durable is a record now and then ([`site`]). Why scans wait as they do is in `docs/decisions/`, 24.

mod counted;
mod event;
mod fill;
mod holding;
mod known;
mod site;
mod told;
mod turn;

pub use event::{id, read};
pub use fill::fill;
pub use holding::Holding;
pub use site::{AHEAD_MAX, Site, SiteError};
pub use told::{GAPS_MAX, all};

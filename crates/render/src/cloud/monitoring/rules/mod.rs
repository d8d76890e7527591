//! All rules of an environment, by what they watch.
//!
//! Rules are written per tier and match by labels; what differs by stamp is a number from the plan that is recorded as a
//! series ([`plan`]). So ten thousand tenants need no more rules than ten.

mod backups;
mod capabilities;
mod database;
mod entrance;
mod gateway;
mod odoo;
mod plan;
mod platform;
mod regions;
mod sites;
mod tenants;

use super::model::RuleFile;
use super::watched::Watched;

pub(super) use platform::{ESCALATION, WATCHDOG};

/// Selects what the dashboard's variables say: stamps.
pub(super) const EVERY_STAMP: &str = "{stamp=~\"$stamp\"}";
/// Regions.
pub(super) const EVERY_REGION: &str = "{region=~\"$region\"}";
/// Stamps in regions.
pub(super) const EVERY_PLACE: &str = "{stamp=~\"$stamp\",region=~\"$region\"}";

/// All rules, in the order in which they build on each other.
pub(super) fn all(watched: &Watched) -> Vec<RuleFile> {
    vec![
        plan::rules(watched),
        capabilities::rules(watched),
        database::rules(watched),
        regions::rules(watched),
        gateway::rules(watched),
        odoo::rules(watched),
        entrance::rules(watched),
        backups::rules(watched),
        tenants::rules(watched),
        sites::rules(watched),
        platform::rules(watched),
    ]
}

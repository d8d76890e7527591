//! The real transactions that prove capabilities: what the controller does, and which series it leaves.

use plan::cloud::blueprint::{Blueprint, Environment};
use serde::Serialize;
use types::settings::Probe;
use types::{FileTree, Span};

use super::watched::stamp_of;
use crate::{Error, settings};

/// A transaction that has no answer after this long has failed.
const TIMEOUT: Span = Span::from_secs(30);

#[derive(Serialize)]
struct Synthetic {
    environment: String,
    checks: Vec<Check>,
    not_measured: Vec<String>,
}

#[derive(Serialize)]
struct Check {
    capability: String,
    tier: String,
    probe: Probe,
    url: String,
    every: String,
    timeout: String,
    /// What it proves, for people.
    proves: &'static str,
    labels: Labels,
}

/// Labels of every series that the check leaves.
#[derive(Serialize)]
struct Labels {
    capability: String,
    stamp: String,
}

/// Writes `synthetic.json`.
pub(super) fn insert(
    tree: &mut FileTree,
    folder: &str,
    blueprint: &Blueprint,
    environment: &Environment,
) -> Result<(), Error> {
    let checks: Vec<Check> = environment
        .watching
        .synthetic
        .iter()
        .map(|check| Check {
            capability: check.capability.to_string(),
            tier: blueprint
                .capabilities
                .iter()
                .find(|one| one.name == check.capability)
                .map_or_else(String::new, |one| one.tier.to_string()),
            probe: check.probe,
            url: check.url.clone(),
            every: check.every.to_string(),
            // A check ends before the next one begins.
            timeout: TIMEOUT.min(check.every).to_string(),
            proves: proves(check.probe),
            labels: Labels {
                capability: check.capability.to_string(),
                stamp: stamp_of(environment, &check.url),
            },
        })
        .collect();
    let not_measured = blueprint
        .capabilities
        .iter()
        .filter(|one| !checks.iter().any(|check| check.capability == one.name.as_str()))
        .map(|one| one.name.to_string())
        .collect();
    let document = Synthetic {
        environment: environment.name.to_string(),
        checks,
        not_measured,
    };
    settings::insert(tree, &format!("{folder}/synthetic.json"), &document)
}

/// What a probe does, in plain words.
pub(in crate::cloud) const fn proves(probe: Probe) -> &'static str {
    match probe {
        Probe::OrderCapture => {
            "An order is posted at the gateway like a partner does it, and read back from the ERP."
        }
        Probe::Receiving => "A purchase is ordered and confirmed, its receipt validated, and read back.",
        Probe::Picking => {
            "An order is confirmed, its pick list released with the goods reserved, and read back."
        }
        Probe::ShipmentConfirmation => "A delivery is validated, and read back.",
        Probe::Invoicing => "A customer invoice is posted, and read back.",
        Probe::WebLogin => "The login page is loaded.",
    }
}

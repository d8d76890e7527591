//! From an estate to the complete plan for Azure and Kubernetes.
//!
//! Every choice is made here, once, with its reason in the [`Report`].
//!
//! ```text
//!   Estate ─► Survey (what all environments share) ─┐
//!             addresses of every region ────────────┼─► one Environment after the other ─► Blueprint, Report
//!             order of recovery ────────────────────┘                                    └► or all Problems
//! ```
//!
//! Two rules keep a plan stable. A name or an address depends on what it is for, not on how many others there are, so
//! that a new stamp renames and renumbers nothing. And nothing depends on today.

mod access;
mod addresses;
mod audit;
pub mod blueprint;
mod cache;
mod capabilities;
pub(crate) mod catalogue;
mod certificate_door;
mod clusters;
mod database;
mod delivery;
mod entrance;
mod environment;
mod gateway;
mod names;
mod objects;
mod placement;
mod postgres_images;
mod problem;
mod quiet_hours;
mod region;
mod sites;
mod stamp;
mod survey;
mod watching;

use std::collections::BTreeMap;

use estate::Estate;

use crate::Report;
pub use audit::audit;
pub use blueprint::Blueprint;
pub use problem::{CODES, Problem};
use survey::Survey;

/// What is said while planning: reasons, and what makes a blueprint impossible.
#[derive(Default)]
struct Notes {
    report: Report,
    problems: Vec<Problem>,
}

/// Plans all environments of an estate for Azure and Kubernetes.
///
/// # Errors
/// Everything that makes a blueprint impossible, all at once.
pub fn plan(estate: &Estate) -> Result<(Blueprint, Report), Vec<Problem>> {
    let mut notes = Notes::default();
    let capabilities = capabilities::plan(estate, &mut notes);
    let survey = Survey::new(estate, &capabilities, &mut notes);
    let addresses = addresses::plan(estate, &mut notes);
    let delivery = delivery::plan(estate, &mut notes);
    let mut environments: Vec<_> = estate.environments.iter().collect();
    // In the order of promotion; those of one stage by name.
    environments.sort_by_key(|(name, environment)| (environment.stage, *name));
    let mut environments: Vec<_> = environments
        .into_iter()
        .map(|(name, environment)| {
            environment::Planner::new(&survey, name, environment, &addresses).plan(&mut notes)
        })
        .collect();
    check_names(&environments, &mut notes);
    if let Some(budget) = &estate.budget {
        environment::share_budget(budget, &mut environments, &mut notes);
    }
    let blueprint = Blueprint {
        estate: estate.name.clone(),
        organisation: estate.organisation.display_name.clone(),
        contact: estate.organisation.contact.clone(),
        tags: tags(estate),
        residency: survey.residency.clone(),
        capabilities,
        delivery,
        environments,
    };
    if notes.problems.is_empty() {
        Ok((blueprint, notes.report))
    } else {
        Err(notes.problems)
    }
}

/// What every resource of the estate carries.
fn tags(estate: &Estate) -> BTreeMap<String, String> {
    let mut tags = estate.organisation.tags.clone();
    if let Some(centre) = &estate.organisation.cost_centre {
        tags.insert("cost-centre".to_owned(), centre.clone());
    }
    // Ours win: policies and cost reports look for them.
    tags.insert("estate".to_owned(), estate.name.to_string());
    tags.insert("managed-by".to_owned(), "plimsoll".to_owned());
    tags
}

/// `a-b` and `c`, and `a` and `b-c`, both read `a-b-c`.
fn check_names(environments: &[blueprint::Environment], notes: &mut Notes) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for environment in environments {
        let regional = environment.regions.iter().map(|region| {
            (
                region.resource_groups.data.as_str(),
                format!("{}/{}", environment.name, region.name),
            )
        });
        let global = (
            environment.front_door.resource_group.as_str(),
            environment.name.to_string(),
        );
        for (name, whose) in regional.chain(std::iter::once(global)) {
            if let Some(first) = seen.insert(name, whose.clone()) {
                notes.problems.push(Problem::SameName {
                    first,
                    second: whose,
                    name: name.to_owned(),
                });
            }
        }
    }
}

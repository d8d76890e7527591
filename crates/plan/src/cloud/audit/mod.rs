//! A second opinion on a finished blueprint, which knows nothing of how it was made.
//!
//! It knows Azure's rules, arithmetic, and what the blueprint says of itself: that one region leads, that what is
//! copied arrives somewhere, that what runs has room. A sound blueprint has no findings, wherever it came from.

mod access;
mod addresses;
mod capacity;
mod databases;
mod entrance;
mod gateways;
mod names;
mod recovery;
mod stamps;
mod storage;

use std::fmt;

use super::blueprint::{Blueprint, Environment, Placement, Region};
use crate::Finding;

/// Looks for contradictions; a sound blueprint has no findings.
pub fn audit(blueprint: &Blueprint) -> Vec<Finding> {
    let mut findings = Findings::default();
    names::check(blueprint, &mut findings);
    addresses::check(blueprint, &mut findings);
    recovery::check(blueprint, &mut findings);
    for environment in &blueprint.environments {
        stamps::check(blueprint, environment, &mut findings);
        gateways::check(environment, &mut findings);
        databases::check(environment, &mut findings);
        storage::check(blueprint, environment, &mut findings);
        capacity::check(environment, &mut findings);
        entrance::check(blueprint, environment, &mut findings);
        access::check(environment, &mut findings);
    }
    findings.all
}

#[derive(Default)]
struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    fn find(&mut self, about: impl fmt::Display, what: impl Into<String>) {
        self.all.push(Finding {
            about: about.to_string(),
            what: what.into(),
        });
    }
}

/// Where something is: `production/westeurope`.
struct At<'b>(&'b Environment, &'b Region);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.name, self.1.name)
    }
}

/// A stamp in one region: `production/westeurope/shared`.
struct Placed<'b> {
    environment: &'b Environment,
    region: &'b Region,
    placement: &'b Placement,
}

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.environment.name, self.region.name, self.placement.stamp
        )
    }
}

/// Every stamp in every region of an environment.
fn placed(environment: &Environment) -> impl Iterator<Item = Placed<'_>> {
    environment.regions.iter().flat_map(move |region| {
        region.placements.iter().map(move |placement| Placed {
            environment,
            region,
            placement,
        })
    })
}

//! What pages stand on: the production environment, its stamps, and where each of them leads and stands by.

use estate::Stage;
use plan::cloud::blueprint::{Blueprint, CapabilityPlan, Environment, Placement, Region, Stamp};
use types::settings::Authority;

use crate::markdown::text;

/// What pages stand on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'b> {
    pub(super) blueprint: &'b Blueprint,
    /// Production; where there is none, whatever comes last.
    pub(super) environment: &'b Environment,
}

/// A stamp in a region.
#[derive(Clone, Copy)]
pub(super) struct Place<'b> {
    pub(super) stamp: &'b Stamp,
    pub(super) region: &'b Region,
    pub(super) placement: &'b Placement,
}

/// A stamp where it leads, and where it can go.
#[derive(Clone, Copy)]
pub(super) struct Pair<'b> {
    pub(super) active: Place<'b>,
    pub(super) standby: Option<Place<'b>>,
}

impl<'b> Ground<'b> {
    pub(super) fn new(blueprint: &'b Blueprint) -> Option<Self> {
        let all = &blueprint.environments;
        let environment = all
            .iter()
            .find(|one| one.stage == Stage::Production)
            .or(all.last())?;
        Some(Self {
            blueprint,
            environment,
        })
    }

    /// Stamps in the order of their names, with where they lead and where they can go.
    pub(super) fn pairs(&self) -> Vec<Pair<'b>> {
        let environment = self.environment;
        let place = |stamp: &'b Stamp, leads: bool| {
            environment.regions.iter().find_map(|region| {
                let mut here = region.placements.iter();
                let placement = here.find(|one| one.stamp == stamp.name && one.leads == leads)?;
                Some(Place {
                    stamp,
                    region,
                    placement,
                })
            })
        };
        environment
            .stamps
            .iter()
            .filter_map(|stamp| {
                Some(Pair {
                    active: place(stamp, true)?,
                    standby: place(stamp, false),
                })
            })
            .collect()
    }

    /// Capabilities in the order of recovery.
    pub(super) fn capabilities(&self) -> &'b [CapabilityPlan] {
        &self.blueprint.capabilities
    }

    /// The strictest promise.
    pub(super) fn strictest(&self) -> Option<&'b CapabilityPlan> {
        self.blueprint.capabilities.iter().min_by_key(|one| one.rto)
    }

    /// Who may start a failover, one line a tier, strictest first.
    pub(super) fn authorities(&self) -> Vec<String> {
        let mut tiers: Vec<&CapabilityPlan> = Vec::new();
        for capability in self.capabilities() {
            if !tiers.iter().any(|one| one.tier == capability.tier) {
                tiers.push(capability);
            }
        }
        tiers.sort_by_key(|one| one.rto);
        tiers.into_iter().map(authority).collect()
    }

    /// Mail address of those who run the estate, as prose.
    pub(super) fn contact(&self) -> String {
        self.blueprint
            .contact
            .as_deref()
            .map_or_else(|| "whoever runs the platform".to_owned(), text)
    }
}

fn authority(of: &CapabilityPlan) -> String {
    let people: Vec<String> = of.authorised_by.iter().map(|one| text(one)).collect();
    let people = if people.is_empty() {
        "nobody is named: ask whoever answers for the business".to_owned()
    } else {
        people.join(", ")
    };
    let how = match of.authority {
        Authority::Automatic => {
            "automatic where Plimsoll runs the recovery; by hand, whoever is on call decides alone and writes it down"
                .to_owned()
        }
        Authority::OnePerson => format!("one of: {people}"),
        Authority::TwoPeople => format!("two of: {people}"),
    };
    format!(
        "tier {} (works again within {}, loses at most {}): {how}",
        text(of.tier.as_str()),
        of.rto,
        of.rpo
    )
}

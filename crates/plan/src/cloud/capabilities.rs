//! The order of recovery.

use std::collections::BTreeMap;

use estate::{Capability, Estate};
use types::{CapabilityName, Span};

use super::{Notes, Problem, blueprint::CapabilityPlan};

/// All capabilities, in the order in which they come back.
pub(super) fn plan(estate: &Estate, notes: &mut Notes) -> Vec<CapabilityPlan> {
    let order = order(&estate.capabilities, &urgency(estate), notes);
    let mut plans: Vec<CapabilityPlan> = estate
        .capabilities
        .iter()
        .filter_map(|one| capability(estate, one, *order.get(&one.name)?))
        .collect();
    plans.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    for one in plans.iter().filter(|one| one.rpo.as_millis() == 0) {
        notes.report.caution_at(
            "promises",
            one.name.as_str(),
            "nothing is lost of what passes the gateway",
            "messages are on disk in two regions before they are acknowledged; what people type is in the database, whose copy in the other region is some moments behind",
        );
    }
    if let Some(first) = plans.first() {
        notes.report.decide(
            "recovery",
            format!("`{}` comes back first, in {} steps all", first.name, plans.last().map_or(0, |last| last.order)),
            "what others wait for comes before them, then the shorter promise; what has the same promise comes together",
        );
    }
    plans
}

fn capability(estate: &Estate, one: &Capability, order: u16) -> Option<CapabilityPlan> {
    let tier = estate.tier_of(one)?;
    Some(CapabilityPlan {
        name: one.name.clone(),
        display_name: one.display_name.clone(),
        order,
        tier: one.tier.clone(),
        rto: tier.rto,
        rpo: tier.rpo,
        authority: tier.failover.authority,
        authorised_by: tier.failover.authorised_by.clone(),
        support: tier.support,
        probe: one.probe,
        integrations: one.depends_on.clone(),
        after: one.after.clone(),
        sites: one.sites.clone(),
        owner: one.owner.clone(),
    })
}

/// A capability is as urgent as the most urgent one that waits for it.
fn urgency(estate: &Estate) -> BTreeMap<&CapabilityName, Span> {
    let mut urgency: BTreeMap<&CapabilityName, Span> = estate
        .capabilities
        .iter()
        .filter_map(|one| Some((&one.name, estate.tier_of(one)?.rto)))
        .collect();
    // Urgency moves one step back each time, and no chain is longer than the list.
    for _ in 0..estate.capabilities.len() {
        let mut changed = false;
        for one in &estate.capabilities {
            let Some(mine) = urgency.get(&one.name).copied() else {
                continue;
            };
            for before in &one.after {
                if let Some(theirs) = urgency.get_mut(before)
                    && *theirs > mine
                {
                    *theirs = mine;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    urgency
}

fn order<'e>(
    capabilities: &'e [Capability],
    urgency: &BTreeMap<&'e CapabilityName, Span>,
    notes: &mut Notes,
) -> BTreeMap<&'e CapabilityName, u16> {
    let mut done: BTreeMap<&CapabilityName, u16> = BTreeMap::new();
    let mut waiting: Vec<&Capability> = capabilities.iter().collect();
    let mut number = 0u16;
    while !waiting.is_empty() {
        let ready = |one: &&&Capability| one.after.iter().all(|before| done.contains_key(before));
        let next: Vec<&Capability> = waiting.iter().filter(ready).copied().collect();
        let Some(soonest) = next.iter().map(|one| urgency.get(&one.name)).min() else {
            let stuck = waiting.iter().map(|one| Problem::NeverRecovered {
                capability: one.name.clone(),
            });
            notes.problems.extend(stuck);
            break;
        };
        number = number.saturating_add(1);
        for one in next {
            if urgency.get(&one.name) == soonest {
                done.insert(&one.name, number);
            }
        }
        waiting.retain(|one| !done.contains_key(&one.name));
    }
    done
}

//! The order of recovery, and what is proven by transactions.

use std::collections::BTreeMap;

use super::Findings;
use crate::cloud::blueprint::Blueprint;

pub(super) fn check(blueprint: &Blueprint, findings: &mut Findings) {
    let orders: BTreeMap<_, _> = blueprint
        .capabilities
        .iter()
        .map(|one| (&one.name, one.order))
        .collect();
    if orders.len() != blueprint.capabilities.len() {
        findings.find("capabilities", "two of them have the same name");
    }
    for pair in blueprint.capabilities.windows(2) {
        if pair[0].order > pair[1].order {
            findings.find(&pair[1].name, "is listed after one that comes back later");
        }
    }
    for one in &blueprint.capabilities {
        for before in &one.after {
            match orders.get(before) {
                None => findings.find(&one.name, format!("waits for `{before}`, which does not exist")),
                Some(order) if *order >= one.order => {
                    findings.find(
                        &one.name,
                        format!("comes back before `{before}`, which it waits for"),
                    );
                }
                Some(_) => {}
            }
        }
        // Whoever is free to come back earlier and promised sooner must not wait behind a slower one.
        let free = one
            .after
            .iter()
            .filter_map(|before| orders.get(before))
            .max()
            .copied()
            .unwrap_or(0);
        let slower = blueprint
            .capabilities
            .iter()
            .filter(|other| other.order > free && other.order < one.order && other.rto > one.rto)
            .find(|other| !waited_for_by_urgent(blueprint, &other.name, one.rto));
        if let Some(other) = slower {
            findings.find(
                &one.name,
                format!("waits behind `{}`, whose promise is slower", other.name),
            );
        }
    }
}

/// Whether something as urgent waits, directly or through others, for a capability.
fn waited_for_by_urgent(blueprint: &Blueprint, name: &types::CapabilityName, rto: types::Span) -> bool {
    let mut open = vec![name];
    let mut seen = Vec::new();
    while let Some(current) = open.pop() {
        if seen.contains(&current) {
            continue;
        }
        seen.push(current);
        for other in blueprint
            .capabilities
            .iter()
            .filter(|one| one.after.contains(current))
        {
            if other.rto <= rto {
                return true;
            }
            open.push(&other.name);
        }
    }
    false
}

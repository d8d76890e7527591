//! The stack of what no region owns: what Azure refuses, what it may cost, who hears of it. Applied first.

use std::collections::BTreeSet;

use plan::cloud::blueprint::{Blueprint, Environment};

use super::{
    access, here,
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression};

pub(super) fn stack(blueprint: &Blueprint, environment: &Environment) -> Option<Stack> {
    let home = environment.regions.first()?;
    let door = &environment.front_door;
    let mut stack = Stack::new(format!("environments/{}/global", environment.name));
    let group = stack.group("global", &door.resource_group);
    let tags = stack.tags(here::environment_tags(blueprint, environment));
    stack.resource(
        "azurerm_resource_group",
        "this",
        Body::new()
            .set("name", &door.resource_group)
            .set("location", &home.location)
            .set("tags", tags.clone()),
    );
    let locations: BTreeSet<&str> = environment
        .regions
        .iter()
        .map(|region| region.location.as_str())
        .collect();
    let allowed = locations.iter().copied().chain(["global"]);
    let required: BTreeSet<&String> = blueprint.tags.keys().chain(environment.tags.keys()).collect();
    stack.module(
        "guardrails",
        "guardrails",
        Body::new()
            .set("name", environment.name.as_str())
            .set("subscription_id", Expression::var("subscription_id"))
            .gap()
            .set("allowed_locations", Expression::list(allowed))
            .set("required_tags", Expression::list(required)),
    );
    let start = stack.variable(Variable {
        name: "budget_start",
        kind: "string",
        description: "First day of the month in which the budget begins, as YYYY-MM-01T00:00:00Z.",
        default: None,
        example: "2030-01-01T00:00:00Z".into(),
        secrecy: Secrecy::Open,
    });
    let budget = environment.budget.as_ref().map(|budget| {
        Expression::map([
            ("monthly", Expression::from(budget.monthly)),
            (
                "alert_at_percent",
                Expression::list(budget.alert_at_percent.iter().copied()),
            ),
        ])
    });
    stack.module(
        "budget",
        "budget",
        Body::new()
            .set("name", environment.name.as_str())
            .set(
                "resource_group_name",
                Expression::reference(["azurerm_resource_group", "this", "name"]),
            )
            .set("subscription_id", Expression::var("subscription_id"))
            .gap()
            .set("locations", Expression::list(locations))
            .set("contacts", Expression::list(&blueprint.contact))
            .set("budget", Expression::from(budget))
            .set("budget_start", start)
            .set("budget_resource_groups", Expression::list(groups(environment)))
            .set("tags", tags),
    );
    access::global(environment, blueprint.contact.as_ref(), &group, &mut stack);
    Some(stack)
}

/// All resource groups of an environment, those that Azure manages too.
fn groups(environment: &Environment) -> BTreeSet<String> {
    let mut groups = BTreeSet::from([environment.front_door.resource_group.clone()]);
    for region in &environment.regions {
        let names = &region.resource_groups;
        groups.extend([
            names.infrastructure.clone(),
            names.data.clone(),
            names.platform.clone(),
        ]);
        groups.extend(region.clusters.iter().map(here::node_group));
    }
    groups
}

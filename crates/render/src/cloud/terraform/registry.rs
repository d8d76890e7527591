//! The stack of the container registry, which all environments share: an image is built once and promoted.

use std::collections::BTreeMap;

use estate::Stage;
use plan::cloud::blueprint::{Blueprint, Region};

use super::{
    ids::{self, Kind},
    infrastructure::retained,
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression, template};

/// Days after which images without a tag are deleted: longer than a release is looked at.
const UNTAGGED_DAYS: u64 = 30;

/// Its stack; `None` for an estate without any region.
pub(super) fn stack(blueprint: &Blueprint) -> Option<Stack> {
    // Everything production needs to start is where production is.
    let production = blueprint
        .environments
        .iter()
        .find(|environment| environment.stage == Stage::Production)
        .or_else(|| blueprint.environments.first())?;
    let (first, others) = production.regions.split_first()?;
    let mut replicas: BTreeMap<&str, &Region> = others
        .iter()
        .map(|region| (region.location.as_str(), region))
        .collect();
    replicas.remove(first.location.as_str());
    let mut stack = Stack::new("shared/registry");
    let tags = stack.tags(blueprint.tags.clone());
    stack.resource(
        "azurerm_resource_group",
        "this",
        Body::new()
            .set("name", group(blueprint))
            .set("location", &first.location)
            .set("tags", tags.clone()),
    );
    // It is older than every region's workspace, so it has one of its own.
    let logs = Body::new()
        .set("name", format!("{}-shared-logs", blueprint.estate))
        .set(
            "resource_group_name",
            Expression::reference(["azurerm_resource_group", "this", "name"]),
        )
        .set("location", &first.location)
        .set("subscription_id", Expression::var("subscription_id"));
    stack.module(
        "observability",
        "observability",
        retained(logs, &production.watching),
    );
    let replicas = replicas.into_values().map(|region| {
        Expression::map([
            ("location", Expression::from(&region.location)),
            ("zone_redundant", (!region.zones.is_empty()).into()),
        ])
    });
    let inputs = Body::new()
        .set("name", &blueprint.delivery.registry_name)
        .set(
            "resource_group_name",
            Expression::reference(["azurerm_resource_group", "this", "name"]),
        )
        .set("location", &first.location)
        .gap()
        .set("zone_redundant", !first.zones.is_empty())
        .set("replicas", Expression::list(replicas))
        .set("untagged_days", UNTAGGED_DAYS)
        .gap()
        .set(
            "log_analytics_workspace_id",
            Expression::output("observability", "workspace_id"),
        )
        .set("tags", tags);
    stack.module("registry", "registry", inputs);
    stack.output(
        "login_server",
        "Where images are pushed to and pulled from.",
        Expression::output("registry", "login_server"),
    );
    Some(stack)
}

/// Resource group of what all environments share.
fn group(blueprint: &Blueprint) -> String {
    format!("{}-shared", blueprint.estate)
}

/// Id of the registry, as other stacks know it.
pub(super) fn id(blueprint: &Blueprint, stack: &mut Stack) -> Expression {
    let subscription = stack.variable(Variable {
        name: "shared_subscription_id",
        kind: "string",
        description: "Subscription of the registry, which all environments share.",
        default: None,
        example: "00000000-0000-0000-0000-000000000009".into(),
        secrecy: Secrecy::Open,
    });
    let value = template([
        "/subscriptions/".into(),
        subscription.into(),
        format!("/resourceGroups/{}", group(blueprint)).into(),
    ]);
    let group = stack.local("shared", value);
    ids::resource(group, Kind::Registry, &blueprint.delivery.registry_name)
}

//! Roles of people, each at the resource group of the state it is about.
//!
//! What a request for a role needs (how long, whose approval) is a property of the role at its scope in Azure, not of
//! who asks. Where personas differ, the stricter rule holds for all of them: the shortest time, and approval if any of
//! them needs it.

use std::collections::{BTreeMap, BTreeSet};

use estate::{Elevation, Persona};
use plan::cloud::blueprint::{AzureRole, Environment, RoleGrant, RoleScope};
use types::Span;

use super::{
    here::{Here, Part},
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression};

/// Azure activates roles for half an hour at least and a day at most, in steps of half an hour.
const STEP: Span = Span::from_minutes(30);
const STEPS_MAX: u64 = 48;

/// What everybody needs who has a role inside a cluster: its address. It shows nothing of what is in it.
const CLUSTER_USER: &str = "Azure Kubernetes Service Cluster User Role";

/// Grants of one part of a region. Logs are with the infrastructure, whoever they are about.
pub(super) fn modules(here: Here<'_>, part: Part, scope: &Expression, stack: &mut Stack) {
    let all = || here.environment.access.iter();
    let of_part = all().filter(|grant| here.is(&grant.scope, part) && grant.role != AzureRole::LogReader);
    let contact = here.blueprint.contact.as_ref();
    module(
        "access",
        here.environment,
        &of_part.collect::<Vec<_>>(),
        contact,
        scope,
        stack,
    );
    if part == Part::Infrastructure {
        let is_here = |grant: &&RoleGrant| {
            let parts = [Part::Infrastructure, Part::Data, Part::Platform];
            grant.role == AzureRole::LogReader && parts.iter().any(|part| here.is(&grant.scope, *part))
        };
        let logs: Vec<_> = all().filter(is_here).collect();
        let workspace = Expression::output("observability", "workspace_id");
        module(
            "access_to_logs",
            here.environment,
            &logs,
            contact,
            &workspace,
            stack,
        );
    }
}

/// Grants of what no region owns.
pub(super) fn global(
    environment: &Environment,
    contact: Option<&String>,
    scope: &Expression,
    stack: &mut Stack,
) {
    let grants: Vec<&RoleGrant> = environment
        .access
        .iter()
        .filter(|grant| grant.scope == RoleScope::Global)
        .collect();
    module("access", environment, &grants, contact, scope, stack);
}

fn module(
    label: &str,
    environment: &Environment,
    grants: &[&RoleGrant],
    contact: Option<&String>,
    scope: &Expression,
    stack: &mut Stack,
) {
    if grants.is_empty() {
        return;
    }
    let groups: BTreeMap<Persona, &str> = environment
        .access
        .iter()
        .map(|grant| (grant.persona, grant.group.as_str()))
        .collect();
    let mut standing = BTreeMap::new();
    let mut asked = BTreeMap::new();
    let mut rules: BTreeMap<&str, Rule<'_>> = BTreeMap::new();
    for grant in grants {
        let role = grant.role.as_str();
        let key = format!(
            "{}-{}",
            grant.persona.as_str(),
            role.to_lowercase().replace(' ', "-")
        );
        if matches!(grant.role, AzureRole::ClusterReader | AzureRole::ClusterAdmin) {
            standing.insert(
                format!("{}-cluster-user", grant.persona.as_str()),
                entry(grant, CLUSTER_USER),
            );
        }
        match &grant.elevation {
            Elevation::Standing => drop(standing.insert(key, entry(grant, role))),
            Elevation::JustInTime {
                duration_max,
                approved_by,
            } => {
                asked.insert(key, entry(grant, role));
                let approver = approved_by.and_then(|persona| groups.get(&persona).copied());
                let rule = rules.entry(role).or_insert(Rule {
                    longest: *duration_max,
                    approvers: BTreeSet::new(),
                });
                rule.longest = rule.longest.min(*duration_max);
                rule.approvers.extend(approver);
            }
        }
    }
    let everybody: BTreeSet<&str> = groups.values().copied().collect();
    let ids = stack.variable(Variable {
        name: "group_object_ids",
        kind: "map(string)",
        description: "Object ids of Entra groups by name.",
        default: None,
        example: Expression::map(
            everybody
                .into_iter()
                .map(|group| (group, "00000000-0000-0000-0000-000000000003")),
        ),
        secrecy: Secrecy::Open,
    });
    let rules = rules.into_iter().map(|(role, rule)| (role, rule.expression()));
    let inputs = Body::new()
        .set("subscription_id", Expression::var("subscription_id"))
        .set("scope", scope.clone())
        .set("group_object_ids", ids)
        .set("notify", Expression::list(contact))
        .gap()
        .set("standing", Expression::map(standing))
        .set("just_in_time", Expression::map(asked))
        .set("activation", Expression::map(rules));
    stack.module(label, "access", inputs);
}

fn entry(grant: &RoleGrant, role: &str) -> Expression {
    Expression::map([
        ("group", grant.group.clone()),
        ("role", role.to_owned()),
        ("why", format!("Persona {}.", grant.persona.as_str())),
    ])
}

struct Rule<'g> {
    longest: Span,
    approvers: BTreeSet<&'g str>,
}

impl Rule<'_> {
    fn expression(&self) -> Expression {
        Expression::map([
            ("maximum_duration", Expression::from(iso(self.longest))),
            ("approvers", Expression::list(self.approvers.iter().copied())),
        ])
    }
}

/// ISO 8601, in Azure's steps, rounded down: nobody gets longer than was said.
fn iso(span: Span) -> String {
    let steps = (span.as_millis() / STEP.as_millis()).clamp(1, STEPS_MAX);
    match (steps / 2, steps % 2) {
        (24, _) => "P1D".to_owned(),
        (0, _) => "PT30M".to_owned(),
        (hours, 0) => format!("PT{hours}H"),
        (hours, _) => format!("PT{hours}H30M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_down_to_what_azure_takes() {
        let written = [1, 30, 60, 95, 480, 1440, 9_999].map(|minutes| iso(Span::from_minutes(minutes)));
        assert_eq!(
            written,
            ["PT30M", "PT30M", "PT1H", "PT1H30M", "PT8H", "P1D", "P1D"]
        );
    }
}

//! `plimsoll plan FILE`: what would be made of an estate, why, and what it may cost.

use std::{fmt::Write as _, path::Path};

use plan::{
    cloud::blueprint::{Blueprint, DatabaseEngine, Environment, Placement, Region},
    cost::Estimate,
};
use serde_json::json;

use crate::{
    args::Output,
    compile::{self, Planned},
    failure::{Exit, Failure},
    talk::Talk,
};

/// Stamps of one region that are listed one by one; the rest is counted.
const STAMPS_LISTED_MAX: usize = 12;

pub fn run(file: &Path, output: Output, talk: &Talk) -> Result<Exit, Failure> {
    let Some(planned) = compile::plan(file, talk)? else {
        return Ok(Exit::No);
    };
    let estimate = plan::cost(&planned.blueprint);
    match output {
        Output::Json => {
            let all = json!({
                "blueprint": planned.blueprint,
                "report": planned.report,
                "cost": estimate,
            });
            anstream::println!("{all:#}");
        }
        Output::Text => anstream::print!("{}", text(&planned, &estimate)),
    }
    Ok(Exit::Done)
}

fn text(planned: &Planned, estimate: &Estimate) -> String {
    let blueprint = &planned.blueprint;
    let mut text = format!("estate {} of {}\n", blueprint.estate, blueprint.organisation);
    recovery(&mut text, blueprint);
    for environment in &blueprint.environments {
        self::environment(&mut text, environment, estimate);
    }
    text.push_str("\nRead before anything is built\n");
    let mut cautions = planned.report.cautions().peekable();
    if cautions.peek().is_none() {
        text.push_str("  nothing: every promise is met, and everything can be changed later\n");
    }
    for caution in cautions {
        let _ = writeln!(text, "  - {caution}");
    }
    text.push_str("\nWhy\n");
    for decision in &planned.report.decisions {
        let _ = writeln!(text, "  - {decision}");
    }
    costs(&mut text, estimate);
    text
}

fn recovery(text: &mut String, blueprint: &Blueprint) {
    text.push_str("\nOrder of recovery\n");
    let widest = blueprint
        .capabilities
        .iter()
        .map(|one| one.name.as_str().len())
        .max()
        .unwrap_or_default();
    for one in &blueprint.capabilities {
        let _ = write!(
            text,
            "  {:>2}  {:<widest$}  back within {:<5} losing at most {:<4}",
            one.order,
            one.name.as_str(),
            one.rto.to_string(),
            one.rpo.to_string()
        );
        if !one.integrations.is_empty() {
            let names: Vec<_> = one.integrations.iter().map(|name| name.as_str()).collect();
            let _ = write!(text, "  needs {}", names.join(", "));
        }
        text.push('\n');
    }
}

fn environment(text: &mut String, environment: &Environment, estimate: &Estimate) {
    let _ = writeln!(
        text,
        "\n{} (about {} {} a month)",
        environment.name,
        thousands(estimate.of_environment(&environment.name) / 100),
        estimate.currency.as_str()
    );
    for region in &environment.regions {
        self::region(text, region);
    }
}

fn region(text: &mut String, region: &Region) {
    let role = match region.role {
        estate::RegionRole::Active => "active".to_owned(),
        estate::RegionRole::Standby => format!("{} standby", region.posture.as_str()),
    };
    let _ = writeln!(
        text,
        "  {} ({}, {role}): {}, {} clusters, {} gateways for sites",
        region.name,
        region.location,
        region.network.addresses,
        region.clusters.len(),
        region.site_gateways.len()
    );
    for placement in region.placements.iter().take(STAMPS_LISTED_MAX) {
        let _ = writeln!(text, "    {}", self::placement(placement));
    }
    if region.placements.len() > STAMPS_LISTED_MAX {
        let _ = writeln!(
            text,
            "    and {} more stamps",
            region.placements.len() - STAMPS_LISTED_MAX
        );
    }
}

fn placement(placement: &Placement) -> String {
    let database = match &placement.database.engine {
        DatabaseEngine::FlexibleServer(server) => format!("Flexible Server {}", server.sku),
        DatabaseEngine::CloudNativePg(cluster) => {
            format!(
                "CloudNativePG, {} instances of {} cores",
                cluster.instances, placement.database.cores
            )
        }
        DatabaseEngine::RestoredWhenNeeded => "database restored when needed".to_owned(),
    };
    let workloads: Vec<_> = placement
        .workloads
        .iter()
        .map(|one| match (one.replicas_min, one.replicas_max) {
            (least, most) if least == most => format!("{} {least}", one.kind.as_str()),
            (least, most) => format!("{} {least}-{most}", one.kind.as_str()),
        })
        .collect();
    match workloads.is_empty() {
        true => format!("{}: {database}", placement.stamp),
        false => format!("{}: {}; {database}", placement.stamp, workloads.join(", ")),
    }
}

fn costs(text: &mut String, estimate: &Estimate) {
    let _ = write!(
        text,
        "\nAbout {} {} a month, by assumed prices (`--output json` has the quantities)",
        thousands(estimate.monthly_cents / 100),
        estimate.currency.as_str()
    );
    if let Some(percent) = estimate.budget_percent() {
        let _ = write!(text, "; {percent} % of the budget");
    }
    text.push('\n');
}

/// `12 345`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

//! When an environment that nobody uses at night is switched off.
//!
//! Azure's clusters and databases have no schedule, so an automation account starts and stops them. Managed Redis cannot
//! be stopped, and storage costs what it holds.

use plan::cloud::blueprint::DatabaseEngine;

use super::{
    here::Here,
    ids::{self, Kind},
    infrastructure::placed,
    stack::{Secrecy, Stack, Variable},
    upgrades::day_name,
};
use crate::hcl::Expression;

pub(super) fn module(here: Here<'_>, stack: &mut Stack) {
    let Some(runs) = &here.environment.runs else {
        return;
    };
    let region = here.region;
    let infrastructure = stack.group("infrastructure", &region.resource_groups.infrastructure);
    let data = stack.group("data", &region.resource_groups.data);
    let clusters: Vec<Expression> = region
        .clusters
        .iter()
        .map(|cluster| ids::resource(infrastructure.clone(), Kind::Cluster, &cluster.name))
        .collect();
    // A replica cannot be stopped, nor a primary that has one.
    let alone = here.partner().is_none();
    let databases: Vec<Expression> = region
        .placements
        .iter()
        .filter(|_| alone)
        .filter_map(|placement| match &placement.database.engine {
            DatabaseEngine::FlexibleServer(server) if server.reporting_replicas.is_empty() => {
                Some(ids::resource(data.clone(), Kind::FlexibleServer, &server.name))
            }
            DatabaseEngine::FlexibleServer(_)
            | DatabaseEngine::CloudNativePg(_)
            | DatabaseEngine::RestoredWhenNeeded => None,
        })
        .collect();
    let first_day = stack.variable(Variable {
        name: "schedule_first_day",
        kind: "string",
        description: "First day that the environment is switched on and off, as YYYY-MM-DD; in the future at the first apply.",
        default: None,
        example: "2030-01-07".into(),
        secrecy: Secrecy::Open,
    });
    let zone = stack.variable(Variable {
        name: "schedule_time_zone",
        kind: "string",
        description: "Time zone that the hours of the environment are meant in.",
        default: Some("Etc/UTC".into()),
        example: "Europe/Amsterdam".into(),
        secrecy: Secrecy::Open,
    });
    // Over midnight it stops on the day after.
    let days = |later: usize| {
        let all = estate::Weekday::ALL;
        let names = runs.days.iter().filter_map(|day| {
            let place = all.iter().position(|one| one == day)?;
            all.get((place + later) % all.len()).map(|day| day_name(*day))
        });
        Expression::list(names)
    };
    let clock = |time: jiff::civil::Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let name = format!("{}-{}", here.environment.name, region.name);
    let inputs = placed(here, &name)
        .gap()
        .set("resource_group_scopes", Expression::list([infrastructure, data]))
        .set("cluster_ids", Expression::list(clusters))
        .set("database_ids", Expression::list(databases))
        .gap()
        .set("start_time", clock(runs.from))
        .set("start_days", days(0))
        .set("stop_time", clock(runs.to))
        .set("stop_days", days(usize::from(runs.to <= runs.from)))
        .set("time_zone", zone)
        .set("first_day", first_day)
        .set("tags", Expression::local("tags"));
    stack.module("schedule", "schedule", inputs);
}

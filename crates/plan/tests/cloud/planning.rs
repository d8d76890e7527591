//! Planning: repeatable, explained, quick, and refused where it must be.

use std::{path::Path, time::Instant};

use estate::Estate;
use types::ByteSize;

use crate::{plan::cloud, world};

#[test]
fn planning_again_changes_nothing() {
    let estate = world::example();
    let (blueprint, report) = cloud::plan(&estate).unwrap();
    let (again, report_again) = cloud::plan(&estate).unwrap();
    assert_eq!(
        serde_json::to_string(&blueprint).unwrap(),
        serde_json::to_string(&again).unwrap()
    );
    assert_eq!(report, report_again);
    assert!(
        report.decisions.iter().all(|one| !one.why.is_empty()),
        "{report:#?}"
    );
}

#[test]
fn ten_thousand_tenants_are_planned_and_explained_in_few_lines() {
    let estate = world::shared(200, 50);
    let begun = Instant::now();
    let (blueprint, report) = cloud::plan(&estate).unwrap();
    let took = begun.elapsed();
    let production = blueprint.environments.iter().filter(|one| !one.mute);
    let tenants: usize = production
        .flat_map(|one| &one.stamps)
        .map(|one| one.tenants.len())
        .sum();
    assert_eq!(tenants, 10_000);
    assert!(report.decisions.len() < 100, "{}", report.decisions.len());
    eprintln!(
        "10 000 tenants in {} environments: {took:?}",
        blueprint.environments.len()
    );
    // A bound that a noisy machine and a build without optimisation keep; the benchmark measures.
    assert!(took.as_secs() < 5, "{took:?}");
}

/// Each entry makes planning impossible in one way, and each way has its code, a hint and a page.
#[test]
fn what_cannot_be_planned_is_refused_with_its_own_code() {
    type Break = fn(&mut Estate);
    let breaks: [Break; 11] = [
        |estate| {
            estate.sites.truncate(1);
            for region in &mut estate.regions {
                region.address_space = None;
            }
            site(estate).link.addresses = nets(&["10.0.0.0/8"]);
        },
        |estate| {
            estate.regions[0].address_space = Some("10.1.0.0/16".parse().unwrap());
            site(estate).link.addresses = nets(&["10.1.2.0/24"]);
        },
        |estate| {
            estate.regions[0].address_space = Some("10.1.0.0/20".parse().unwrap());
            let web = &mut stamp(estate).workloads.web;
            web.workers = 8;
            web.replicas_max = 60_000;
            stamp(estate).database.pooling.pgbouncer = true;
        },
        |estate| {
            stamp(estate).workloads.web.workers = 1_000;
            stamp(estate).database.pooling.pgbouncer = true;
        },
        |estate| stamp(estate).database.memory = ByteSize::gib(640),
        |estate| stamp(estate).cache.memory = ByteSize::gib(1_000),
        |estate| stamp(estate).workloads.web.replicas_max = 2_000,
        |estate| {
            estate.integrations[0].buffering.messages_per_hour = 100_000_000;
        },
        |estate| {
            let mut other = estate.environments.first_entry().unwrap().get().clone();
            other.stage = estate::Stage::Test;
            let west = estate.regions[0].name.clone();
            estate.regions[1].name = "europe".parse().unwrap();
            estate.regions[0].name = "west-europe".parse().unwrap();
            for stamp in estate.stamps.values_mut().filter(|stamp| stamp.region == west) {
                stamp.region = "west-europe".parse().unwrap();
            }
            other.regions = vec!["europe".parse().unwrap()];
            estate.environments.first_entry().unwrap().get_mut().regions =
                vec!["west-europe".parse().unwrap()];
            estate
                .environments
                .insert("production-west".parse().unwrap(), other);
        },
        |estate| {
            let name = estate.capabilities[0].name.clone();
            estate.capabilities[0].after.push(name);
        },
        |estate| {
            let long = "x".repeat(60);
            let (_, tenant) = estate.tenants.pop_first().unwrap();
            let (_, stamp) = estate.stamps.pop_first().unwrap();
            estate.stamps.insert(long.parse().unwrap(), stamp);
            let stamp = long.parse().unwrap();
            let tenant = estate::Tenant { stamp, ..tenant };
            estate.tenants.insert(long.parse().unwrap(), tenant);
            estate.integrations.clear();
        },
    ];
    let mut codes = Vec::new();
    for break_it in breaks {
        let mut estate = world::example();
        break_it(&mut estate);
        let Err(problems) = cloud::plan(&estate) else {
            panic!("nothing is refused after {codes:?}");
        };
        codes.push(problems[0].code());
        for problem in problems {
            assert!(!problem.to_string().is_empty() && !problem.hint().is_empty());
            let page = format!("../../docs/errors/{}.md", problem.code());
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
            assert!(page.exists(), "{} has no page in docs/errors/", problem.code());
        }
    }
    assert_eq!(codes, cloud::CODES);
}

fn stamp(estate: &mut Estate) -> &mut estate::Stamp {
    estate.stamps.values_mut().next().unwrap()
}

fn site(estate: &mut Estate) -> &mut estate::Site {
    estate.sites.first_mut().unwrap()
}

fn nets(all: &[&str]) -> Vec<ipnet::Ipv4Net> {
    all.iter().map(|one| one.parse().unwrap()).collect()
}

//! Estimates: sums are sums, more costs more, and what is counted is what is planned.

use estate::{Currency, Estate, Posture};
use types::ByteSize;

use crate::{
    plan::{
        self, cloud,
        cost::{ASSUMED, Estimate, Kind, Prices, Unit, cost_with},
    },
    world,
};

fn estimated(change: impl Fn(&mut Estate)) -> Estimate {
    let mut estate = world::named("third-party-logistics");
    change(&mut estate);
    plan::cost(&cloud::plan(&estate).unwrap().0)
}

#[test]
fn the_sum_is_the_sum_of_its_lines_however_it_is_cut() {
    let estimate = estimated(|_| {});
    let all: u64 = estimate.lines.iter().map(|line| line.monthly_cents).sum();
    assert_eq!(estimate.monthly_cents, all);
    let mut environments: Vec<_> = estimate
        .lines
        .iter()
        .map(|line| line.environment.clone())
        .collect();
    environments.dedup();
    assert_eq!(
        environments
            .iter()
            .map(|one| estimate.of_environment(one))
            .sum::<u64>(),
        all
    );
    assert!(
        estimate.lines.iter().all(|line| !line.quantities.is_empty()),
        "{estimate:#?}"
    );
}

#[test]
fn shares_of_the_budget_follow_what_environments_cost() {
    let estate = world::named("third-party-logistics");
    let (blueprint, _) = cloud::plan(&estate).unwrap();
    let shares: u64 = blueprint
        .environments
        .iter()
        .map(|one| u64::from(one.budget.as_ref().unwrap().monthly))
        .sum();
    let declared = u64::from(estate.budget.unwrap().monthly);
    assert!(
        shares <= declared && shares + 10 > declared,
        "{shares} of {declared}"
    );
    let estimate = plan::cost(&blueprint);
    assert_eq!(estimate.currency, Currency::EUR);
    assert_eq!(estimate.budget_percent(), Some(estimate.monthly_cents / shares));
}

#[test]
fn more_costs_more() {
    let before = estimated(|_| {});
    type Change = fn(&mut Estate);
    let more: [(&str, Kind, Change); 5] = [
        ("replicas", Kind::Compute, |estate| {
            let web = &mut grocery(estate).workloads.web;
            (web.replicas_min, web.replicas_max) = (30, 40);
            grocery(estate).database.pooling.pgbouncer = true;
        }),
        ("cores", Kind::Database, |estate| {
            grocery(estate).database.cores = 32
        }),
        ("a cache", Kind::Cache, |estate| {
            grocery(estate).cache.memory = ByteSize::gib(20)
        }),
        ("messages", Kind::Disks, |estate| {
            estate.integrations[0].buffering.messages_per_hour *= 10
        }),
        ("files", Kind::Objects, |estate| {
            grocery(estate).quota.objects_size_max = ByteSize::gib(50_000)
        }),
    ];
    for (what, kind, change) in more {
        let after = estimated(change);
        assert!(
            after.of_kind(kind) > before.of_kind(kind),
            "{what}: {} {}",
            after.of_kind(kind),
            before.of_kind(kind)
        );
        assert!(after.monthly_cents > before.monthly_cents, "{what}");
    }
    let cold = estimated(|estate| {
        estate.regions[1].posture = Posture::Cold;
    });
    assert!(cold.of_kind(Kind::Compute) < before.of_kind(Kind::Compute));
}

#[test]
fn quantities_are_those_of_the_plan() {
    let (blueprint, _) = cloud::plan(&world::named("two-warehouse-distributor")).unwrap();
    let production = blueprint.environments.iter().find(|one| !one.mute).unwrap();
    let region = &production.regions[0];
    // Zone-redundant, so twice, and with a copy for reporting.
    let database = &region.placements[0].database;
    let copies = 2 + database.reporting_hosts.len() as u64;
    let estimate = plan::cost(&blueprint);
    let line = estimate
        .lines
        .iter()
        .find(|line| {
            line.kind == Kind::Database
                && line.environment == production.name
                && line.region.as_ref() == Some(&region.name)
        })
        .unwrap();
    let cores = line
        .quantities
        .iter()
        .find(|one| one.unit == Unit::Cores)
        .unwrap();
    assert_eq!(cores.hundredths, copies * u64::from(database.cores) * 100);
}

#[test]
fn other_prices_give_other_estimates() {
    let (blueprint, _) = cloud::plan(&world::example()).unwrap();
    let dear = Prices {
        machine_core: ASSUMED.machine_core * 2,
        ..ASSUMED
    };
    let (one, two) = (plan::cost(&blueprint), cost_with(&blueprint, &dear));
    let without_fixed = |estimate: &Estimate| estimate.of_kind(Kind::Compute);
    assert!(without_fixed(&two) > without_fixed(&one) * 3 / 2);
    assert_eq!(one.of_kind(Kind::Database), two.of_kind(Kind::Database));
}

fn grocery(estate: &mut Estate) -> &mut estate::Stamp {
    let mut all = estate.stamps.iter_mut();
    all.find(|(name, _)| name.as_str() == "grocery").unwrap().1
}

//! Recoveries from backups, ten thousand seeds over the five disasters; `SEEDS=20000` tries so many of each.

#![expect(clippy::print_stdout, reason = "a test fails by panicking, and says why")]

use std::collections::BTreeMap;

use plimsoll_simulator::restore::{self, Disaster, End};

const SEEDS: u64 = 2_000;

fn seeds() -> u64 {
    let asked = std::env::var("SEEDS").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(SEEDS)
}

fn check(disaster: Disaster) {
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let (mut unwound, mut deaths) = (0, 0);
    for seed in 0..seeds() {
        let outcome = restore::run(disaster, seed);
        if outcome.violation.is_some() {
            println!("{}", restore::tell(disaster, seed));
            panic!("{} seed {seed}: {:?}", disaster.name(), outcome.violation);
        }
        *ends.entry(format!("{:?}", outcome.end)).or_default() += 1;
        unwound += outcome.unwound;
        deaths += outcome.deaths;
    }
    println!(
        "{}: {ends:?}, {unwound} unwound, {deaths} deaths",
        disaster.name()
    );
    // Otherwise nothing was tried.
    assert!(
        ends.get(&format!("{:?}", End::Recovered))
            .is_some_and(|count| *count > seeds() / 10)
    );
    assert!(unwound > 0 && deaths > 0);
}

#[test]
fn corruption_is_recovered_from_or_refused_and_nothing_good_is_lost() {
    check(Disaster::Corruption);
}

#[test]
fn a_bad_release_goes_back_with_a_schema_that_its_image_can_read() {
    check(Disaster::BadRelease);
}

#[test]
fn after_an_intrusion_nothing_leaves_and_nobody_is_let_back_in() {
    check(Disaster::Ransomware);
}

#[test]
fn one_tenant_goes_back_and_no_neighbour_is_touched() {
    check(Disaster::Tenant);
}

#[test]
fn a_mass_restore_takes_back_whom_it_can_and_leaves_the_others_as_they_were() {
    check(Disaster::Mass);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        for disaster in Disaster::ALL {
            assert_eq!(
                restore::tell(disaster, seed),
                restore::tell(disaster, seed),
                "seed {seed}"
            );
        }
    }
}

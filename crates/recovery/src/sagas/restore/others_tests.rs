//! The other sagas over the simulated stamp: what each does beside going back.

use std::collections::BTreeSet;

use api::backup::{DatabaseName, Evidence, Measure};
use driver::simulated::backup::{Look, Stamp};
use saga::testing;

use super::{
    bad_release, image_back, mass, ransomware, tenant,
    tests::{Case, asked, damage, ground, hours_ago, proceeds, stamp, tenant as named},
};
use crate::decide::restore::{
    BadRelease, Candidate, Limits, Migration, Rollback, decide_bad_release, decide_containment, decide_mass,
    decide_ransomware, decide_tenant,
};

/// Taken back, with the old database kept.
fn taken_back(look: &Look) {
    assert_eq!(look.serving, DatabaseName("acme-g2".to_owned()));
    assert_eq!(look.aside, BTreeSet::from([DatabaseName("acme".to_owned())]));
}

fn as_before(look: &Look) {
    assert!(look.accepts && look.damaged, "{look:?}");
    assert_eq!(look.sending.len(), 2, "{look:?}");
    assert_eq!(look.image, "new", "{look:?}");
}

fn release(migration: Migration) -> BadRelease {
    BadRelease {
        began: hours_ago(7),
        image: "new".to_owned(),
        former: "old".to_owned(),
        migration: Some(migration),
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_broke_the_schema_goes_back_with_its_database() {
    let params = |stamp: &Stamp| {
        let seen = ground(stamp, &named("acme"));
        match proceeds(decide_bad_release(&seen, &release(Migration::Breaking), &asked())) {
            Rollback::Restore(plan) => serde_json::json!(plan),
            Rollback::Image(plan) => panic!("{plan:?}"),
        }
    };
    let done = |look: &Look| {
        taken_back(look);
        assert_eq!(look.image, "old", "{look:?}");
    };
    testing::every_promise(&Case::new(bad_release::definition, params, done, as_before)).await;
}

/// Only the image: the saga has no point of no return, and nothing of the database moves.
#[tokio::test(start_paused = true)]
async fn an_image_that_can_read_the_schema_goes_back_alone() {
    let params = |stamp: &Stamp| {
        let seen = ground(stamp, &named("globex"));
        let expanded = BadRelease {
            former: "wide".to_owned(),
            ..release(Migration::Expanded)
        };
        match proceeds(decide_bad_release(&seen, &expanded, &asked())) {
            Rollback::Image(plan) => serde_json::json!(plan),
            Rollback::Restore(plan) => panic!("{plan:?}"),
        }
    };
    let case = Case::of("globex", image_back::definition, params, |_| {}, |_| {});
    let case = case.with_image("wide");
    testing::every_promise(&case).await;
}

#[tokio::test(start_paused = true)]
async fn a_tenant_somebody_got_into_stays_contained_whatever_becomes_of_it() {
    let params = |stamp: &Stamp| {
        let mut seen = ground(stamp, &named("acme"));
        // The points of this history are younger than the margin asks for: its clock is a day further.
        let intrusion = crate::decide::restore::Damage {
            first_sign: Some(hours_ago(-18)),
            ..damage()
        };
        seen.now = hours_ago(-18);
        serde_json::json!(proceeds(decide_ransomware(&seen, &intrusion, &asked())))
    };
    let done = |look: &Look| {
        taken_back(look);
        assert!(!look.broken_into, "{look:?}");
        assert_eq!(look.contained, BTreeSet::from(Measure::ALL), "{look:?}");
        assert_eq!(look.sending, BTreeSet::new(), "{look:?}");
    };
    let unwound = |look: &Look| {
        // Nothing that was taken is taken back.
        let sending = if look.contained.is_empty() { 2 } else { 0 };
        assert_eq!(look.sending.len(), sending, "{look:?}");
    };
    testing::every_promise(&Case::new(ransomware::definition, params, done, unwound)).await;
}

#[tokio::test(start_paused = true)]
async fn containment_alone_waits_for_nothing() {
    let params = |stamp: &Stamp| {
        let mut seen = ground(stamp, &named("globex"));
        (seen.points, seen.room) = (None, None);
        serde_json::json!(proceeds(decide_containment(&seen)))
    };
    let done = |look: &Look| assert_eq!(look.contained, BTreeSet::from(Measure::ALL));
    let case = Case::of("globex", ransomware::containment, params, done, |_| {});
    testing::every_promise(&case).await;
}

#[tokio::test(start_paused = true)]
async fn one_tenant_goes_back_and_its_neighbour_does_not_notice() {
    let params = |stamp: &Stamp| {
        let seen = ground(stamp, &named("acme"));
        let neighbours = [named("acme"), named("globex")];
        serde_json::json!(proceeds(decide_tenant(&seen, &damage(), &neighbours, &asked())))
    };
    let case = Case::new(tenant::definition, params, taken_back, as_before);
    testing::every_promise(&case).await;
}

/// Both tenants in one wave.
fn wave(stamp: &Stamp, failures_max: usize) -> serde_json::Value {
    let candidate = |name: &str| Candidate {
        ground: ground(stamp, &named(name)),
        stamp: types::StampName::new("shared").unwrap(),
        rank: 0,
        needs: Vec::new(),
    };
    let limits = Limits {
        concurrent: 1,
        wave_max: 5,
        failures_max,
    };
    let candidates = [candidate("acme"), candidate("globex")];
    let waves = proceeds(decide_mass(&candidates, &damage(), &limits, &asked()));
    let restores: Vec<_> = waves
        .waves
        .iter()
        .flat_map(|wave| wave.restores.clone())
        .collect();
    assert_eq!(restores.len(), 2);
    let first = waves.waves.into_iter().next().unwrap();
    serde_json::json!(crate::decide::restore::Wave { restores, ..first })
}

#[tokio::test(start_paused = true)]
async fn a_wave_keeps_every_promise() {
    let params = |stamp: &Stamp| wave(stamp, 1);
    let case = Case::new(mass::definition, params, taken_back, as_before);
    testing::every_promise(&case).await;
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_comes_to_nothing_is_let_go_and_the_wave_goes_on() {
    let case = Case::new(mass::definition, |stamp| wave(stamp, 1), taken_back, as_before);
    let case = case.with_lying_point("globex-8h");
    testing::succeeds(&case).await;
    let globex = case.stamp().look(&named("globex")).unwrap();
    assert_eq!(globex.serving, DatabaseName("globex".to_owned()));
    assert!(globex.accepts && globex.copies.is_empty(), "{globex:?}");
    assert_eq!(globex.sending.len(), 2, "{globex:?}");
    let catalogue = case.stamp().catalogue(&named("globex"));
    let refuted = catalogue
        .iter()
        .filter(|point| matches!(point.evidence, Evidence::Refuted { .. }));
    let refuted: Vec<_> = refuted.map(|point| point.id.as_str()).collect();
    assert_eq!(
        refuted,
        ["globex-8h"],
        "the next decision does not believe it again"
    );
}

#[test]
fn a_stamp_begins_without_anything_to_complain_about() {
    assert_eq!(stamp().violations(), Vec::<String>::new());
}

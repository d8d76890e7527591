//! Beside a saga that runs, and after a failover that came to nothing.

use super::*;
use crate::decide::Underway;

fn holds(kind: &str) -> Underway {
    Underway {
        kind: kind.to_owned(),
        gives_way: false,
    }
}

#[test]
fn a_saga_that_gives_way_keeps_no_failover_back() {
    let tail = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        seen.running = Some(Underway {
            gives_way: true,
            ..holds("switchover")
        });
    };
    check(tail, "nothing to do");
    check(
        |seen, settings| {
            silent(seen);
            tail(seen, settings);
        },
        PROCEED,
    );
}

#[test]
fn one_transition_at_a_time() {
    let running = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.running = Some(holds("failover"));
    };
    check(running, "wait: a failover is running");
}

#[test]
fn a_failover_that_came_to_nothing_takes_a_new_generation_and_may_put_the_old_region_back() {
    let again = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.promised = Generation::new(4);
    };
    check(again, &PROCEED.replace("generation 2", "generation 5"));
    let back = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        seen.regions[0] = sight("west", Role::Fenced, DatabaseState::Stopped);
        seen.regions[0].unusable_for = Some(Duration::from_secs(9));
        seen.regions[1].heard_ago = None;
        seen.promised = Generation::new(2);
    };
    check(
        back,
        "put west back to work in generation 3: the active region is fenced and nobody else can take over",
    );
}

#[test]
fn a_well_region_leads_in_a_newer_generation_after_a_failover_that_came_to_nothing() {
    let promised = |seen: &mut Snapshot, _: &mut FailoverSettings| seen.promised = Generation::new(2);
    check(
        promised,
        "put west back to work in generation 3: a newer generation was promised for a failover that came to nothing, \
         so that the lease and the gateways hold the present one for old",
    );
    // A saga that runs has just had it promised.
    check(
        |seen, settings| {
            promised(seen, settings);
            seen.running = Some(holds("failover"));
        },
        "wait: a failover is running",
    );
}

#[test]
fn a_candidate_that_leads_although_its_failover_was_given_up_is_asked_again() {
    let waiting = "wait: the standby north cannot take over right now";
    for (role, state, generation, expected) in [
        (Role::Active, DatabaseState::Primary, 2, PROCEED),
        (Role::Fenced, DatabaseState::Stopped, 2, PROCEED),
        (Role::Active, DatabaseState::Primary, 1, waiting),
        (Role::Fenced, DatabaseState::Absent, 2, waiting),
    ] {
        let change = |seen: &mut Snapshot, _: &mut FailoverSettings| {
            silent(seen);
            seen.regions[1] = sight("north", role, state);
            observed(seen, 1).generation = Generation::new(generation);
        };
        check(change, expected);
    }
}

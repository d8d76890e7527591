//! A standby that is not fit, people who go on without what it lacks, and when nobody may say so.

use super::{
    super::super::{Unacceptable, decide_acceptance},
    *,
};

/// The standby's stream had been broken for five minutes when the leader was last seen well, ten seconds ago.
fn unfit(seen: &mut Snapshot) {
    silent(seen);
    let known = seen.eligibility.as_mut().unwrap();
    (known.fit_at, known.judged_at) = (Some(ago(310_000)), ago(10_000));
    known.because = Some(Ineligible::BrokenStream);
}

fn accepts(by: &str) -> Order {
    Order {
        unfit_standby: UnfitStandby::Accepted,
        ..order(by)
    }
}

const REFUSED: &str = "refuse: the standby north is not fit to take over: its stream was broken";

#[test]
fn two_people_may_go_on_without_what_an_unfit_standby_lacks_and_nobody_alone() {
    let ordered = |orders: &[Order], expected: &str| {
        check(
            |seen, _| {
                unfit(seen);
                seen.orders = orders.to_vec();
            },
            expected,
        );
    };
    ordered(&[], REFUSED);
    ordered(&[order("ada"), order("bob")], REFUSED);
    let one = "wait: nothing was heard from the active region for 1s600ms; 1 of 2 authorisations given; \
               loses everything that was written in the 5m before the active region was last seen well, 10s ago, and since then";
    ordered(&[accepts("ada")], one);
    ordered(&[accepts("ada"), accepts("ada"), order("bob")], one);
    ordered(
        &[accepts("ada"), accepts("bob")],
        "fail over from west to north in generation 2: nothing was heard from the active region for 1s600ms; \
         loses everything that was written in the 5m before the active region was last seen well, 10s ago, and since then",
    );
}

#[test]
fn who_accepted_is_part_of_the_decision_and_a_fit_standby_needs_nobody() {
    let mut seen = healthy();
    unfit(&mut seen);
    seen.orders = vec![accepts("bob"), accepts("ada")];
    let Decision::Proceed(go) = decide_failover(&seen, &settings(), NOW) else {
        panic!("two people accept it");
    };
    assert_eq!(
        (go.accepted_by, go.estimated_loss.unfit_ms),
        (vec!["ada".to_owned(), "bob".to_owned()], 300_000)
    );

    let mut fit = healthy();
    silent(&mut fit);
    fit.orders = vec![accepts("ada")];
    let Decision::Proceed(go) = decide_failover(&fit, &settings(), NOW) else {
        panic!("nothing has to be accepted");
    };
    assert_eq!((go.accepted_by, go.estimated_loss.unfit_ms), (Vec::new(), 0));
}

#[test]
fn the_tier_does_not_make_it_easier() {
    for authority in [Authority::Automatic, Authority::OnePerson, Authority::TwoPeople] {
        let decided = |orders: Vec<Order>| {
            let (mut seen, settings) = (
                healthy(),
                FailoverSettings {
                    authority,
                    ..settings()
                },
            );
            unfit(&mut seen);
            seen.orders = orders;
            decide_failover(&seen, &settings, NOW)
        };
        let one = decided(vec![accepts("ada")]);
        assert!(matches!(one, Decision::Wait { .. }), "{authority:?}: {one}");
        let two = decided(vec![accepts("ada"), accepts("bob")]);
        assert!(matches!(two, Decision::Proceed(_)), "{authority:?}: {two}");
    }
}

/// What is said to two people who would accept, and what is decided in spite of them.
fn unacceptable(change: impl FnOnce(&mut Snapshot), expected: Unacceptable) {
    let mut seen = healthy();
    unfit(&mut seen);
    seen.orders = vec![accepts("ada"), accepts("bob")];
    change(&mut seen);
    assert_eq!(decide_acceptance(&seen, &settings(), NOW), Err(expected));
    let decision = decide_failover(&seen, &settings(), NOW);
    assert!(
        !matches!(&decision, Decision::Proceed(go) if go.to != go.from),
        "{decision}"
    );
}

#[test]
fn what_nobody_may_accept() {
    let (west, north) = (|| region("west"), || region("north"));
    unacceptable(|seen| seen.regions.truncate(1), Unacceptable::NoStandby);
    unacceptable(
        |seen| seen.regions[0].heard_ago = Some(Duration::from_millis(100)),
        Unacceptable::LeaderAnswers { region: west() },
    );
    unacceptable(
        |seen| {
            // Its database is gone for good, and its agent answers: somebody may still save what it holds.
            seen.regions[0].heard_ago = Some(Duration::from_millis(100));
            seen.regions[0].unusable_for = Some(Duration::from_secs(60));
        },
        Unacceptable::LeaderAnswers { region: west() },
    );
    unacceptable(
        |seen| seen.eligibility = None,
        Unacceptable::Unknown { region: north() },
    );
    unacceptable(
        |seen| seen.eligibility.as_mut().unwrap().fit_at = None,
        Unacceptable::Unknown { region: north() },
    );
    unacceptable(
        |seen| seen.eligibility.as_mut().unwrap().because = Some(Ineligible::OtherTimeline),
        Unacceptable::OtherHistory { region: north() },
    );
    unacceptable(
        |seen| seen.regions[1].heard_ago = Some(Duration::from_secs(20)),
        Unacceptable::NotThere { region: north() },
    );
    for state in [
        DatabaseState::Absent,
        DatabaseState::Starting,
        DatabaseState::Rejoining {
            by: "base-backup".to_owned(),
        },
    ] {
        unacceptable(
            |seen| observed(seen, 1).database.as_mut().unwrap().state = state,
            Unacceptable::NotThere { region: north() },
        );
    }
    // There is nothing to accept where the standby is fit, and it is promoted as always.
    let mut fit = healthy();
    silent(&mut fit);
    assert_eq!(
        decide_acceptance(&fit, &settings(), NOW),
        Err(Unacceptable::Nothing)
    );
}

#[test]
fn a_region_that_comes_back_is_put_to_work_instead() {
    let mut seen = healthy();
    unfit(&mut seen);
    seen.orders = vec![accepts("ada"), accepts("bob")];
    seen.promised = Generation::new(2);
    seen.regions[0].heard_ago = Some(Duration::from_millis(100));
    let back = observed(&mut seen, 0);
    (back.role, back.database.as_mut().unwrap().state) = (Role::Fenced, DatabaseState::Stopped);
    seen.regions[0].unusable_for = Some(Duration::from_secs(60));
    let Decision::Proceed(go) = decide_failover(&seen, &settings(), NOW) else {
        panic!("it has all the data");
    };
    assert_eq!((go.to, go.accepted_by), (region("west"), Vec::new()));
}

//! Several things in their order: planned moves with what people do wrong about them, and the few orders of events that
//! faults drawn one by one hardly ever come in.
//!
//! Drawn from a stream of their own, so that the faults of a seed are what they were before.

use saga::Boundary;

use crate::{
    fault::{Deed, Disk, Fault, Kind, What},
    place::{Place, Side},
    random::Random,
    scenario::Scenario,
    time::{At, ms},
};

/// Steps of a switchover, for controllers that die at one.
const SWITCHOVER: [&str; 15] = [
    "checkpoint",
    "hold_traffic",
    "release_old",
    "await_received",
    "claim_generation",
    "promote",
    "record_active",
    "follow_old_gateway",
    "lead_gateway",
    "route",
    "follow_old",
    "await_first_write",
    "reconcile",
    "await_standby",
    "finish",
];

/// Steps of a failback.
const FAILBACK: [&str; 8] = [
    "await_agent",
    "follow_database",
    "follow_gateway",
    "await_streaming",
    "await_journal",
    "await_lease",
    "await_workloads",
    "finish",
];

/// The scenes of a seed; most seeds of most scenarios have none.
pub(crate) fn draw(seed: u64, scenario: Scenario) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut random = Random::new(seed, 3);
    let (moves, others) = match scenario {
        Scenario::Moves => (100, 10),
        Scenario::Scenes => (20, 100),
        Scenario::Anything => (15, 10),
        Scenario::People => (40, 0),
        Scenario::LostAgain => {
            lost_again(&mut faults, &mut random);
            return faults;
        }
        _ => return faults,
    };
    let first = ms(3_000) + random.below(ms(4_000));
    if random.percent(moves) {
        planned(&mut faults, first, &mut random);
    }
    if random.percent(others) {
        match random.below(4) {
            0 => forgetful_voter(&mut faults, first, &mut random),
            1 => forgetful_witness(&mut faults, first, &mut random),
            2 => late_gateway(&mut faults, first, &mut random),
            _ => taken_back(&mut faults, first, &mut random),
        }
    }
    faults
}

/// What only a disk of bytes can do wrong: syncs that fail, and bits that rot.
///
/// Bits rot on one disk only, and not where another one lies, is lost or stays away: two copies, of which one is honest.
pub(crate) fn disks(seed: u64, scenario: Scenario, others: &[Fault]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut random = Random::new(seed, 4);
    let drawn = match scenario {
        Scenario::Journals => true,
        Scenario::Anything | Scenario::Disks => random.percent(10),
        _ => false,
    };
    if !drawn {
        return faults;
    }
    let first = ms(3_000);
    for _ in 0..random.below(3) {
        let (when, side) = (first + random.below(ms(10_000)), any_side(&mut random));
        at(&mut faults, when, What::FailSync { side });
    }
    let honest = |fault: &Fault| match &fault.what {
        What::LoseRegion { back_after: None, .. } => false,
        what => !matches!(what.kind(), Kind::LoseDisk | Kind::LyingDisk),
    };
    if random.percent(50) && others.iter().all(honest) {
        let side = any_side(&mut random);
        for _ in 0..1 + random.below(3) {
            let when = first + random.below(ms(10_000));
            at(&mut faults, when, What::Rot { side });
            // What rots and is read by nobody is found at the next start.
            let then = when + random.below(ms(3_000));
            at(&mut faults, then, What::RestartGateway { side });
        }
    }
    faults
}

fn any_side(random: &mut Random) -> Side {
    if random.percent(60) {
        Side::West
    } else {
        Side::North
    }
}

fn at(faults: &mut Vec<Fault>, at: u64, what: What) {
    faults.push(Fault { at: At(at), what });
}

fn deed(faults: &mut Vec<Fault>, when: u64, deed: Deed) {
    at(faults, when, What::Person { deed });
}

/// A planned move, what people do wrong about it, and often the way back.
fn planned(faults: &mut Vec<Fault>, first: u64, random: &mut Random) {
    let what = match random.below(20) {
        0..12 => Deed::Switchover,
        12 => Deed::SwitchoverTwice,
        13 => Deed::SwitchoverToTheLeader,
        14 | 15 => Deed::SwitchoverAndFailover,
        16..19 => Deed::Failback,
        _ => Deed::FailbackOfTheLeader,
    };
    deed(faults, first, what);
    if random.percent(20) {
        deed(faults, first + random.below(ms(2_500)), Deed::Abort);
    }
    if random.percent(10) {
        deed(faults, first + random.below(ms(1_000)), Deed::AuthoriseOwn);
    }
    if random.percent(10) {
        deed(faults, first + random.below(ms(4_000)), Deed::OrderFailover);
    }
    if random.percent(30) {
        let steps: &[&'static str] = if matches!(what, Deed::Failback) {
            &FAILBACK
        } else {
            &SWITCHOVER
        };
        let what = What::CrashAtStep {
            node: random.pick(steps).copied().unwrap_or("promote"),
            boundary: random
                .pick(&Boundary::FORWARD)
                .copied()
                .unwrap_or(Boundary::Before),
            back_after: random.between(ms(50), ms(6_000)),
        };
        at(faults, first - ms(100), what);
    }
    if random.percent(30) {
        let back = if random.percent(70) {
            Deed::Switchover
        } else {
            Deed::Failback
        };
        deed(faults, first + random.between(ms(4_000), ms(16_000)), back);
    }
}

/// The witness is cut off from the leader; then the standby starts anew in the moment in which it is cut off too. A voter
/// that has forgotten what it granted would promise at once.
fn forgetful_voter(faults: &mut Vec<Fault>, first: u64, random: &mut Random) {
    let partition = |a, b, lasts| What::Partition { a, b, lasts };
    let lasts = random.between(ms(7_000), ms(14_000));
    at(faults, first, partition(Place::West, Place::Control, lasts));
    let then = first + random.between(ms(600), ms(3_000));
    at(faults, then, partition(Place::West, Place::North, lasts));
    at(
        faults,
        then + random.below(ms(300)),
        What::RestartAgent { side: Side::North },
    );
}

/// The leader is cut off, the standby takes over; then the witness starts anew just when the old leader is heard again and
/// the new one is not. A witness that has forgotten its promise would let the old one write.
fn forgetful_witness(faults: &mut Vec<Fault>, first: u64, random: &mut Random) {
    let partition = |a, b, lasts| What::Partition { a, b, lasts };
    let length = random.between(ms(7_000), ms(12_000));
    at(
        faults,
        first,
        partition(Place::West, Place::North, length + ms(9_000)),
    );
    at(faults, first, partition(Place::West, Place::Control, length));
    let then = first + length - random.below(ms(1_500));
    let back_after = random.between(ms(1_000), ms(4_000));
    at(faults, then, What::CrashControl { back_after });
    at(
        faults,
        then,
        partition(Place::North, Place::Control, random.between(ms(3_000), ms(8_000))),
    );
}

/// A gateway stands still while its region is left and led again: when it goes on it still believes in the oldest reign.
fn late_gateway(faults: &mut Vec<Fault>, first: u64, random: &mut Random) {
    let (away, back) = (
        ms(500) + random.below(ms(1_500)),
        random.between(ms(7_000), ms(12_000)),
    );
    let lasts = back + random.between(ms(1_000), ms(6_000));
    at(
        faults,
        first,
        What::FreezeGateway {
            side: Side::West,
            lasts,
        },
    );
    deed(faults, first + away, Deed::OrderFailover);
    deed(faults, first + away + back, Deed::OrderFailover);
}

/// A planned move comes to nothing while its orders are on a slow way: the last of them arrives in a newer reign.
fn taken_back(faults: &mut Vec<Fault>, first: u64, random: &mut Random) {
    let by = random.between(ms(4_500), ms(8_000));
    let lasts = random.between(ms(8_500), ms(14_500));
    deed(faults, first, Deed::Switchover);
    let slow = What::SlowLink {
        a: Place::Control,
        b: Place::West,
        by,
        lasts,
    };
    at(faults, first + random.below(ms(250)), slow);
    if random.percent(60) {
        deed(faults, first + random.between(ms(5_100), ms(9_500)), Deed::Abort);
    }
}

/// Writes move, the controller dies and the new region's gateway stands still, so that the saga waits to hear that journal
/// and ERP agree; meanwhile that region is lost for good. The old one has long been its standby.
fn lost_again(faults: &mut Vec<Fault>, random: &mut Random) {
    let first = ms(3_000) + random.below(ms(2_000));
    let (deed, lost_after) = if random.percent(70) {
        (Deed::Switchover, random.between(ms(7_000), ms(12_000)))
    } else {
        // Behind the hold-off.
        (Deed::OrderFailover, random.between(ms(14_000), ms(20_000)))
    };
    let dies = What::CrashAtStep {
        node: "reconcile",
        boundary: Boundary::Before,
        back_after: random.between(ms(500), ms(3_000)),
    };
    at(faults, first - ms(100), dies);
    self::deed(faults, first, deed);
    let side = Side::North;
    let stands_still = What::FreezeGateway {
        side,
        lasts: ms(90_000),
    };
    at(faults, first + ms(2_500), stands_still);
    let gone = What::LoseRegion {
        side,
        back_after: None,
        disk: Disk::Kept,
    };
    at(faults, first + lost_after, gone);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use recovery::sagas::{failback, switchover};

    use super::*;

    #[test]
    fn every_step_of_a_move_can_be_the_one_at_which_the_controller_dies() {
        let names = |definition: saga::Definition<driver::Ports>| {
            definition.steps().map(|step| step.name).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(switchover::definition().unwrap()), SWITCHOVER.into());
        assert_eq!(names(failback::definition().unwrap()), FAILBACK.into());
    }
}

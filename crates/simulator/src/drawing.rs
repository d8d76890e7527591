//! One fault of a kind, drawn by chance: where, how long, how bad.

use saga::Boundary;

use crate::{
    fault::{Deed, Disk, Kind, What},
    lane_faults,
    place::{Place, Side},
    random::Random,
    time::ms,
};

/// Draws one.
pub(crate) fn draw(kind: Kind, random: &mut Random) -> What {
    // The region that leads is hit more often.
    let side = if random.percent(65) {
        Side::West
    } else {
        Side::North
    };
    let place = random.pick(&Place::MACHINES).copied().unwrap_or(Place::West);
    let (a, b) = pair(random);
    // Around what matters: renewals, detection, the lease, the hold-off.
    let lasts = match random.below(4) {
        0 => random.between(ms(50), ms(1_500)),
        1 => random.between(ms(1_000), ms(5_000)),
        2 => random.between(ms(3_000), ms(9_000)),
        _ => random.between(ms(5_000), ms(25_000)),
    };
    match kind {
        Kind::LoseRegion => What::LoseRegion {
            side,
            back_after: (!random.percent(25)).then(|| random.between(ms(500), ms(20_000))),
            disk: Disk::Kept,
        },
        Kind::LoseDisk => What::LoseRegion {
            side,
            back_after: Some(random.between(ms(10_000), ms(20_000))),
            disk: Disk::Lost,
        },
        Kind::RestartAgent => What::RestartAgent { side },
        Kind::CrashDatabase => What::CrashDatabase { side },
        Kind::RestartGateway => What::RestartGateway { side },
        Kind::CrashControl => What::CrashControl { back_after: lasts },
        Kind::CrashAtStep => {
            let node = random
                .pick(&recovery::sagas::failover::NODES)
                .copied()
                .unwrap_or("promote");
            let boundary = random
                .pick(&Boundary::FORWARD)
                .copied()
                .unwrap_or(Boundary::Before);
            What::CrashAtStep {
                node,
                boundary,
                back_after: random.between(ms(50), ms(6_000)),
            }
        }
        Kind::Freeze => What::Freeze { place, lasts },
        Kind::FreezeAgent => What::FreezeAgent { side, lasts },
        Kind::Cut => What::Cut {
            from: a,
            to: b,
            lasts,
        },
        Kind::Partition => What::Partition { a, b, lasts },
        Kind::Isolate => What::Isolate { place, lasts },
        Kind::Flap => What::Flap {
            a,
            b,
            times: 2 + random.below(5),
            every: random.between(ms(100), ms(2_000)),
        },
        Kind::SlowLink => What::SlowLink {
            a,
            b,
            by: random.between(ms(50), ms(3_000)),
            lasts,
        },
        Kind::Disorder => What::Disorder {
            loss: random.below(40),
            repeat: random.below(40),
            lasts,
        },
        Kind::ClockJump => {
            let by = i64::try_from(random.below(ms(120_000))).unwrap_or(0) - 60_000_000;
            What::ClockJump { place, by }
        }
        // Together at most what the margin allows for.
        Kind::Drift => What::Drift {
            place,
            ppm: i64::try_from(random.below(60_001)).unwrap_or(0) - 30_000,
        },
        Kind::SlowDisk => What::SlowDisk {
            side,
            by: random.between(ms(20), ms(4_000)),
            lasts,
        },
        Kind::FullDisk => What::FullDisk { side, lasts },
        Kind::LyingDisk => What::LyingDisk { side, lasts },
        Kind::SlowReplay => What::SlowReplay { side, lasts },
        Kind::FreezeGateway => What::FreezeGateway { side, lasts },
        Kind::FailSync => What::FailSync { side },
        Kind::Rot => What::Rot { side },
        Kind::ErpAway => What::ErpAway { side, lasts },
        Kind::ErpHangs => What::ErpHangs { side, lasts },
        Kind::StuckMessage => What::StuckMessage {
            number: lane_faults::number(random),
            lasts,
        },
        Kind::PoisonedMessage => What::PoisonedMessage {
            number: lane_faults::number(random),
        },
        Kind::PauseLane => What::PauseLane {
            lane: lane_faults::lane(random),
            lasts,
        },
        Kind::Person | Kind::Move => {
            let deeds = [
                Deed::OrderFailover,
                Deed::OrderFailoverOfTheStandby,
                Deed::DeclareTwice,
            ];
            What::Person {
                deed: random.pick(&deeds).copied().unwrap_or(Deed::OrderFailover),
            }
        }
    }
}

fn pair(random: &mut Random) -> (Place, Place) {
    use Place::{Control, Door, North, West};
    let pairs = [
        (West, North),
        (West, Control),
        (North, Control),
        (Door, West),
        (Door, North),
        (Door, Control),
    ];
    let (a, b) = random.pick(&pairs).copied().unwrap_or((West, North));
    if random.percent(50) { (a, b) } else { (b, a) }
}

//! From a seed to everything that will go wrong, and when.

use saga::Boundary;
use serde::Serialize;
use types::settings::Authority;

use crate::{
    fault::{Deed, Disk, Fault, Kind, What},
    lane_faults,
    place::{Place, Side},
    random::Random,
    scene,
    time::{At, ms},
};

/// Which faults a schedule is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Everything.
    Anything,
    /// The region that leads is lost, for a while or for good.
    RegionLoss,
    /// Links are cut, also one way, and flap.
    Partition,
    /// What is alive and does not work: frozen, slow, full, behind.
    Grey,
    /// The controller dies, most of all while a saga runs.
    ControlPlane,
    /// Clocks drift and jump.
    Clocks,
    /// Disks are slow, full, lie, or are lost.
    Disks,
    /// People do the wrong thing.
    People,
    /// Two faults at once, and faults during the recovery.
    Double,
    /// Planned moves, and all that can go wrong around them.
    Moves,
    /// What only goes wrong when several things happen in their order: voters that start anew, gateways that stand still.
    Scenes,
    /// Disks that lie, fail, fill, rot and lose their power under the journals, and gateways that end.
    Journals,
    /// The region to which writes have just moved is lost while the saga that moved them still waits for something.
    LostAgain,
    /// What lanes meet: an ERP that is away, hangs or refuses, people who pause, gateways that end in the middle.
    Lanes,
}

/// Everything that will happen to one simulated world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The seed it was made from; it also moves the network.
    pub seed: u64,
    /// What kind of faults were drawn.
    pub scenario: Scenario,
    /// The faults, by time.
    pub faults: Vec<Fault>,
    /// Who may start a failover.
    pub authority: Authority,
    /// How long people think before they authorise, in microseconds.
    pub people_think: u64,
    /// A message's way takes so long, and up to so much longer, in microseconds.
    pub link: (u64, u64),
    /// How many messages partners send, over which time.
    pub messages: u8,
    /// Microseconds over which these are spread.
    pub traffic_for: u64,
}

// === impl Scenario ===

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Anything,
        Self::RegionLoss,
        Self::Partition,
        Self::Grey,
        Self::ControlPlane,
        Self::Clocks,
        Self::Disks,
        Self::People,
        Self::Double,
        Self::Moves,
        Self::Scenes,
        Self::Journals,
        Self::LostAgain,
        Self::Lanes,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::RegionLoss => "region-loss",
            Self::Partition => "partition",
            Self::Grey => "grey",
            Self::ControlPlane => "control-plane",
            Self::Clocks => "clocks",
            Self::Disks => "disks",
            Self::People => "people",
            Self::Double => "double",
            Self::Moves => "moves",
            Self::Scenes => "scenes",
            Self::Journals => "journals",
            Self::LostAgain => "lost-again",
            Self::Lanes => "lanes",
        }
    }

    const fn kinds(self) -> &'static [Kind] {
        use Kind::{
            ClockJump, CrashAtStep, CrashControl, CrashDatabase, Cut, Disorder, Drift, Flap, Freeze,
            FreezeAgent, FullDisk, Isolate, LoseDisk, LoseRegion, LyingDisk, Partition, Person, RestartAgent,
            RestartGateway, SlowDisk, SlowLink, SlowReplay,
        };
        match self {
            Self::Anything | Self::Double | Self::Moves | Self::Scenes => Kind::DRAWN,
            // Nothing that takes the other region too: that one is lost for good.
            Self::LostAgain => &[
                Partition,
                Cut,
                Flap,
                SlowLink,
                Freeze,
                CrashControl,
                RestartGateway,
                Drift,
                ClockJump,
            ],
            Self::RegionLoss => &[LoseRegion],
            Self::Partition => &[Partition, Cut, Isolate, Flap, SlowLink, Disorder],
            Self::Grey => &[Freeze, FreezeAgent, SlowDisk, FullDisk, SlowReplay, SlowLink],
            Self::ControlPlane => &[
                CrashControl,
                CrashAtStep,
                LoseRegion,
                Isolate,
                CrashDatabase,
                Freeze,
            ],
            Self::Clocks => &[Drift, ClockJump, LoseRegion, Isolate],
            Self::Disks => &[
                SlowDisk,
                FullDisk,
                LyingDisk,
                LoseDisk,
                RestartGateway,
                CrashDatabase,
            ],
            Self::Journals => &[
                FullDisk,
                SlowDisk,
                LyingDisk,
                LoseDisk,
                LoseRegion,
                RestartGateway,
                RestartAgent,
                Partition,
                CrashControl,
            ],
            Self::People => &[Person, LoseRegion, RestartAgent],
            Self::Lanes => &[
                RestartGateway,
                CrashDatabase,
                LoseRegion,
                RestartAgent,
                Partition,
                Person,
                FullDisk,
                SlowDisk,
            ],
        }
    }
}

impl std::str::FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|scenario| scenario.name()).collect();
            format!("there is no scenario `{text}`; there are {}", names.join(", "))
        })
    }
}

// === impl Schedule ===

impl Schedule {
    /// The schedule of a seed. The same for ever, for the same version of this crate.
    pub fn of(seed: u64, scenario: Scenario) -> Self {
        let mut schedule = Self::without_scenes(seed, scenario);
        let mut scenes = scene::draw(seed, scenario);
        scenes.extend(scene::disks(seed, scenario, &schedule.faults));
        scenes.extend(lane_faults::draw(seed, scenario));
        if !scenes.is_empty() {
            schedule.faults.extend(scenes);
            schedule.faults.sort_by_key(|fault| fault.at);
        }
        schedule
    }

    /// The same without what comes in scenes: what a seed meant before there were any.
    pub fn without_scenes(seed: u64, scenario: Scenario) -> Self {
        let mut random = Random::new(seed, 1);
        let kinds = scenario.kinds();
        let count = match scenario {
            Scenario::RegionLoss => 1,
            Scenario::Double => 2,
            Scenario::Moves | Scenario::Scenes | Scenario::LostAgain | Scenario::Lanes => {
                random.below(2) * random.below(3)
            }
            _ => 1 + random.below(2) + u64::from(random.percent(40)) * random.below(4),
        };
        let mut faults = Vec::new();
        let first = ms(2_500) + random.below(ms(4_000));
        for _ in 0..count {
            let Some(kind) = random.pick(kinds) else { break };
            let at = match faults.len() {
                0 => first,
                // At once, during the recovery, or later.
                _ if random.percent(30) => first + random.below(ms(200)),
                _ if random.percent(60) => first + random.below(ms(8_000)),
                _ => first + random.below(ms(18_000)),
            };
            faults.push(Fault {
                at: At(at),
                what: draw(*kind, &mut random),
            });
        }
        if scenario == Scenario::ControlPlane {
            // Something to recover from, and a controller that dies while it does.
            let what = draw(
                if random.percent(70) {
                    Kind::LoseRegion
                } else {
                    Kind::CrashDatabase
                },
                &mut random,
            );
            faults.push(Fault { at: At(first), what });
            faults.push(Fault {
                at: At(first - ms(1_000)),
                what: draw(Kind::CrashAtStep, &mut random),
            });
        }
        sane(&mut faults);
        faults.sort_by_key(|fault| fault.at);
        let people = scenario == Scenario::People || random.percent(12);
        let authority = match (people, random.percent(50)) {
            (false, _) => Authority::Automatic,
            (true, true) => Authority::OnePerson,
            (true, false) => Authority::TwoPeople,
        };
        let link = [
            (200, 300),
            (1_000, 2_000),
            (5_000, 5_000),
            (20_000, 10_000),
            (40_000, 40_000),
        ];
        let link = random.pick(&link).copied().unwrap_or((1_000, 1_000));
        Self {
            seed,
            scenario,
            faults,
            authority,
            people_think: ms(1_000) + random.below(ms(10_000)),
            link,
            messages: u8::try_from(20 + random.below(40)).unwrap_or(20),
            traffic_for: ms(12_000),
        }
    }

    /// The same with other faults, for shrinking.
    #[must_use]
    pub fn with(&self, faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..self.clone()
        }
    }

    /// Whether one region is lost and nothing else happens.
    pub fn is_plain_region_loss(&self) -> bool {
        self.authority == Authority::Automatic
            && matches!(
                self.faults.as_slice(),
                [Fault {
                    what: What::LoseRegion { .. },
                    ..
                }]
            )
    }
}

/// What cannot be survived by design is not drawn: a second region's disk, or one that lies beside one that is lost.
fn sane(faults: &mut Vec<Fault>) {
    let mut disk_lost = false;
    let mut lies = false;
    faults.retain(|fault| match fault.what.kind() {
        Kind::LoseDisk => !lies && !std::mem::replace(&mut disk_lost, true),
        Kind::LyingDisk => !disk_lost && !std::mem::replace(&mut lies, true),
        _ => true,
    });
    // A region is lost for good once; the other one comes back.
    let mut gone = false;
    for fault in faults.iter_mut() {
        if let What::LoseRegion { back_after, .. } = &mut fault.what
            && (disk_lost || (back_after.is_none() && std::mem::replace(&mut gone, true)))
        {
            back_after.get_or_insert(ms(15_000));
        }
    }
    // Nor is a disk lost, or does it lie, when the only other copy is away for good.
    if gone {
        faults.retain(|fault| !matches!(fault.what.kind(), Kind::LoseDisk | Kind::LyingDisk));
    }
}

impl Schedule {
    /// Failovers after which a region is lost for good, and nothing else goes wrong but what keeps a saga waiting.
    pub fn failovers_of_lost_again(&self) -> Option<u32> {
        let deed = match self.faults.as_slice() {
            [
                Fault {
                    what: What::CrashAtStep { .. },
                    ..
                },
                Fault {
                    what: What::Person { deed },
                    ..
                },
                Fault {
                    what: What::FreezeGateway { .. },
                    ..
                },
                Fault {
                    what: What::LoseRegion { .. },
                    ..
                },
            ] => deed,
            _ => return None,
        };
        if self.scenario != Scenario::LostAgain || self.authority != Authority::Automatic {
            return None;
        }
        Some(if deed.is_move() { 1 } else { 2 })
    }

    /// Whether writes are moved as planned, once, and nothing else happens.
    pub fn is_plain_switchover(&self) -> bool {
        self.authority != Authority::TwoPeople
            && matches!(
                self.faults.as_slice(),
                [Fault {
                    what: What::Person {
                        deed: Deed::Switchover
                    },
                    ..
                }]
            )
    }
}

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

//! From a seed to everything that will go wrong, and when.

use types::settings::Authority;

use crate::{
    drawing::draw,
    fault::{Deed, Fault, Kind, What},
    lane_faults,
    random::Random,
    scenario::Scenario,
    scene,
    time::{At, ms},
};

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

//! What goes wrong with lanes: an ERP that is away, hangs, stands still at one message or refuses it, and people who pause.
//!
//! Drawn from a stream of their own, so that the other faults of a seed are what they were before.

use crate::{
    drawing::draw as drawn,
    fault::{Fault, Kind, What},
    lane::LANES,
    place::Side,
    random::Random,
    scenario::Scenario,
    schedule::Schedule,
    time::{At, ms},
};

/// Every schedule has so many messages at least.
const MESSAGES: u64 = 20;
const ALL: [Kind; 6] = [
    Kind::ErpAway,
    Kind::ErpHangs,
    Kind::StuckMessage,
    Kind::PoisonedMessage,
    Kind::PauseLane,
    Kind::RestartGateway,
];
const OF_KEYS: [Kind; 2] = [Kind::StuckMessage, Kind::PoisonedMessage];

/// Those of a seed; most seeds of `anything` have none.
pub(crate) fn draw(seed: u64, scenario: Scenario) -> Vec<Fault> {
    let mut random = Random::new(seed, 9);
    let (kinds, count): (&[Kind], u64) = match scenario {
        Scenario::Lanes if random.percent(30) => (&OF_KEYS, 1 + random.below(5)),
        Scenario::Lanes => (&ALL, 1 + random.below(4)),
        Scenario::Anything if random.percent(20) => (&ALL, 1 + random.below(2)),
        _ => return Vec::new(),
    };
    let mut faults = Vec::new();
    for _ in 0..count {
        let Some(kind) = random.pick(kinds) else { break };
        let at = At(ms(500) + random.below(ms(13_000)));
        let what = drawn(*kind, &mut random);
        if let (What::ErpAway { side: Side::West, .. } | What::ErpHangs { side: Side::West, .. }, true) =
            (&what, random.percent(30))
        {
            // The gateway ends in the middle of it: between what was applied and what was noted.
            faults.push(Fault {
                at: at.plus(random.below(ms(3_000))),
                what: What::RestartGateway { side: Side::West },
            });
        }
        faults.push(Fault { at, what });
    }
    faults
}

/// A message.
pub(crate) fn number(random: &mut Random) -> u8 {
    u8::try_from(random.below(MESSAGES)).unwrap_or(0)
}

/// A lane.
pub(crate) fn lane(random: &mut Random) -> usize {
    usize::try_from(random.below(LANES as u64)).unwrap_or(0)
}

impl Schedule {
    /// Whether nothing goes wrong but single messages.
    pub fn only_keys_have_trouble(&self) -> bool {
        let of_keys = |fault: &Fault| OF_KEYS.contains(&fault.what.kind());
        self.faults.iter().all(of_keys)
    }
}

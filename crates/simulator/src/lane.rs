//! The lanes of a gateway that leads: the product's own schedulers and budget (`lanes`), and what is known beside them.
//!
//! Partners send by three integrations: one with keys that order its messages, one without, and a slow one with keys.
//! Which message is whose follows from its number.

use std::time::Duration;

use api::gateway::lanes::Hold;
use lanes::{Backoff, Budget, Class, Ended, Ending, Key, Moment, Policy, Scheduler, Step, Verdict};
use types::{Generation, Timestamp, settings::Priority};

use crate::{
    gateway::numbers,
    ledger::MESSAGES_MAX,
    message::Set,
    random::Random,
    time::{At, ms},
};

pub(crate) const LANES: usize = 3;
/// An answer of the ERP is waited for so long.
pub(crate) const TIMEOUT: u64 = ms(2_000);
/// A refusal right after leading began is not believed yet, as in the gateway.
pub(crate) const REFUSALS_COUNT_AFTER: Duration = Duration::from_secs(10);

const PRIORITIES: [Priority; LANES] = [Priority::First, Priority::Normal, Priority::Last];
const CONCURRENCY: [usize; LANES] = [2, 3, 2];
/// Keys of each lane; a lane without any has no order.
const KEYS: [u8; LANES] = [3, 0, 2];
/// Lines of single messages have small numbers.
const KEYED: Key = 1 << 63;

/// Which lane a message comes by.
pub(crate) const fn lane_of(number: u8) -> usize {
    number as usize % LANES
}

/// What orders it.
const fn key_of(number: u8, sequence: u64) -> Key {
    match KEYS[lane_of(number)] {
        0 => sequence,
        keys => KEYED | (number as Key / LANES as Key % keys as Key),
    }
}

/// All messages with the key of this one.
pub(crate) const fn with_key_of(number: u8) -> Set {
    let keys = KEYS[lane_of(number)];
    if keys == 0 {
        return 1 << number;
    }
    let every = LANES as u8 * keys;
    let (mut set, mut one) = (0, number % every);
    while one < MESSAGES_MAX {
        set |= 1 << one;
        one += every;
    }
    set
}

fn policy(lane: usize) -> Policy {
    let millis = Duration::from_millis;
    Policy {
        concurrency: CONCURRENCY[lane],
        rate_max: (lane == 2).then_some(20),
        backoff: Backoff {
            first: millis(100),
            longest: millis(5_000),
        },
        give_up: Duration::from_secs(300),
        failures_max: 5,
        open: Backoff {
            first: millis(100),
            longest: millis(1_000),
        },
        ordered: KEYS[lane] > 0,
        call_longest: Duration::from_micros(TIMEOUT) / 8,
    }
}

/// What operators said and what was given up; the newer one counts whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Register {
    version: (Generation, u64),
    /// Lanes that a person paused.
    holds: [bool; LANES],
    /// Dead letters.
    pub letters: Set,
}

/// What a gateway that leads has in hand.
pub(crate) struct Lanes {
    schedulers: [Scheduler; LANES],
    budget: Budget,
    /// When it began to lead, by its machine's clock.
    began: Moment,
    /// What the ERP's inbox lacks is known, and in hand.
    pub compared: bool,
    /// The ERP is somebody else's: nothing is delivered until it is told anew.
    pub fenced: bool,
    /// With their places in the journal, and since when.
    in_hand: Vec<(u64, u8, At)>,
    /// In hand, or done with.
    pub taken: Set,
    /// The ERP has them, as far as it said.
    pub noted: Set,
    /// Lacked when it was compared, and has no answer yet.
    pub outstanding: Set,
    /// When it looks again by itself.
    pub wakes_at: Option<At>,
    /// Lanes that nobody asks any more: a mistake that is planted.
    pub asleep: [bool; LANES],
    /// All messages stand in one line: another one.
    pub one_line: bool,
}

// === impl Register ===

impl Register {
    /// Its word counts from now on.
    pub fn begin(&mut self, generation: Generation) {
        // What the other region was told last may be newer than this disk.
        self.version = match self.version {
            (known, revision) if known == generation => (known, revision + 1_000),
            _ => (generation, 0),
        };
    }

    pub const fn is_held(&self, lane: usize) -> bool {
        self.holds[lane]
    }

    pub const fn hold(&mut self, lane: usize, held: bool) {
        self.holds[lane] = held;
        self.version.1 += 1;
    }

    pub const fn bury(&mut self, number: u8) {
        self.letters |= 1 << number;
        self.version.1 += 1;
    }

    /// The leader's word, if it is newer.
    pub fn take_over(&mut self, other: &Self) {
        if other.version > self.version {
            *self = *other;
        }
    }
}

// === impl Lanes ===

impl Lanes {
    pub fn new(random: &mut Random, register: &Register, began: Moment, at: Timestamp) -> Self {
        let mut schedulers = std::array::from_fn(|lane| Scheduler::new(policy(lane), random.next()));
        for (lane, scheduler) in schedulers.iter_mut().enumerate() {
            if register.is_held(lane) {
                scheduler.pause(hold(at));
            }
        }
        Self {
            schedulers,
            budget: Budget::new(PRIORITIES, CONCURRENCY.iter().sum()),
            began,
            compared: false,
            fenced: false,
            in_hand: Vec::new(),
            taken: 0,
            noted: 0,
            outstanding: 0,
            wakes_at: None,
            asleep: [false; LANES],
            one_line: false,
        }
    }

    /// Whether refusals are not believed yet.
    pub fn is_early(&self, now: Moment) -> bool {
        now.saturating_sub(self.began) < REFUSALS_COUNT_AFTER
    }

    pub fn is_idle(&self) -> bool {
        self.in_hand.is_empty()
    }

    /// Takes messages in hand that are not, each with its place in the journal.
    pub fn take(&mut self, messages: Set, class: Class, now: At, place: impl Fn(u8) -> u64) {
        self.taken |= messages;
        for number in numbers(messages) {
            let sequence = place(number);
            self.in_hand.push((sequence, number, now));
            let key = if self.one_line {
                KEYED
            } else {
                key_of(number, sequence)
            };
            self.schedulers[lane_of(number)].add(sequence, key, class);
        }
    }

    /// The same with a key of its own: a mistake that is planted.
    pub fn take_beside(&mut self, number: u8, sequence: u64) {
        self.schedulers[lane_of(number)].add(sequence, sequence, Class::Live);
    }

    pub fn step(&mut self, lane: usize, now: Moment) -> Step {
        self.schedulers[lane].step(lane, &mut self.budget, now)
    }

    pub fn end(
        &mut self,
        lane: usize,
        first: u64,
        endings: Vec<Ending>,
        ended: (Ended, Duration),
        now: Moment,
    ) -> Vec<(u64, Verdict)> {
        self.schedulers[lane].end(&mut self.budget, first, endings, ended, now)
    }

    /// What hangs is looked at a few times a second.
    pub fn look(&mut self, now: Moment) {
        if !self.is_idle() {
            self.budget.look(None, now);
        }
    }

    pub fn pause(&mut self, lane: usize, at: Timestamp) {
        self.schedulers[lane].pause(hold(at));
    }

    pub fn resume(&mut self, lane: usize, now: Moment) {
        self.schedulers[lane].resume(now);
    }

    pub fn number_of(&self, sequence: u64) -> Option<u8> {
        let found = self.in_hand.iter().find(|(one, ..)| *one == sequence);
        found.map(|(_, number, _)| *number)
    }

    /// It is no longer in hand; says since when it was.
    pub fn leaves(&mut self, sequence: u64) -> Option<At> {
        let index = self.in_hand.iter().position(|(one, ..)| *one == sequence)?;
        Some(self.in_hand.swap_remove(index).2)
    }
}

fn hold(since: Timestamp) -> Hold {
    Hold {
        by: "anna".to_owned(),
        why: "the partner said so".to_owned(),
        since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_one_key_exactly_if_they_are_counted_to_it() {
        for one in 0..MESSAGES_MAX {
            for other in 0..MESSAGES_MAX {
                let same = lane_of(one) == lane_of(other)
                    && key_of(one, 1_000 + u64::from(one)) == key_of(other, 1_000 + u64::from(other));
                assert_eq!(with_key_of(one) & 1 << other != 0, same, "{one} and {other}");
            }
        }
    }
}

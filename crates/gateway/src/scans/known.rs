//! What is known of a site's agents: which numbers are there, which of them in both regions, and what was passed over.

use std::collections::VecDeque;

use api::gateway::scans::Event;
use serde::{Deserialize, Serialize};
use types::Timestamp;

use super::{
    counted::Counted,
    holding::{Lacks, Place},
};

/// Lags that the clock's skew is guessed from.
const LAGS: usize = 32;
/// How far a count is durable is written down after so many numbers, or after a day with at least one.
const KEEP_EVERY: u64 = 1024;
const KEEP_MICROS: i64 = 24 * 3600 * 1_000_000;

/// One incarnation of the site's agent.
#[derive(Debug)]
pub struct Agent {
    /// As it calls itself.
    pub incarnation: String,
    /// When its first scan came.
    pub began: Timestamp,
    /// Its numbers; nothing while nobody has asked for them in this term.
    pub counted: Option<Counted>,
    /// Everything up to this number is on disk in every region.
    pub durable: u64,
    /// Up to this number nothing is waited for any more.
    pub passed: u64,
    /// What of this was written down last.
    pub kept: Kept,
}

/// A count that was written down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// Which of the incarnation's.
    pub number: u64,
    /// What it says.
    pub count: Count,
    /// When, microseconds.
    pub at: i64,
}

/// What a record says of an incarnation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Everything up to this number is durable.
    pub durable: u64,
    /// Up to this number nothing is waited for.
    pub passed: u64,
}

/// The scan that came last.
#[derive(Clone, Debug)]
pub struct Last {
    /// Its number.
    pub sequence: u64,
    /// The scanner.
    pub device: String,
    /// By the scanner's clock.
    pub at: Timestamp,
    /// When it came.
    pub arrived: Timestamp,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Known {
    /// The generation it was counted in.
    pub generation: u64,
    /// In the order in which they began.
    pub agents: Vec<Agent>,
    /// The scan that came last.
    pub last: Option<Last>,
    lags: VecDeque<i64>,
}

/// The last number that a scan waits for; nothing where it need not wait.
pub fn lacking(counted: &Counted, passed: u64, number: u64, after: Option<&[u64]>) -> Option<u64> {
    let lacking = match after {
        None => counted.last_lacking_before(number),
        Some(after) => {
            let named = after.iter().copied();
            named.filter(|one| *one < number && !counted.has(*one)).max()
        }
    };
    lacking.filter(|lacking| *lacking > passed)
}

impl Known {
    /// Which agent calls itself so.
    pub fn find(&self, incarnation: &str) -> Option<usize> {
        self.agents.iter().rposition(|one| one.incarnation == incarnation)
    }

    /// Everything of an agent up to this number is there.
    pub fn stored(&self, agent: usize) -> u64 {
        let counted = self.agents.get(agent).and_then(|one| one.counted.as_ref());
        counted.map_or(0, Counted::stored)
    }

    /// A scan is stored.
    pub fn arrived(&mut self, agent: usize, number: u64) {
        if let Some(counted) = self.agents.get_mut(agent).and_then(|one| one.counted.as_mut()) {
            counted.arrived(number);
        }
    }

    /// Takes note of the clocks, of a scan that came just now.
    pub fn note(&mut self, event: &Event, arrived: Timestamp) {
        if self.lags.len() == LAGS {
            self.lags.pop_front();
        }
        self.lags.push_back(lag_ms(event.at, arrived));
        self.last = Some(Last::of(event, arrived));
    }

    /// The least lag of the last scans.
    pub fn skew_ms(&self) -> Option<i64> {
        self.lags.iter().min().copied()
    }

    /// What is to be written down of an agent, with the number of the record.
    pub fn due(&self, agent: usize, now: Timestamp) -> Option<(u64, Count)> {
        let kept = self.agents.get(agent)?.kept;
        let (number, count) = self.unkept(agent)?;
        let far = count.durable >= kept.count.durable + KEEP_EVERY || count.passed != kept.count.passed;
        let old = now.as_micros().saturating_sub(kept.at) >= KEEP_MICROS;
        (far || old).then_some((number, count))
    }

    /// What was not written down of an agent yet, with the number of the record.
    pub fn unkept(&self, agent: usize) -> Option<(u64, Count)> {
        let one = self.agents.get(agent)?;
        let count = one.count();
        (count != one.kept.count).then_some((one.kept.number + 1, count))
    }
}

impl Agent {
    /// One of which nothing is counted yet.
    pub fn new(incarnation: String, began: Timestamp) -> Self {
        Self {
            incarnation,
            began,
            counted: None,
            durable: 0,
            passed: 0,
            kept: Kept {
                at: began.as_micros(),
                ..Kept::default()
            },
        }
    }

    const fn count(&self) -> Count {
        Count {
            durable: self.durable,
            passed: self.passed,
        }
    }
}

impl Last {
    /// What is remembered of a scan.
    pub fn of(event: &Event, arrived: Timestamp) -> Self {
        Self {
            sequence: event.sequence,
            device: event.device.clone(),
            at: event.at,
            arrived,
        }
    }
}

/// From a scan to its arrival; below 0 where the device's clock is ahead.
pub const fn lag_ms(at: Timestamp, arrived: Timestamp) -> i64 {
    arrived.as_micros().saturating_sub(at.as_micros()) / 1000
}

impl Lacks for Known {
    fn lacks(&self, (agent, number): Place, after: Option<&[u64]>) -> Option<u64> {
        let one = self.agents.get(agent)?;
        lacking(one.counted.as_ref()?, one.passed, number, after)
    }

    fn pass(&mut self, agent: usize, up_to: u64) {
        let Some(one) = self.agents.get_mut(agent).filter(|one| one.passed < up_to) else {
            return;
        };
        let counted = one.counted.as_ref();
        let numbers = counted.map_or(0, |counted| counted.lacking_between(one.passed, up_to + 1));
        tracing::warn!(
            incarnation = one.incarnation,
            up_to,
            numbers,
            "scans of a site did not arrive in time: what follows them is delivered without them"
        );
        one.passed = up_to;
    }
}

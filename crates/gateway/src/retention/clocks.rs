//! Since when nothing has changed in what may go. Pure, but for the file it is kept in.
//!
//! "So long after it was applied" is counted from the last change of any message of a segment that was seen, which is
//! never too early. It is counted anew when a message of it is delivered again, after a restore of the ERP for instance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Span, Timestamp};

/// What may go as a whole: a segment, or a file of parked messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
    /// Whether its segment was trimmed.
    pub parked: bool,
    /// How many messages of it are still needed.
    pub unsettled: u64,
}

/// What is remembered of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Quiet {
    last: u64,
    unsettled: u64,
    since: Timestamp,
}

/// See the module's documentation. Losing it lets everything be kept longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// By first sequence number.
    segments: BTreeMap<u64, Quiet>,
    parked: BTreeMap<u64, Quiet>,
    /// Since when stubs are all that is left, by their last sequence numbers.
    stubs: BTreeMap<u64, Timestamp>,
}

impl Clocks {
    /// Takes note of what there is now, and of the stretches that changed since the last call.
    pub fn look(&mut self, units: &[Unit], stubs: &[u64], touched: &[(u64, u64)], now: Timestamp) {
        for parked in [false, true] {
            let known = if parked {
                &mut self.parked
            } else {
                &mut self.segments
            };
            let seen = units.iter().filter(|unit| unit.parked == parked);
            let next = seen.map(|unit| {
                let changed = touched
                    .iter()
                    .any(|(first, last)| *first <= unit.last && *last >= unit.first);
                let before = known.get(&unit.first).filter(|before| {
                    !changed && (before.last, before.unsettled) == (unit.last, unit.unsettled)
                });
                let quiet = Quiet {
                    last: unit.last,
                    unsettled: unit.unsettled,
                    // A clock that went back must not make anything older.
                    since: before.map_or(now, |before| before.since.min(now)),
                };
                (unit.first, quiet)
            });
            *known = next.collect();
        }
        let known = &self.stubs;
        let next = stubs
            .iter()
            .map(|last| (*last, known.get(last).copied().unwrap_or(now).min(now)));
        self.stubs = next.collect();
    }

    /// Whether nothing has changed in a unit for so long.
    pub fn is_quiet(&self, unit: &Unit, keep: Span, now: Timestamp) -> bool {
        let known = if unit.parked { &self.parked } else { &self.segments };
        known
            .get(&unit.first)
            .is_some_and(|quiet| quiet.last == unit.last && now.since(quiet.since) >= keep.as_duration())
    }

    /// Up to which sequence number keys were kept so long.
    pub fn keys_done(&self, keep: Span, now: Timestamp) -> u64 {
        let done = self.stubs.iter();
        done.take_while(|(_, since)| now.since(**since) >= keep.as_duration())
            .map(|(last, _)| *last)
            .last()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Span = Span::from_secs(10);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn unit(first: u64, unsettled: u64) -> Unit {
        Unit {
            first,
            last: first + 99,
            parked: false,
            unsettled,
        }
    }

    #[test]
    fn it_is_counted_from_the_last_change_and_anew_after_another() {
        let mut clocks = Clocks::default();
        clocks.look(&[unit(1, 3)], &[], &[], at(0));
        assert!(!clocks.is_quiet(&unit(1, 3), KEEP, at(9)));
        assert!(clocks.is_quiet(&unit(1, 3), KEEP, at(10)));
        // One more was applied, which a crash kept from being seen at the time.
        clocks.look(&[unit(1, 2)], &[], &[], at(12));
        assert!(!clocks.is_quiet(&unit(1, 2), KEEP, at(21)));
        // One was lost by the ERP and applied again in between.
        clocks.look(&[unit(1, 2), unit(101, 0)], &[], &[(64, 127)], at(20));
        assert!(!clocks.is_quiet(&unit(1, 2), KEEP, at(29)));
        assert!(clocks.is_quiet(&unit(1, 2), KEEP, at(30)));
        assert!(clocks.is_quiet(&unit(101, 0), KEEP, at(30)));
        assert!(!clocks.is_quiet(&unit(201, 0), KEEP, at(90)), "never seen");
    }

    #[test]
    fn keys_go_from_the_oldest_on() {
        let mut clocks = Clocks::default();
        clocks.look(&[], &[100, 200], &[], at(0));
        clocks.look(&[], &[100, 200, 300], &[], at(5));
        assert_eq!(clocks.keys_done(KEEP, at(9)), 0);
        assert_eq!(clocks.keys_done(KEEP, at(10)), 200);
        clocks.look(&[], &[300], &[], at(11));
        assert_eq!(clocks.keys_done(KEEP, at(15)), 300);
    }
}

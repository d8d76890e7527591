//! Copies that came before what precedes them.
//!
//! The leader has several requests under way at a time, over as many connections, so they arrive in any order, and again
//! when one was lost. The log takes them in one order only: what is early waits here until its turn, for a while and as
//! long as there is room, and is refused otherwise; the leader asks where the log ends then, and sends from there.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// Bytes that may wait; more than a leader has under way.
const BYTES_MAX: usize = 48 << 20;
/// What precedes was lost if it has not come by then; the leader has noticed, and sends it again together with this.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Where they wait.
pub(super) struct Gate<T> {
    /// By first sequence number, then in the order in which they came.
    early: BTreeMap<(u64, u64), Early<T>>,
    bytes: usize,
    came: u64,
}

struct Early<T> {
    what: T,
    bytes: usize,
    since: Instant,
}

impl<T> Gate<T> {
    pub(super) const fn new() -> Self {
        Self {
            early: BTreeMap::new(),
            bytes: 0,
            came: 0,
        }
    }

    /// Something came; it is given back when it would have to wait and there is no room.
    pub(super) fn come(
        &mut self,
        span: &RangeInclusive<u64>,
        bytes: usize,
        end: u64,
        now: Instant,
        what: T,
    ) -> Option<T> {
        let waits = *span.start() > end + 1;
        if waits && self.bytes + bytes > BYTES_MAX {
            return Some(what);
        }
        self.came += 1;
        self.bytes += bytes;
        let since = now;
        self.early
            .insert((*span.start(), self.came), Early { what, bytes, since });
        None
    }

    /// The next one whose turn it is in a log that ends at `end`: it continues the log, or begins in what the log has.
    pub(super) fn next(&mut self, end: u64) -> Option<T> {
        let first = self.early.first_entry()?;
        if first.key().0 > end + 1 {
            return None;
        }
        let early = first.remove();
        self.bytes -= early.bytes;
        Some(early.what)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty()
    }

    /// Those that have waited too long.
    pub(super) fn given_up(&mut self, now: Instant) -> Vec<T> {
        let late: Vec<_> = self
            .early
            .iter()
            .filter(|(_, early)| now.duration_since(early.since) > WAIT_MAX)
            .map(|(key, _)| *key)
            .collect();
        let late = late.into_iter().filter_map(|key| self.early.remove(&key));
        let late: Vec<_> = late.collect();
        self.bytes -= late.iter().map(|early| early.bytes).sum::<usize>();
        late.into_iter().map(|early| early.what).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

    use super::*;

    /// Sends spans in any order, some twice and some not at all until they are sent again, and lets in what may come in.
    fn live(seed: u64) {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut now = Instant::now();
        let (mut gate, mut end, mut taken) = (Gate::new(), 0, Vec::new());
        let (mut sent, mut given_up) = (0, 0);
        let last = chance.random_range(1..60);
        while end < last {
            // From where the log ends, as the leader does when something was lost.
            let mut spans = Vec::new();
            let mut first = end + 1;
            while first <= last && spans.len() < 8 {
                let until = (first + chance.random_range(0..4)).min(last);
                spans.push(first..=until);
                first = until + 1;
            }
            let again: Vec<_> = spans
                .iter()
                .filter(|_| chance.random_bool(0.2))
                .cloned()
                .collect();
            spans.retain(|_| chance.random_bool(0.8));
            spans.extend(again);
            spans.shuffle(&mut chance);
            for span in spans {
                sent += 1;
                assert!(gate.come(&span, 100, end, now, span.clone()).is_none());
                while let Some(next) = gate.next(end) {
                    assert!(*next.start() <= end + 1, "{seed}: {next:?} behind {end}");
                    end = end.max(*next.end());
                    taken.push(next);
                }
            }
            now += Duration::from_millis(chance.random_range(0..900));
            given_up += gate.given_up(now).len();
        }
        now += WAIT_MAX * 2;
        given_up += gate.given_up(now).len();
        assert_eq!(sent, taken.len() + given_up, "{seed}: each is answered once");
        assert_eq!((gate.bytes, gate.early.len()), (0, 0), "{seed}");
    }

    #[test]
    fn whatever_the_order_everything_is_let_in_in_order_or_given_back() {
        for seed in 0..2000 {
            live(seed);
        }
    }

    #[test]
    fn what_is_early_finds_no_more_room_than_there_is() {
        let (mut gate, now) = (Gate::new(), Instant::now());
        assert_eq!(gate.come(&(5..=9), BYTES_MAX, 0, now, "early"), None);
        assert_eq!(gate.come(&(10..=12), 1, 0, now, "too much"), Some("too much"));
        assert_eq!(gate.come(&(1..=4), BYTES_MAX, 0, now, "its turn"), None);
        assert_eq!(gate.next(0), Some("its turn"));
        assert_eq!((gate.next(0), gate.next(4)), (None, Some("early")));
    }
}

//! Scans that are first in their lines, and which of them a gap holds back.
//!
//! Thousands may wait behind one gap, so what is asked of one is asked when something about it may have changed, and
//! never of all of them. Those that come after everything before them are looked at in the order of their numbers until
//! the first that waits: what it lacks, all behind it lack. Those that name what they come after wait at one of the
//! numbers that they lack, and are looked at when that one arrives, or is passed over. And whoever has waited long enough
//! is found by the time at which it has.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use super::holding::{Lacks, Place, Scan};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Turn {
    /// Those that come after everything before them.
    plain: BTreeSet<Place>,
    /// Those that name what they come after and may go, as far as we know.
    named: BTreeSet<Place>,
    /// Those that lack what they name: the number at which each waits, and itself.
    lacking: BTreeSet<(Place, Place)>,
    /// The same, by itself.
    lacks: HashMap<Place, Place>,
    /// From when on each of them waits for nothing, microseconds; not those that have come so far.
    until: BTreeSet<(i64, Place)>,
}

impl Turn {
    /// One is first in all its lines. A gap holds it back until then.
    pub fn enter(&mut self, place: Place, scan: &Scan, until: i64) {
        if self.lacks.contains_key(&place) {
            return;
        }
        let one_of = match scan.after {
            None => &mut self.plain,
            Some(_) => &mut self.named,
        };
        one_of.insert(place);
        self.until.insert((until, place));
    }

    /// One is not first any more.
    pub fn leave(&mut self, place: Place, until: i64) {
        self.plain.remove(&place);
        self.named.remove(&place);
        self.until.remove(&(until, place));
        if let Some(at) = self.lacks.remove(&place) {
            self.lacking.remove(&(at, place));
        }
    }

    /// A number of this agent is there: those that wait at it are looked at again.
    pub fn arrived(&mut self, place: Place) {
        self.wake(place, place);
    }

    /// Those that go now, in their order and at most so many; they are not here any more.
    pub fn go(
        &mut self,
        now: i64,
        room: usize,
        scans: &BTreeMap<Place, Scan>,
        wait_micros: i64,
        site: &mut impl Lacks,
    ) -> Vec<Place> {
        self.pass(now, room, scans, site);
        let (mut gone, mut from) = (Vec::new(), (0, 0));
        while gone.len() < room {
            let plain = self.plain.range(from..).next().copied();
            let named = self.named.first().copied();
            let Some(place) = plain.into_iter().chain(named).min() else {
                break;
            };
            let Some(scan) = scans.get(&place) else {
                break;
            };
            match site.lacks(place, scan.after.as_deref()) {
                None => {
                    self.leave(place, scan.until(wait_micros));
                    gone.push(place);
                }
                // So do all behind it that come after everything before them. An agent more is a look more.
                Some(_) if scan.after.is_none() => from = (place.0 + 1, 0),
                Some(number) => {
                    let at = (place.0, number);
                    self.named.remove(&place);
                    self.lacks.insert(place, at);
                    self.lacking.insert((at, place));
                }
            }
        }
        gone
    }

    /// When the next of them waits for nothing any more.
    pub fn next(&self, now: i64) -> Option<i64> {
        let after = (Bound::Excluded((now, (usize::MAX, u64::MAX))), Bound::Unbounded);
        self.until.range(after).next().map(|(until, _)| *until)
    }

    /// Those that have waited long enough do not wait for what they lack; nobody does any more. No more of them than may
    /// go: what one of them lacks may still arrive before it goes.
    fn pass(&mut self, now: i64, room: usize, scans: &BTreeMap<Place, Scan>, site: &mut impl Lacks) {
        for _ in 0..room {
            let Some((until, place)) = self.until.first().copied().filter(|(until, _)| *until <= now) else {
                return;
            };
            self.until.remove(&(until, place));
            let after = scans.get(&place).and_then(|scan| scan.after.as_deref());
            if let Some(number) = site.lacks(place, after) {
                site.pass(place.0, number);
                self.wake((place.0, 0), (place.0, number));
            }
        }
    }

    /// Those that wait at one of these numbers are looked at again.
    fn wake(&mut self, first: Place, last: Place) {
        let least = (0, 0);
        while let Some((at, place)) = self.lacking.range((first, least)..).next().copied() {
            if at > last {
                return;
            }
            self.lacking.remove(&(at, place));
            self.lacks.remove(&place);
            self.named.insert(place);
        }
    }
}

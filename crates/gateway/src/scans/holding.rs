//! Scans that wait for their turn: a state machine without clock, ledger or disk.
//!
//! Scans of one document, and of one location, are delivered one after the other in the order of their numbers, whatever
//! the order of their arrival. One before which something lacks waits for it, for so long after its own arrival; then it
//! goes, and what lacks is passed over: nothing behind waits for it again. What that costs does not grow with what waits:
//! see [`Turn`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use lanes::Class;

use super::turn::Turn;

/// Which scan: the rank of its incarnation, and its number.
pub type Place = (usize, u64);

/// A scan that waits.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Its place in the journal.
    pub sequence: u64,
    /// Where it comes from.
    pub class: Class,
    /// What orders it.
    pub lines: Vec<u64>,
    /// What it comes after, as far as its agent said.
    pub after: Option<Vec<u64>>,
    /// When it arrived, microseconds.
    pub arrived: i64,
}

impl Scan {
    /// From when on it waits for nothing that lacks, microseconds.
    pub const fn until(&self, wait_micros: i64) -> i64 {
        self.arrived.saturating_add(wait_micros)
    }
}

/// Whether something lacks before a scan.
pub trait Lacks {
    /// The last number that a scan waits for; nothing where it need not wait.
    fn lacks(&self, place: Place, after: Option<&[u64]>) -> Option<u64>;
    /// A scan goes without what lacks up to this number.
    fn pass(&mut self, agent: usize, up_to: u64);
}

/// Scans of one lane in one term.
#[derive(Debug)]
pub struct Holding {
    wait_micros: i64,
    scans: BTreeMap<Place, Scan>,
    /// Whose turn it is, and whose after that.
    lines: HashMap<u64, BTreeSet<Place>>,
    /// How many of a line are out.
    busy: HashMap<u64, usize>,
    /// First in all their lines, and nobody of those is out.
    turn: Turn,
    /// Where those are that were not done yet, by their places in the journal.
    places: HashMap<u64, (Place, bool)>,
    /// How many of them were released.
    out: usize,
    /// When one must be looked at again, since the term began.
    pub due: Option<Duration>,
}

impl Holding {
    /// Nothing waits. A gap holds back for so long.
    pub fn new(wait: Duration) -> Self {
        Self {
            wait_micros: i64::try_from(wait.as_micros()).unwrap_or(i64::MAX),
            scans: BTreeMap::new(),
            lines: HashMap::new(),
            busy: HashMap::new(),
            turn: Turn::default(),
            places: HashMap::new(),
            out: 0,
            due: None,
        }
    }

    /// How many are here, those that were released and are not done included.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// How many wait here.
    pub fn held(&self) -> usize {
        self.places.len() - self.out
    }

    /// Takes one in; one that is there already stays where it is.
    pub fn add(&mut self, place: Place, scan: Scan) {
        self.turn.arrived(place);
        if self.places.contains_key(&scan.sequence) || self.scans.contains_key(&place) {
            return;
        }
        self.places.insert(scan.sequence, (place, false));
        for line in &scan.lines {
            let line = self.lines.entry(*line).or_default();
            if let Some(before) = line.first().copied().filter(|first| *first > place)
                && let Some(scan) = self.scans.get(&before)
            {
                self.turn.leave(before, scan.until(self.wait_micros));
            }
            line.insert(place);
        }
        self.scans.insert(place, scan);
        self.look_at(place);
    }

    /// Those that go now, in their order and at most so many; also when the next one must be looked at, microseconds.
    pub fn release(
        &mut self,
        now: i64,
        room: usize,
        site: &mut impl Lacks,
    ) -> (Vec<(u64, Class)>, Option<i64>) {
        let mut gone = Vec::new();
        for place in self.turn.go(now, room, &self.scans, self.wait_micros, site) {
            let Some(scan) = self.scans.get(&place) else {
                continue;
            };
            self.places.insert(scan.sequence, (place, true));
            self.out += 1;
            for line in &scan.lines {
                *self.busy.entry(*line).or_default() += 1;
            }
            gone.push((scan.sequence, scan.class));
        }
        (gone, self.turn.next(now))
    }

    /// One that was released is done with.
    pub fn done(&mut self, sequence: u64) {
        let Some((place, true)) = self.places.get(&sequence).copied() else {
            return;
        };
        self.places.remove(&sequence);
        self.out -= 1;
        let Some(scan) = self.scans.remove(&place) else {
            return;
        };
        for key in scan.lines {
            if let Some(busy) = self.busy.get_mut(&key) {
                *busy -= 1;
                if *busy == 0 {
                    self.busy.remove(&key);
                }
            }
            let next = self.lines.get_mut(&key).and_then(|line| {
                line.remove(&place);
                line.first().copied()
            });
            match next {
                None => drop(self.lines.remove(&key)),
                Some(next) => self.look_at(next),
            }
        }
    }

    fn look_at(&mut self, place: Place) {
        let Some(scan) = self.scans.get(&place) else {
            return;
        };
        let out = self.places.get(&scan.sequence).is_some_and(|(_, out)| *out);
        let first = |line: &u64| {
            let head = self.lines.get(line).and_then(|line| line.first());
            head == Some(&place) && !self.busy.contains_key(line)
        };
        if !out && scan.lines.iter().all(first) {
            self.turn.enter(place, scan, scan.until(self.wait_micros));
        }
    }
}

#[cfg(test)]
#[path = "holding_tests.rs"]
mod tests;

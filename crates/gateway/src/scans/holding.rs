//! Scans that wait for their turn: a state machine without clock, ledger or disk.
//!
//! Scans of one document, and of one location, are delivered one after the other in the order of their numbers, whatever
//! the order of their arrival. One before which something lacks waits for it, for so long after its own arrival; then it
//! goes, and what lacks is passed over: nothing behind waits for it again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use lanes::Class;

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
    free: BTreeSet<Place>,
    /// Where those are that were not done yet, by their places in the journal.
    places: HashMap<u64, (Place, bool)>,
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
            free: BTreeSet::new(),
            places: HashMap::new(),
            due: None,
        }
    }

    /// How many are here, those that were released and are not done included.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// How many wait here.
    pub fn held(&self) -> usize {
        self.places.values().filter(|(_, out)| !out).count()
    }

    /// Takes one in; one that is there already stays where it is.
    pub fn add(&mut self, place: Place, scan: Scan) {
        if self.places.contains_key(&scan.sequence) || self.scans.contains_key(&place) {
            return;
        }
        self.places.insert(scan.sequence, (place, false));
        for line in &scan.lines {
            let line = self.lines.entry(*line).or_default();
            if let Some(before) = line.first().copied().filter(|first| *first > place) {
                self.free.remove(&before);
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
        let (mut gone, mut next) = (Vec::new(), None);
        for place in &self.free {
            if gone.len() >= room {
                break;
            }
            let Some(scan) = self.scans.get(place) else {
                continue;
            };
            if let Some(lacking) = site.lacks(*place, scan.after.as_deref()) {
                let until = scan.arrived.saturating_add(self.wait_micros);
                if until > now {
                    next = Some(next.map_or(until, |next: i64| next.min(until)));
                    continue;
                }
                site.pass(place.0, lacking);
            }
            gone.push((*place, scan.sequence, scan.class));
        }
        for (place, sequence, _) in &gone {
            self.free.remove(place);
            self.places.insert(*sequence, (*place, true));
            for line in self.scans.get(place).iter().flat_map(|scan| &scan.lines) {
                *self.busy.entry(*line).or_default() += 1;
            }
        }
        (
            gone.into_iter()
                .map(|(_, sequence, class)| (sequence, class))
                .collect(),
            next,
        )
    }

    /// One that was released is done with.
    pub fn done(&mut self, sequence: u64) {
        let Some((place, true)) = self.places.get(&sequence).copied() else {
            return;
        };
        self.places.remove(&sequence);
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
            self.free.insert(place);
        }
    }
}

#[cfg(test)]
#[path = "holding_tests.rs"]
mod tests;

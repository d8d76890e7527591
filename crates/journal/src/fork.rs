//! Where a follower's log parts from the leader's: what to ask, what to answer, and how much to keep.
//!
//! Nobody is talked to here. The follower asks about ends of batches in rounds, the leader answers each with [`Compared`],
//! and every round narrows the place to a fraction; the same rounds go over HTTP between two gateways and over a simulated
//! network.

use crate::{Batch, Position, ReadError, Reader};

/// Ends of batches compared in one round.
const PROBES: usize = 64;
/// Single records taken at once where batches are damaged.
const SALVAGED_RECORDS: usize = 32;

/// What a leader says about ends of batches in a follower's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// So many of them, from the first on, are in the leader's log too.
    pub held: usize,
    /// Up to here the leader has read its log, and can.
    pub sound: u64,
    /// It does not hold all of them, and that may be because it is damaged: nothing must be cut off for this answer.
    pub damaged: bool,
    /// The leader's log begins behind this.
    pub floor: Position,
}

/// Where a log parts from the leader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The end of the common part; `None`: nothing is known to be common, and what is not may be trimmed there.
    pub common: Option<u64>,
    /// Up to here the leader can read its log.
    pub leader_sound: u64,
    /// The leader's log is damaged: the common part may be longer.
    pub damaged: bool,
}

/// The follower's side of finding out.
pub struct ForkSearch {
    reader: Reader,
    /// What is asked in this round.
    probes: Vec<Position>,
    asked: Asked,
    found: Fork,
    /// From here on the logs are known to differ.
    differs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// The end of this log: most often all of it is common.
    End,
    /// Where this log begins, because it begins behind the leader's.
    Floor,
    /// What lies between.
    Between,
    /// Nothing more.
    Nothing,
}

// === impl Reader ===

impl Reader {
    /// The leader's side: compares ends of a follower's batches with this log.
    pub fn compare(&self, probes: &[Position]) -> Compared {
        let held = probes.iter().take_while(|probe| self.holds(**probe)).count();
        let differs = held < probes.len();
        Compared {
            held,
            sound: self.checked_up_to(),
            // What was not read since the start may be damaged: until it was, the other copy may be the last good one.
            damaged: differs && !(self.gaps().is_empty() && self.unchecked().is_empty()),
            floor: self.floor(),
        }
    }

    /// What can be read from `next` on: whole batches as [`Reader::batches`] gives them, or behind damage and gaps single
    /// records, each as a batch of its own. Nothing: there is nothing more.
    ///
    /// # Errors
    /// When `next` was trimmed, or a segment cannot be read.
    pub fn salvage(&self, next: u64, bytes_max: usize) -> Result<Vec<Batch>, ReadError> {
        match self.batches(next, bytes_max) {
            Err(ReadError::Damaged(_) | ReadError::NotABoundary(_)) => {
                let records = self.read(next, SALVAGED_RECORDS)?;
                Ok(records.iter().map(Batch::of_one).collect())
            }
            batches => batches,
        }
    }
}

// === impl Fork ===

impl Fork {
    /// Up to where the follower's log can stay. What is damaged or lacking in it comes anew from the leader, if the leader
    /// can read all of it. `None`: nothing of it is known to be the leader's.
    pub fn keep(&self, follower: &Reader) -> Option<u64> {
        let common = self.common?;
        let sound = follower.sound_up_to();
        Some(if sound < common && self.leader_sound >= common {
            sound
        } else {
            common
        })
    }
}

// === impl ForkSearch ===

impl ForkSearch {
    /// Begins to compare a log that ends at `end`.
    pub fn new(reader: Reader, end: u64) -> Self {
        Self {
            probes: reader.probes(0, end, 1),
            reader,
            asked: Asked::End,
            found: Fork {
                common: None,
                leader_sound: 0,
                damaged: false,
            },
            differs: end + 1,
        }
    }

    /// What to ask the leader now: ends of batches, of an empty log none. `None`: everything is known.
    pub fn asks(&self) -> Option<&[Position]> {
        (self.asked != Asked::Nothing).then_some(self.probes.as_slice())
    }

    /// The leader has answered.
    pub fn answered(&mut self, answer: &Compared) {
        let all = answer.held == self.probes.len();
        let last_held = answer.held.checked_sub(1).and_then(|last| self.probes.get(last));
        let last_held = last_held.map(|end| end.sequence);
        self.found.leader_sound = answer.sound;
        self.found.damaged |= answer.damaged;
        match self.asked {
            Asked::End => {
                let own = self.reader.floor();
                if let Some(end) = last_held.filter(|_| all) {
                    self.found.common = Some(end);
                } else if answer.floor.sequence >= own.sequence {
                    // What the leader has trimmed it cannot compare; who holds its floor holds all before.
                    let reaches = answer.floor.sequence == 0 || self.reader.holds(answer.floor);
                    self.found.common = reaches.then_some(answer.floor.sequence);
                } else {
                    (self.probes, self.asked) = (vec![own], Asked::Floor);
                    return;
                }
            }
            Asked::Floor => self.found.common = last_held,
            Asked::Between => {
                self.found.common = last_held.or(self.found.common);
                match self.probes.get(answer.held) {
                    Some(first) => self.differs = first.sequence,
                    None => self.differs = self.found.common.map_or(0, |common| common + 1),
                }
            }
            Asked::Nothing => return,
        }
        self.narrow();
    }

    /// The last probe of a round is the last batch before one that differs.
    fn narrow(&mut self) {
        self.asked = Asked::Nothing;
        let Some(common) = self.found.common else { return };
        self.probes = self.reader.probes(common, self.differs - 1, PROBES);
        if !self.probes.is_empty() {
            self.asked = Asked::Between;
        }
    }

    /// What was found; worth something only when nothing is left to ask.
    pub const fn found(&self) -> Fork {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Extent, Index};

    /// A log of batches of one message each, which differ from the others' from `own` on.
    fn log(end: u64, own: u64, floor: u64) -> Reader {
        let chain = |sequence| u32::try_from(sequence).unwrap_or(0) * 2 + u32::from(sequence >= own);
        let position = |sequence| Position {
            sequence,
            chain: chain(sequence),
            generation: 1,
        };
        Reader::over(Index {
            floor: if floor == 0 {
                Position::default()
            } else {
                position(floor)
            },
            end,
            extents: (floor + 1..=end)
                .map(|sequence| Extent {
                    first: sequence,
                    last: sequence,
                    generation: 1,
                    segment: 1,
                    offset: sequence * 8,
                    length: 8,
                    chain: Some(chain(sequence)),
                })
                .collect(),
            ..Index::default()
        })
    }

    fn search(follower: &Reader, leader: &Reader) -> (Option<u64>, usize) {
        let mut search = ForkSearch::new(follower.clone(), follower.position().sequence);
        let mut rounds = 0;
        while let Some(probes) = search.asks() {
            let answer = leader.compare(probes);
            search.answered(&answer);
            rounds += 1;
        }
        (search.found().common, rounds)
    }

    #[test]
    fn the_last_common_batch_is_found_wherever_it_lies() {
        for end in [0, 1, 2, 63, 64, 65, 200] {
            for own in 1..=end + 1 {
                let follower = log(end, own, 0);
                let leader = log(300, u64::MAX, 0);
                assert_eq!(
                    search(&follower, &leader).0,
                    Some(own - 1),
                    "of {end}, own from {own}"
                );
            }
        }
    }

    #[test]
    fn rounds_are_few_in_long_logs() {
        let (common, rounds) = search(&log(200_000, 77_777, 0), &log(150_000, u64::MAX, 0));
        assert_eq!(common, Some(77_776));
        assert!(rounds <= 5, "{rounds}");
    }

    #[test]
    fn what_was_trimmed_is_compared_by_the_floors() {
        // The leader's log begins behind what differs, or within what is common.
        assert_eq!(search(&log(50, 10, 0), &log(80, u64::MAX, 20)).0, None);
        assert_eq!(search(&log(50, 30, 0), &log(80, u64::MAX, 20)).0, Some(29));
        // The follower's does.
        assert_eq!(search(&log(50, 30, 20), &log(80, u64::MAX, 0)).0, Some(29));
        assert_eq!(search(&log(50, 10, 20), &log(80, u64::MAX, 0)).0, None);
        // The follower ends before the leader begins.
        assert_eq!(search(&log(10, 99, 0), &log(80, u64::MAX, 20)).0, None);
    }
}

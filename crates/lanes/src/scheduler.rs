//! Which message of a lane is delivered next: a state machine without clock, tasks or disk.
//!
//! Messages with the same key stand in one line, in the order of the journal, and only the head of a line is ever under
//! way. A head that fails makes its own line rest and no other. Lines that are ready take turns; lines of replayed
//! messages get every fifth turn while there are live ones.
//!
//! A message leaves in two ways: the other side took it, or it is dead (refused for good, or given up). The next of its
//! line then goes on: a dead letter does not stop what its partner sends later.

mod line;
mod together;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use api::gateway::lanes::Hold;
use line::{Line, Place};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{
    batch::Size,
    breaker::Breaker,
    budget::{Turn, Why},
    pace::Pace,
    policy::{Backoff, Moment, Policy},
};

pub use together::Ending;

/// What orders messages: equal keys, one line.
pub type Key = u64;

/// So many live lines have a turn before a replayed one has.
const LIVE_IN_A_ROW: u32 = 4;
/// Pauses after an answer that is not believed yet, because the other side has only just come up.
const TOO_EARLY: Backoff = Backoff {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(1),
};

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A partner sent it just now.
    Live,
    /// It is delivered again, or late.
    Replay,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Deliver this one.
    Deliver {
        /// Its place in the journal.
        sequence: u64,
        /// The how-manieth time.
        attempt: u32,
        /// Where it comes from.
        class: Class,
    },
    /// Nothing.
    Wait {
        /// What for.
        why: Waiting,
        /// Ask again then; without it, after the next event.
        until: Option<Moment>,
    },
}

/// What a lane waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// There is nothing to deliver.
    Nothing,
    /// As many as allowed are under way.
    Limit,
    /// The rate is used up.
    Rate,
    /// The ERP's time, which all lanes share.
    Erp(Why),
    /// Everything that is left has failed and rests.
    Retry,
    /// The other side seems to be gone.
    Breaker,
    /// A person paused it.
    Person,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Done,
    /// Refused, and trying again does not help.
    Refused(String),
    /// Whether it was taken is unknown.
    Failed(String),
    /// Refused by a side that has only just come up: it is asked again soon.
    TooEarly(String),
    /// It had no place in the call that it was meant for: that was no try.
    Unsent,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The message is done with.
    Finished,
    /// The message is a dead letter.
    Dead {
        /// Why.
        why: String,
        /// Deliveries that were tried.
        attempts: u32,
        /// Whether time ran out, as opposed to a refusal.
        gave_up: bool,
    },
    /// It is tried again, not before then.
    Again {
        /// When.
        at: Moment,
        /// Deliveries that were tried.
        attempts: u32,
    },
}

/// A message that has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tries {
    attempts: u32,
    /// Failures for which nobody else was to blame.
    blamed: u32,
    /// When it failed first.
    since: Option<Moment>,
}

/// A message that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its place in the journal.
    pub sequence: u64,
    /// Deliveries that were tried.
    pub attempts: u32,
    /// When it is tried again.
    pub until: Moment,
    /// Messages that wait behind it.
    pub behind: usize,
}

/// One lane's messages in hand.
#[derive(Debug)]
pub struct Scheduler {
    policy: Policy,
    breaker: Breaker,
    pace: Option<Pace>,
    lines: HashMap<Key, Line>,
    /// Lines that are ready, with the ticket that makes an entry valid.
    live: VecDeque<(Key, u64)>,
    replay: VecDeque<(Key, u64)>,
    resting: BinaryHeap<Reverse<(Moment, Key, u64)>>,
    under_way: HashMap<u64, Key>,
    /// Of those, the ones that travel in the call of another.
    riding: HashSet<u64>,
    size: Size,
    tries: HashMap<u64, Tries>,
    tickets: u64,
    live_in_a_row: u32,
    in_hand: usize,
    /// Of those, behind and with a head that rests.
    stuck: usize,
    rng: StdRng,
}

// === impl Scheduler ===

impl Scheduler {
    /// Nothing in hand.
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self {
            pace: policy.rate_max.map(Pace::new),
            size: Size::new(policy.call_longest),
            policy,
            breaker: Breaker::closed(),
            lines: HashMap::new(),
            live: VecDeque::new(),
            replay: VecDeque::new(),
            resting: BinaryHeap::new(),
            under_way: HashMap::new(),
            riding: HashSet::new(),
            tries: HashMap::new(),
            tickets: 0,
            live_in_a_row: 0,
            in_hand: 0,
            stuck: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// Takes a message in hand. One that is there already stays where it is.
    pub fn add(&mut self, sequence: u64, key: Key, class: Class) {
        if self.under_way.contains_key(&sequence) {
            return;
        }
        let line = self.lines.entry(key).or_default();
        if !line.insert(sequence, class) {
            return;
        }
        self.in_hand += 1;
        self.stuck += usize::from(matches!(line.place, Place::Resting(_)));
        let promote = class == Class::Live && line.place == Place::Ready(Class::Replay);
        if line.place == Place::New || promote {
            self.make_ready(key);
        }
    }

    /// What is known of a message from before: how often it was tried.
    pub fn remember(&mut self, sequence: u64, attempts: u32) {
        self.tries.entry(sequence).or_default().attempts = attempts;
    }

    /// What to do now; `ask` says whether the ERP has time for a message of that class.
    pub fn next(&mut self, now: Moment, ask: impl FnOnce(Class) -> Turn) -> Next {
        self.breaker.tick(now);
        self.wake(now);
        let limit = match &self.breaker {
            Breaker::Paused(_) => return wait(Waiting::Person, None),
            Breaker::Open { until, .. } => return wait(Waiting::Breaker, Some(*until)),
            Breaker::Probation { .. } => 1,
            Breaker::Closed { .. } => self.policy.concurrency,
        };
        self.drop_stale();
        if self.live.is_empty() && self.replay.is_empty() {
            let until = self.resting.peek().map(|Reverse((until, ..))| *until);
            let why = if until.is_some() {
                Waiting::Retry
            } else if self.under_way.is_empty() {
                Waiting::Nothing
            } else {
                Waiting::Limit
            };
            return wait(why, until);
        }
        if self.calls() >= limit {
            return wait(Waiting::Limit, None);
        }
        if let Some(until) = self.pace.as_ref().and_then(|pace| pace.wait(now)) {
            return wait(Waiting::Rate, Some(until));
        }
        let class = self.class_of_next();
        if let Turn::Wait(why) = ask(class) {
            return wait(Waiting::Erp(why), None);
        }
        let Some((sequence, key)) = self.pick(class) else {
            return wait(Waiting::Nothing, None);
        };
        self.begin(sequence, key, now);
        Next::Deliver {
            sequence,
            attempt: 1 + self.tries.get(&sequence).map_or(0, |tries| tries.attempts),
            class,
        }
    }

    fn begin(&mut self, sequence: u64, key: Key, now: Moment) {
        if let Some(pace) = &mut self.pace {
            pace.begin(now);
        }
        self.under_way.insert(sequence, key);
    }

    /// A delivery ended.
    pub fn finish(&mut self, sequence: u64, outcome: Outcome, now: Moment) -> Verdict {
        let Some(key) = self.under_way.remove(&sequence) else {
            return Verdict::Finished;
        };
        let tries = self.tries.entry(sequence).or_default();
        tries.attempts = tries
            .attempts
            .saturating_add(u32::from(outcome != Outcome::Unsent));
        let attempts = tries.attempts;
        match outcome {
            Outcome::Done => {
                self.breaker.answered();
                self.leave(key, sequence);
                Verdict::Finished
            }
            Outcome::Refused(why) => {
                self.breaker.answered();
                self.leave(key, sequence);
                let gave_up = false;
                Verdict::Dead {
                    why,
                    attempts,
                    gave_up,
                }
            }
            Outcome::TooEarly(_) => {
                let at = now + TOO_EARLY.pause(attempts, &mut self.rng);
                self.rest(key, at);
                Verdict::Again { at, attempts }
            }
            Outcome::Failed(why) => self.failed(key, sequence, why, now),
            Outcome::Unsent => {
                self.make_ready(key);
                Verdict::Again { at: now, attempts }
            }
        }
    }

    fn failed(&mut self, key: Key, sequence: u64, why: String, now: Moment) -> Verdict {
        let (policy, rng) = (&self.policy, &mut self.rng);
        let blamed = self
            .breaker
            .failed(&why, now, policy.failures_max, &policy.open, rng);
        let tries = self.tries.entry(sequence).or_default();
        let attempts = tries.attempts;
        let since = *tries.since.get_or_insert(now);
        if now.saturating_sub(since) >= policy.give_up {
            self.leave(key, sequence);
            let gave_up = true;
            return Verdict::Dead {
                why,
                attempts,
                gave_up,
            };
        }
        if !blamed {
            // The breaker makes all wait; this one must not wait longer than the others because it was asked first.
            self.make_ready(key);
            return Verdict::Again { at: now, attempts };
        }
        tries.blamed = tries.blamed.saturating_add(1);
        let at = now + policy.backoff.pause(tries.blamed, rng);
        self.rest(key, at);
        Verdict::Again { at, attempts }
    }

    /// A person pauses the lane; what is under way is finished.
    pub fn pause(&mut self, hold: Hold) {
        self.breaker.pause(hold);
    }

    /// A person resumes it.
    pub fn resume(&mut self, now: Moment) {
        self.breaker.resume(now);
    }

    /// Whether it delivers, who decided that, and why.
    pub const fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Deliveries under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Messages that could be delivered if there were room: those behind a head that rests are not counted, so that a
    /// stuck key never keeps others from being taken in hand.
    pub fn deliverable(&self) -> usize {
        self.in_hand - self.stuck
    }

    /// Heads of lines that rest, those that were tried most often first.
    pub fn resting(&self) -> Vec<Resting> {
        let mut found: Vec<Resting> = self
            .resting_lines()
            .filter_map(|line| {
                let (sequence, Place::Resting(until)) = (line.head()?, line.place) else {
                    return None;
                };
                Some(Resting {
                    sequence,
                    attempts: self.tries.get(&sequence).map_or(0, |tries| tries.attempts),
                    until,
                    behind: line.len() - 1,
                })
            })
            .collect();
        found.sort_by_key(|one| (Reverse(one.attempts), one.sequence));
        found
    }

    fn resting_lines(&self) -> impl Iterator<Item = &Line> {
        let lines = self
            .resting
            .iter()
            .filter_map(|Reverse((_, key, ticket))| self.valid(*key, *ticket));
        lines.filter(|line| matches!(line.place, Place::Resting(_)))
    }

    fn valid(&self, key: Key, ticket: u64) -> Option<&Line> {
        self.lines.get(&key).filter(|line| line.ticket == ticket)
    }

    fn class_of_next(&self) -> Class {
        let replay = self.live.is_empty() || (!self.replay.is_empty() && self.live_in_a_row >= LIVE_IN_A_ROW);
        if replay { Class::Replay } else { Class::Live }
    }

    fn pick(&mut self, class: Class) -> Option<(u64, Key)> {
        let (key, _) = match class {
            Class::Replay => {
                self.live_in_a_row = 0;
                self.replay.pop_front()?
            }
            Class::Live => {
                self.live_in_a_row += 1;
                self.live.pop_front()?
            }
        };
        let line = self.lines.get_mut(&key)?;
        line.place = Place::UnderWay;
        Some((line.head()?, key))
    }

    /// Entries at the front that are no longer true.
    fn drop_stale(&mut self) {
        for queue in [&mut self.live, &mut self.replay] {
            while let Some((key, ticket)) = queue.front() {
                if self.lines.get(key).is_some_and(|line| line.ticket == *ticket) {
                    break;
                }
                queue.pop_front();
            }
        }
    }

    fn wake(&mut self, now: Moment) {
        while let Some(Reverse((until, key, ticket))) = self.resting.peek().copied()
            && until <= now
        {
            self.resting.pop();
            if let Some(line) = self.valid(key, ticket) {
                self.stuck -= line.len();
                self.make_ready(key);
            }
        }
    }

    fn make_ready(&mut self, key: Key) {
        self.tickets += 1;
        if let Some(line) = self.lines.get_mut(&key) {
            let class = line.class();
            (line.place, line.ticket) = (Place::Ready(class), self.tickets);
            match class {
                Class::Live => self.live.push_back((key, self.tickets)),
                Class::Replay => self.replay.push_back((key, self.tickets)),
            }
        }
    }

    fn rest(&mut self, key: Key, until: Moment) {
        self.tickets += 1;
        if let Some(line) = self.lines.get_mut(&key) {
            (line.place, line.ticket) = (Place::Resting(until), self.tickets);
            self.stuck += line.len();
            self.resting.push(Reverse((until, key, self.tickets)));
        }
    }

    /// The head of a line is done with: the next one's turn comes.
    fn leave(&mut self, key: Key, sequence: u64) {
        self.tries.remove(&sequence);
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        line.remove(sequence);
        self.in_hand -= 1;
        if line.len() == 0 {
            self.lines.remove(&key);
        } else {
            self.make_ready(key);
        }
    }
}

const fn wait(why: Waiting, until: Option<Moment>) -> Next {
    Next::Wait { why, until }
}

#[cfg(test)]
mod tests;

//! A lane beside a simulated other side, in simulated time: every event comes from the seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{free, hold, policy as plain};
use crate::{
    breaker::Breaker,
    policy::{Moment, Policy},
    scheduler::{Class, Key, Next, Outcome, Scheduler, Verdict},
};

/// What the other side does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Takes it.
    Taken,
    /// Fails so often, then takes it.
    Fails(u32),
    /// Refuses it.
    Refused,
    /// Never answers.
    Hangs,
}

/// One run.
pub struct Plan<'a> {
    pub seed: u64,
    pub messages: u64,
    pub keys: u64,
    pub policy: Policy,
    pub fate: &'a dyn Fn(u64) -> Fate,
    /// Nothing is answered between these moments.
    pub outage: Option<(Moment, Moment)>,
    /// How often a person pauses the lane.
    pub pauses: u32,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Run {
    pub done: u64,
    /// Messages in the largest call.
    pub most: usize,
    pub gave_up: Vec<u64>,
    pub ended: Moment,
}

/// The lane, the other side, and what must hold.
pub struct Simulation<'a> {
    plan: Plan<'a>,
    rng: StdRng,
    lane: Scheduler,
    now: Moment,
    /// When each call under way ends, and what is in it.
    ends: BTreeMap<(Moment, u64), Vec<u64>>,
    arrivals: BTreeSet<(Moment, u64)>,
    tried: BTreeMap<u64, u32>,
    /// The last message of each key that left.
    left: BTreeMap<Key, u64>,
    starts: Vec<Moment>,
    paused: Option<Moment>,
    run: Run,
}

/// So long the other side takes before the caller gives up waiting.
const TIMEOUT: Duration = Duration::from_secs(3);

pub fn policy(seed: u64) -> Policy {
    Policy {
        concurrency: 1 + usize::try_from(seed % 5).unwrap(),
        rate_max: seed.is_multiple_of(3).then_some(40),
        ..plain()
    }
}

pub fn outage(seed: u64) -> Option<(Moment, Moment)> {
    let from = Duration::from_millis(seed * 7 % 3_000);
    seed.is_multiple_of(4)
        .then(|| (from, from + Duration::from_millis(seed * 13 % 60_000)))
}

pub fn fates(seed: u64) -> impl Fn(u64) -> Fate {
    move |sequence| match StdRng::seed_from_u64(seed ^ (sequence << 32)).random_range(0..20) {
        0 => Fate::Refused,
        1 => Fate::Fails(1),
        2 => Fate::Fails(6),
        3 if seed.is_multiple_of(5) => Fate::Hangs,
        _ => Fate::Taken,
    }
}

impl<'a> Simulation<'a> {
    /// Runs until every message has left; panics where a promise is broken.
    pub fn run(plan: Plan<'a>) -> Run {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let mut arrivals = BTreeSet::new();
        let mut at = Moment::ZERO;
        for sequence in 1..=plan.messages {
            // In order, as the journal releases them.
            at += Duration::from_millis(rng.random_range(0..80));
            arrivals.insert((at, sequence));
        }
        let lane = Scheduler::new(plan.policy.clone(), plan.seed);
        let mut simulation = Self {
            plan,
            rng,
            lane,
            now: Moment::ZERO,
            ends: BTreeMap::new(),
            arrivals,
            tried: BTreeMap::new(),
            left: BTreeMap::new(),
            starts: Vec::new(),
            paused: None,
            run: Run::default(),
        };
        simulation.drive();
        simulation.check_rate();
        simulation.run.ended = simulation.now;
        simulation.run
    }

    fn seed(&self) -> u64 {
        self.plan.seed
    }

    fn key(&self, sequence: u64) -> Key {
        // Not the order of arrival.
        sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15) % self.plan.keys
    }

    fn drive(&mut self) {
        let mut gone = 0;
        for step in 0_u64.. {
            assert!(step < 2_000_000, "seed {}: it does not end", self.seed());
            self.arrive();
            self.person();
            let until = loop {
                match self.lane.next(self.now, free) {
                    Next::Deliver {
                        sequence,
                        attempt,
                        class,
                    } => {
                        let mut call = vec![(sequence, attempt)];
                        let more = self.lane.companions(sequence, class, 4, self.now);
                        call.extend(more.into_iter().map(|one| (one, 1)));
                        self.begin(&call);
                    }
                    Next::Wait { until, .. } => break until,
                }
            };
            if gone == self.plan.messages {
                return;
            }
            let arrival = self.arrivals.first().map(|(at, _)| *at);
            let end = self.ends.keys().next().map(|(at, _)| *at);
            let next = [until, arrival, end, self.paused].into_iter().flatten().min();
            self.now = next
                .unwrap_or_else(|| {
                    panic!(
                        "seed {}: {gone} of {} left, and nothing will happen: {:?}",
                        self.seed(),
                        self.plan.messages,
                        self.lane
                    )
                })
                .max(self.now);
            while self.ends.keys().next().is_some_and(|(at, _)| *at <= self.now)
                && let Some((_, call)) = self.ends.pop_first()
            {
                gone += self.end(&call);
            }
        }
    }

    fn arrive(&mut self) {
        while let Some((at, sequence)) = self.arrivals.first().copied()
            && at <= self.now
        {
            self.arrivals.pop_first();
            let class = if self.rng.random_ratio(1, 3) {
                Class::Replay
            } else {
                Class::Live
            };
            self.lane.add(sequence, self.key(sequence), class);
        }
    }

    fn person(&mut self) {
        match self.paused {
            Some(until) if until <= self.now => {
                self.paused = None;
                self.lane.resume(self.now);
            }
            None if self.plan.pauses > 0 && self.rng.random_ratio(1, 20) => {
                self.plan.pauses -= 1;
                self.lane.pause(hold());
                self.paused = Some(self.now + Duration::from_millis(self.rng.random_range(1..30_000)));
            }
            Some(_) | None => {}
        }
    }

    /// A call begins, of messages with how often each was tried.
    fn begin(&mut self, call: &[(u64, u32)]) {
        let seed = self.seed();
        assert_eq!(self.paused, None, "seed {seed}: a paused lane delivers");
        let limit = match self.lane.breaker() {
            Breaker::Probation { .. } => 1,
            _ => self.plan.policy.concurrency,
        };
        assert!(
            self.ends.len() < limit,
            "seed {seed}: more than {limit} at a time"
        );
        let mut keys: BTreeSet<Key> = self.ends.values().flatten().map(|one| self.key(*one)).collect();
        for (sequence, attempt) in call {
            assert!(
                keys.insert(self.key(*sequence)),
                "seed {seed}: {sequence} goes beside another of its key"
            );
            let tried = self.tried.entry(*sequence).or_default();
            *tried += 1;
            assert_eq!(*tried, *attempt, "seed {seed}: attempts of {sequence}");
            self.starts.push(self.now);
        }
        let alone = call.iter().all(|(_, attempt)| *attempt == 1) || call.len() == 1;
        assert!(alone, "seed {seed}: what failed before travels alone");
        self.run.most = self.run.most.max(call.len());
        let mut sequences = call.iter().map(|(sequence, _)| *sequence);
        let hangs = sequences.any(|one| (self.plan.fate)(one) == Fate::Hangs) || self.is_out();
        let took = if hangs {
            TIMEOUT
        } else {
            Duration::from_millis(self.rng.random_range(1..120))
        };
        let sequences = call.iter().map(|(sequence, _)| *sequence).collect();
        self.ends.insert((self.now + took, call[0].0), sequences);
    }

    fn is_out(&self) -> bool {
        self.plan
            .outage
            .is_some_and(|(from, to)| from <= self.now && self.now < to)
    }

    /// A call ends; says how many of its messages have left.
    fn end(&mut self, call: &[u64]) -> u64 {
        let lost = self.is_out() || call.iter().any(|one| (self.plan.fate)(*one) == Fate::Hangs);
        let outcome = |sequence: &u64| {
            let tried = self.tried[sequence];
            let outcome = match (self.plan.fate)(*sequence) {
                _ if lost => Outcome::Failed("time is up".to_owned()),
                Fate::Refused => Outcome::Refused("refused".to_owned()),
                Fate::Fails(times) if tried <= times => Outcome::Failed("failed".to_owned()),
                Fate::Hangs | Fate::Fails(_) | Fate::Taken => Outcome::Done,
            };
            (*sequence, outcome)
        };
        let endings = call.iter().map(outcome).collect();
        let verdicts = self
            .lane
            .finish_call(endings, Duration::from_millis(60), self.now);
        assert_eq!(verdicts.len(), call.len(), "seed {}", self.seed());
        let left = verdicts
            .into_iter()
            .map(|(sequence, verdict)| self.left(sequence, &verdict));
        left.map(u64::from).sum()
    }

    /// Says whether the message has left.
    fn left(&mut self, sequence: u64, verdict: &Verdict) -> bool {
        let (seed, tried) = (self.seed(), self.tried[&sequence]);
        match verdict {
            Verdict::Again { .. } => return false,
            Verdict::Finished => self.run.done += 1,
            Verdict::Dead {
                gave_up, attempts, ..
            } => {
                let fate = (self.plan.fate)(sequence);
                assert_eq!(*attempts, tried, "seed {seed}");
                assert!(
                    if *gave_up {
                        matches!(fate, Fate::Hangs | Fate::Fails(_))
                    } else {
                        fate == Fate::Refused
                    },
                    "seed {seed}: {sequence} is dead, and the other side would have taken it"
                );
                if *gave_up {
                    self.run.gave_up.push(sequence);
                }
            }
        }
        let before = self.left.insert(self.key(sequence), sequence);
        assert!(
            before < Some(sequence),
            "seed {seed}: {sequence} was overtaken within its key by {before:?}"
        );
        true
    }

    fn check_rate(&self) {
        let Some(rate) = self.plan.policy.rate_max else {
            return;
        };
        let most = (rate + rate / 50 + 1) as usize;
        for (at, first) in self.starts.iter().enumerate() {
            let within = self.starts[at..]
                .iter()
                .take_while(|one| **one < *first + Duration::from_secs(1));
            assert!(
                within.count() <= most,
                "seed {}: too many in a second",
                self.seed()
            );
        }
    }
}

//! A simulated ERP: so many workers, one queue before them, work that takes about so long; and lanes that ask.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use types::settings::Priority;

use super::super::{Budget, Class, Ended, Turn, Why};

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A lane.
#[derive(Clone, Debug)]
pub struct Lane {
    pub priority: Priority,
    pub concurrency: usize,
    pub class: Class,
    /// What the ERP works on one of its messages, about.
    pub service_ms: u64,
    /// Its calls are never answered, and cost the ERP no work.
    pub hangs: bool,
    /// It has something to deliver between these moments, in milliseconds.
    pub wants: (u64, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A worker is done with it.
    Done(u64),
    /// Nobody answered it.
    TimedOut(u64),
    Look,
}

#[derive(Debug)]
struct Call {
    sequence: u64,
    lane: usize,
    began: Duration,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    done: u64,
    took: Duration,
    under_way: usize,
    /// Since it wants and has nothing under way.
    idle_since: Option<Duration>,
    waited: Duration,
}

pub struct World {
    pub budget: Budget,
    pub lanes: Vec<Lane>,
    pub workers: usize,
    /// The ERP is given so long for an answer.
    pub timeout: Duration,
    /// People's requests that wait.
    pub people: Option<u32>,
    rng: StdRng,
    now: Duration,
    events: BTreeSet<(Duration, Event)>,
    queue: VecDeque<u64>,
    working: BTreeSet<u64>,
    calls: Vec<Call>,
    tallies: Vec<Tally>,
    sequence: u64,
}

impl World {
    pub fn new(seed: u64, workers: usize, lanes: impl IntoIterator<Item = Lane>) -> Self {
        let lanes: Vec<Lane> = lanes.into_iter().collect();
        let calls_max = lanes.iter().map(|lane| lane.concurrency).sum();
        let mut world = Self {
            budget: Budget::new(lanes.iter().map(|lane| lane.priority), calls_max),
            tallies: vec![Tally::default(); lanes.len()],
            lanes,
            workers,
            timeout: Duration::from_secs(10),
            people: None,
            rng: StdRng::seed_from_u64(seed),
            now: Duration::ZERO,
            events: BTreeSet::new(),
            queue: VecDeque::new(),
            working: BTreeSet::new(),
            calls: Vec::new(),
            sequence: 0,
        };
        world.events.insert((LOOK_EVERY, Event::Look));
        world
    }

    /// One as the seed says.
    pub fn any(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let priorities = [Priority::First, Priority::Normal, Priority::Last];
        let lanes: Vec<Lane> = (0..rng.random_range(1..8))
            .map(|lane| Lane {
                priority: priorities[rng.random_range(0..3)],
                concurrency: rng.random_range(1..9),
                class: if rng.random_bool(0.3) {
                    Class::Replay
                } else {
                    Class::Live
                },
                service_ms: rng.random_range(5..300),
                hangs: lane > 0 && rng.random_bool(0.2),
                wants: if rng.random_bool(0.7) {
                    (0, u64::MAX)
                } else {
                    (rng.random_range(1..10_000), rng.random_range(10_000..30_000))
                },
            })
            .collect();
        let workers = rng.random_range(1..9);
        Self::new(seed, workers, lanes)
    }

    pub fn run_ms(mut self, ms: u64) -> Self {
        self.run_more_ms(ms);
        self
    }

    pub fn run_more_ms(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        self.ask_all();
        while let Some((at, event)) = self.events.pop_first() {
            if at > end {
                self.events.insert((at, event));
                break;
            }
            self.now = at;
            match event {
                Event::Done(sequence) => {
                    self.working.remove(&sequence);
                    self.ended(sequence, Ended::Worked);
                }
                Event::TimedOut(sequence) => self.ended(sequence, Ended::Unanswered),
                Event::Look => {
                    self.budget.look(self.people, self.now);
                    self.events.insert((self.now + LOOK_EVERY, Event::Look));
                }
            }
            self.work();
            self.ask_all();
        }
        self.now = end;
    }

    /// Counts anew.
    pub fn forget(&mut self) {
        for tally in &mut self.tallies {
            (tally.done, tally.took, tally.waited) = (0, Duration::ZERO, Duration::ZERO);
        }
    }

    pub fn done(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.done).sum()
    }

    pub fn done_by_lane(&self) -> Vec<u64> {
        self.tallies.iter().map(|tally| tally.done).collect()
    }

    /// What an answer took.
    pub fn mean_ms(&self) -> u128 {
        let took: Duration = self.tallies.iter().map(|tally| tally.took).sum();
        took.as_millis() / u128::from(self.done().max(1))
    }

    /// The longest time that a lane had something to deliver and nothing under way.
    pub fn longest_wait_ms(&self, lane: usize) -> u128 {
        let tally = &self.tallies[lane];
        let now = tally.idle_since.map_or(Duration::ZERO, |since| self.now - since);
        tally.waited.max(now).as_millis()
    }

    fn ended(&mut self, sequence: u64, how: Ended) {
        let Some(at) = self.calls.iter().position(|call| call.sequence == sequence) else {
            return;
        };
        let call = self.calls.swap_remove(at);
        self.events
            .remove(&(call.began + self.timeout, Event::TimedOut(sequence)));
        self.queue.retain(|one| *one != sequence);
        self.budget.end(sequence, how, 1, self.now);
        let tally = &mut self.tallies[call.lane];
        tally.under_way -= 1;
        if how == Ended::Worked {
            tally.done += 1;
            tally.took += self.now - call.began;
        }
    }

    /// Free workers take what waits.
    fn work(&mut self) {
        while self.working.len() < self.workers
            && let Some(sequence) = self.queue.pop_front()
        {
            let Some(call) = self.calls.iter().find(|call| call.sequence == sequence) else {
                continue;
            };
            let service = self.lanes[call.lane].service_ms * 1000;
            let service = Duration::from_micros(self.rng.random_range(service * 8 / 10..=service * 12 / 10));
            self.working.insert(sequence);
            self.events.insert((self.now + service, Event::Done(sequence)));
        }
    }

    /// Every lane asks until nobody may; nobody may only while there is no room.
    fn ask_all(&mut self) {
        for lane in 0..self.lanes.len() {
            self.ask(lane);
        }
        // Whose turn it is, is told; nothing else makes a lane ask again.
        for _ in 0..10_000 {
            let Some(lane) = self.budget.turn() else {
                self.work();
                return;
            };
            self.ask(lane);
        }
        panic!("it is somebody's turn for ever");
    }

    /// As a lane's worker does: until it is told to wait.
    fn ask(&mut self, lane: usize) {
        while self.asks(lane) {}
    }

    fn asks(&mut self, lane: usize) -> bool {
        let now_ms = u64::try_from(self.now.as_millis()).unwrap();
        let one = &self.lanes[lane];
        let wants = one.wants.0 <= now_ms && now_ms < one.wants.1;
        let tally = &mut self.tallies[lane];
        if !wants || tally.under_way >= one.concurrency {
            tally.idle_since = None;
            self.budget.withdraw(lane);
            return false;
        }
        match self.budget.ask(lane, one.class) {
            Turn::Wait(Why::Full | Why::People | Why::Others) => {
                if tally.under_way == 0 {
                    tally.idle_since.get_or_insert(self.now);
                }
                return false;
            }
            Turn::Now => {}
        }
        if let Some(since) = tally.idle_since.take() {
            tally.waited = tally.waited.max(self.now - since);
        }
        tally.under_way += 1;
        self.sequence += 1;
        let sequence = self.sequence;
        self.budget.begin(lane, sequence, 1, one.class, self.now);
        self.events
            .insert((self.now + self.timeout, Event::TimedOut(sequence)));
        if !one.hangs {
            self.queue.push_back(sequence);
        }
        self.calls.push(Call {
            sequence,
            lane,
            began: self.now,
        });
        true
    }
}

//! Seeded schedules of delays, losses, partitions, restarts, fences and drifting clocks.
//!
//! What must hold in every one of them: no two regions may write at the same *real* time. A failure prints its seed,
//! and [`check`] with that seed is the whole reproduction.

mod random;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use random::Random;
use types::{Generation, RegionName, Span, settings::LeaseTiming};

use super::*;

const TIMING: LeaseTiming = LeaseTiming {
    ttl: Span::from_millis(3_000),
    renew_every: Span::from_millis(700),
    margin: Span::from_millis(400),
};
/// Clocks that run apart by at most `margin` per `ttl` (13 %); no real clock is a thousandth as bad.
const DRIFT_WITHIN_MARGIN: f64 = 0.062;
/// One schedule lasts this long, in nanoseconds of simulated time.
const LENGTH: u64 = 20_000_000_000;
const MS: u64 = 1_000_000;
const WITNESS: usize = 2;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Deliver {
        to: usize,
        from: usize,
        message: Message,
    },
    Wake {
        node: usize,
        run: u32,
    },
    Restart {
        node: usize,
    },
    /// Messages between the two are lost from now on, or pass again.
    Cut {
        a: usize,
        b: usize,
        cut: bool,
    },
    Order {
        region: usize,
        generation: u64,
    },
    /// Fences one region and orders the other with the proof.
    FencedOrder {
        region: usize,
        generation: u64,
    },
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Renew { generation: u64, sent: u64 },
    Granted { generation: u64, sent: u64 },
    RenewRefused { generation: u64, promised: u64 },
    Promise { generation: u64 },
    Promised { generation: u64, ends_in: Duration },
    PromiseRefused { generation: u64, promised: u64 },
}

struct Node {
    /// Local nanoseconds per real nanosecond.
    rate: f64,
    offset: u64,
    /// Changes with every restart, so that wakes of an earlier run do nothing.
    run: u32,
    ballot: Ballot,
    voter: Voter,
    /// Durable: the generation it leads in.
    reign: Option<u64>,
    /// Durable: nothing below runs here.
    fenced: u64,
    holder: Option<Holder>,
    candidate: Option<(u64, Candidate)>,
    /// Real time until which it may write, as far as it knows.
    writes_until: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Overlap {
    seed: u64,
    at_ms: u64,
}

struct World {
    seed: u64,
    now: u64,
    order: u64,
    random: Random,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    nodes: [Node; 3],
    names: [RegionName; 2],
    cut: [[bool; 3]; 3],
    delay_max: u64,
    loss: u64,
    reigns: u32,
    overlap: Option<Overlap>,
}

impl World {
    fn new(seed: u64, drift: f64) -> Self {
        let mut random = Random(seed);
        let nodes = std::array::from_fn(|_| Node {
            rate: 1.0 + drift * random.signed_unit(),
            offset: random.below(1_000_000 * MS),
            run: 0,
            ballot: Ballot::default(),
            voter: Voter::started(Ballot::default(), TIMING, Moment::ZERO),
            reign: None,
            fenced: 0,
            holder: None,
            candidate: None,
            writes_until: 0,
        });
        let (delay_max, loss) = (
            [5, 50, 900, 4_000][random.below(4) as usize] * MS,
            random.below(30),
        );
        let mut world = Self {
            seed,
            now: 0,
            order: 0,
            random,
            queue: BinaryHeap::new(),
            nodes,
            names: ["a", "b"].map(|name| RegionName::new(name).unwrap()),
            cut: [[false; 3]; 3],
            delay_max,
            loss,
            reigns: 0,
            overlap: None,
        };
        world.plan();
        world
    }

    /// Everything that happens from outside, at random times.
    fn plan(&mut self) {
        self.push(
            0,
            Event::Order {
                region: 0,
                generation: 1,
            },
        );
        for generation in 2..2 + self.random.below(5) {
            let at = MS * 500 + self.random.below(LENGTH);
            let region = self.random.below(2) as usize;
            if self.random.percent(30) {
                self.push(at, Event::FencedOrder { region, generation });
            } else {
                self.push(at, Event::Order { region, generation });
            }
            if self.random.percent(10) {
                // A confused orchestrator gives the same generation to both.
                let again = at + self.random.below(2_000 * MS);
                self.push(
                    again,
                    Event::Order {
                        region: 1 - region,
                        generation,
                    },
                );
            }
        }
        for _ in 0..self.random.below(5) {
            let (at, node) = (self.random.below(LENGTH), self.random.below(3) as usize);
            self.push(at, Event::Restart { node });
        }
        for _ in 0..self.random.below(4) {
            let at = self.random.below(LENGTH);
            let (a, b) = [(0, 1), (0, 2), (1, 2)][self.random.below(3) as usize];
            self.push(at, Event::Cut { a, b, cut: true });
            let heal = at + self.random.below(8_000 * MS);
            self.push(heal, Event::Cut { a, b, cut: false });
        }
    }

    fn push(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.queue.push(Reverse((at, self.order, event)));
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds in nanoseconds fit"
    )]
    fn local(&self, node: usize) -> Moment {
        let node = &self.nodes[node];
        Moment::from_nanos(node.offset + (self.now as f64 * node.rate) as u64)
    }

    /// When a local clock will show `moment`, rounded up: the region may write until then.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds in nanoseconds fit"
    )]
    fn real(&self, node: usize, moment: Moment) -> u64 {
        let node = &self.nodes[node];
        (moment.as_nanos().saturating_sub(node.offset) as f64 / node.rate).ceil() as u64
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        if self.cut[from][to] || self.random.percent(self.loss) {
            return;
        }
        let at = self.now + 1 + self.random.below(self.delay_max);
        self.push(at, Event::Deliver { to, from, message });
    }

    fn others(node: usize) -> [usize; 2] {
        [(node + 1) % 3, (node + 2) % 3]
    }

    fn name(&self, node: usize) -> VoterName {
        match node {
            WITNESS => VoterName::Witness,
            region => VoterName::Region(self.names[region].clone()),
        }
    }

    fn run(mut self) -> (u32, Option<Overlap>) {
        while let Some(Reverse((at, _, event))) = self.queue.pop() {
            if at > LENGTH || self.overlap.is_some() {
                break;
            }
            self.now = at;
            self.handle(event);
        }
        (self.reigns, self.overlap)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver { to, from, message } => self.deliver(to, from, message),
            Event::Wake { node, run } if run == self.nodes[node].run => self.wake(node),
            Event::Wake { .. } => {}
            Event::Restart { node } => self.restart(node),
            Event::Cut { a, b, cut } => {
                self.cut[a][b] = cut;
                self.cut[b][a] = cut;
            }
            Event::Order { region, generation } => self.lead(region, generation, false),
            Event::FencedOrder { region, generation } => {
                let old = 1 - region;
                if self.nodes[old].reign.is_none_or(|reign| reign < generation) {
                    let node = &mut self.nodes[old];
                    node.fenced = node.fenced.max(generation);
                    node.reign = None;
                    node.holder = None;
                    node.candidate = None;
                    node.writes_until = 0;
                    self.lead(region, generation, true);
                }
            }
        }
    }

    fn restart(&mut self, node: usize) {
        let (now, has_reign) = (self.local(node), self.nodes[node].reign);
        let state = &mut self.nodes[node];
        state.run += 1;
        state.voter = Voter::started(state.ballot.clone(), TIMING, now);
        state.candidate = None;
        state.writes_until = 0;
        state.holder = has_reign.map(|generation| Holder::new(Generation::new(generation), 2, TIMING));
        if has_reign.is_some() {
            self.wake(node);
        }
    }

    fn lead(&mut self, region: usize, generation: u64, proven: bool) {
        let now = self.local(region);
        let name = self.names[region].clone();
        let node = &mut self.nodes[region];
        if generation < node.fenced || node.reign.is_some_and(|reign| reign >= generation) {
            return;
        }
        let PromiseAnswer::Promised {
            older_grant_ends_in, ..
        } = node.voter.promise(now, Generation::new(generation), &name)
        else {
            return;
        };
        node.ballot = node.voter.ballot().clone();
        let mut candidate = Candidate::new(2, TIMING);
        candidate.promised_by_own(now, older_grant_ends_in);
        if proven {
            candidate.old_side_stopped();
        }
        node.candidate = Some((generation, candidate));
        node.run += 1;
        self.wake(region);
    }

    fn wake(&mut self, region: usize) {
        let (now, run) = (self.local(region), self.nodes[region].run);
        if let Some((generation, candidate)) = self.nodes[region].candidate.clone() {
            match candidate.decide(now) {
                Candidacy::Refuse { .. } => self.nodes[region].candidate = None,
                Candidacy::Proceed => self.reign(region, generation),
                Candidacy::Wait { .. } => {
                    for other in Self::others(region) {
                        self.send(region, other, Message::Promise { generation });
                    }
                }
            }
        }
        self.renew_round(region, now);
        if self.nodes[region].candidate.is_some() || self.nodes[region].holder.is_some() {
            self.push(self.now + 300 * MS, Event::Wake { node: region, run });
        }
    }

    fn reign(&mut self, region: usize, generation: u64) {
        let node = &mut self.nodes[region];
        node.candidate = None;
        node.reign = Some(generation);
        node.holder = Some(Holder::new(Generation::new(generation), 2, TIMING));
        node.writes_until = 0;
        self.reigns += 1;
    }

    fn renew_round(&mut self, region: usize, now: Moment) {
        let name = self.names[region].clone();
        let node = &mut self.nodes[region];
        let Some(holder) = node.holder.as_mut() else {
            return;
        };
        if now < holder.next_round() {
            return;
        }
        // A region whose own vote is gone lets its term run out, as slowly as the rules allow.
        let generation = holder.generation();
        if let RenewAnswer::Granted { .. } = node.voter.renew(now, &name, generation) {
            node.ballot = node.voter.ballot().clone();
            holder.round_begun(now);
            let message = |sent: Moment| Message::Renew {
                generation: generation.get(),
                sent: sent.as_nanos(),
            };
            for other in Self::others(region) {
                self.send(region, other, message(now));
            }
        }
    }

    fn deliver(&mut self, to: usize, from: usize, message: Message) {
        let now = self.local(to);
        match message {
            Message::Renew { generation, sent } => {
                let asker = self.names[from].clone();
                let node = &mut self.nodes[to];
                let answer = node.voter.renew(now, &asker, Generation::new(generation));
                node.ballot = node.voter.ballot().clone();
                let reply = match answer {
                    RenewAnswer::Granted { .. } => Message::Granted { generation, sent },
                    RenewAnswer::Refused { promised } => Message::RenewRefused {
                        generation,
                        promised: promised.get(),
                    },
                };
                self.send(to, from, reply);
            }
            Message::Promise { generation } => {
                let asker = self.names[from].clone();
                let node = &mut self.nodes[to];
                let answer = node.voter.promise(now, Generation::new(generation), &asker);
                node.ballot = node.voter.ballot().clone();
                let reply = match answer {
                    PromiseAnswer::Promised {
                        older_grant_ends_in, ..
                    } => Message::Promised {
                        generation,
                        ends_in: older_grant_ends_in,
                    },
                    PromiseAnswer::Refused { ballot } => Message::PromiseRefused {
                        generation,
                        promised: ballot.promised.get(),
                    },
                };
                self.send(to, from, reply);
            }
            Message::Granted { generation, sent } => self.extend(to, from, generation, sent),
            Message::RenewRefused { generation, promised } => {
                if let Some(holder) = self.nodes[to].holder.as_mut()
                    && holder.generation().get() == generation
                {
                    holder.refused(Generation::new(promised));
                }
            }
            Message::Promised { generation, ends_in } => {
                let voter = self.name(from);
                if let Some((asked, candidate)) = self.nodes[to].candidate.as_mut()
                    && *asked == generation
                {
                    candidate.promised(voter, now, ends_in);
                }
            }
            Message::PromiseRefused { generation, promised } => {
                if let Some((asked, candidate)) = self.nodes[to].candidate.as_mut()
                    && *asked == generation
                {
                    candidate.refused(Generation::new(promised));
                }
            }
        }
    }

    /// A grant arrived: the region may write from now until its term ends; the other one must not.
    fn extend(&mut self, region: usize, voter: usize, generation: u64, sent: u64) {
        let (now, name) = (self.local(region), self.name(voter));
        let Some(holder) = self.nodes[region].holder.as_mut() else {
            return;
        };
        if holder.generation().get() != generation {
            return;
        }
        holder.granted(name, Moment::from_nanos(sent));
        if let Standing::Valid { until } = holder.standing(now) {
            let until = self.real(region, until);
            self.nodes[region].writes_until = until;
            if self.nodes[1 - region].writes_until > self.now {
                self.overlap = Some(Overlap {
                    seed: self.seed,
                    at_ms: self.now / MS,
                });
            }
        }
    }
}

fn check(seed: u64, drift: f64) -> (u32, Option<Overlap>) {
    World::new(seed, drift).run()
}

/// More schedules than a quick test needs can be asked for.
fn schedules() -> u64 {
    let asked = std::env::var("PLIMSOLL_SCHEDULES").ok();
    asked.and_then(|number| number.parse().ok()).unwrap_or(10_000)
}

#[test]
fn no_two_regions_write_at_the_same_time_in_any_schedule() {
    let (began, mut reigns, mut failovers) = (Instant::now(), 0, 0u64);
    for seed in 0..schedules() {
        let (begun, overlap) = check(seed, DRIFT_WITHIN_MARGIN);
        assert_eq!(overlap, None, "seed {seed}");
        reigns += begun;
        failovers += u64::from(begun > 1);
    }
    println!(
        "{reigns} reigns, {failovers} schedules with failover, {:?}",
        began.elapsed()
    );
    assert!(
        failovers > schedules() / 4,
        "schedules in which nothing moves prove nothing: {failovers}"
    );
}

#[test]
fn the_simulation_would_notice_clocks_that_are_worse_than_the_margin() {
    let found = (0..10_000).find_map(|seed| check(seed, 0.6).1);
    assert!(found.is_some(), "a simulation that cannot fail proves nothing");
}

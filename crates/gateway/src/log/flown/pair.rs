//! Two regions, the network between them, and the partners who send.

use std::{
    collections::{BTreeMap, BTreeSet},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use journal::Batch;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::oneshot;
use types::Generation;

use super::{
    net::{Packet, Stage},
    node::{Node, Process, message},
};
use crate::{
    copy::{flight::Flights, send::Failure, standing},
    ingest::Acceptance,
    ledger::{Need, Outcome, Reply, Stored},
    lock,
};

/// A partner who waits for an answer.
struct Asking {
    number: u64,
    of: usize,
    answer: oneshot::Receiver<Outcome>,
}

/// See the module's documentation.
pub struct Pair {
    seed: u64,
    pub chance: StdRng,
    pub nodes: [Node; 2],
    pub now: Instant,
    pub net: Vec<Packet>,
    generation: u64,
    asking: Vec<Asking>,
    sent: u64,
    /// Not acknowledged: whoever sent it sends it again.
    open: Vec<u64>,
    /// What is on the disks of both, once somebody asked and until something happens.
    on_disk: [Option<BTreeSet<String>>; 2],
    /// Requests that left while others were under way.
    pub together: usize,
    /// In how many copies it was acknowledged.
    pub acknowledged: BTreeMap<u64, u8>,
}

impl Pair {
    pub fn new(seed: u64) -> Self {
        let mut pair = Self {
            seed,
            chance: StdRng::seed_from_u64(seed),
            nodes: [Node::new("west"), Node::new("east")],
            now: Instant::now(),
            net: Vec::new(),
            generation: 0,
            asking: Vec::new(),
            sent: 0,
            open: Vec::new(),
            on_disk: [None, None],
            together: 0,
            acknowledged: BTreeMap::new(),
        };
        pair.nodes.iter_mut().for_each(Node::start);
        pair.promote(0, false);
        pair
    }

    /// Anything happens.
    pub fn step(&mut self) {
        let waited = self.nodes.each_ref().map(|node| self.waits(node));
        let one = self.chance.random_range(0..2);
        let leader = if self.nodes[one].leads() { one } else { 1 - one };
        match self.chance.random_range(0..200) {
            0..24 => self.submit(leader),
            24..40 => self.with(leader, |process| process.begin()),
            40..58 => self.with(leader, |process| process.finish()),
            58..86 => {
                self.now += Duration::from_millis(self.chance.random_range(0..3));
                self.send(leader);
            }
            // In some lives the way is long, and more is under way at a time.
            86..132 if self.seed.is_multiple_of(2) || self.chance.random_bool(0.4) => self.carry(0.96),
            86..132 => {}
            132..158 => self.lead_on(leader),
            158..170 => self.align(1 - leader),
            170..174 => self.pass(),
            174..177 => self.give_up(one),
            177..179 => self.kill(one),
            179..185 => {
                self.start(0);
                self.start(1);
            }
            185..198 => self.tell(one),
            _ => {
                let gone = self.chance.random_bool(0.5);
                self.promote(one, gone);
            }
        }
        self.hear_answers(waited);
    }

    /// Nothing fails any more; returns when both logs are the same and everybody has an answer.
    pub fn heal(&mut self) {
        for one in [0, 1] {
            self.start(one);
        }
        let leader = self.chance.random_range(0..2);
        self.promote(leader, false);
        for _ in 0..3000 {
            let waited = self.nodes.each_ref().map(|node| self.waits(node));
            if self.chance.random_bool(0.1) {
                self.pass();
            }
            self.tell(leader);
            for number in std::mem::take(&mut self.open) {
                self.ask(leader, number);
            }
            for one in [0, 1] {
                self.with(one, |process| process.begin());
                self.with(one, |process| process.finish());
                self.send(one);
                self.carry(1.0);
                self.align(one);
                self.lead_on(one);
            }
            self.hear_answers(waited);
            if self.is_calm() {
                return;
            }
        }
        panic!("seed {}: the regions do not come to rest", self.seed);
    }

    fn is_calm(&self) -> bool {
        let ends = self.nodes.each_ref().map(|node| {
            let process = node.process.as_ref().unwrap();
            let quiet = process.writing.is_none() && process.queue.is_empty();
            quiet.then(|| process.writer.journal.position())
        });
        ends[0].is_some() && ends[0] == ends[1] && self.asking.is_empty() && self.open.is_empty()
    }

    fn waits(&self, node: &Node) -> bool {
        node.process
            .as_ref()
            .is_some_and(|process| process.link().waits())
    }

    pub fn with(&mut self, one: usize, act: impl FnOnce(&mut Process)) {
        if let Some(process) = &mut self.nodes[one].process {
            act(process);
        }
    }

    // === partners ===

    /// A new message, or one that was not acknowledged.
    fn submit(&mut self, one: usize) {
        if !self.nodes[one].leads() {
            return;
        }
        let again = !self.open.is_empty() && self.chance.random_bool(0.5);
        let number = if again {
            let at = self.chance.random_range(0..self.open.len());
            self.open.swap_remove(at)
        } else {
            self.sent += 1;
            self.sent
        };
        self.ask(one, number);
    }

    fn ask(&mut self, of: usize, number: u64) {
        self.on_disk = [None, None];
        let Some(process) = &mut self.nodes[of].process else {
            return self.open.push(number);
        };
        let (reply, answer) = oneshot::channel();
        match process.admit(message(number), Need::Durable, Reply::one(reply)) {
            Some(Acceptance::New(stored) | Acceptance::Before(stored)) => {
                let waits = process.link().waits();
                self.acknowledge(of, number, stored, waits);
            }
            Some(Acceptance::Aside) => panic!("seed {}: {number} is another message", self.seed),
            None => self.asking.push(Asking { number, of, answer }),
        }
    }

    fn hear_answers(&mut self, waited: [bool; 2]) {
        self.on_disk = [None, None];
        for mut one in std::mem::take(&mut self.asking) {
            match one.answer.try_recv() {
                Ok(Ok(stored)) => {
                    let waits = waited[one.of] && self.waits(&self.nodes[one.of]);
                    self.acknowledge(one.of, one.number, stored, waits);
                }
                Ok(Err(_)) | Err(oneshot::error::TryRecvError::Closed) => self.open.push(one.number),
                Err(oneshot::error::TryRecvError::Empty) => self.asking.push(one),
            }
        }
    }

    /// The promise: what was acknowledged is on disk, in both regions unless acknowledgements no longer wait for that.
    fn acknowledge(&mut self, by: usize, number: u64, stored: Stored, waits: bool) {
        let seed = self.seed;
        assert!(
            stored.copies == 2 || !waits,
            "seed {seed}: {number} was acknowledged on one copy, and two were to be waited for"
        );
        for one in [by, 1 - by].into_iter().take(usize::from(stored.copies)) {
            assert!(
                self.has(one, number),
                "seed {seed}: {number} was acknowledged as {stored:?} by {by}, and is not on the disk of {one}"
            );
        }
        self.acknowledged.insert(number, stored.copies);
    }

    fn has(&mut self, one: usize, number: u64) -> bool {
        let node = &self.nodes[one];
        let ids = self.on_disk[one].get_or_insert_with(|| {
            let records = node.durable().into_iter();
            records.map(|record| record.entry.id).collect()
        });
        ids.contains(&message(number).id)
    }

    // === the leader ===

    /// One request leaves, if one may.
    fn send(&mut self, from: usize) {
        let (now, generation) = (self.now, self.nodes[from].state.generation.get());
        if !self.nodes[from].leads() {
            return;
        }
        let Some(process) = &mut self.nodes[from].process else {
            return;
        };
        let Some(flights) = &mut process.flights else {
            return;
        };
        if !flights.has_room() || !flights.wait(now).is_zero() {
            return;
        }
        let batches = standing::next(&process.writer.shared, &process.reader, flights.sent()).unwrap();
        if batches.is_empty() && !flights.is_empty() {
            return;
        }
        self.together += usize::from(!flights.is_empty());
        // Also one that carries less than there is, as with requests of the largest size.
        let some = self.chance.random_range(1..=batches.len().max(1));
        let batches: Vec<Batch> = batches.into_iter().take(some).collect();
        let body = batches.iter().flat_map(|batch| batch.bytes().iter().copied());
        let body: Bytes = body.collect::<Vec<u8>>().into();
        let target = batches.last().map_or(flights.sent(), Batch::last);
        let (answer, answered) = oneshot::channel();
        let answering = async move {
            let lost = |_| Err(Failure::Again("the connection is gone".to_owned()));
            answered.await.unwrap_or_else(lost)
        };
        flights.leave(target, body.len(), now, Box::pin(answering));
        let answer = Some(answer);
        let stage = Stage::OnItsWay;
        self.net.push(Packet {
            from,
            generation,
            body,
            answer,
            stage,
        });
    }

    /// Takes an answer, or asks where the other region stands.
    fn lead_on(&mut self, one: usize) {
        if !self.nodes[one].leads() {
            return;
        }
        let Some(process) = &mut self.nodes[one].process else {
            return;
        };
        if let Some(flights) = &mut process.flights {
            let landed = std::pin::pin!(flights.land()).poll(&mut Context::from_waker(Waker::noop()));
            match landed {
                Poll::Ready(Ok(sequence)) => standing::synced(&process.writer.shared, sequence),
                Poll::Ready(Err(Failure::Again(_))) => process.flights = None,
                Poll::Ready(Err(Failure::Overtaken)) => {}
                Poll::Pending => {}
            }
        } else if let Some(end) = process.asked.take() {
            if process.reader.holds(end) {
                standing::found(&mut lock(&process.writer.shared.ledger), end.sequence);
                process.flights = Some(Flights::from(end.sequence));
            } else {
                self.with(1 - one, |process| process.aligned = false);
            }
        } else {
            self.ask_position(one);
        }
    }

    fn ask_position(&mut self, one: usize) {
        let generation = self.nodes[one].state.generation;
        let heard = self.hear(1 - one, one, generation.get());
        let end = heard.and_then(|()| self.position(1 - one));
        match end {
            Ok(end) => self.with(one, |process| process.asked = Some(end.into())),
            Err(Failure::Overtaken) => {
                let newer = self.nodes[1 - one].state.generation;
                self.nodes[one].overtaken(newer);
            }
            Err(Failure::Again(_)) => {}
        }
    }

    /// The time is over in which acknowledgements wait.
    fn give_up(&mut self, one: usize) {
        self.with(one, |process| {
            process.flights = None;
            standing::gone(&mut lock(&process.writer.shared.ledger), "no answer");
        });
    }

    // === what befalls them ===

    fn pass(&mut self) {
        self.now += Duration::from_millis(self.chance.random_range(1..700));
        let now = self.now;
        for one in [0, 1] {
            self.with(one, |process| process.writer.give_up(now));
        }
    }

    /// The process ends, or the machine does. What is on its way to or from it arrives all the same, or does not.
    fn kill(&mut self, one: usize) {
        if self.nodes[one].process.take().is_some() && self.chance.random_bool(0.5) {
            self.nodes[one].disk.lose_power();
        }
    }

    fn start(&mut self, one: usize) {
        if self.nodes[one].process.is_none() {
            self.nodes[one].start();
        }
    }

    /// The controller says who leads, if that one knows it still.
    fn tell(&mut self, one: usize) {
        let state = &self.nodes[one].state;
        if state.leader.as_ref() == Some(&self.nodes[one].name) {
            let generation = state.generation.get();
            self.nodes[one].lead(generation, false);
        }
    }

    /// The controller says who leads from now on, as it does when what the other one alone acknowledged is stated.
    fn promote(&mut self, one: usize, gone: bool) {
        if self.nodes[one].process.is_none() {
            return;
        }
        self.generation += 1;
        self.nodes[one].lead(self.generation, gone);
        if !gone {
            let _ = self.hear(1 - one, one, self.generation);
        }
    }

    pub fn generations(&self) -> Generation {
        Generation::new(self.generation)
    }
}

/// So that a log can be compared with another.
pub fn records(node: &Node) -> Vec<(u64, String, u8)> {
    let records = node.durable().into_iter();
    records
        .map(|record| (record.sequence, record.entry.id, record.entry.kind))
        .collect()
}

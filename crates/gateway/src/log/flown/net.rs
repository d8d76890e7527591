//! The network between the regions, and what the follower does with what arrives.

use bytes::Bytes;
use journal::{Batch, ForkSearch};
use rand::Rng as _;
use tokio::sync::oneshot;

use super::pair::Pair;
use crate::{
    copy::{
        send::Failure,
        wire::{End, Synced},
    },
    ledger::{Need, Reply},
    lock,
    log::{Copied, CopyError, copies::Arrival},
    role::Role,
};

/// A request to the other region.
pub struct Packet {
    pub from: usize,
    pub generation: u64,
    pub body: Bytes,
    /// Of a repetition nobody waits for the answer.
    pub answer: Option<oneshot::Sender<Result<Synced, Failure>>>,
    pub stage: Stage,
}

/// How far it has come.
pub enum Stage {
    OnItsWay,
    /// At the gate.
    Waiting(oneshot::Receiver<Result<Copied, CopyError>>),
    OnItsWayBack(Result<Synced, Failure>),
}

impl Pair {
    /// Some request or answer arrives, whichever, or is lost.
    pub fn carry(&mut self, arrives: f64) {
        if self.net.is_empty() {
            return;
        }
        let at = self.chance.random_range(0..self.net.len());
        let mut packet = self.net.swap_remove(at);
        if !self.chance.random_bool(arrives) {
            if self.chance.random_bool(0.5) {
                // The sender is told that the connection is gone; whether it arrived it is not told.
                packet.answer = None;
                self.net.extend(self.chance.random_bool(0.5).then_some(packet));
            }
            return;
        }
        let stage = std::mem::replace(&mut packet.stage, Stage::OnItsWay);
        packet.stage = match stage {
            Stage::OnItsWay => {
                if arrives < 1.0 && self.chance.random_bool(0.1) {
                    self.net.push(Packet {
                        answer: None,
                        body: packet.body.clone(),
                        stage: Stage::OnItsWay,
                        ..packet
                    });
                }
                self.arrive(&packet)
            }
            Stage::Waiting(mut copied) => match copied.try_recv() {
                Ok(copied) => Stage::OnItsWayBack(self.copied(1 - packet.from, copied)),
                Err(oneshot::error::TryRecvError::Empty) => Stage::Waiting(copied),
                Err(oneshot::error::TryRecvError::Closed) => return,
            },
            Stage::OnItsWayBack(answer) => {
                if matches!(answer, Err(Failure::Overtaken)) && packet.answer.is_some() {
                    let newer = self.nodes[1 - packet.from].state.generation;
                    self.nodes[packet.from].overtaken(newer);
                }
                if let Some(to) = packet.answer {
                    let _ = to.send(answer);
                }
                return;
            }
        };
        self.net.push(packet);
    }

    /// As `copy::serve` does.
    fn arrive(&mut self, packet: &Packet) -> Stage {
        let one = 1 - packet.from;
        if let Err(failure) = self.hear(one, packet.from, packet.generation) {
            return Stage::OnItsWayBack(Err(failure));
        }
        if packet.body.is_empty() {
            return Stage::OnItsWayBack(self.position(one).map(|end| Synced { end }));
        }
        let batches = Batch::parse_all(packet.body.clone()).unwrap();
        let (reply, copied) = oneshot::channel();
        let (now, generation) = (self.now, packet.generation);
        let arrival = Arrival {
            batches,
            generation,
            reply,
        };
        self.with(one, |process| {
            process.drain();
            process.writer.arrive(arrival, now);
        });
        Stage::Waiting(copied)
    }

    fn copied(&mut self, one: usize, copied: Result<Copied, CopyError>) -> Result<Synced, Failure> {
        let again = |error: CopyError| Failure::Again(error.to_string());
        match copied {
            Ok(Copied { end, continued }) => {
                self.with(one, |process| process.aligned |= continued);
                Ok(Synced { end: end.into() })
            }
            Err(error @ (CopyError::NotFollowing | CopyError::Early)) => Err(again(error)),
            Err(error @ CopyError::Append(_)) => {
                self.with(one, |process| process.aligned = false);
                Err(again(error))
            }
        }
    }

    // === the follower ===

    pub fn hear(&mut self, one: usize, leader: usize, generation: u64) -> Result<(), Failure> {
        let name = self.nodes[leader].name.clone();
        if self.nodes[one].process.is_none() {
            return Err(Failure::Again("nobody is there".to_owned()));
        }
        let known = self.nodes[one].state.generation.get();
        self.nodes[one].hear(generation, &name).map_err(|refusal| {
            if generation < known {
                Failure::Overtaken
            } else {
                Failure::Again(refusal.to_string())
            }
        })
    }

    pub fn position(&mut self, one: usize) -> Result<End, Failure> {
        let process = self.nodes[one].process.as_mut();
        let aligned = process.filter(|process| process.aligned);
        aligned
            .map(|process| {
                process.drain();
                process.writer.journal.position().into()
            })
            .ok_or_else(|| Failure::Again("not aligned".to_owned()))
    }

    /// One more step towards a log that is a prefix of the leader's.
    pub fn align(&mut self, one: usize) {
        let (leader, impatient) = (1 - one, self.chance.random_bool(0.2));
        let generation = self.nodes[one].state.generation;
        let follows = self.nodes[one].state.role == Role::Following;
        if !follows || !self.nodes[leader].leads() || self.nodes[leader].state.generation != generation {
            return;
        }
        let [west, east] = &mut self.nodes;
        let (own, other) = if one == 0 { (west, east) } else { (east, west) };
        let (Some(own), Some(other)) = (&mut own.process, &mut other.process) else {
            return;
        };
        if own.aligned {
            return;
        }
        own.drain();
        let end = own.writer.journal.position().sequence;
        let mut search = ForkSearch::new(own.reader.clone(), end);
        while let Some(probes) = search.asks() {
            let compared = other.reader.compare(probes);
            search.answered(&compared);
        }
        let keep = search.found().keep(&own.reader).unwrap_or(0);
        if keep == end {
            own.aligned = true;
            return;
        }
        match own.aside.take() {
            // All of it was offered, and the logs part there still.
            Some((before, aside)) if before == keep && aside.last == end => {
                let mut offered = own.reader.read(keep + 1, 1000).unwrap().into_iter();
                let ledger = lock(&other.writer.shared.ledger);
                let here = ledger.acks.here;
                let kept = offered.all(|record| ledger.find(&record.entry.key).is_some_and(|at| at <= here));
                drop(ledger);
                if kept {
                    own.writer.cut(&aside, generation.get()).unwrap();
                } else if !impatient {
                    own.aside = Some((before, aside));
                }
            }
            Some(_) | None => {
                let aside = own.writer.journal.set_aside_from(keep + 1).unwrap();
                for record in own.reader.read(keep + 1, 1000).unwrap() {
                    let (reply, _) = oneshot::channel();
                    other.admit(record.entry, Need::Here, Reply::one(reply));
                }
                own.aside = Some((keep, aside));
            }
        }
    }
}

//! The copy of a leader's journal in the other region, and what the leader takes back from it.

use journal::{Batch, Position};
use types::Generation;

use crate::{
    bug::Bug,
    fault::Deed,
    gateway::{Link, numbers},
    ledger::Part,
    log::{NotStored, end_of},
    message::{Peer, Set},
    place::Side,
    time::ms,
    world::World,
};

/// What the other region could not give back is asked for again after this long.
const UNMENDED_PAUSE: u64 = ms(30_000);
/// A person who has read this often that something cannot be put back lets the other region lead.
const ERRORS_UNTIL_A_PERSON: u32 = 3;

impl World<'_> {
    /// One gateway speaks to the other.
    pub(crate) fn say_to_peer(&mut self, side: Side, said: Peer) {
        self.send(side.place(), side.other().place(), said.into());
    }

    /// What the follower lacks, as far as the leader knows; without that it is asked where it stands.
    pub(crate) fn copy(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let mut batches = match gateway.peer_end {
            Some(end) => gateway.log.batches(end),
            None => Vec::new(),
        };
        if let Some(end) = gateway.peer_end
            && let Some(writing) = &gateway.writing
            && writing.batch.first() == batches.last().map_or(end, Batch::last) + 1
        {
            batches.push(writing.batch.clone());
        }
        let message = Peer::Copy {
            generation: gateway.generation,
            batches,
            marks: gateway.marks,
            register: gateway.register,
        };
        self.say_to_peer(side, message);
    }

    /// Batches of the leader arrive at its follower, or only a sign of life.
    pub(crate) fn copy_arrives(&mut self, side: Side, generation: Generation, batches: &[Batch], marks: Set) {
        let leader = side.other();
        let name = self.name(leader);
        let delay = self.disk_delay(side);
        let obeys_all = self.planted(Bug::CopiesForOldLeaders);
        let gateway = self.gateway(side);
        if !gateway.works() {
            return;
        }
        if gateway.check(side, generation, leader).is_err() && !obeys_all {
            let known = gateway.generation;
            return self.say_to_peer(side, Peer::CopyRefused { known });
        }
        if generation >= gateway.generation {
            gateway.led_by(generation, leader, &name);
        }
        self.obeys(Part::Gateway(side), generation);
        self.reads_again(side);
        let gateway = self.gateway(side);
        gateway.marks |= marks;
        let marks = gateway.marks;
        if !batches.is_empty() {
            match gateway.log.copy(batches) {
                // Batches that continue this log name the chain of its end: the logs are the same up to here.
                Ok(()) => {
                    gateway.aligned |=
                        gateway.log.position() == batches.last().map(end_of).unwrap_or_default()
                }
                Err(NotStored::Diverged) => gateway.aligned = false,
                // The leader hears nothing, and asks again.
                Err(NotStored::Full) => return,
                Err(NotStored::Poisoned) => return self.poisoned(side),
            }
        }
        let end = self.is_aligned(side).then(|| self.gateway(side).log.position());
        let copied = Peer::Copied {
            generation,
            end,
            marks,
        };
        self.send_later(side.place(), leader.place(), delay, copied.into());
        self.align(side);
    }

    /// The follower says where its copy ends; `None`: it may not be one yet.
    pub(crate) fn copied(&mut self, side: Side, generation: Generation, end: Option<Position>, marks: Set) {
        let now = self.now;
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.generation != generation {
            return;
        }
        gateway.marks |= marks;
        gateway.compared_marks = true;
        gateway.copied_marks |= marks;
        self.mend(side);
        let gateway = self.gateway(side);
        match end {
            None => gateway.peer_end = None,
            Some(end) if !gateway.holds(end) => {
                // This gateway was started anew and had not synced what the other had.
                gateway.peer_end = None;
                let realign = Peer::Realign { generation };
                self.say_to_peer(side, realign);
            }
            Some(end) => {
                gateway.heard = now.0;
                gateway.copied_up_to(end.sequence);
                for number in numbers(gateway.pending) {
                    if self.gateway(side).copies(number) == 2 {
                        self.acknowledge(side, number, 2);
                    }
                }
            }
        }
        self.deliver_to_erp(side);
    }

    pub(crate) fn copy_refused(&mut self, side: Side, known: Generation) {
        let deaf = self.planted(Bug::CopiesForOldLeaders);
        let gateway = self.gateway(side);
        if gateway.leads() && known > gateway.generation && !deaf {
            gateway.overtaken(known);
            self.say(side.place(), || {
                format!("its gateway steps back: generation {known} leads elsewhere")
            });
        }
    }

    // === what the leader's own disk has lost ===

    /// Asks the follower for what cannot be read here.
    fn mend(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        if gateway.unmended.is_some_and(|at| now.since(at) < UNMENDED_PAUSE) {
            return;
        }
        gateway.unmended = None;
        let gaps = gateway
            .log
            .reader()
            .map(|reader| reader.gaps())
            .unwrap_or_default();
        let Some(first) = gaps.first() else { return };
        let wanted = Peer::Wanted {
            generation: gateway.generation,
            from: *first.start(),
        };
        self.say_to_peer(side, wanted);
    }

    /// The leader wants batches back.
    pub(crate) fn wanted(&mut self, side: Side, generation: Generation, from: u64) {
        let gateway = self.gateway(side);
        if !gateway.works() || gateway.leader != Some(side.other()) || gateway.generation != generation {
            return;
        }
        let batches = gateway.log.batches(from - 1);
        let given = Peer::Given {
            generation,
            from,
            batches,
        };
        self.say_to_peer(side, given);
    }

    pub(crate) fn given(&mut self, side: Side, generation: Generation, from: u64, mut batches: Vec<Batch>) {
        let now = self.now;
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.generation != generation {
            return;
        }
        let gaps = gateway
            .log
            .reader()
            .map(|reader| reader.gaps())
            .unwrap_or_default();
        let Some(gap) = gaps.into_iter().find(|gap| *gap.start() == from) else {
            return;
        };
        // Behind the damage everything is intact.
        batches.retain(|batch| batch.last() <= *gap.end());
        if gateway.log.repair(&batches) {
            self.say(side.place(), || {
                format!("messages {gap:?} of its journal came back from the other region")
            });
            return self.deliver_to_erp(side);
        }
        gateway.unmended = Some(now);
        gateway.errors += 1;
        let (poisoned, errors) = (gateway.log.is_poisoned(), gateway.errors);
        if poisoned {
            return self.poisoned(side);
        }
        self.say(side.place(), || {
            format!("messages {gap:?} of its journal cannot be read, and cannot be put back")
        });
        if errors.is_multiple_of(ERRORS_UNTIL_A_PERSON) {
            // As the documentation says: then the other region's log is what counts, and this one's is made anew.
            let runs = self.control.running.is_some();
            self.deed(if runs { Deed::Abort } else { Deed::OrderFailover });
        }
    }
}

impl crate::gateway::Gateway {
    /// Whether a follower's end is in this log, or in the write that is under way.
    fn holds(&self, end: Position) -> bool {
        let there = (end.sequence, end.chain);
        let being_written = self.writing.as_ref().is_some_and(|writing| {
            let end = end_of(&writing.batch);
            (end.sequence, end.chain) == there
        });
        being_written || self.log.reader().is_some_and(|reader| reader.holds(end))
    }

    fn copied_up_to(&mut self, sequence: u64) {
        self.peer_end = Some(sequence);
        self.there = self.there.max(sequence);
        if self.link == Link::Gone {
            self.link = Link::CatchingUp;
        }
        let has_all = sequence >= self.log.position().sequence;
        // All that is left goes out with the next copy: from now on it is waited for.
        if self.link == Link::CatchingUp && has_all {
            self.link = Link::Expected;
        }
        if self.link == Link::Expected && has_all {
            self.link = Link::InSync;
        }
    }
}

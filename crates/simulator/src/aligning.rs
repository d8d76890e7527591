//! A follower's log that is no beginning of its leader's becomes one: it finds out where they part, sets aside what the
//! leader lacks, offers it until the leader has it, looks again, and only then cuts it off. Where they part and what stays is decided by
//! the product's own code (`journal::ForkSearch`); what is asked and answered goes over the simulated network.

use journal::{Batch, Compared, ForkSearch, Position, SetAside};
use types::Generation;

use crate::{
    bug::Bug,
    message::Peer,
    place::Side,
    time::{At, ms},
    world::World,
};

/// An answer that has not come by then is asked for again.
const PATIENCE: u64 = ms(1_000);
/// Pause before asking again while the leader's log is damaged, or what is damaged here cannot be copied anew.
const PAUSE: u64 = ms(5_000);

/// How far a follower has come.
#[derive(Default)]
pub(crate) struct Aligning {
    stage: Stage,
    /// Counts what was asked, so that late answers to older questions are known.
    step: u32,
    asked_at: At,
    rests_until: At,
    /// Everything up to here was offered to a leader that must not have this log cut.
    offered: u64,
    /// Where the logs parted when all behind it was offered: cut off if they part there still.
    ready: Option<(u64, SetAside)>,
}

#[derive(Default)]
enum Stage {
    #[default]
    Nothing,
    Searching(Box<ForkSearch>),
    Offering {
        /// What lies behind it is offered.
        keep: u64,
        /// Offered up to here.
        up_to: u64,
        last: u64,
        /// What is cut off when all of it is offered; nothing, while the leader's log is damaged.
        aside: Option<SetAside>,
    },
}

// === impl Aligning ===

impl Aligning {
    fn asks(&mut self, now: At) -> u32 {
        self.step += 1;
        self.asked_at = now;
        self.step
    }
}

impl World<'_> {
    /// Whether this log is known to be a beginning of the leader's. What is damaged in it is looked after now and then.
    pub(crate) fn is_aligned(&mut self, side: Side) -> bool {
        let now = self.now;
        let gateway = self.gateway(side);
        if gateway.aligned && now >= gateway.aligning.rests_until && gateway.log.is_damaged() {
            gateway.aligned = false;
        }
        gateway.aligned
    }

    /// Goes on with it, if it has to be done and nothing is waited for.
    pub(crate) fn align(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        let aligning = &mut gateway.aligning;
        let waits = !matches!(aligning.stage, Stage::Nothing) && now.since(aligning.asked_at) < PATIENCE;
        if gateway.aligned || waits || now < aligning.rests_until {
            return;
        }
        let Some(reader) = gateway.log.reader() else {
            return;
        };
        let search = ForkSearch::new(reader, gateway.log.position().sequence);
        aligning.stage = Stage::Searching(Box::new(search));
        self.asks_fork(side);
    }

    fn asks_fork(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        let Stage::Searching(search) = &gateway.aligning.stage else {
            return;
        };
        let Some(probes) = search.asks().map(<[Position]>::to_vec) else {
            return self.fork_found(side);
        };
        let message = Peer::Fork {
            generation: gateway.generation,
            step: gateway.aligning.asks(now),
            probes,
        };
        self.say_to_peer(side, message);
    }

    /// The leader compares.
    pub(crate) fn fork_asked(&mut self, side: Side, generation: Generation, step: u32, probes: &[Position]) {
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.generation != generation {
            return;
        }
        let Some(reader) = gateway.log.reader() else {
            return;
        };
        let compared = reader.compare(probes);
        if compared.held < probes.len() && !reader.gaps().is_empty() && gateway.unmended.is_none() {
            // It is damaged, and mended first.
            return;
        }
        let answer = Peer::Forked {
            generation,
            step,
            compared,
        };
        self.say_to_peer(side, answer);
    }

    pub(crate) fn fork_answered(
        &mut self,
        side: Side,
        generation: Generation,
        step: u32,
        compared: &Compared,
    ) {
        let gateway = self.gateway(side);
        if gateway.generation != generation || gateway.aligning.step != step {
            return;
        }
        if let Stage::Searching(search) = &mut gateway.aligning.stage {
            search.answered(compared);
            self.asks_fork(side);
        }
    }

    fn fork_found(&mut self, side: Side) {
        let now = self.now;
        let hasty = self.planted(Bug::DropsTheSuffix);
        let gateway = self.gateway(side);
        let (Stage::Searching(search), Some(reader)) =
            (std::mem::take(&mut gateway.aligning.stage), gateway.log.reader())
        else {
            return;
        };
        let (found, end) = (search.found(), gateway.log.position().sequence);
        // Nothing is ever trimmed here.
        let keep = found.keep(&reader).unwrap_or(0);
        if keep == end {
            gateway.aligned = true;
            gateway.aligning.rests_until = now.plus(PAUSE);
            return;
        }
        let ready = gateway.aligning.ready.take();
        if let Some((_, aside)) = ready.filter(|(parted, _)| *parted == keep && !found.damaged) {
            gateway.aligned = gateway.log.cut(&aside);
            if !gateway.aligned {
                self.log_failed(side);
            }
            return;
        }
        let aside = if found.damaged {
            if gateway.aligning.offered >= end {
                gateway.aligning.rests_until = now.plus(PAUSE);
                return;
            }
            None
        } else {
            let Some(aside) = gateway.log.set_aside(keep + 1) else {
                return self.log_failed(side);
            };
            Some(aside)
        };
        self.say(side.place(), || {
            format!("its journal parts from the leader's behind {keep}, and ends at {end}")
        });
        self.gateway(side).aligning.stage = Stage::Offering {
            keep,
            up_to: if hasty { end } else { keep },
            last: end,
            aside,
        };
        self.offers(side);
    }

    fn offers(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        let Stage::Offering { up_to, last, .. } = &mut gateway.aligning.stage else {
            return;
        };
        let batches = if *up_to < *last {
            gateway.log.salvage(*up_to + 1)
        } else {
            Vec::new()
        };
        let Some(end) = batches.last().map(Batch::last) else {
            return self.all_is_offered(side);
        };
        *up_to = end;
        let message = Peer::Offer {
            generation: gateway.generation,
            step: gateway.aligning.asks(now),
            batches,
        };
        self.say_to_peer(side, message);
    }

    pub(crate) fn offer_arrives(&mut self, side: Side, generation: Generation, step: u32, batches: &[Batch]) {
        let gateway = self.gateway(side);
        if gateway.leads() && gateway.generation == generation {
            self.offered(side, step, batches);
        }
    }

    /// The leader has on its disk what was offered.
    pub(crate) fn kept(&mut self, side: Side, generation: Generation, step: u32) {
        let gateway = self.gateway(side);
        if gateway.generation == generation && gateway.aligning.step == step {
            self.offers(side);
        }
    }

    fn all_is_offered(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        match std::mem::take(&mut gateway.aligning.stage) {
            Stage::Offering {
                keep,
                aside: Some(aside),
                ..
            } => {
                gateway.aligning.ready = Some((keep, aside));
                if let Some(reader) = gateway.log.reader() {
                    let search = ForkSearch::new(reader, gateway.log.position().sequence);
                    gateway.aligning.stage = Stage::Searching(Box::new(search));
                    self.asks_fork(side);
                }
            }
            Stage::Offering { last, .. } => {
                gateway.aligning.offered = last;
                gateway.aligning.rests_until = now.plus(PAUSE);
            }
            Stage::Nothing | Stage::Searching(_) => {}
        }
    }

    /// It is tried again, unless the disk has failed.
    fn log_failed(&mut self, side: Side) {
        if self.gateway(side).log.is_poisoned() {
            self.poisoned(side);
        }
    }

    /// The leader does not have the end of this log.
    pub(crate) fn realigns(&mut self, side: Side, generation: Generation) {
        let gateway = self.gateway(side);
        if gateway.generation == generation && !gateway.leads() {
            gateway.aligned = false;
            self.align(side);
        }
    }
}

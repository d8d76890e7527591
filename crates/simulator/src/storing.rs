//! What partners send, on this disk and on the other region's, before they are told.
//!
//! As in the real gateway: one write at a time, everything that came meanwhile goes into the next one, and the other region
//! gets a batch while this one still syncs it.

use api::gateway::GatewayRole;

use crate::{
    bug::Bug,
    gateway::{DEGRADE_AFTER, Link, Writing, numbers},
    log::{NotStored, messages},
    message::{Message, Peer, Set, Timer},
    place::{Place, Side},
    time::ms,
    world::World,
};

impl World<'_> {
    /// The front door passes a partner's message on.
    pub(crate) fn submitted(&mut self, side: Side, number: u8) {
        let gateway = self.gateway(side);
        if !gateway.leads() {
            return;
        }
        let bit = 1 << number;
        if gateway.log.stored & bit != 0 {
            if gateway.pending & bit == 0 {
                let copies = gateway.copies(number);
                self.acknowledge(side, number, copies);
            }
            return;
        }
        gateway.asked |= bit;
        gateway.waiting |= bit & !gateway.writing.as_ref().map_or(0, |writing| writing.messages);
        self.write(side);
    }

    /// Begins to write what waits, if nothing is being written.
    fn write(&mut self, side: Side) {
        let delay = ms(1) + self.disk_delay(side);
        let gateway = self.gateway(side);
        if gateway.writing.is_some() || gateway.waiting == 0 {
            return;
        }
        match gateway.log.encode(gateway.waiting, gateway.generation) {
            Ok((batch, messages)) => {
                gateway.waiting &= !messages;
                gateway.writing = Some(Writing { batch, messages });
            }
            Err(NotStored::Poisoned) => return self.poisoned(side),
            // Nobody is told: the partner sends again.
            Err(NotStored::Full | NotStored::Diverged) => {
                (gateway.waiting, gateway.asked) = (0, 0);
                return;
            }
        }
        let run = gateway.run;
        self.copy(side);
        self.after(side.place(), delay, Timer::Written(run));
    }

    /// It is on this disk.
    pub(crate) fn written(&mut self, side: Side, run: u32) {
        let early = self.planted(Bug::AcknowledgesBeforeTheCopy);
        let gateway = self.gateway(side);
        if gateway.run != run || !gateway.leads() {
            return;
        }
        let Some(Writing { batch, messages }) = gateway.writing.take() else {
            return;
        };
        match gateway.log.commit(&[batch]) {
            Ok(()) => {}
            Err(NotStored::Poisoned) => return self.poisoned(side),
            Err(NotStored::Full | NotStored::Diverged) => {
                gateway.asked &= !messages;
                return;
            }
        }
        let asked = messages & gateway.asked;
        gateway.asked &= !messages;
        for number in numbers(asked) {
            let gateway = self.gateway(side);
            let copies = if early { 2 } else { gateway.copies(number) };
            if copies == 2 || !gateway.link.waits() {
                self.acknowledge(side, number, copies);
            } else {
                gateway.pending |= 1 << number;
                self.after(side.place(), DEGRADE_AFTER, Timer::Degrade { number, run });
            }
        }
        self.keep_promises(side);
        self.deliver_to_erp(side);
        self.write(side);
    }

    pub(crate) fn degrade(&mut self, side: Side, number: u8, run: u32) {
        let gateway = self.gateway(side);
        if gateway.run == run && gateway.leads() && gateway.pending & (1 << number) != 0 {
            gateway.link = Link::Gone;
            self.acknowledge(side, number, 1);
        }
    }

    pub(crate) fn acknowledge(&mut self, side: Side, number: u8, copies: u8) {
        let gateway = self.gateway(side);
        gateway.pending &= !(1 << number);
        gateway.alone += u64::from(copies == 1);
        self.ledger.acknowledged(number, copies);
        self.send(side.place(), Place::Door, Message::Accepted { number, copies });
    }

    /// The follower offers what only it has; it is told when all of it is on this disk, and what was there before can be
    /// read.
    pub(crate) fn offered(&mut self, side: Side, step: u32, offer: &[journal::Batch]) {
        let gateway = self.gateway(side);
        let wanted: Set = messages(offer);
        if !gateway.log.verify(wanted) {
            // Nobody is told: it is offered again.
            return;
        }
        let writing = gateway.writing.as_ref().map_or(0, |writing| writing.messages);
        gateway.waiting |= wanted & !gateway.log.stored & !writing;
        gateway.promised = Some((step, wanted));
        self.write(side);
        self.keep_promises(side);
    }

    fn keep_promises(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let kept = gateway
            .promised
            .take_if(|(_, wanted)| *wanted & !gateway.log.stored == 0);
        if let Some((step, _)) = kept {
            let generation = gateway.generation;
            let message = Peer::Kept { generation, step };
            self.say_to_peer(side, message);
        }
    }

    /// Nothing is known of what the disk holds: it takes no part any more until somebody has started it anew.
    pub(crate) fn poisoned(&mut self, side: Side) {
        let looked_at = ms(3_000) + self.random.below(ms(9_000));
        let gateway = self.gateway(side);
        gateway.forget();
        gateway.role = GatewayRole::Poisoned;
        let run = gateway.run;
        self.say(side.place(), || "its journal is poisoned".to_owned());
        self.after(side.place(), looked_at, Timer::GatewayLookedAt(run));
    }

    /// A process that could not open its journal is started again.
    pub(crate) fn gateway_started(&mut self, side: Side, run: u32) {
        let gateway = self.gateway(side);
        if gateway.run == run && !gateway.log.is_open() {
            self.starts_gateway(side);
        }
    }

    /// A gateway begins with what its disk really holds.
    pub(crate) fn starts_gateway(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let run = gateway.run;
        if !gateway.log.open() {
            self.say(side.place(), || "its journal cannot be opened".to_owned());
            self.after(side.place(), ms(1_000), Timer::GatewayStarts(run));
        }
    }
}

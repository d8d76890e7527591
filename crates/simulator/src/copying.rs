//! The journal of a gateway: what partners send, on this disk and on the other region's, before they are told.

use types::Generation;

use crate::{
    bug::Bug,
    gateway::{DEGRADE_AFTER, Link, numbers},
    ledger::Part,
    message::{Message, Set, Timer},
    place::{Place, Side},
    time::ms,
    world::World,
};

impl World<'_> {
    pub(crate) fn copy(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let message = Message::Copy {
            generation: gateway.generation,
            all: gateway.stored,
            marks: gateway.marks,
        };
        self.send(side.place(), side.other().place(), message);
    }

    /// The front door passes a partner's message on.
    pub(crate) fn submitted(&mut self, side: Side, number: u8) {
        let delay = ms(1) + self.disk_delay(side);
        let gateway = self.gateway(side);
        if !gateway.leads() {
            return;
        }
        let bit = 1 << number;
        if gateway.stored & bit != 0 && gateway.pending & bit == 0 {
            let copies = if gateway.copied & bit == 0 { 1 } else { 2 };
            return self.acknowledge(side, number, copies);
        }
        let run = gateway.run;
        self.after(side.place(), delay, Timer::Synced { number, run });
    }

    /// It is on this disk.
    pub(crate) fn synced(&mut self, side: Side, number: u8, run: u32) {
        let early = self.planted(Bug::AcknowledgesBeforeTheCopy);
        let gateway = self.gateway(side);
        if gateway.run != run || !gateway.leads() {
            return;
        }
        let bit = 1 << number;
        gateway.stored |= bit;
        if early {
            return self.acknowledge(side, number, 2);
        }
        match gateway.link {
            Link::Expected | Link::InSync => {
                gateway.pending |= bit;
                self.after(side.place(), DEGRADE_AFTER, Timer::Degrade { number, run });
                self.copy(side);
            }
            Link::CatchingUp | Link::Gone => self.acknowledge(side, number, 1),
        }
        self.deliver_to_erp(side);
    }

    pub(crate) fn degrade(&mut self, side: Side, number: u8, run: u32) {
        let gateway = self.gateway(side);
        if gateway.run == run && gateway.leads() && gateway.pending & (1 << number) != 0 {
            gateway.link = Link::Gone;
            self.acknowledge(side, number, 1);
        }
    }

    fn acknowledge(&mut self, side: Side, number: u8, copies: u8) {
        let gateway = self.gateway(side);
        gateway.pending &= !(1 << number);
        gateway.alone += u64::from(copies == 1);
        self.ledger.acknowledged(number, copies);
        self.send(side.place(), Place::Door, Message::Accepted { number, copies });
    }

    /// The leader's journal arrives at its follower.
    pub(crate) fn copy_arrives(&mut self, side: Side, generation: Generation, all: Set, marks: Set) {
        let leader = side.other();
        let name = self.name(leader);
        let delay = self.disk_delay(side);
        let obeys_all = self.planted(Bug::CopiesForOldLeaders);
        let drops = self.planted(Bug::DropsTheSuffix);
        let gateway = self.gateway(side);
        if gateway.check(side, generation, leader).is_err() && !obeys_all {
            let known = gateway.generation;
            return self.send(side.place(), leader.place(), Message::CopyRefused { known });
        }
        if generation >= gateway.generation {
            gateway.led_by(generation, leader, &name);
        }
        self.obeys(Part::Gateway(side), generation);
        let gateway = self.gateway(side);
        let surplus = gateway.stored & !all;
        if drops {
            gateway.stored &= all;
        }
        gateway.stored |= all;
        gateway.marks |= marks;
        let held = Message::Copied {
            generation,
            held: gateway.stored,
            marks: gateway.marks,
            surplus: if drops { 0 } else { surplus },
        };
        self.send_later(side.place(), leader.place(), delay, held);
    }

    /// The follower has it on its disk, and offers what only it has.
    pub(crate) fn copied(&mut self, side: Side, generation: Generation, held: Set, marks: Set, surplus: Set) {
        let now = self.now;
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.generation != generation {
            return;
        }
        gateway.heard = now.0;
        gateway.stored |= surplus;
        gateway.marks |= marks;
        gateway.compared_marks = true;
        gateway.copied |= held;
        gateway.copied_marks |= marks;
        let has_all = gateway.stored & !gateway.copied == 0;
        gateway.link = if has_all || gateway.link == Link::InSync {
            Link::InSync
        } else {
            Link::CatchingUp
        };
        let ready = gateway.pending & gateway.copied;
        for number in numbers(ready) {
            self.acknowledge(side, number, 2);
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
}

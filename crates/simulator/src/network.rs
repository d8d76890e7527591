//! What lies between places: every message takes its time, or does not arrive.

use types::Generation;

use crate::{
    agent::Asker,
    calls::{Answered, Reply},
    ledger::Part,
    message::{Event, Message},
    place::{Place, Side},
    time::ms,
    world::World,
};

impl World<'_> {
    // === the network ===

    pub fn cut(&mut self, from: Place, to: Place, cut: bool) {
        let count = &mut self.cuts[from.index()][to.index()];
        *count = if cut {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
    }

    pub fn is_cut(&self, from: Place, to: Place) -> bool {
        self.cuts[from.index()][to.index()] > 0
    }

    pub fn send(&mut self, from: Place, to: Place, message: Message) {
        self.send_later(from, to, 0, message);
    }

    /// Sends after so long; the link is as it is now.
    pub fn send_later(&mut self, from: Place, to: Place, delay: u64, message: Message) {
        if self.is_cut(from, to) || self.is_down(to) {
            return;
        }
        let slow = self.slow[from.index()][to.index()];
        let mut way = self.schedule.link.0 + self.random.below(self.schedule.link.1 + 1);
        if slow > 0 {
            way += slow / 2 + self.random.below(slow);
        }
        if self.loss > 0 && self.random.percent(self.loss) {
            if !message.is_sent_again() {
                return;
            }
            way += ms(200);
        }
        let at = self.now.plus(delay + way);
        let run = self.machines[to.index()].run;
        if self.repeat > 0 && !message.is_sent_again() && self.random.percent(self.repeat) {
            let again = at.plus(self.random.below(ms(2_000)));
            self.push(
                again,
                Event::Deliver {
                    from,
                    to,
                    run,
                    message: message.clone(),
                },
            );
        }
        self.push(
            at,
            Event::Deliver {
                from,
                to,
                run,
                message,
            },
        );
    }

    /// An answer to the controller; one that was started anew meanwhile does not know the question.
    pub fn answer(&mut self, side: Side, asker: Asker, answer: Answered) {
        if self.machines[Place::Control.index()].run == asker.run {
            let (call, answer) = (asker.call, Box::new(answer));
            self.send(side.place(), Place::Control, Message::Answer { call, answer });
        }
    }

    /// The same after so long.
    pub fn answer_later(&mut self, side: Side, asker: Asker, delay: u64, answer: Answered) {
        if self.machines[Place::Control.index()].run == asker.run {
            let (call, answer) = (asker.call, Box::new(answer));
            self.send_later(
                side.place(),
                Place::Control,
                delay,
                Message::Answer { call, answer },
            );
        }
    }

    /// What a part of a region is told by somebody who leads in `generation`, and does.
    pub fn obeys(&mut self, part: Part, generation: Generation) {
        self.ledger.obeys(part, generation, self.now);
    }

    pub fn answer_done(&mut self, side: Side, asker: Asker) {
        let at = self.wall(side.place());
        self.answer(side, asker, Ok(Reply::Done(api::site::Done { at })));
    }
}

//! From the journal into the ERP, and from the ERP's outbox to the world outside.
//!
//! Told to lead, a gateway advances the fence row, compares its journal with the inbox and applies what lacks. Effects
//! are marked on both disks first, sent once, and held until the comparison is done.

use api::gateway::GatewayRole;

use crate::{
    bug::Bug,
    database::{Commit, Process, Wrote},
    gateway::numbers,
    message::Set,
    place::Side,
    world::World,
};

impl World<'_> {
    pub(crate) fn deliver_to_erp(&mut self, side: Side) {
        let (now, wall) = (self.now, self.wall(side.place()));
        let full = now < self.regions[side.index()].disk.full_until;
        let [blind, twice] =
            [Bug::DeliversBesideTheFenceRow, Bug::ReplaysWithoutAsking].map(|bug| self.planted(bug));
        let region = &mut self.regions[side.index()];
        let (gateway, database) = (&mut region.gateway, &mut region.database);
        let Some(made) = gateway
            .reconciliation
            .as_mut()
            .filter(|_| gateway.role == GatewayRole::Leading)
        else {
            return;
        };
        if database.process != Process::Primary || full {
            return;
        }
        let (generation, row) = (gateway.generation, database.fence_row());
        let led_in = generation;
        if row > generation && !blind {
            return;
        }
        let mut wrote = false;
        let commit = |what| Commit {
            what,
            generation: database.generation,
            at: now,
        };
        if row < generation {
            // The fence row is worth what the region's own generation is: an older one has lost its right.
            let fence = Commit {
                generation,
                ..commit(Wrote::Fence)
            };
            database.log.push(fence);
            wrote = true;
        }
        made.first_write.get_or_insert(wall);
        let replays_all = twice && made.finished.is_none();
        let mut lacking = if replays_all {
            gateway.log.stored
        } else {
            gateway.log.stored & !database.applied()
        };
        for number in numbers(lacking) {
            if !gateway.log.read(number) {
                // It comes back from the other region, and is delivered then.
                lacking &= !(1 << number);
                continue;
            }
            database.log.push(Commit {
                what: Wrote::Message(number),
                generation: database.generation,
                at: now,
            });
            wrote = true;
        }
        made.replayed += u64::from(lacking.count_ones());
        made.finished.get_or_insert(wall);
        let generation = database.generation;
        database.replayed = database.log.len();
        if let Some(number) = database.applied_twice().filter(|_| twice) {
            self.ledger.broken(crate::ledger::Broken::AppliedTwice, now, || {
                format!("message {number}")
            });
        }
        if wrote {
            self.ledger.passes(led_in, row, now);
            self.ledger.writes(side, generation, now);
            self.send_wal(side);
        }
        self.publish(side);
    }

    /// Every fourth message has an effect outside: a label, a mail, a message to a partner.
    fn publish(&mut self, side: Side) {
        const WITH_EFFECT: Set = Set::MAX / 15;
        let now = self.now;
        let (unheld, unmarked) = (
            self.planted(Bug::SendsBeforeTheComparison),
            self.planted(Bug::SendsWithoutAMark),
        );
        let region = &mut self.regions[side.index()];
        let gateway = &mut region.gateway;
        let compared = gateway.is_reconciled() && gateway.compared_marks;
        if !(compared || unheld || unmarked) {
            return;
        }
        let due = region.database.applied() & WITH_EFFECT & !gateway.marks;
        gateway.marks |= due;
        let sent = if unheld || unmarked {
            due
        } else {
            // Marked on both disks, and by this very gateway: what another one marked it has sent, or a person decides.
            let ready = gateway.marked & gateway.copied_marks;
            gateway.marked = (gateway.marked | due) & !ready;
            ready
        };
        for number in numbers(sent) {
            self.ledger.sent_outside(number, now);
        }
        if due != 0 {
            self.copy(side);
        }
    }
}

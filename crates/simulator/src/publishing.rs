//! From the ERP's outbox to the world outside: marked on both disks first, sent once, and held until the comparison is done.

use crate::{bug::Bug, gateway::numbers, message::Set, place::Side, world::World};

impl World<'_> {
    /// Every fourth message has an effect outside: a label, a mail, a message to a partner.
    pub(crate) fn publish(&mut self, side: Side) {
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

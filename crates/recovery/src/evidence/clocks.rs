//! The clocks of a run, and what they are called: a planned move has no fault, and nothing to notice.

use types::Timestamp;

use super::Run;

/// One clock of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// `t0` to `t7`; empty for one that has no number.
    pub mark: &'static str,
    /// In a word or two.
    pub name: &'static str,
    /// What had happened then.
    pub says: &'static str,
    /// When; `None` while that is not known.
    pub at: Option<Timestamp>,
}

/// Every clock of a run but t6, which each capability has for itself.
pub fn clocks(run: &Run) -> Vec<Clock> {
    let clock = |mark, name, says, at| Clock { mark, name, says, at };
    let read = &run.clocks;
    if !run.moves_writes() {
        return vec![clock("t0", "fault", "fault", Some(run.fault_at))];
    }
    let beginning = if run.is_planned() {
        vec![
            clock("t0", "asked for", "the move was asked for", Some(run.fault_at)),
            clock("t2", "decided", "the move was decided", read.decided),
            clock(
                "t3",
                "released",
                "the old region has given its right to write away",
                read.fenced,
            ),
        ]
    } else {
        vec![
            clock("t0", "fault", "fault", Some(run.fault_at)),
            clock("t1", "detected", "loss noticed", read.detected),
            clock("t2", "decided", "failover decided", read.decided),
            clock("t3", "fenced", "old writer certainly fenced", read.fenced),
        ]
    };
    let end = [
        clock("t4", "promoted", "standby promoted", read.promoted),
        clock("", "routed", "traffic routed", read.routed),
        clock("t5", "first write", "first write accepted", read.first_write),
        clock("t7", "reconciled", "journal and ERP agree", read.reconciled),
    ];
    beginning.into_iter().chain(end).collect()
}

// === impl Run ===

impl Run {
    /// It was a planned move: nothing was lost, so nothing was noticed or fenced.
    pub const fn is_planned(&self) -> bool {
        self.moved.is_some()
    }

    /// Writes were to move. Otherwise something was disturbed that must not move them.
    pub const fn moves_writes(&self) -> bool {
        self.disturbed.is_none()
    }

    /// What t0 is, as in "2 s after the fault".
    pub(super) const fn zero(&self) -> &'static str {
        if self.is_planned() {
            "move was asked for"
        } else {
            "fault"
        }
    }
}

//! What a lane does now, where the ERP's time is shared: its scheduler and the budget together.

use std::time::Duration;

use crate::{Budget, Ended, Ending, Moment, Next, Outcome, Scheduler, Verdict, Waiting};

/// What a lane does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Deliver these in one call, which the first of them names.
    Call(Vec<u64>),
    /// Nothing.
    Wait {
        /// What for.
        why: Waiting,
        /// Ask again then; without it, after the next event.
        until: Option<Moment>,
    },
}

// === impl Scheduler ===

impl Scheduler {
    /// What to do now, as the lane of that number in the budget. A call that it gives has begun.
    pub fn step(&mut self, lane: usize, budget: &mut Budget, now: Moment) -> Step {
        match self.next(now, |class| budget.ask(lane, class)) {
            Next::Deliver { sequence, class, .. } => {
                let mut call = vec![sequence];
                call.extend(self.companions(sequence, class, budget.room(), now));
                let messages = u32::try_from(call.len()).unwrap_or(u32::MAX);
                budget.begin(lane, sequence, messages, class, now);
                Step::Call(call)
            }
            Next::Wait { why, until } => {
                if !matches!(why, Waiting::Erp(_)) {
                    budget.withdraw(lane);
                }
                Step::Wait { why, until }
            }
        }
    }

    /// A call ended after so long, which the first of its messages names; says what follows for each of them.
    pub fn end(
        &mut self,
        budget: &mut Budget,
        first: u64,
        endings: Vec<Ending>,
        (how, took): (Ended, Duration),
        now: Moment,
    ) -> Vec<(u64, Verdict)> {
        let sent = endings.iter().filter(|(_, outcome)| *outcome != Outcome::Unsent);
        let sent = u32::try_from(sent.count()).unwrap_or(u32::MAX);
        budget.end(first, how, sent, now);
        self.finish_call(endings, took, now)
    }
}

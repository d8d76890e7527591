//! Messages that travel in one call: heads of different lines, so that no key is in two calls.

use std::{cmp::Reverse, collections::VecDeque, time::Duration};

use super::{Breaker, Class, Key, Line, Moment, Outcome, Scheduler, Verdict};

/// How one message of a call ended.
pub type Ending = (u64, Outcome);

// === impl Scheduler ===

impl Scheduler {
    /// More messages for the call of this one, which [`Scheduler::next`] gave just now; the ERP takes so many calls
    /// beside what is under way.
    ///
    /// What is ready is shared among the calls that may be made, so that a few messages are delivered beside each
    /// other, and only many are delivered together. What was tried before travels alone, and in probation everything.
    pub fn companions(&mut self, with: u64, class: Class, calls: usize, now: Moment) -> Vec<u64> {
        let free = match self.breaker {
            Breaker::Closed { .. } => (self.policy.concurrency + 1).saturating_sub(self.calls()),
            Breaker::Open { .. } | Breaker::Probation { .. } | Breaker::Paused(_) => return Vec::new(),
        };
        let ready = 1 + self.queue(class).len();
        let most = self
            .size
            .messages(now)
            .min(ready.div_ceil(free.min(calls).max(1)));
        if most < 2 || self.was_tried(with) {
            return Vec::new();
        }
        // A turn is a call, however many messages are in it.
        let turns = self.live_in_a_row;
        let (mut found, mut left) = (Vec::new(), Vec::new());
        while found.len() + 1 < most && self.pace.as_ref().is_none_or(|pace| pace.wait(now).is_none()) {
            self.drop_stale();
            let Some(entry) = self.queue(class).front().copied() else {
                break;
            };
            let head = self.lines.get(&entry.0).and_then(Line::head);
            if head.is_none_or(|head| self.was_tried(head)) {
                self.queue(class).pop_front();
                left.push(entry);
                continue;
            }
            if let Some((sequence, key)) = self.pick(class) {
                self.begin(sequence, key, now);
                self.riding.insert(sequence);
                found.push(sequence);
            }
        }
        for entry in left.into_iter().rev() {
            self.queue(class).push_front(entry);
        }
        self.live_in_a_row = turns;
        found
    }

    /// A call ended after so long; says what follows for each of its messages.
    pub fn finish_call(
        &mut self,
        mut endings: Vec<Ending>,
        took: Duration,
        now: Moment,
    ) -> Vec<(u64, Verdict)> {
        for (sequence, _) in &endings {
            self.riding.remove(sequence);
        }
        let sent = endings.iter().filter(|(_, outcome)| *outcome != Outcome::Unsent);
        let (sent, failed) = sent.fold((0, 0), |(sent, failed), (_, outcome)| {
            (
                sent + 1,
                failed + usize::from(matches!(outcome, Outcome::Failed(_))),
            )
        });
        if sent > 1 && sent == failed {
            return self.failed_together(endings, now);
        }
        if failed == 0 {
            self.size.answered(sent, took);
        }
        // Failures first: that the others were answered shows that the other side is there.
        endings.sort_by_key(|(_, outcome)| Reverse(matches!(outcome, Outcome::Failed(_))));
        let verdict = |(sequence, outcome)| (sequence, self.finish(sequence, outcome, now));
        endings.into_iter().map(verdict).collect()
    }

    /// Nobody can tell which of them is to blame, or whether any is: each is tried alone, at once. For the breaker it is
    /// one failure.
    fn failed_together(&mut self, endings: Vec<Ending>, now: Moment) -> Vec<(u64, Verdict)> {
        self.size.failed(now);
        let mut counted = false;
        let verdict = |(sequence, outcome)| {
            let Outcome::Failed(why) = &outcome else {
                return (sequence, self.finish(sequence, outcome, now));
            };
            if !counted {
                counted = true;
                let (policy, rng) = (&self.policy, &mut self.rng);
                self.breaker
                    .failed(why, now, policy.failures_max, &policy.open, rng);
            }
            let Some(key) = self.under_way.remove(&sequence) else {
                return (sequence, Verdict::Finished);
            };
            let tries = self.tries.entry(sequence).or_default();
            tries.attempts = tries.attempts.saturating_add(1);
            tries.since.get_or_insert(now);
            let attempts = tries.attempts;
            self.make_ready(key);
            (sequence, Verdict::Again { at: now, attempts })
        };
        endings.into_iter().map(verdict).collect()
    }

    /// Messages in one call now, at most.
    pub fn call_messages(&self, now: Moment) -> usize {
        match self.breaker {
            Breaker::Closed { .. } => self.size.messages(now),
            Breaker::Open { .. } | Breaker::Probation { .. } | Breaker::Paused(_) => 1,
        }
    }

    const fn queue(&mut self, class: Class) -> &mut VecDeque<(Key, u64)> {
        match class {
            Class::Live => &mut self.live,
            Class::Replay => &mut self.replay,
        }
    }

    fn was_tried(&self, sequence: u64) -> bool {
        self.tries.get(&sequence).is_some_and(|tries| tries.attempts > 0)
    }

    /// Calls under way.
    pub(super) fn calls(&self) -> usize {
        self.under_way.len() - self.riding.len()
    }
}

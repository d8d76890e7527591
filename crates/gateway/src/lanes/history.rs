//! What was tried for each message and what the ERP said, for people who ask.
//!
//! In memory and bounded: what must not be forgotten is in the [register](super::register).

use std::collections::{HashMap, VecDeque};

use api::gateway::lanes::Attempt;

/// Messages whose tries are known.
const MESSAGES_MAX: usize = 10_000;
/// Tries of one message that are known: the first one tells how trouble began, the last ones how it is.
const TRIES_MAX: usize = 16;

/// Tries of the messages that were tried last.
#[derive(Debug, Default)]
pub struct History {
    tries: HashMap<u64, Vec<Attempt>>,
    order: VecDeque<u64>,
}

impl History {
    /// Adds a try.
    pub fn add(&mut self, sequence: u64, attempt: Attempt) {
        let tries = self.tries.entry(sequence).or_insert_with(|| {
            self.order.push_back(sequence);
            Vec::new()
        });
        if tries.len() == TRIES_MAX {
            tries.remove(1);
        }
        tries.push(attempt);
        if self.order.len() > MESSAGES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.tries.remove(&oldest);
        }
    }

    /// What was said of a message is forgotten.
    pub fn forget(&mut self, sequence: u64) {
        if let Some(tries) = self.tries.get_mut(&sequence) {
            tries.clear();
        }
    }

    /// Tries of a message, the oldest first.
    pub fn of(&self, sequence: u64) -> &[Attempt] {
        self.tries.get(&sequence).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use api::gateway::lanes::AttemptOutcome;
    use types::Timestamp;

    use super::*;

    #[test]
    fn it_keeps_the_first_try_and_the_last_ones_of_the_last_messages() {
        let mut history = History::default();
        let attempt = |at| Attempt {
            at: Timestamp::from_micros(at),
            took_ms: 1,
            outcome: AttemptOutcome::Unknown,
            said: String::new(),
        };
        for at in 1..=40 {
            history.add(7, attempt(at));
        }
        let times: Vec<i64> = history.of(7).iter().map(|one| one.at.as_micros()).collect();
        assert_eq!(
            (times.len(), times[0], times[1], times[15]),
            (TRIES_MAX, 1, 26, 40)
        );
        for sequence in 100..100 + MESSAGES_MAX as u64 {
            history.add(sequence, attempt(1));
        }
        assert!(history.of(7).is_empty() && history.tries.len() == MESSAGES_MAX);
    }
}

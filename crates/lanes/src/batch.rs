//! How many messages of a lane travel in one call.
//!
//! A call costs the ERP as much as several messages do: a request, a transaction, a cold cache. So a lane that has more
//! ready than its calls at once can take puts several into each. How many follows what the ERP can do, seen by how long
//! calls take: twice as many while a full call takes less than half of what it may, as many as fit when it took longer.
//!
//! A call may take an eighth of the time-out, so that a slow moment does not make its outcome unknown, and a second:
//! its transaction holds rows that people want too, and a failover waits for it.
//!
//! What failed before travels alone, so that the message that is to blame is found; after a call of several that failed
//! all do, for a while.

use std::time::Duration;

use super::policy::Moment;

/// The addon takes a hundred; beyond this a call gains nothing.
const MESSAGES_MAX: usize = 64;
/// A call may take this part of the time-out.
const PART: u32 = 8;
/// And no longer than this.
const LONGEST: Duration = Duration::from_secs(1);
/// Messages travel alone for so long after a call of several that failed.
const ALONE_FOR: Duration = Duration::from_secs(5);

/// How long a call with several messages may take where calls have this time-out.
pub fn call_longest(timeout: Duration) -> Duration {
    (timeout / PART).min(LONGEST)
}

/// How many travel together now.
#[derive(Clone, Debug)]
pub struct Size {
    now: usize,
    longest: Duration,
    alone_until: Moment,
}

impl Size {
    /// One at first; a call takes `longest` at most.
    pub const fn new(longest: Duration) -> Self {
        Self {
            now: 1,
            longest,
            alone_until: Moment::ZERO,
        }
    }

    /// Messages in a call, at most.
    pub fn messages(&self, now: Moment) -> usize {
        if now < self.alone_until { 1 } else { self.now }
    }

    /// A call with so many messages was answered after so long.
    pub fn answered(&mut self, messages: usize, took: Duration) {
        if took > self.longest {
            let fit = messages as u128 * self.longest.as_micros() / took.as_micros().max(1);
            let fit = usize::try_from(fit).unwrap_or(MESSAGES_MAX);
            self.now = self.now.min(fit).max(1);
        } else if messages >= self.now && took * 2 <= self.longest {
            self.now = (self.now * 2).min(MESSAGES_MAX);
        }
    }

    /// A call with several messages failed as a whole.
    pub fn failed(&mut self, now: Moment) {
        self.now = 1;
        self.alone_until = now + ALONE_FOR;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn calls_grow_while_they_are_quick_and_shrink_to_what_fits() {
        let mut size = Size::new(call_longest(Duration::from_secs(10)));
        let sizes: Vec<usize> = (0..8)
            .map(|_| {
                let messages = size.messages(ms(0));
                // A fixed part and ten milliseconds for each.
                size.answered(messages, ms(50 + 10 * messages as u64));
                messages
            })
            .collect();
        assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 64], "64 take 690 ms");
        size.answered(64, ms(4_000));
        assert_eq!(size.messages(ms(0)), 16);
        size.answered(16, ms(900));
        assert_eq!(size.messages(ms(0)), 16, "neither slow nor quick");
        size.answered(3, ms(10));
        assert_eq!(
            size.messages(ms(0)),
            16,
            "a call that was not full proves nothing"
        );
        size.answered(1, ms(60_000));
        assert_eq!(size.messages(ms(0)), 1, "never fewer than one");
    }

    #[test]
    fn after_a_call_that_failed_messages_travel_alone_for_a_while() {
        let mut size = Size::new(ms(100));
        size.answered(1, ms(1));
        assert_eq!(size.messages(ms(1)), 2);
        size.failed(ms(10));
        size.answered(1, ms(1));
        assert_eq!(size.messages(ms(10)), 1);
        assert_eq!(size.messages(ms(10) + ALONE_FOR), 2);
    }

    #[test]
    fn a_call_may_take_a_part_of_the_time_out_and_never_long() {
        assert_eq!(call_longest(ms(2_000)), ms(250));
        assert_eq!(call_longest(Duration::from_secs(60)), LONGEST);
    }
}

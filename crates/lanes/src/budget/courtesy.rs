//! Interactive users first: while their requests wait for a free process, lanes make fewer calls.
//!
//! The length of the queue in front of people's processes is exact: it is the number of requests that nobody has begun
//! to answer. Fewer calls by a third at each look that finds somebody waiting, a little more at each that finds nobody.

/// Looks in a row that find somebody waiting before anything is done: a request that just came is no queue.
const LOOKS_MIN: u32 = 2;
/// What is left after a look at a queue.
const LESS: f64 = 0.7;
/// What comes back after a look at none.
const MORE: f64 = 1.1;

/// How much room is left to people.
#[derive(Debug, Default)]
pub struct Courtesy {
    waiting: Option<u32>,
    in_a_row: u32,
    /// Calls at most; `None`: as many as the ERP takes.
    cap: Option<f64>,
}

impl Courtesy {
    /// So many of people's requests wait; `None`: that cannot be seen.
    pub fn seen(&mut self, waiting: Option<u32>, slots: usize, slots_max: usize) {
        self.waiting = waiting;
        if waiting.is_some_and(|waiting| waiting > 0) {
            self.in_a_row += 1;
            if self.in_a_row >= LOOKS_MIN {
                let now = self.cap.unwrap_or(f64::INFINITY).min(as_f64(slots));
                self.cap = Some((now * LESS).max(1.0));
            }
            return;
        }
        self.in_a_row = 0;
        let more = self.cap.map(|cap| cap * MORE);
        self.cap = more.filter(|cap| *cap < as_f64(slots_max));
    }

    /// What is left of so many.
    pub fn slots(&self, slots: usize) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and a few thousand"
        )]
        self.cap.map_or(slots, |cap| slots.min(cap as usize)).max(1)
    }

    /// Whether less is left.
    pub fn holds_back(&self, slots: usize) -> bool {
        self.slots(slots) < slots
    }

    /// Of people's requests, those that wait.
    pub const fn waiting(&self) -> Option<u32> {
        self.waiting
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
const fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_people_takes_room_from_lanes_until_it_is_gone_and_always_leaves_one_call() {
        let mut courtesy = Courtesy::default();
        courtesy.seen(Some(3), 16, 64);
        assert_eq!(courtesy.slots(16), 16, "once is no queue");
        let mut slots = Vec::new();
        for _ in 0..8 {
            courtesy.seen(Some(3), 16, 64);
            slots.push(courtesy.slots(16));
        }
        assert_eq!(slots, [11, 7, 5, 3, 2, 1, 1, 1]);
        assert!(courtesy.holds_back(16) && courtesy.waiting() == Some(3));
        for _ in 0..100 {
            courtesy.seen(Some(0), 16, 64);
        }
        assert!(courtesy.slots(16) == 16 && courtesy.cap.is_none());
    }

    #[test]
    fn what_cannot_be_seen_holds_nothing_back() {
        let mut courtesy = Courtesy::default();
        for _ in 0..10 {
            courtesy.seen(None, 4, 64);
        }
        assert_eq!((courtesy.slots(4), courtesy.waiting()), (4, None));
    }
}

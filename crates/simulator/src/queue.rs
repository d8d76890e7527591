//! What will happen, by time, and at the same moment by the order in which it was said.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{message::Event, time::At};

/// Bits of an item's key that count what was said; the others are its time.
const ORDER_BITS: u32 = 30;
/// As late as a key can say, some hours; what comes later is in the order in which it was said.
const LATEST: u64 = (1 << (u64::BITS - ORDER_BITS)) - 1;

/// The queue moves its items about a lot, so they are small: the events themselves stay where they are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    /// Time and order, different for each.
    key: u64,
    place: u32,
}

#[derive(Debug)]
pub(crate) struct Queue {
    items: BinaryHeap<Reverse<Item>>,
    events: Vec<Option<(At, Event)>>,
    free: Vec<u32>,
    order: u64,
}

// === impl Queue ===

impl Queue {
    pub fn new() -> Self {
        Self {
            items: BinaryHeap::with_capacity(256),
            events: Vec::with_capacity(256),
            free: Vec::with_capacity(256),
            order: 0,
        }
    }

    pub fn push(&mut self, at: At, event: Event) {
        self.order += 1;
        let key = at.0.min(LATEST) << ORDER_BITS | self.order;
        let place = self.free.pop().unwrap_or(self.events.len() as u32);
        match self.events.get_mut(place as usize) {
            Some(free) => *free = Some((at, event)),
            None => self.events.push(Some((at, event))),
        }
        self.items.push(Reverse(Item { key, place }));
    }

    /// The next event with its time.
    pub fn pop(&mut self) -> Option<(At, Event)> {
        let Reverse(item) = self.items.pop()?;
        self.free.push(item.place);
        self.events.get_mut(item.place as usize)?.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_as_they_were_said() {
        let mut queue = Queue::new();
        for (at, number) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            queue.push(At(at), Event::FaultBegins(number));
        }
        let mut come = Vec::new();
        while let Some((at, event)) = queue.pop() {
            if at == At(3) && come.len() == 1 {
                queue.push(At(4), Event::FaultBegins(4));
            }
            let Event::FaultBegins(number) = event else {
                panic!("{event:?}")
            };
            come.push((at.0, number));
        }
        assert_eq!(come, [(3, 1), (3, 3), (4, 4), (5, 0), (5, 2)]);
    }
}

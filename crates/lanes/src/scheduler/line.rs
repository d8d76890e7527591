//! Messages with one key, in the order of the journal.

use std::collections::BTreeMap;

use super::Class;
use crate::policy::Moment;

/// Where a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Just made.
    #[default]
    New,
    /// Its turn will come among those of this class.
    Ready(Class),
    /// Its head is being delivered.
    UnderWay,
    /// Its head has failed.
    Resting(Moment),
}

/// One line; its head stays in it while it is under way.
#[derive(Debug, Default)]
pub struct Line {
    messages: BTreeMap<u64, Class>,
    live: usize,
    /// Where it stands.
    pub place: Place,
    /// Makes one entry in a queue valid, and all older ones not.
    pub ticket: u64,
}

impl Line {
    /// Puts a message in its place; says whether it was new.
    pub fn insert(&mut self, sequence: u64, class: Class) -> bool {
        match self.messages.insert(sequence, class) {
            None => {
                self.live += usize::from(class == Class::Live);
                true
            }
            Some(before) => {
                self.messages.insert(sequence, before);
                false
            }
        }
    }

    /// Takes a message out.
    pub fn remove(&mut self, sequence: u64) {
        if self.messages.remove(&sequence) == Some(Class::Live) {
            self.live -= 1;
        }
    }

    /// The next one.
    pub fn head(&self) -> Option<u64> {
        self.messages.keys().next().copied()
    }

    /// A line with one live message is live: what stands before it would hold it up otherwise.
    pub const fn class(&self) -> Class {
        if self.live > 0 { Class::Live } else { Class::Replay }
    }

    /// How many stand in it.
    pub fn len(&self) -> usize {
        self.messages.len()
    }
}

//! What operators said and what was given up: kept on disk here, and in the other region's gateway.
//!
//! Not records of the journal, on purpose. The journal holds what partners sent; it is cut, offered and replayed by rules
//! that fit messages. This is small, the last word counts, and it must not pin old segments. So it is one value with a
//! version: the leader writes it, a newer generation's word counts more than any of an older one, and the follower takes
//! over whole what is newer than its own. A pause is on disk before it is confirmed, and the answer says in how many
//! regions. A dead letter that was not written before a crash costs one more try, which is refused again.

use std::{collections::BTreeMap, path::Path};

use api::gateway::lanes::{DeadLetter, Hold};
use serde::{Deserialize, Serialize};
use types::{Generation, IntegrationName};

use crate::personal::ERASED;

const FILE: &str = "lanes.json";
/// Files of one lane that are remembered as unusable: a partner that sends nothing else must not fill the register.
const FILES_MAX: usize = 1_000;
/// Changes that were told and not written when a gateway ended are fewer than this.
const NOT_WRITTEN_MAX: u64 = 1 << 32;

/// Which of two registers is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// In which generation it was written.
    pub generation: Generation,
    /// Grows with every change.
    pub revision: u64,
}

/// What must be known after a restart and after a failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Which of two is newer.
    pub version: Version,
    /// Lanes that a person paused.
    pub holds: BTreeMap<IntegrationName, Hold>,
    /// Messages that are not delivered any more, by integration and id: sequence numbers may mean another message in
    /// the log of another leader.
    letters: BTreeMap<IntegrationName, BTreeMap<String, DeadLetter>>,
    /// Files that could not become messages, by what their message would have been called.
    #[serde(default)]
    files: BTreeMap<IntegrationName, BTreeMap<String, DeadLetter>>,
    /// How often messages that still wait were tried.
    tries: BTreeMap<IntegrationName, BTreeMap<String, u32>>,
}

impl Register {
    /// Before anything was said.
    pub const fn new() -> Self {
        Self {
            version: Version {
                generation: Generation::NONE,
                revision: 0,
            },
            holds: BTreeMap::new(),
            letters: BTreeMap::new(),
            files: BTreeMap::new(),
            tries: BTreeMap::new(),
        }
    }

    /// What is on disk; a new one when there is none.
    pub fn load(directory: &Path) -> Result<Self, durable::Error> {
        Ok(durable::read(&directory.join(FILE))?.unwrap_or_else(Self::new))
    }

    /// Durable upon return.
    pub fn store(&self, directory: &Path) -> Result<(), durable::Error> {
        durable::write(&directory.join(FILE), self)
    }

    /// This gateway leads: its word counts from now on.
    ///
    /// Leading again in the same generation, it may know less than it told the other region before it ended. It counts
    /// on from beyond that: otherwise the other region would keep the older word under the same version, and a pause
    /// would be confirmed in two regions and be in one.
    pub fn begin(&mut self, generation: Generation) {
        let same = self.version.generation == generation;
        self.version = Version {
            generation,
            revision: if same {
                self.version.revision + NOT_WRITTEN_MAX
            } else {
                0
            },
        };
    }

    /// A person pauses a lane.
    pub fn hold(&mut self, lane: &IntegrationName, hold: Hold) {
        self.holds.insert(lane.clone(), hold);
        self.version.revision += 1;
    }

    /// A person resumes it; says whether it was paused.
    pub fn release(&mut self, lane: &IntegrationName) -> bool {
        let held = self.holds.remove(lane).is_some();
        self.version.revision += u64::from(held);
        held
    }

    /// A message is given up.
    pub fn bury(&mut self, letter: DeadLetter) {
        self.drop_tries(&letter.integration, &letter.message_id);
        let letters = self.letters.entry(letter.integration.clone()).or_default();
        letters.insert(letter.message_id.clone(), letter);
        self.version.revision += 1;
    }

    /// It is delivered again, or was applied; returns what was known of it.
    pub fn raise(&mut self, lane: &IntegrationName, message_id: &str) -> Option<DeadLetter> {
        let letters = self.letters.get_mut(lane)?;
        let raised = letters.remove(message_id)?;
        self.version.revision += 1;
        Some(raised)
    }

    /// The body of a message was erased: what the ERP said of it may quote it, and goes too.
    pub fn erase_words(&mut self, lane: &IntegrationName, message_id: &str) {
        let letters = self.letters.get_mut(lane);
        let letter = letters.and_then(|letters| letters.get_mut(message_id));
        if let Some(letter) = letter.filter(|letter| letter.why != ERASED) {
            letter.why = ERASED.to_owned();
            self.version.revision += 1;
        }
    }

    /// A file could not become a message. The first time it was seen counts; of too many, the oldest is forgotten.
    pub fn put_aside(&mut self, letter: DeadLetter) {
        let files = self.files.entry(letter.integration.clone()).or_default();
        if files.contains_key(&letter.message_id) {
            return;
        }
        if files.len() >= FILES_MAX {
            let oldest = files.values().min_by_key(|one| one.since);
            if let Some(oldest) = oldest.map(|one| one.message_id.clone()) {
                files.remove(&oldest);
            }
        }
        files.insert(letter.message_id.clone(), letter);
        self.version.revision += 1;
    }

    /// Files of a lane that could not become messages.
    pub fn files_of(&self, lane: &IntegrationName) -> impl Iterator<Item = &DeadLetter> {
        self.files.get(lane).into_iter().flat_map(BTreeMap::values)
    }

    /// A person has seen to a file; says whether it was known.
    pub fn forget_file(&mut self, lane: &IntegrationName, id: &str) -> bool {
        let files = self.files.get_mut(lane);
        let known = files.is_some_and(|files| files.remove(id).is_some());
        self.version.revision += u64::from(known);
        known
    }

    /// A message has failed so often, and is tried again.
    pub fn tried(&mut self, lane: &IntegrationName, message_id: &str, attempts: u32) {
        let tries = self.tries.entry(lane.clone()).or_default();
        tries.insert(message_id.to_owned(), attempts);
        self.version.revision += 1;
    }

    /// It is done with.
    pub fn settle(&mut self, lane: &IntegrationName, message_id: &str) {
        let known = self.drop_tries(lane, message_id);
        self.version.revision += u64::from(known);
        self.raise(lane, message_id);
    }

    fn drop_tries(&mut self, lane: &IntegrationName, message_id: &str) -> bool {
        let tries = self.tries.get_mut(lane);
        tries.is_some_and(|tries| tries.remove(message_id).is_some())
    }

    /// What is known of a dead letter.
    pub fn letter(&self, lane: &IntegrationName, message_id: &str) -> Option<&DeadLetter> {
        self.letters.get(lane)?.get(message_id)
    }

    /// All of a lane.
    pub fn letters_of(&self, lane: &IntegrationName) -> impl Iterator<Item = &DeadLetter> {
        self.letters.get(lane).into_iter().flat_map(BTreeMap::values)
    }

    /// How often messages of a lane that still wait were tried.
    pub fn tries_of(&self, lane: &IntegrationName) -> impl Iterator<Item = (&str, u32)> {
        let tries = self.tries.get(lane).into_iter().flatten();
        tries.map(|(id, attempts)| (id.as_str(), *attempts))
    }

    /// How often one message was tried.
    pub fn attempts(&self, lane: &IntegrationName, message_id: &str) -> u32 {
        let waiting = self.tries.get(lane).and_then(|tries| tries.get(message_id));
        waiting
            .copied()
            .or_else(|| self.letter(lane, message_id).map(|letter| letter.attempts))
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use api::gateway::lanes::DeadCause;
    use types::Timestamp;

    use super::*;

    fn lane() -> IntegrationName {
        IntegrationName::new("acme-edi").unwrap()
    }

    fn letter(id: &str) -> DeadLetter {
        DeadLetter {
            integration: lane(),
            message_id: id.to_owned(),
            sequence: 3,
            since: Timestamp::from_micros(9),
            cause: DeadCause::Refused,
            why: "no such product".to_owned(),
            attempts: 4,
        }
    }

    #[test]
    fn every_change_makes_it_newer_and_nothing_else_does() {
        let mut register = Register::new();
        let hold = Hold {
            by: "an operator".to_owned(),
            why: "maintenance".to_owned(),
            since: Timestamp::from_micros(1),
        };
        let mut last = register.version;
        let mut check = |register: &Register, newer: bool| {
            assert_eq!(register.version > last, newer, "{register:?}");
            last = register.version;
        };
        register.hold(&lane(), hold);
        check(&register, true);
        register.tried(&lane(), "a", 2);
        check(&register, true);
        register.bury(letter("a"));
        check(&register, true);
        register.settle(&lane(), "unknown");
        check(&register, false);
        assert!(register.release(&lane()) && !register.release(&lane()));
        check(&register, true);
        assert_eq!(register.attempts(&lane(), "a"), 4);
        register.erase_words(&lane(), "a");
        check(&register, true);
        register.erase_words(&lane(), "a");
        check(&register, false);
        let erased = DeadLetter {
            why: "(erased)".to_owned(),
            ..letter("a")
        };
        assert_eq!(register.raise(&lane(), "a"), Some(erased));
        check(&register, true);
        register.begin(Generation::new(2));
        check(&register, true);
        assert_eq!(register.raise(&lane(), "a"), None);
        check(&register, false);
    }

    #[test]
    fn what_it_says_after_a_restart_is_newer_than_what_it_told_and_did_not_write() {
        let mut register = Register::new();
        register.begin(Generation::new(3));
        let written = register.clone();
        register.bury(letter("a"));
        let (told, mut again) = (register, written);
        again.begin(Generation::new(3));
        assert!(again.version > told.version);
    }

    #[test]
    fn it_is_the_same_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Register::load(directory.path()).unwrap(), Register::new());
        let mut register = Register::new();
        register.begin(Generation::new(3));
        register.bury(letter("a"));
        register.tried(&lane(), "b", 1);
        register.store(directory.path()).unwrap();
        assert_eq!(Register::load(directory.path()).unwrap(), register);
    }
}

//! Control numbers that we own, one sequence for each partner, standard and level.
//!
//! The ERP must not number what goes out: recovered to an earlier point it would give the same numbers to other
//! documents. The gateway does, stores every event before the number is used, and after a recovery that may have lost
//! events it *burns* the numbers up to what anybody outside may have seen. A gap disturbs nobody; a number used twice
//! makes the partner drop a document as a duplicate.

use serde::{Deserialize, Serialize};
use types::PartnerName;

use crate::words::{CONTROL_MAX, Standard};

/// At which level a sequence counts. Sets within a group and messages within an interchange are counted from 1 each
/// time and need no sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// ISA13, 0020 of UNB.
    Interchange,
    /// GS06.
    Group,
}

/// Which sequence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// With whom.
    pub partner: PartnerName,
    /// In which standard.
    pub standard: Standard,
    /// At which level.
    pub level: Level,
}

/// A control number: 1 to 999 999 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ControlNumber(u32);

impl ControlNumber {
    /// Checks and wraps a number.
    ///
    /// # Errors
    /// [`Illegal::OutOfRange`] for 0 and for ten digits.
    pub fn new(number: u32) -> Result<Self, Illegal> {
        match number {
            1..=CONTROL_MAX => Ok(Self(number)),
            _ => Err(Illegal::OutOfRange { number }),
        }
    }

    /// The bare number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for ControlNumber {
    type Error = Illegal;

    fn try_from(number: u32) -> Result<Self, Illegal> {
        Self::new(number)
    }
}

impl From<ControlNumber> for u32 {
    fn from(number: ControlNumber) -> Self {
        number.0
    }
}

/// The state of a sequence: the last number that may have been seen outside. After nine nines comes 1 again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sequence {
    last: Option<ControlNumber>,
    /// How often it has begun anew.
    turn: u32,
}

/// What happened to a sequence. Events are stored, and the state is what they lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A number was given to an interchange or group.
    Taken {
        /// The number.
        number: ControlNumber,
    },
    /// All numbers up to and including this one are gone, used or not.
    Burned {
        /// The last one that is gone.
        through: ControlNumber,
    },
}

/// An event that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// Not a control number.
    #[error("{number} is no control number: they go from 1 to 999999999")]
    OutOfRange {
        /// The number.
        number: u32,
    },
    /// A number that is not the next one.
    #[error("number {number} was taken where {expected} comes next")]
    NotNext {
        /// What was taken.
        number: u32,
        /// What comes next.
        expected: u32,
    },
    /// Burning would go back.
    #[error("numbers through {through} cannot be burned: that would go back behind {last}")]
    Backwards {
        /// Through which.
        through: u32,
        /// The last one that is gone already.
        last: u32,
    },
}

/// As many numbers as lie ahead of a position; the other half lies behind. Nobody sends half a thousand million
/// interchanges between two looks at the same sequence.
const HALF: u32 = CONTROL_MAX / 2;

impl Sequence {
    /// A sequence none of whose numbers was used.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number that comes next. Store the event, apply it, then use the number: in any other order a crash uses it
    /// twice.
    pub fn decide_next(&self) -> Event {
        Event::Taken {
            number: self.following(),
        }
    }

    /// What to burn after a recovery, given numbers that were disclosed as far as anybody knows (sent copies, partners'
    /// acknowledgements) and how many more may have gone out unseen. Nothing when the state is past all of them.
    pub fn decide_burn(
        &self,
        disclosed: impl IntoIterator<Item = ControlNumber>,
        unseen_max: u32,
    ) -> Option<Event> {
        let farthest = disclosed
            .into_iter()
            .map(|number| self.ahead(number))
            .filter(|ahead| *ahead <= HALF)
            .max();
        let ahead = farthest.unwrap_or(0).saturating_add(unseen_max).min(HALF);
        (ahead > 0).then(|| Event::Burned {
            through: self.at(ahead),
        })
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`Illegal`] when the event cannot have happened in this state; then the stored events are not those of this
    /// sequence, and nothing may be sent until somebody has looked.
    pub fn next(self, event: Event) -> Result<Self, Illegal> {
        match event {
            Event::Taken { number } if number == self.following() => Ok(self.moved_to(number)),
            Event::Taken { number } => Err(Illegal::NotNext {
                number: number.0,
                expected: self.following().0,
            }),
            Event::Burned { through } if (1..=HALF).contains(&self.ahead(through)) => {
                Ok(self.moved_to(through))
            }
            Event::Burned { through } => Err(Illegal::Backwards {
                through: through.0,
                last: self.last(),
            }),
        }
    }

    /// The last number that is gone.
    pub fn last_number(&self) -> Option<ControlNumber> {
        self.last
    }

    fn last(&self) -> u32 {
        self.last.map_or(0, ControlNumber::get)
    }

    fn following(&self) -> ControlNumber {
        self.at(1)
    }

    /// The number so many steps ahead.
    fn at(&self, steps: u32) -> ControlNumber {
        // Both are at most nine nines, so the sum fits; numbers go from 1, so 0 stands for nine nines.
        match (self.last() + steps) % CONTROL_MAX {
            0 => ControlNumber(CONTROL_MAX),
            number => ControlNumber(number),
        }
    }

    /// How many steps ahead a number lies, going around; a number behind lies very far ahead.
    fn ahead(&self, number: ControlNumber) -> u32 {
        if self.last.is_none() {
            return number.0;
        }
        (number.0 + CONTROL_MAX - self.last()) % CONTROL_MAX
    }

    fn moved_to(self, number: ControlNumber) -> Self {
        let wrapped = number.0 < self.last();
        Self {
            last: Some(number),
            turn: self.turn.saturating_add(u32::from(wrapped)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(number: u32) -> ControlNumber {
        ControlNumber::new(number).unwrap()
    }

    fn at(last: u32) -> Sequence {
        Sequence {
            last: Some(number(last)),
            turn: 0,
        }
    }

    #[test]
    fn numbers_follow_each_other_and_begin_anew_after_nine_nines() {
        let mut sequence = Sequence::new();
        for expected in [1, 2, 3] {
            let event = sequence.decide_next();
            assert_eq!(
                event,
                Event::Taken {
                    number: number(expected)
                }
            );
            sequence = sequence.next(event).unwrap();
        }
        let sequence = at(CONTROL_MAX - 1);
        let sequence = sequence.next(sequence.decide_next()).unwrap();
        assert_eq!(sequence.last_number(), Some(number(CONTROL_MAX)));
        let sequence = sequence.next(sequence.decide_next()).unwrap();
        assert_eq!(
            sequence,
            Sequence {
                last: Some(number(1)),
                turn: 1
            }
        );
    }

    #[test]
    fn after_a_recovery_no_disclosed_number_comes_again() {
        // Recovered to 100; the partner acknowledged 107, and 3 more may have been on their way.
        let burned = at(100).decide_burn([number(95), number(107)], 3).unwrap();
        assert_eq!(burned, Event::Burned { through: number(110) });
        let sequence = at(100).next(burned).unwrap();
        assert_eq!(sequence.decide_next(), Event::Taken { number: number(111) });
        // Nothing known outside is ahead, and nothing can have gone out: nothing to burn.
        assert_eq!(at(100).decide_burn([number(95), number(100)], 0), None);
        assert_eq!(
            at(100).decide_burn([], 5),
            Some(Event::Burned { through: number(105) })
        );
        assert_eq!(
            Sequence::new().decide_burn([number(7)], 0),
            Some(Event::Burned { through: number(7) })
        );
        // Over the end.
        let over = at(CONTROL_MAX - 1).decide_burn([number(2)], 0).unwrap();
        assert_eq!(over, Event::Burned { through: number(2) });
        assert_eq!(at(CONTROL_MAX - 1).next(over).unwrap().turn, 1);
    }

    #[test]
    fn events_of_another_sequence_are_refused() {
        assert_eq!(
            at(5).next(Event::Taken { number: number(7) }),
            Err(Illegal::NotNext {
                number: 7,
                expected: 6
            })
        );
        assert_eq!(
            at(5).next(Event::Burned { through: number(4) }),
            Err(Illegal::Backwards { through: 4, last: 5 })
        );
        assert_eq!(
            at(5).next(Event::Burned { through: number(5) }),
            Err(Illegal::Backwards { through: 5, last: 5 })
        );
        assert_eq!(ControlNumber::new(0), Err(Illegal::OutOfRange { number: 0 }));
        assert!(serde_json::from_str::<Sequence>(r#"{"last":1000000000,"turn":0}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_number_is_used_twice_whatever_is_burned(
            start in 1..=CONTROL_MAX,
            steps in proptest::collection::vec((0_u32..50, any::<bool>()), 1..100),
        ) {
            let mut sequence = at(start);
            let mut used = std::collections::BTreeSet::from([start]);
            for (unseen_max, burn) in steps {
                let event = match sequence.decide_burn([], unseen_max).filter(|_| burn) {
                    Some(event) => event,
                    None => sequence.decide_next(),
                };
                sequence = sequence.next(event).unwrap();
                if let Event::Taken { number } = event {
                    prop_assert!(used.insert(number.get()));
                }
                let stored = serde_json::to_string(&sequence).unwrap();
                prop_assert_eq!(serde_json::from_str::<Sequence>(&stored).unwrap(), sequence);
            }
        }
    }
}

//! What we sent and nobody has acknowledged yet: a state machine for each group (X12) or interchange (EDIFACT).
//!
//! ```text
//!              ┌── received ──┐                       ┌─ sent again ─┐
//!              ▼              │                       │              │
//! sent ──► Waiting ───────────┴── deadline passed ──► Overdue ───────┘
//!              │                                        │ │
//!              └────────── answered, rejected ──────────┘ └── set aside by a person ──► SetAside
//!                               ▼
//!                            Settled
//! ```
//!
//! An acknowledgement that never comes is the failure that nobody notices: the partner has lost the document and we
//! believe that it was delivered. So a deadline that passes is an event of its own, and its alarm stands until somebody
//! answers or a person decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{PartnerName, Timestamp};

use crate::{
    control_number::ControlNumber,
    edifact::{self, Action, SyntaxReport},
    words::{Standard, Verdict},
    x12::{self, FunctionalAnswer, InterchangeAnswer},
};

/// Which group or interchange of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// With whom.
    pub partner: PartnerName,
    /// In which standard.
    pub standard: Standard,
    /// Functional identifier of the group; empty in EDIFACT, which acknowledges interchanges.
    pub functional_id: String,
    /// Its control number.
    pub control: ControlNumber,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The interchange it went in.
    pub interchange: ControlNumber,
    /// Control numbers of its sets, or references of its messages.
    pub sets: Vec<String>,
    /// When it was sent.
    pub at: Timestamp,
}

/// The state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// No answer yet, and there is time.
    Waiting {
        /// Until when.
        deadline: Timestamp,
        /// Whether the partner has said that the interchange came in (TA1, CONTRL with action 8).
        received: bool,
    },
    /// No answer, and the time is over: somebody must look.
    Overdue {
        /// Since when.
        since: Timestamp,
    },
    /// Answered.
    Settled {
        /// How.
        verdict: Verdict,
        /// Sets that the partner does not use, with its codes. They must be sent again, corrected.
        rejected: Vec<RejectedSet>,
    },
    /// A person has decided that no answer is waited for.
    SetAside {
        /// Who.
        by: String,
    },
}

/// A set that the partner does not use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedSet {
    /// Its control number or reference.
    pub control: String,
    /// The codes.
    pub codes: Vec<String>,
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The partner has it; whether it can use it is not said yet.
    Received,
    /// The partner says what it uses.
    Answered {
        /// How.
        verdict: Verdict,
        /// What it does not use.
        rejected: Vec<RejectedSet>,
    },
    /// The clock passed the deadline.
    DeadlinePassed {
        /// The reading.
        at: Timestamp,
    },
    /// The same bytes were sent again.
    SentAgain {
        /// The new deadline.
        deadline: Timestamp,
    },
    /// A person decided not to wait.
    SetAside {
        /// Who.
        by: String,
    },
}

/// An event that the state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The deadline has not passed.
    #[error("the deadline is at {deadline}, it is {at}")]
    TooEarly {
        /// The reading.
        at: Timestamp,
        /// The deadline.
        deadline: Timestamp,
    },
    /// It was answered before, and otherwise.
    #[error("the partner has answered before, and otherwise: {before:?}, now {now:?}")]
    AnsweredOtherwise {
        /// Then.
        before: Verdict,
        /// Now.
        now: Verdict,
    },
    /// It is over.
    #[error("nothing is waited for any more")]
    Over,
    /// A name must be given.
    #[error("who sets it aside must be named")]
    Nobody,
}

impl State {
    /// The state right after sending.
    pub fn sent(deadline: Timestamp) -> Self {
        Self::Waiting {
            deadline,
            received: false,
        }
    }

    /// The state after an event. The same answer twice changes nothing: partners repeat themselves.
    ///
    /// # Errors
    /// [`Illegal`] when the event cannot happen in this state; the state stays as it is.
    pub fn next(&self, event: &Event) -> Result<Self, Illegal> {
        let settled = |verdict: Verdict, rejected: &[RejectedSet]| Self::Settled {
            verdict,
            rejected: rejected.to_vec(),
        };
        match (self, event) {
            (Self::Waiting { deadline, .. }, Event::Received) => Ok(Self::Waiting {
                deadline: *deadline,
                received: true,
            }),
            (Self::Overdue { .. } | Self::Settled { .. } | Self::SetAside { .. }, Event::Received) => {
                Ok(self.clone())
            }
            (
                Self::Waiting { .. } | Self::Overdue { .. } | Self::SetAside { .. },
                Event::Answered { verdict, rejected },
            ) => Ok(settled(*verdict, rejected)),
            (
                Self::Settled {
                    verdict: before,
                    rejected: then,
                },
                Event::Answered { verdict, rejected },
            ) => {
                if before == verdict && then == rejected {
                    Ok(self.clone())
                } else {
                    Err(Illegal::AnsweredOtherwise {
                        before: *before,
                        now: *verdict,
                    })
                }
            }
            (Self::Waiting { deadline, .. }, Event::DeadlinePassed { at }) if at >= deadline => {
                Ok(Self::Overdue { since: *at })
            }
            (Self::Waiting { deadline, .. }, Event::DeadlinePassed { at }) => Err(Illegal::TooEarly {
                at: *at,
                deadline: *deadline,
            }),
            (Self::Overdue { .. }, Event::DeadlinePassed { .. }) => Ok(self.clone()),
            (Self::Waiting { .. } | Self::Overdue { .. }, Event::SentAgain { deadline }) => {
                Ok(Self::sent(*deadline))
            }
            (Self::Waiting { .. } | Self::Overdue { .. }, Event::SetAside { by }) => {
                if by.trim().is_empty() {
                    return Err(Illegal::Nobody);
                }
                Ok(Self::SetAside { by: by.clone() })
            }
            (
                Self::Settled { .. } | Self::SetAside { .. },
                Event::DeadlinePassed { .. } | Event::SentAgain { .. } | Event::SetAside { .. },
            ) => Err(Illegal::Over),
        }
    }

    /// Whether an answer is still due.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Overdue { .. })
    }
}

/// An acknowledgement that speaks of something we did not send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmatched {
    /// No group of ours has this number.
    #[error("the acknowledgement is about {what} {control}, which was not sent to this partner")]
    Unknown {
        /// Group or interchange.
        what: &'static str,
        /// Its number as the partner says it.
        control: String,
    },
    /// A set that was not in that group.
    #[error("the acknowledgement names set {control}, which was not in that group")]
    UnknownSet {
        /// Its number.
        control: String,
    },
    /// The number of rejected sets leaves open which they are.
    #[error("the acknowledgement says that sets were rejected, and not which")]
    Unnamed,
}

/// Everything that was sent to partners and is not forgotten yet. Derived: the gateway stores the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    entries: BTreeMap<Key, (Sent, State)>,
}

impl Book {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes something that was sent. A number that is used again after nine nines takes the place of the old entry.
    pub fn note(&mut self, key: Key, sent: Sent, deadline: Timestamp) {
        self.entries.insert(key, (sent, State::sent(deadline)));
    }

    /// Applies an event.
    ///
    /// # Errors
    /// `None` when nothing was sent under that key, or why the state does not allow the event.
    pub fn apply(&mut self, key: &Key, event: &Event) -> Result<&State, Option<Illegal>> {
        let (_, state) = self.entries.get_mut(key).ok_or(None)?;
        *state = state.next(event).map_err(Some)?;
        Ok(state)
    }

    /// What is known of a group.
    pub fn get(&self, key: &Key) -> Option<(&Sent, &State)> {
        self.entries.get(key).map(|(sent, state)| (sent, state))
    }

    /// Forgets what is over and was sent before a time.
    pub fn forget(&mut self, before: Timestamp) {
        self.entries
            .retain(|_, (sent, state)| state.is_open() || sent.at >= before);
    }

    /// Whose deadline has passed and who has not been told: an alarm each.
    pub fn decide_alarms(&self, now: Timestamp) -> Vec<(Key, Event)> {
        let due = self.entries.iter().filter(|(_, (_, state))| match state {
            State::Waiting { deadline, .. } => *deadline <= now,
            State::Overdue { .. } | State::Settled { .. } | State::SetAside { .. } => false,
        });
        due.map(|(key, _)| (key.clone(), Event::DeadlinePassed { at: now }))
            .collect()
    }

    /// What stands overdue, longest first.
    pub fn overdue(&self) -> Vec<(&Key, Timestamp)> {
        let since = |state: &State| match state {
            State::Overdue { since } => Some(*since),
            State::Waiting { .. } | State::Settled { .. } | State::SetAside { .. } => None,
        };
        let entries = self.entries.iter();
        let mut overdue: Vec<_> = entries
            .filter_map(|(key, (_, state))| Some((key, since(state)?)))
            .collect();
        overdue.sort_by_key(|(_, since)| *since);
        overdue
    }

    /// What a 997 or 999 means for which of our groups.
    ///
    /// # Errors
    /// [`Unmatched`] when it speaks of something we did not send; a person must look.
    pub fn decide_functional(
        &self,
        partner: &PartnerName,
        answer: &FunctionalAnswer,
    ) -> Result<(Key, Event), Unmatched> {
        let unknown = || Unmatched::Unknown {
            what: "group",
            control: answer.control.to_string(),
        };
        let key = Key {
            partner: partner.clone(),
            standard: Standard::X12,
            functional_id: answer.functional_id.clone(),
            control: ControlNumber::new(answer.control).map_err(|_| unknown())?,
        };
        let (sent, _) = self.entries.get(&key).ok_or_else(unknown)?;
        let rejected: Vec<RejectedSet> = if answer.verdict == Verdict::Rejected {
            let codes = |control: &str| {
                let set = answer.sets.iter().find(|set| set.control == control);
                set.map_or_else(|| answer.codes.clone(), |set| set.codes.clone())
            };
            sent.sets
                .iter()
                .map(|control| RejectedSet {
                    control: control.clone(),
                    codes: codes(control),
                })
                .collect()
        } else {
            let rejected = answer.sets.iter().filter(|set| set.verdict == Verdict::Rejected);
            rejected
                .map(|set| RejectedSet {
                    control: set.control.clone(),
                    codes: set.codes.clone(),
                })
                .collect()
        };
        checked(key, sent, answer.verdict, rejected)
    }

    /// What a TA1 means: nothing more than "it came in" for each group of that interchange, or a rejection of each.
    ///
    /// A duplicate came in before, so that is all that is said of it: the answer to the first copy is on its way, and if
    /// it is not, the number was another document's and the deadline passes.
    pub fn decide_interchange(&self, partner: &PartnerName, answer: &InterchangeAnswer) -> Vec<(Key, Event)> {
        let of_it = self.entries.iter().filter(|(key, (sent, state))| {
            key.partner == *partner
                && key.standard == Standard::X12
                && sent.interchange.get() == answer.control
                && state.is_open()
        });
        of_it
            .map(|(key, (sent, _))| {
                let again = answer.note_code == x12::InterchangeFault::Duplicate.note_code();
                let event = if answer.verdict == Verdict::Rejected && !again {
                    Event::Answered {
                        verdict: Verdict::Rejected,
                        rejected: all_rejected(sent, std::slice::from_ref(&answer.note_code)),
                    }
                } else {
                    Event::Received
                };
                (key.clone(), event)
            })
            .collect()
    }

    /// What a CONTRL means for which of our interchanges.
    ///
    /// # Errors
    /// [`Unmatched`] when it speaks of something we did not send.
    pub fn decide_syntax_report(
        &self,
        partner: &PartnerName,
        report: &SyntaxReport,
    ) -> Result<(Key, Event), Unmatched> {
        let unknown = || Unmatched::Unknown {
            what: "interchange",
            control: report.control.clone(),
        };
        let control = report
            .control
            .parse()
            .ok()
            .and_then(|number| ControlNumber::new(number).ok());
        let key = Key {
            partner: partner.clone(),
            standard: Standard::Edifact,
            functional_id: String::new(),
            control: control.ok_or_else(unknown)?,
        };
        let (sent, _) = self.entries.get(&key).ok_or_else(unknown)?;
        let (duplicate, _) = edifact::InterchangeFault::Duplicate.code();
        let again = report.code.as_deref() == Some(duplicate);
        // As with a TA1: what came twice came once.
        let Some(verdict) = report.verdict().filter(|_| !again) else {
            return Ok((key, Event::Received));
        };
        let rejected = if verdict == Verdict::Rejected {
            let codes: Vec<String> = report.code.iter().cloned().collect();
            all_rejected(sent, &codes)
        } else {
            let rejected = report
                .messages
                .iter()
                .filter(|message| message.action == Action::Rejected);
            rejected
                .map(|message| RejectedSet {
                    control: message.reference.clone(),
                    codes: message.code.iter().cloned().collect(),
                })
                .collect()
        };
        // All messages by name rejected is a rejection of the whole, whatever UCI says.
        let all = verdict == Verdict::PartiallyAccepted && rejected.len() == sent.sets.len();
        checked(key, sent, if all { Verdict::Rejected } else { verdict }, rejected)
    }
}

fn all_rejected(sent: &Sent, codes: &[String]) -> Vec<RejectedSet> {
    let sets = sent.sets.iter();
    sets.map(|control| RejectedSet {
        control: control.clone(),
        codes: codes.to_vec(),
    })
    .collect()
}

fn checked(
    key: Key,
    sent: &Sent,
    verdict: Verdict,
    rejected: Vec<RejectedSet>,
) -> Result<(Key, Event), Unmatched> {
    if let Some(set) = rejected.iter().find(|set| !sent.sets.contains(&set.control)) {
        return Err(Unmatched::UnknownSet {
            control: set.control.clone(),
        });
    }
    if verdict == Verdict::PartiallyAccepted && rejected.is_empty() {
        return Err(Unmatched::Unnamed);
    }
    Ok((key, Event::Answered { verdict, rejected }))
}

//! Acknowledgements that partners send us: what they say about groups and interchanges of ours.

use serde::{Deserialize, Serialize};

use super::{
    envelope::{Interchange, Set},
    segment::Segment,
};
use crate::words::Verdict;

/// What a 997 or 999 says about one of our groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionalAnswer {
    /// AK101: the functional identifier of our group.
    pub functional_id: String,
    /// AK102: its control number.
    pub control: u32,
    /// AK901.
    pub verdict: Verdict,
    /// What it says of each set that it names. One that accepts everything often names none.
    pub sets: Vec<SetAnswer>,
    /// AK902 to AK904: sets that our trailer declared, that came, that were accepted.
    pub counts: [u32; 3],
    /// AK905 and on: what was wrong with the group.
    pub codes: Vec<String>,
}

/// What it says about one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAnswer {
    /// AK201.
    pub id: String,
    /// AK202 as sent.
    pub control: String,
    /// AK501.
    pub verdict: Verdict,
    /// AK502 and on.
    pub codes: Vec<String>,
    /// What was wrong where, for people.
    pub notes: Vec<Note>,
}

/// AK3 or AK4 in words that a person who looks for the fault can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Tag of our segment.
    pub segment: String,
    /// Its position in the set.
    pub position: String,
    /// Position of the element, where one is named.
    pub element: Option<String>,
    /// The error code.
    pub code: String,
    /// What we had sent there.
    pub copy: String,
}

/// What a TA1 says about one of our interchanges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterchangeAnswer {
    /// TA101: its control number.
    pub control: u32,
    /// TA104.
    pub verdict: Verdict,
    /// TA105; `000` is no error.
    pub note_code: String,
}

/// An acknowledgement that does not say what it must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A set that is none.
    #[error("{id} is no acknowledgement")]
    NotOne {
        /// ST01.
        id: String,
    },
    /// A segment it cannot be without.
    #[error("the acknowledgement has no {tag}")]
    Missing {
        /// The segment.
        tag: &'static str,
    },
    /// A value we cannot follow.
    #[error("{place} says `{value}`, which is none of what it can say")]
    Value {
        /// Where.
        place: &'static str,
        /// What.
        value: String,
    },
    /// AK9 and AK5 say different things of our sets, so it is not known what the partner will do.
    #[error("the acknowledgement contradicts itself: AK9 says {group:?}, and {rejected} sets are rejected")]
    Contradiction {
        /// AK901.
        group: Verdict,
        /// Sets with AK5 R.
        rejected: usize,
    },
}

/// Notes kept of one set; a person looks at the first few.
const NOTES_MAX: usize = 50;

impl FunctionalAnswer {
    /// Reads a 997 or 999.
    ///
    /// # Errors
    /// [`AnswerError`] when it cannot be followed; then the group stays unanswered and the alarm of its deadline
    /// stands.
    pub fn read(interchange: &Interchange<'_>, set: &Set) -> Result<Self, AnswerError> {
        if !matches!(set.id.as_str(), "997" | "999") {
            return Err(AnswerError::NotOne { id: set.id.clone() });
        }
        let (mut ak1, mut ak9) = (None, None);
        let mut sets: Vec<SetAnswer> = Vec::new();
        let mut open: Option<Open> = None;
        for segment in interchange.segments_of(set) {
            match segment.tag() {
                b"AK1" => ak1 = Some(segment),
                b"AK2" => open = Some(Open::new(segment)),
                b"AK3" | b"IK3" => {
                    if let Some(open) = &mut open {
                        open.segment_note(segment);
                    }
                }
                b"AK4" | b"IK4" => {
                    if let Some(open) = &mut open {
                        open.element_note(segment);
                    }
                }
                b"AK5" | b"IK5" => {
                    if let Some(open) = open.take() {
                        sets.push(open.close(segment)?);
                    }
                }
                b"AK9" => ak9 = Some(segment),
                _ => {}
            }
        }
        let ak1 = ak1.ok_or(AnswerError::Missing { tag: "AK1" })?;
        let ak9 = ak9.ok_or(AnswerError::Missing { tag: "AK9" })?;
        if open.is_some() {
            return Err(AnswerError::Missing { tag: "AK5" });
        }
        let answer = Self {
            functional_id: ak1.text(1).into_owned(),
            control: number(ak1, 2, "AK102")?,
            verdict: verdict(ak9, "AK901")?,
            sets,
            counts: [
                number(ak9, 2, "AK902")?,
                number(ak9, 3, "AK903")?,
                number(ak9, 4, "AK904")?,
            ],
            codes: codes(ak9, 5),
        };
        answer.check_agreement()?;
        Ok(answer)
    }

    fn check_agreement(&self) -> Result<(), AnswerError> {
        let rejected = self
            .sets
            .iter()
            .filter(|set| set.verdict == Verdict::Rejected)
            .count();
        let agrees = match self.verdict {
            Verdict::Accepted | Verdict::AcceptedWithErrors => rejected == 0,
            // Some partners name the rejected sets only, some all; a partial rejection that names none says nothing.
            Verdict::PartiallyAccepted => rejected > 0,
            Verdict::Rejected => true,
        };
        if agrees {
            return Ok(());
        }
        Err(AnswerError::Contradiction {
            group: self.verdict,
            rejected,
        })
    }
}

impl InterchangeAnswer {
    /// Reads a TA1.
    ///
    /// # Errors
    /// [`AnswerError`] when it cannot be followed.
    pub fn read(ta1: Segment<'_>) -> Result<Self, AnswerError> {
        if !ta1.is("TA1") {
            return Err(AnswerError::Missing { tag: "TA1" });
        }
        Ok(Self {
            control: number(ta1, 1, "TA101")?,
            verdict: verdict(ta1, "TA104")?,
            note_code: ta1.text(5).into_owned(),
        })
    }
}

struct Open {
    id: String,
    control: String,
    notes: Vec<Note>,
}

impl Open {
    fn new(ak2: Segment<'_>) -> Self {
        Self {
            id: ak2.text(1).into_owned(),
            control: ak2.text(2).into_owned(),
            notes: Vec::new(),
        }
    }

    fn segment_note(&mut self, ak3: Segment<'_>) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(Note {
                segment: ak3.text(1).into_owned(),
                position: ak3.text(2).into_owned(),
                element: None,
                code: ak3.text(4).into_owned(),
                copy: String::new(),
            });
        }
    }

    fn element_note(&mut self, ak4: Segment<'_>) {
        let Some(about) = self.notes.last().filter(|_| self.notes.len() < NOTES_MAX) else {
            return;
        };
        self.notes.push(Note {
            segment: about.segment.clone(),
            position: about.position.clone(),
            element: Some(ak4.text(1).into_owned()),
            code: ak4.text(3).into_owned(),
            copy: ak4.text(4).into_owned(),
        });
    }

    fn close(self, ak5: Segment<'_>) -> Result<SetAnswer, AnswerError> {
        let verdict = verdict(ak5, "AK501")?;
        if verdict == Verdict::PartiallyAccepted {
            return Err(AnswerError::Value {
                place: "AK501",
                value: "P".to_owned(),
            });
        }
        Ok(SetAnswer {
            id: self.id,
            control: self.control,
            verdict,
            codes: codes(ak5, 2),
            notes: self.notes,
        })
    }
}

fn verdict(segment: Segment<'_>, place: &'static str) -> Result<Verdict, AnswerError> {
    let number = if place == "TA104" { 4 } else { 1 };
    match segment.element(number) {
        b"A" => Ok(Verdict::Accepted),
        b"E" => Ok(Verdict::AcceptedWithErrors),
        b"P" => Ok(Verdict::PartiallyAccepted),
        // M, W and X are rejections for reasons of security.
        b"R" | b"M" | b"W" | b"X" => Ok(Verdict::Rejected),
        _ => Err(AnswerError::Value {
            place,
            value: segment.text(number).into_owned(),
        }),
    }
}

fn number(segment: Segment<'_>, element: usize, place: &'static str) -> Result<u32, AnswerError> {
    let text = segment.text(element);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| AnswerError::Value {
        place,
        value: text.into_owned(),
    })
}

fn codes(segment: Segment<'_>, from: usize) -> Vec<String> {
    let texts = (from..from + 5).map(|number| segment.text(number).into_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

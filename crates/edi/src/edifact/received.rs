//! CONTRL messages that partners send us: what they say about interchanges of ours.

use edifact_rs::Segment;
use serde::{Deserialize, Serialize};

use super::envelope::{Interchange, Message};
use crate::words::{Address, Verdict};

/// What a CONTRL says about one of our interchanges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxReport {
    /// The control reference of our interchange.
    pub control: String,
    /// Its sender: us.
    pub sender: Address,
    /// Its receiver: the partner.
    pub receiver: Address,
    /// 0083 of UCI.
    pub action: Action,
    /// 0085 of UCI, where it is rejected.
    pub code: Option<String>,
    /// What it says of each message that it names.
    pub messages: Vec<MessageAnswer>,
}

/// What it says about one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAnswer {
    /// The reference of our message.
    pub reference: String,
    /// Its type.
    pub kind: String,
    /// 0083.
    pub action: Action,
    /// 0085, where it is rejected.
    pub code: Option<String>,
    /// Positions of segments in error with their codes, for people.
    pub segments: Vec<(String, String)>,
}

/// 0083.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 4: this level and all below are rejected.
    Rejected,
    /// 7: this level is acknowledged, and all below unless they are named.
    Acknowledged,
    /// 8: the interchange came in; whether it can be used is said later.
    Received,
}

/// A CONTRL that does not say what it must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Another message.
    #[error("{kind} is no CONTRL")]
    NotOne {
        /// Its type.
        kind: String,
    },
    /// Not there.
    #[error("the CONTRL has no UCI")]
    Missing,
    /// An action that is none.
    #[error("{tag} says action `{action}`, which is none of 4, 7 and 8")]
    Action {
        /// Where.
        tag: &'static str,
        /// What.
        action: String,
    },
}

/// Segments in error kept of one message.
const NOTES_MAX: usize = 50;

impl SyntaxReport {
    /// Reads a CONTRL.
    ///
    /// # Errors
    /// [`ReportError`] when it cannot be followed.
    pub fn read(interchange: &Interchange<'_>, message: &Message) -> Result<Self, ReportError> {
        if message.kind != "CONTRL" {
            return Err(ReportError::NotOne {
                kind: message.kind.clone(),
            });
        }
        let mut report: Option<Self> = None;
        for segment in interchange.segments_of(message) {
            match (segment.tag(), &mut report) {
                ("UCI", None) => report = Some(Self::of(&segment)?),
                ("UCM", Some(report)) => report.messages.push(MessageAnswer::of(&segment)?),
                ("UCS", Some(report)) => {
                    if let Some(message) = report
                        .messages
                        .last_mut()
                        .filter(|message| message.segments.len() < NOTES_MAX)
                    {
                        message
                            .segments
                            .push((text(&segment, 0, 0), text(&segment, 1, 0)));
                    }
                }
                _ => {}
            }
        }
        report.ok_or(ReportError::Missing)
    }

    fn of(uci: &Segment<'_>) -> Result<Self, ReportError> {
        Ok(Self {
            control: text(uci, 0, 0),
            sender: Address {
                id: text(uci, 1, 0),
                qualifier: text(uci, 1, 1),
            },
            receiver: Address {
                id: text(uci, 2, 0),
                qualifier: text(uci, 2, 1),
            },
            action: action(uci, 3, "UCI")?,
            code: Some(text(uci, 4, 0)).filter(|code| !code.is_empty()),
            messages: Vec::new(),
        })
    }

    /// What becomes of the interchange; nothing while it was only received.
    pub fn verdict(&self) -> Option<Verdict> {
        let rejected = self
            .messages
            .iter()
            .filter(|message| message.action == Action::Rejected)
            .count();
        let noted = self
            .messages
            .iter()
            .any(|message| message.code.is_some() || !message.segments.is_empty());
        match self.action {
            Action::Received if self.messages.is_empty() => None,
            Action::Rejected => Some(Verdict::Rejected),
            // An acknowledged message may come with codes all the same: the partner noted errors and uses it.
            Action::Acknowledged | Action::Received if rejected == 0 && noted => {
                Some(Verdict::AcceptedWithErrors)
            }
            Action::Acknowledged | Action::Received if rejected == 0 => Some(Verdict::Accepted),
            // Messages that are not named are acknowledged, so even when all that are named are rejected we cannot
            // know here that nothing was taken.
            Action::Acknowledged | Action::Received => Some(Verdict::PartiallyAccepted),
        }
    }
}

impl MessageAnswer {
    fn of(ucm: &Segment<'_>) -> Result<Self, ReportError> {
        Ok(Self {
            reference: text(ucm, 0, 0),
            kind: text(ucm, 1, 0),
            action: action(ucm, 2, "UCM")?,
            code: Some(text(ucm, 3, 0)).filter(|code| !code.is_empty()),
            segments: Vec::new(),
        })
    }
}

fn text(segment: &Segment<'_>, element: usize, component: usize) -> String {
    segment
        .component_str(element, component)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn action(segment: &Segment<'_>, element: usize, tag: &'static str) -> Result<Action, ReportError> {
    match segment.element_str(element) {
        Some("4") => Ok(Action::Rejected),
        Some("7") => Ok(Action::Acknowledged),
        Some("8") => Ok(Action::Received),
        other => Err(ReportError::Action {
            tag,
            action: other.unwrap_or_default().to_owned(),
        }),
    }
}

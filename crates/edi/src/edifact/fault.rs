//! What can be wrong with an EDIFACT interchange, with the code that CONTRL gives it.
//!
//! Source of the codes: data element 0085 of ISO 9735-4, annex A, which also says which code may be used at which level.

use crate::limits::Exceeded;

/// What is wrong with the interchange; told by UCI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterchangeFault {
    /// UNB names a character set or a syntax version that is not supported.
    #[error("UNB names a syntax level or version that is not supported")]
    Syntax,
    /// The bytes are not of the character set that UNB declares, or UNB and UNZ contain control characters.
    #[error("the interchange is not written in the character set that UNB declares")]
    Characters,
    /// No sender.
    #[error("UNB names no sender")]
    Sender,
    /// No receiver.
    #[error("UNB names no receiver")]
    Receiver,
    /// No control reference, or one longer than 14 characters.
    #[error("UNB has no control reference, or one that is too long")]
    Control,
    /// Date or time cannot be.
    #[error("UNB has a date or time that cannot be")]
    DateTime,
    /// UNZ counts something else.
    #[error("UNZ does not count the messages that are there")]
    Count,
    /// UNB and UNZ differ.
    #[error("the control references of UNB and UNZ differ")]
    ControlMismatch,
    /// No UNZ.
    #[error("the interchange ends without UNZ")]
    EndOfFile,
    /// Segments outside of messages.
    #[error("a segment stands outside of any message")]
    Structure,
    /// No message.
    #[error("the interchange contains no message")]
    Empty,
    /// UNG: functional groups.
    #[error("functional groups (UNG) are not supported")]
    Groups,
    /// A limit; what came in was not read further.
    #[error("{0}")]
    Limit(Exceeded),
    /// The same interchange came before. Found by whoever remembers, not by reading.
    #[error("this control reference came before")]
    Duplicate,
}

impl InterchangeFault {
    /// 0085 and, where it is about one, the service segment.
    pub fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => ("2", "UNB"),
            Self::Characters => ("21", "UNB"),
            Self::Sender | Self::Receiver | Self::Control => ("13", "UNB"),
            Self::DateTime => ("12", "UNB"),
            Self::Count => ("29", "UNZ"),
            Self::ControlMismatch => ("28", "UNZ"),
            Self::EndOfFile => ("13", "UNZ"),
            Self::Structure => ("33", ""),
            Self::Empty => ("32", ""),
            Self::Groups => ("15", "UNG"),
            Self::Limit(_) => ("18", ""),
            Self::Duplicate => ("26", "UNB"),
        }
    }

    /// Whether nothing of the interchange may be used.
    pub fn rejects(self) -> bool {
        self != Self::DateTime
    }
}

/// What is wrong with a message as a whole; told by UCM. Every one rejects the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// A message we do not take.
    #[error("this message type is not supported")]
    Type,
    /// A directory we do not take.
    #[error("this version of the message is not supported")]
    Version,
    /// No reference, or one longer than 14 characters.
    #[error("UNH has no reference, or one that is too long")]
    Reference,
    /// The reference again in this interchange.
    #[error("the reference of UNH was used for another message of this interchange")]
    ReferenceRepeated,
    /// No UNT.
    #[error("the message ends without UNT")]
    TrailerMissing,
    /// UNH and UNT differ.
    #[error("the references of UNH and UNT differ")]
    ReferenceMismatch,
    /// UNT counts something else.
    #[error("UNT does not count the segments that are there")]
    Count,
}

impl MessageFault {
    /// 0085 and the service segment.
    pub fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Type | Self::Version => ("14", "UNH"),
            Self::Reference => ("13", "UNH"),
            Self::ReferenceRepeated => ("26", "UNH"),
            Self::TrailerMissing => ("13", "UNT"),
            Self::ReferenceMismatch => ("28", "UNT"),
            Self::Count => ("29", "UNT"),
        }
    }
}

/// A segment in error; told by UCS and UCD. Every one rejects the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its tag, as far as it can be read.
    pub tag: String,
    /// Position in the message, UNH being 1.
    pub position: u32,
    /// 0085.
    pub code: &'static str,
    /// Data elements in error: 0085, position (the tag counts as 1) and, in a composite, the component.
    pub elements: Vec<ElementReport>,
}

/// A data element in error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementReport {
    /// 0085.
    pub code: &'static str,
    /// Position in the segment as 0098 counts it: the tag is 1.
    pub position: u32,
    /// Position in the composite, from 1.
    pub component: u32,
}

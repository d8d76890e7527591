//! What can be wrong with an interchange, at each of its levels, with the code an acknowledgement gives it.
//!
//! Sources of the codes: data elements I18 (TA105), 716 (AK905), 718 (AK502, IK502), 720 (AK304, IK304) and
//! 723 (AK403, IK403) of the standard.

use crate::limits::Exceeded;

/// What is wrong with the envelope of the interchange; told by TA1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterchangeFault {
    /// ISA13 and IEA02 differ.
    #[error("the control numbers of ISA and IEA differ")]
    ControlMismatch,
    /// ISA05.
    #[error("ISA05, the qualifier of the sender, is empty")]
    SenderQualifier,
    /// ISA06.
    #[error("ISA06, the sender, is empty or not printable")]
    Sender,
    /// ISA07.
    #[error("ISA07, the qualifier of the receiver, is empty")]
    ReceiverQualifier,
    /// ISA08.
    #[error("ISA08, the receiver, is empty or not printable")]
    Receiver,
    /// ISA09.
    #[error("ISA09 is not a date")]
    Date,
    /// ISA10.
    #[error("ISA10 is not a time")]
    Time,
    /// ISA11.
    #[error("ISA11 is neither U nor a repetition separator that can be told apart")]
    Standard,
    /// ISA12.
    #[error("ISA12 names a version of the controls that is not supported")]
    Version,
    /// ISA13.
    #[error("ISA13, the control number, is not nine digits above zero")]
    Control,
    /// ISA14.
    #[error("ISA14 is neither 0 nor 1")]
    AckRequested,
    /// ISA15.
    #[error("ISA15 is none of P, T and I")]
    Usage,
    /// IEA01.
    #[error("IEA01 does not count the functional groups that are there")]
    GroupCount,
    /// Segments where none may be, such as an ST outside of a group.
    #[error("a segment stands where the envelope allows none")]
    Structure,
    /// No IEA.
    #[error("the interchange ends without IEA")]
    EndOfFile,
    /// A limit; what came in was not read further.
    #[error("{0}")]
    Limit(Exceeded),
    /// GS with a date, a time or an address that cannot be.
    #[error("GS02, GS03, GS04, GS05 or GS07 is not what the standard asks for")]
    GroupHeader,
    /// The same interchange came before. Found by whoever remembers, not by reading.
    #[error("this control number came before")]
    Duplicate,
}

impl InterchangeFault {
    /// TA105.
    pub fn note_code(self) -> &'static str {
        match self {
            Self::ControlMismatch => "001",
            Self::SenderQualifier => "005",
            Self::Sender => "006",
            Self::ReceiverQualifier => "007",
            Self::Receiver => "008",
            Self::Date => "014",
            Self::Time => "015",
            Self::Standard => "016",
            Self::Version => "017",
            Self::Control => "018",
            Self::AckRequested => "019",
            Self::Usage => "020",
            Self::GroupCount => "021",
            Self::Structure => "022",
            Self::EndOfFile => "023",
            Self::Limit(_) | Self::GroupHeader => "024",
            Self::Duplicate => "025",
        }
    }

    /// Whether nothing of the interchange may be used. A wrong date harms nobody; a count that is off may mean that
    /// an order is missing.
    pub fn rejects(self) -> bool {
        !matches!(
            self,
            Self::Date | Self::Time | Self::AckRequested | Self::GroupHeader
        )
    }
}

/// What is wrong with the envelope of a functional group; told by AK9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupFault {
    /// GS01 is no functional identifier we take part in.
    #[error("GS01 names a functional group that is not supported")]
    NotSupported,
    /// GS08.
    #[error("GS08 names a version that is not supported")]
    Version,
    /// No GE.
    #[error("the group ends without GE")]
    TrailerMissing,
    /// GS06 and GE02 differ.
    #[error("the control numbers of GS and GE differ")]
    ControlMismatch,
    /// GE01.
    #[error("GE01 does not count the transaction sets that are there")]
    Count,
    /// GS06.
    #[error("GS06, the control number, is not one to nine digits")]
    Control,
    /// GS06 again in this interchange.
    #[error("GS06 was used for another group of this interchange")]
    ControlRepeated,
}

impl GroupFault {
    /// AK905; all of them reject the group. 4010 has no code of its own for a number used twice.
    pub fn code(self, version: Version) -> &'static str {
        match self {
            Self::NotSupported => "1",
            Self::Version => "2",
            Self::TrailerMissing => "3",
            Self::ControlMismatch => "4",
            Self::Count => "5",
            Self::Control => "6",
            Self::ControlRepeated => match version {
                Version::V4010 => "6",
                Version::V5010 => "19",
            },
        }
    }
}

/// The versions of the standard we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Version {
    /// 004010, acknowledged by 997.
    #[serde(rename = "004010")]
    V4010,
    /// 005010, acknowledged by 999.
    #[serde(rename = "005010")]
    V5010,
}

impl Version {
    /// Of GS08, which may name an industry's guide behind the version: `004010VICS`.
    pub fn of_group(text: &str) -> Option<Self> {
        match text.get(..6) {
            Some("004010") => Some(Self::V4010),
            Some("005010") => Some(Self::V5010),
            _ => None,
        }
    }

    /// As GS08 says it.
    pub fn group_text(self) -> &'static str {
        match self {
            Self::V4010 => "004010",
            Self::V5010 => "005010",
        }
    }

    /// As ISA12 says it.
    pub fn interchange_text(self) -> &'static str {
        match self {
            Self::V4010 => "00401",
            Self::V5010 => "00501",
        }
    }
}

/// What is wrong with a transaction set as a whole; told by AK5 or IK5. Every one rejects the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetFault {
    /// A set we do not take.
    #[error("this transaction set is not supported")]
    NotSupported,
    /// No SE.
    #[error("the set ends without SE")]
    TrailerMissing,
    /// ST02 and SE02 differ.
    #[error("the control numbers of ST and SE differ")]
    ControlMismatch,
    /// SE01.
    #[error("SE01 does not count the segments that are there")]
    Count,
    /// ST01 is empty or does not belong into this group.
    #[error("ST01 is missing or does not belong into this functional group")]
    Identifier,
    /// ST02.
    #[error("ST02, the control number, is not four to nine characters")]
    Control,
    /// ST02 again in this group.
    #[error("ST02 was used for another set of this group")]
    ControlRepeated,
}

impl SetFault {
    /// AK502. 4010 has no code of its own for a number used twice.
    pub fn code(self, version: Version) -> &'static str {
        match self {
            Self::NotSupported => "1",
            Self::TrailerMissing => "2",
            Self::ControlMismatch => "3",
            Self::Count => "4",
            Self::Identifier => "6",
            Self::Control => "7",
            Self::ControlRepeated => match version {
                Version::V4010 => "7",
                Version::V5010 => "23",
            },
        }
    }
}

/// AK502 when segments are in error.
pub(crate) const SEGMENTS_IN_ERROR: &str = "5";

/// What is wrong with a segment; told by AK3 or IK3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentFault {
    /// The tag is no tag.
    #[error("this is not a segment")]
    Unrecognised,
    /// A segment the set cannot be without is not there.
    #[error("a mandatory segment is missing")]
    Missing,
    /// Its elements are wrong.
    #[error("elements of the segment are in error")]
    Elements,
}

impl SegmentFault {
    /// AK304.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unrecognised => "1",
            Self::Missing => "3",
            Self::Elements => "8",
        }
    }
}

/// What is wrong with an element; told by AK4 or IK4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElementFault {
    /// It must be there.
    #[error("a mandatory element is missing")]
    Missing,
    /// It must be there because another is.
    #[error("an element is missing that must come with another")]
    PairMissing,
    /// More elements than the segment has.
    #[error("the segment has too many elements")]
    TooMany,
    /// Too short.
    #[error("the element is too short")]
    TooShort,
    /// Too long.
    #[error("the element is too long")]
    TooLong,
    /// Characters that may not be there.
    #[error("the element contains a character that it may not")]
    Character,
    /// Not a date.
    #[error("the element is not a date")]
    Date,
    /// Not a time.
    #[error("the element is not a time")]
    Time,
}

impl ElementFault {
    /// AK403.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "1",
            Self::PairMissing => "2",
            Self::TooMany => "3",
            Self::TooShort => "4",
            Self::TooLong => "5",
            Self::Character => "6",
            Self::Date => "8",
            Self::Time => "9",
        }
    }

    /// Whether the set cannot be used. Something too long or too much is read all the same and noted.
    pub fn rejects(self) -> bool {
        !matches!(self, Self::TooLong | Self::TooShort | Self::TooMany)
    }
}

/// A segment in error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its tag as sent; of a segment that is missing, the tag it would have.
    pub tag: String,
    /// Position in the set, ST being 1; of a segment that is missing, that of SE.
    pub position: u32,
    /// What is wrong.
    pub fault: SegmentFault,
    /// Its elements in error.
    pub elements: Vec<ElementReport>,
}

impl SegmentReport {
    /// Whether the set cannot be used because of it.
    pub fn rejects(&self) -> bool {
        match self.fault {
            SegmentFault::Unrecognised | SegmentFault::Missing => true,
            SegmentFault::Elements => self.elements.iter().any(|element| element.fault.rejects()),
        }
    }
}

/// An element in error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementReport {
    /// Position in the segment, from 1.
    pub position: u32,
    /// Number in the data element directory, where we know it.
    pub reference: Option<u16>,
    /// What is wrong.
    pub fault: ElementFault,
    /// What was sent, as far as it can be said again: without control characters, 99 characters at most.
    pub copy: String,
}

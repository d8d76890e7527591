//! Stable codes of what a person may be told about EDI; each has a page in `docs/errors/`.

use crate::{control_number, documents, edifact, json, outstanding, x12};

types::codes! {
    /// Bytes without a header that could be read.
    NotAnInterchange = "PL0701", "look at the first bytes: a file in another format, or one that a transfer has changed";
    /// Larger than allowed.
    Limit = "PL0702", "ask the partner to send several smaller interchanges";
    /// The end is missing.
    EndOfFile = "PL0703", "ask the partner to send it again: the transfer was cut";
    /// Counts or control numbers differ.
    Count = "PL0704", "ask the partner to look at what was lost between header and trailer";
    /// Another fault of the envelope.
    Envelope = "PL0705", "compare the envelope with what was agreed on with the partner";
    /// Characters of another set.
    Characters = "PL0706", "ask the partner which character set is really sent";
    /// A version or a type that nobody agreed on.
    NotSupported = "PL0707", "agree with the partner on the version and the document types";
    /// Segments or elements are wrong.
    Segments = "PL0708", "the acknowledgement that was sent names segment and element";
    /// An acknowledgement that cannot be followed.
    Acknowledgement = "PL0709", "look at what was sent to this partner, and ask what became of it";
    /// JSON that leads to no interchange.
    Json = "PL0710", "convert the original bytes again instead of changing the JSON";
    /// Numbers out of step.
    ControlNumber = "PL0711", "stop sending to this partner until the stored numbers are understood";
    /// What would be sent is not valid.
    Unwritable = "PL0712", "correct the master data that the value comes from";
    /// A document that makes no sense.
    Document = "PL0713", "correct the document with the partner, or the mapping of codes and units";
    /// No acknowledgement came.
    Overdue = "PL0714", "ask the partner whether it came in; send the same interchange again or set it aside";
}

/// Something that people are told under a code.
pub trait Coded {
    /// Its code; not to be mixed up with the codes that acknowledgements give.
    fn error_code(&self) -> Code;
}

macro_rules! always {
    ($($type:ty => $code:ident;)*) => {$(
        impl Coded for $type {
            fn error_code(&self) -> Code {
                Code::$code
            }
        }
    )*};
}

always! {
    x12::Unreadable => NotAnInterchange;
    edifact::Unreadable => NotAnInterchange;
    x12::SegmentReport => Segments;
    edifact::SegmentReport => Segments;
    x12::AnswerError => Acknowledgement;
    edifact::ReportError => Acknowledgement;
    outstanding::Unmatched => Acknowledgement;
    outstanding::Illegal => Acknowledgement;
    json::Error => Json;
    control_number::Illegal => ControlNumber;
    x12::WriteError => Unwritable;
    edifact::WriteError => Unwritable;
    documents::Error => Document;
}

impl Coded for x12::InterchangeFault {
    fn error_code(&self) -> Code {
        match self {
            Self::Limit(_) => Code::Limit,
            Self::EndOfFile => Code::EndOfFile,
            Self::ControlMismatch | Self::GroupCount => Code::Count,
            Self::Version => Code::NotSupported,
            Self::SenderQualifier
            | Self::Sender
            | Self::ReceiverQualifier
            | Self::Receiver
            | Self::Date
            | Self::Time
            | Self::Standard
            | Self::Control
            | Self::AckRequested
            | Self::Usage
            | Self::Structure
            | Self::GroupHeader
            | Self::Duplicate => Code::Envelope,
        }
    }
}

impl Coded for x12::GroupFault {
    fn error_code(&self) -> Code {
        match self {
            Self::NotSupported | Self::Version => Code::NotSupported,
            Self::ControlMismatch | Self::Count => Code::Count,
            Self::TrailerMissing | Self::Control | Self::ControlRepeated => Code::Envelope,
        }
    }
}

impl Coded for x12::SetFault {
    fn error_code(&self) -> Code {
        match self {
            Self::NotSupported => Code::NotSupported,
            Self::ControlMismatch | Self::Count => Code::Count,
            Self::TrailerMissing | Self::Identifier | Self::Control | Self::ControlRepeated => Code::Envelope,
        }
    }
}

impl Coded for edifact::InterchangeFault {
    fn error_code(&self) -> Code {
        match self {
            Self::Limit(_) => Code::Limit,
            Self::EndOfFile => Code::EndOfFile,
            Self::Count | Self::ControlMismatch => Code::Count,
            Self::Characters => Code::Characters,
            Self::Syntax | Self::Groups => Code::NotSupported,
            Self::Sender
            | Self::Receiver
            | Self::Control
            | Self::DateTime
            | Self::Structure
            | Self::Empty
            | Self::Duplicate => Code::Envelope,
        }
    }
}

impl Coded for edifact::MessageFault {
    fn error_code(&self) -> Code {
        match self {
            Self::Type | Self::Version => Code::NotSupported,
            Self::ReferenceMismatch | Self::Count => Code::Count,
            Self::Reference | Self::ReferenceRepeated | Self::TrailerMissing => Code::Envelope,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Exceeded;

    #[test]
    fn codes_are_this_crates_and_each_has_a_hint() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(code.as_str(), format!("PL07{:02}", index + 1));
            assert!(!code.hint().is_empty());
        }
        assert_eq!(
            x12::InterchangeFault::Limit(Exceeded::Sets).error_code(),
            Code::Limit
        );
        assert_eq!(
            edifact::InterchangeFault::Characters.error_code().to_string(),
            "PL0706"
        );
    }
}

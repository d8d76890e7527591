//! X12, versions 4010 and 5010: tokenizer, envelope, acknowledgements, writer.
//!
//! ```text
//! bytes ──► tokens ──► read ──► Interchange { groups { sets } , faults } ──► documents
//!                                   │
//!                                   └──► answer ──► TA1, 997, 999 ──► write ──► bytes
//! ```
//!
//! Reading never gives up at the first fault: whoever must answer a partner needs all of them, each with its place.
//! What can be used is decided by level. A fault of the interchange stops everything, one of a group stops the group,
//! one of a set stops the set: partial acceptance.

mod answer;
mod check;
mod delimiters;
mod dictionary;
mod envelope;
mod fault;
mod read;
mod received;
mod segment;
mod tokens;
mod write;

pub use answer::{Answer, Form, Functional, GUIDE_999, answer, duplicate_answer, interchange_answer};
pub use delimiters::{Delimiters, ISA_BYTES, Unreadable};
pub use dictionary::{SETS, SetRule};
pub use envelope::{Group, Header, Interchange, Set};
pub use fault::{
    ElementFault, ElementReport, GroupFault, InterchangeFault, SegmentFault, SegmentReport, SetFault, Version,
};
pub use read::{Profile, read};
pub use received::{AnswerError, FunctionalAnswer, InterchangeAnswer, Note, SetAnswer};
pub use segment::Segment;
pub use tokens::{Stopped, Tokens};
pub use write::{Envelope, OutGroup, OutSet, WriteError, first_fault, write};

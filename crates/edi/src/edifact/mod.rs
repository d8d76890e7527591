//! EDIFACT, syntax versions 1 to 4, directories D.96A and D.01B: envelope, CONTRL, writer.
//!
//! ```text
//! bytes ──► Source (text) ──► read ──► Interchange { messages, faults } ──► documents
//!                                          │
//!                                          └──► answer ──► CONTRL ──► write ──► bytes
//! ```
//!
//! Segments are found and unescaped by the library `edifact-rs`, whose scan goes on after a fault and never holds more
//! than one segment. What we add is partial acceptance by message, our limits, and faults as types. One thing the library
//! leaves to its caller is memory: an element takes some two hundred bytes however short it is, so segments are kept as
//! places in the text and read anew when they are asked for.

mod answer;
mod envelope;
mod fault;
mod read;
mod received;
mod source;
mod write;

pub use answer::{CONTRL_VERSION, answer, duplicate_answer};
pub use edifact_rs::{Segment, ServiceStringAdvice};
pub use envelope::{Header, Interchange, Message};
pub use fault::{ElementReport, InterchangeFault, MessageFault, SegmentReport};
pub use read::{MESSAGES, Profile, read};
pub use received::{Action, MessageAnswer, ReportError, SyntaxReport};
pub use source::{Charset, Source, Unreadable};
pub use write::{Envelope, OutMessage, WriteError, first_fault, write};

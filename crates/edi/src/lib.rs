//! EDI without I/O: what partners send is read, checked and answered; what we send is written and checked.
//!
//! Constraints: synchronous, no files, no clock, no chance; the gateway stores what is made here. Input is hostile until
//! proven otherwise: every size is bounded by [`limits::Limits`] before memory is taken, nothing panics.

pub mod code;
pub mod control_number;
pub mod date;
pub mod documents;
pub mod duplicate;
pub mod edifact;
pub mod json;
pub mod limits;
pub mod outgoing;
pub mod outstanding;
pub mod text;
mod words;
pub mod x12;

pub use words::{Address, CONTROL_MAX, Found, Standard, Usage, Verdict};

//! From partners' documents to commands of the ERP's inbox: text in, commands out.
//!
//! A mapping is a file, so that what was agreed on with a partner can be read, versioned, reviewed and tested:
//!
//! ```yaml
//! format: plimsoll-mapping/1
//! name: x12-850
//! version: 1
//! from: { x12: "850" }
//! to: order.create
//! header: [PO1]
//! set:
//!   client_order_ref: BEG.3
//!   partner: { given: partner }
//!   lines:
//!     each: PO1
//!     until: [CTT]
//!     set:
//!       sku: { path: [PO1.6~VP, PO1.6~SK] }
//!       quantity: { path: PO1.2, unit: PO1.3 }
//! ```
//!
//! The same form, turned round, is a template for what leaves the ERP: `from: { event: shipment.done }`, and `to: json`,
//! `csv` or `zpl` ([`write`]).
//!
//! Constraints: no files, no clock, no chance; the gateway and the command line both use it. What a mapping makes is
//! checked against the contract of its command ([`command`]), so a mapping cannot make what the inbox would not know.

mod builtin;
pub mod code;
pub mod command;
mod document;
mod error;
mod evaluate;
mod file;
mod outgoing;
mod path;
mod source;
mod value;

pub use builtin::builtin;
pub use command::Command;
pub use document::{Unused, edifact_document, x12_document};
pub use error::MapError;
pub use evaluate::{Given, agreed, map, write};
pub use file::{Document, FileError, Form, Mapping};
pub use outgoing::Written;
pub use source::Source;

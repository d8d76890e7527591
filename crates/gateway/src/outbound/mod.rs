//! What goes to partners that speak EDI, and what they say about it.
//!
//! ```text
//! ERP outbox ─► one letter for each event and document: numbered, written, kept ─► posted ─► 997 · CONTRL settle it
//!                                                            │                       │
//!                                                   in both regions           kept as `sent/N`, `end/N`
//! ```
//!
//! A letter is kept whole before it leaves: after a crash or a failover the same bytes go out again under the same
//! number, and an event that has its letter never gets another one. Only the leader writes and posts, after the ERP's
//! fence has said that the database is its own, and nothing goes out while a person holds the lane.

mod documents;
mod events;
mod heard;
mod letter;
mod post;
mod waiting;
mod worker;
mod write;

pub use heard::{Heard, hear};
pub use waiting::{Agreed, NONE, Waiting};
pub use worker::run;

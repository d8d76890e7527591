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
//!
//! A database may have lost events whose letters left. At the beginning of every term the ERP is asked; what it lacks is
//! listed for a person, and what it makes anew is not sent beside it ([`phantoms`]).

mod decide;
mod documents;
mod events;
mod heard;
mod letter;
mod lost;
mod phantoms;
mod post;
mod told;
mod waiting;
mod worker;
mod write;

pub use decide::decide;
pub use heard::{Heard, hear};
pub use phantoms::Phantoms;
pub use post::drop_file;
pub use waiting::{Agreed, NONE, Waiting};
pub use worker::{catch_up, run};

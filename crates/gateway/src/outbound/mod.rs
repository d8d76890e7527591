//! What leaves the ERP: documents to partners that speak EDI, messages by template, files, labels.
//!
//! ```text
//! ERP outbox ─► one letter for each event and document: written, kept ─► handed over ─► 997 · CONTRL settle it, or
//!                                                        │                   │          that it was taken does
//!                                               in both regions     kept as `sent/N`, `end/N`
//! ```
//!
//! A letter is kept whole before it leaves: after a crash or a failover the same bytes go out again under the same
//! number or key, and an event that has its letter never gets another one. Only the leader writes and posts, after the
//! ERP's fence has said that the database is its own, and nothing goes out while a person holds the lane.
//!
//! A database may have lost events whose letters left. At the beginning of every term the ERP is asked; what it lacks is
//! listed for a person, and what it makes anew is not sent beside it ([`phantoms`]). Until all of that is decided about,
//! or a person resumes the lane, nothing of the lane goes out.
//!
//! Where letters go is one [`target`] for each lane, and each lane is a task of its own: a printer that is off keeps back
//! nobody else's messages. While it is off, a breaker ([`guard`]) lets one letter at a time find out. What cannot be handed over ends among the dead letters, from where a person sends it again
//! ([`held`]).

mod decide;
mod documents;
mod events;
mod guard;
mod heard;
mod held;
mod letter;
mod lost;
mod phantoms;
mod sender;
mod target;
mod told;
mod tray;
mod waiting;
mod worker;
mod write;

pub use decide::decide;
pub use heard::{Heard, hear};
pub use held::{Held, again, open};
pub use sender::{Sender, SenderError};
pub use target::drop_file;
pub use tray::{Tray, Work};
pub use waiting::Agreed;
pub use worker::{catch_up, run};

//! Personal data in messages: found, told, and erased without a hole in what was proven.
//!
//! An erasure is first a record of the journal, durable like any message (`erased/N` of the integration: which message,
//! who asked, why, the hash of what was there), and only then an act. The leader carries it out: in the other region
//! first, then here, so that a power cut never damages both copies of a message at once. What could not be done now is
//! done when it can be, by whoever leads: every term begins by going through all erasures again.

mod erase;
mod search;

pub use erase::{erase_here, request, run};
pub use search::search;

/// What is shown in place of a body that was erased.
pub const ERASED: &str = "(erased)";

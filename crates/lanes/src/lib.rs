//! What a lane decides: which message is delivered next and which travel with it, when one that failed is tried again
//! and when it is given up, when nothing is tried at all, and how all lanes share what the ERP can do.
//!
//! Purpose: one partner's trouble is nobody else's, and messages that have an order keep it, whatever fails.
//! Constraints: no clock, no task, no disk, no network. Whoever uses it says what time it is, makes the calls and tells
//! how they ended; chance comes from a seed. The gateway does so over HTTP, the simulator over virtual time.
//!
//! ```text
//! messages, by key ─► Scheduler ── whose turn? ─► Budget (one for all lanes)
//!                      │  ▲  Breaker, Pace, Backoff
//!              deliver ▼  │ taken, refused, unknown
//!                     the ERP
//! ```
//!
//! The same input gives the same decisions: what is kept by hash is asked by key and never walked through.

mod batch;
mod breaker;
mod budget;
mod pace;
mod policy;
mod scheduler;
mod step;

pub use breaker::Breaker;
pub use budget::{Budget, Ended, Load, Turn, Why};
pub use policy::{Backoff, Moment, Policy};
pub use scheduler::{Class, Ending, Key, Next, Outcome, Resting, Scheduler, Verdict, Waiting};
pub use step::Step;

//! Durable workflows of fixed, partly irreversible steps. Knows no domain.
//!
//! A saga is a graph of named actions over a context `C`. Before an action begins and after it ended an event is
//! appended to a durable log, and nothing else is remembered: a process that dies between any two effects is replaced
//! by one that replays the log and goes on. An action that began and has no end in the log runs again, so **every
//! action and every undo must be idempotent**.
//!
//! ```text
//!   log: started ──► act ──► log: succeeded ──► the nodes after it
//!          ▲          │
//!          └─ pause ◄─┤ Retry (until told otherwise, or the node's deadline)
//!                     └ Fail ──► undo everything that began, in reverse
//! ```
//!
//! Decisions worth knowing:
//! - Nodes whose predecessors have ended run at the same time. Only the engine's loop writes the log, so events have one
//!   order, and their sequence numbers keep two engines from driving the same saga.
//! - Undo also runs for a node that *failed*: no answer means unknown outcome, so a failed action may have acted.
//! - A node may be the point of no return. Once it has begun and not failed, a failure elsewhere is retried instead of
//!   unwound, because going back would be worse than waiting.
//! - A saga may say where it gives way: until it changes anything, and once what is left only gives evidence. There it can
//!   be ended for something more urgent. Nobody drives it at that moment, so this is a death followed by a last event.
//! - A deadline counts from the first `started` event by the wall clock, so that dying does not prolong it.
//!
//! steno (Oxide) showed the way: the intent log, replay, and tests that every saga must pass.

mod abort;
mod definition;
mod engine;
mod fault;
mod give_up;
mod log;
mod progress;
mod running;
mod supersede;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use definition::{Action, ActionError, Definition, Inputs, InvalidDefinition, Node, RETRY_EVERY, Step};
pub use engine::{Engine, Error, Now, Outcome, Pause};
pub use fault::{Boundary, Faults, Inject, NoFaults, ParsePointError, Point};
pub use log::{BoxFuture, Event, EventKind, Log, LogError, MemoryLog, Record, SagaId};
pub use progress::{IllegalTransition, NodeState, Phase, Progress};
pub use running::Panicked;

//! The gateway of one region: takes partners' messages in, keeps them, and applies each to the ERP exactly once.
//!
//! Purpose: whatever was acknowledged to a partner reaches the ERP, also when a region with everything in it is lost a
//! moment later.
//! Constraints: no compiler, no recovery, no controller inside; it goes on with what it was last told.
//!
//! ```text
//! files ◄── files (looks into directories, over SFTP) ─┐
//! partner ─► ingest ─► log (one thread: one write, one sync) ─► acknowledgement ◄── both synced, or the peer is gone
//!                       │ same bytes, at the same time                 │
//!                       └► copy ══► the other region's gateway         ▼
//!                                                                    lanes ─► ERP (JSON-2, idempotent by message id)
//! ```
//!
//! The journal is the truth; [`ledger`] is derived from it. [`role`] says who may do what, in which generation.
//! After it was told to lead, a gateway compares the journal with the ERP's inbox ([`reconcile`]) and delivers exactly
//! what lacks.

mod control;
mod copy;
mod edi;
mod erp;
mod files;
mod gateway;
mod ingest;
mod lanes;
mod ledger;
mod link;
mod listen;
mod log;
mod marks;
mod metrics;
mod monitor;
mod outbound;
mod personal;
mod reconcile;
mod refusal;
mod retention;
mod role;
mod runs;
mod scans;
mod scrub;
mod sftp;
mod shown;
mod start;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use start::{Running, StartError, start, start_on};

/// Locks, also after a panic elsewhere: every change under our locks is complete or harmless, and a gateway that stops
/// acknowledging because of one bad request would be the worse failure.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

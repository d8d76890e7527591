//! The agent as people meet it: real processes, real PostgreSQL, real signals.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells what it measured, also in its helpers"
)]

mod front_door;
mod log_end;
mod processes;
mod regions;
mod safety;
mod world;

use tokio::sync::{Mutex, MutexGuard};

/// These tests measure times and need both cores, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

//! The agent as people meet it: real processes, real PostgreSQL, real signals.

mod front_door;
mod processes;
mod regions;
mod world;

use tokio::sync::{Mutex, MutexGuard};

/// These tests measure times and need both cores, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

//! Runs programs so that nothing of them outlives us.
//!
//! ```text
//! agent ── spawner thread ──► guard (one per program; subreaper) ──► program ──► its workers
//!              │                ▲    dies with its agent: kills the tree below at the end of its standard input
//!              └── orders ──────┘    and when a deadline passes that nobody moved
//! ```
//! The guard is this very program, started again as `plimsoll-agent guard`. It buys three things that signals alone
//! cannot: a frozen agent cannot keep an expired database alive, `kill -9` of the agent leaves nothing behind, and
//! workers whose master died (Odoo's keep the port for seconds) are gone before the master is started again.

pub mod component;
pub mod guard;
pub mod guarded;
pub mod leftovers;
pub mod logs;
pub mod probe;
pub mod spawner;
pub mod supervisor;
pub mod tool;

use std::process::Command;

/// Variables a child takes over from us.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "USER"];

/// Clears the environment but for the path, the home and the locale.
fn clear_environment(command: &mut Command) {
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

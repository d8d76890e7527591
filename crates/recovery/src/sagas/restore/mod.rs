//! Recoveries from backups: one saga for each disaster, all made of the same steps.
//!
//! ```text
//!   hold_outbound ─► restore_copy ─► prove_copy ─► await_approval ─► fence ─► swap ─► incarnate ─► replay ─┐
//!   ┌──────────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   └─► list_phantoms ─► open_people ─► open_jobs ─► open_lanes ─► finish
//! ```
//!
//! - What takes long comes first, while everybody still works: bringing the copy back and looking at it. It is mute all
//!   that time. A point that does not hold what it promises costs a copy and nothing else.
//! - People agree to a copy that was proven and to a loss that was stated, and before anything is fenced.
//! - The old database is closed before the copy takes its place, and is kept aside under its own name: nothing here ever
//!   deletes it.
//! - `incarnate` is the point of no return, because the first write comes after it. Until then going back means that the
//!   old database serves again, in a newer generation, so that a call that was slow on its way is refused.
//! - Effects that are visible outside come last, lane by lane; a lane about which somebody has to decide stays held.
//!
//! These sagas run over `driver::backup::RestorePorts`, which only the simulated stamp implements so far.

pub mod bad_release;
pub mod corruption;
pub mod image_back;
pub mod mass;
#[cfg(test)]
mod others_tests;
pub mod ransomware;
mod steps;
pub mod tenant;
#[cfg(test)]
mod tests;

pub use steps::Authorised;

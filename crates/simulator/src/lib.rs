//! The decisions, the sagas, the lease, the journal and the lanes of the product against a simulated world, deterministic by seed.
//!
//! Real are the controller's decisions (`recovery::decide`, `recovery::reconcile`), the sagas and their engine, the lease,
//! what an agent obeys (`local::agent::decide_role`), what lanes deliver next (`lanes`), and the journals of the gateways, on
//! disks in memory. Simulated is everything that these act upon: databases,
//! networks, disks, clocks and people, behind the very port traits of production ([`driver`]).
//!
//! ```text
//!   seed ──► Schedule: faults with times ──► World: a queue of events over virtual time ──► Run
//!                                              │ every event: invariants                      │ violation
//!                                              ▼                                              ▼
//!                                          Transcript                               shrink ──► a regression test
//! ```
//!
//! Pure: no runtime, no file, no clock and no chance but the seed. The same seed gives the same run, on every machine.
//! **A simulated run never counts as a verified recovery.** What is a model here, and what the product's own code, is
//! said in `docs/concepts/simulation.md`.

mod agent;
mod aligning;
mod asking;
mod bug;
mod calls;
mod candidacy;
mod control;
mod copying;
mod database;
mod delivering;
mod drawing;
mod driving;
mod erp;
mod events;
mod fault;
mod following;
mod gateway;
mod giving_up;
mod happening;
mod holding;
mod lane;
mod lane_faults;
mod leading;
mod ledger;
mod log;
mod medium;
mod message;
mod moving;
mod network;
mod outside;
mod pausing;
mod place;
mod publishing;
mod queue;
mod random;
mod releasing;
pub mod restore;
mod run;
mod scenario;
mod scene;
mod schedule;
mod shrink;
mod stats;
mod storing;
mod time;
mod transcript;
mod witness;
mod world;

#[cfg(feature = "planted-bugs")]
pub use bug::Bug;
pub use fault::{Deed, Disk, Fault, Kind, What};
pub use ledger::{Broken, Violation};
pub use place::{Place, Side};
pub use run::{Broke, Run, Simulator};
pub use scenario::Scenario;
pub use schedule::Schedule;
pub use shrink::shrink;
pub use stats::Stats;
pub use time::At;
pub use transcript::Line;

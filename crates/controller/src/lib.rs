//! The controller: it hears the regions, decides, runs the sagas, and is the third voter of the lease.
//!
//! It stands outside both regions. When it is dead nothing changes for a healthy estate: the two regions are a majority
//! without it. What it must not forget is in one SQLite file, so that another process can go on where one died.
//!
//! ```text
//!   agents ── heartbeat ──► Sightings ─┐                       ┌─► sagas ──► ports ──► agents, gateways, front door
//!                                      ├─► decide ─► Controller┤
//!   gateways ◄── status ── tasks ──────┘                       └─► store (log, record, ballot, audit)
//!   agents ── renew, promise ──► Witness ──► store
//! ```

pub mod clock;
mod controller;
pub mod crash;
pub mod http;
pub mod network;
pub mod record;
mod sagas;
mod status;
pub mod store;
mod tasks;
pub mod witness;

#[cfg(test)]
mod tests;

pub use controller::{Controller, MoveError, OrderError};

//! From an estate, and what was found on the target, to a blueprint that leaves executors no choices.
//!
//! ```text
//!   Estate ─┐
//!           ├─► local ───────► Blueprint (what, completely)  ──► render
//!   Host  ──┘                  Report    (why)               ──► people
//!
//!   Estate ───► cloud::plan ─► cloud::Blueprint, Report      ──► render, policy
//!                                └─► cloud::audit · cost · diff
//!   answers ──► advice ──────► text of an estate
//! ```
//!
//! Every number that decides how an estate behaves in a disaster is chosen here, once, with its reason. [`audit()`] and
//! [`cloud::audit()`] look at a finished blueprint without knowing how it was made: a second opinion, for blueprints from
//! anywhere.
//!
//! This crate is pure: the same inputs give the same blueprint, byte for byte.

pub mod advice;
mod audit;
mod blueprint;
pub mod cloud;
pub mod cost;
pub mod diff;
mod local;
mod ports;
mod refusal;
mod report;
mod retention;

pub use audit::{Finding, audit};
pub use blueprint::{
    Blueprint, FrontDoorBlueprint, HbaRule, Ingress, OdooProcess, Postgres, PostgresMemory, PostgresWal,
    Redis, RegionBlueprint, ReplicationLink, Workload,
};
pub use cost::cost;
pub use diff::diff;
pub use local::local;
pub use ports::{MAINTENANCE, Port, ports};
pub use refusal::{CODES, Refusal};
pub use report::{Decision, Report, Weight};
pub use retention::journal_retention;

//! The policy gate: Rego over a blueprint and the files that were rendered from it.
//!
//! ```text
//!   packs (Rego text) ──► Gate ──► evaluate(blueprint, files, waivers, today) ──► Report ──► text, JSON, SARIF
//!                          │
//!                          └──► run_tests(packs) ──► TestReport
//! ```
//!
//! Pure: text in, text out. The caller reads the files, and says which day it is.
//! The interpreter (`regorus`) is built without clock, chance, network and environment, and its work is bounded by
//! counted steps instead of time, so that the same input gives the same report on every machine.
//!
//! What a pack looks like, what a rule sees, and how waivers work is told in `docs/concepts/policy.md`.

mod builtin;
pub mod code;
mod date;
mod document;
mod engine;
mod error;
mod extensions;
mod finding;
mod gate;
mod input;
mod pack;
mod policy;
mod report;
mod secrets;
mod show;
mod testing;
mod units;
mod waiver;

pub use error::{Error, Position};
pub use finding::{Finding, Place, Severity};
pub use gate::{Gate, evaluate};
pub use input::Input;
pub use pack::{Module, Pack};
pub use policy::Policy;
pub use report::{Report, Waived};
pub use show::Color;
pub use testing::{FileCoverage, Outcome, TestReport, TestResult, run_tests};
pub use waiver::{Waiver, WaiverState, read_waivers};

//! Harness of the end-to-end tests: a real estate per test, started and destroyed with the real command line.
//!
//! Every estate has a name of its own, takes free ports, and is destroyed when its test ends, passed or not.
//! Runtime and template database are shared with other estates of this machine through Plimsoll's home.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a harness fails by panicking, and shows logs then"
)]

mod counterparty;
mod drill;
mod estate;
pub mod lab;
mod posting;
mod road;
mod transcript;
mod visitors;
mod writers;

pub use counterparty::{Carried, Counterparty};
pub use drill::Drill;
pub use estate::{Output, TestEstate, plimsoll, wait_for};
pub use posting::{Door, Reply};
pub use road::LossyRoad;
pub use transcript::Transcript;
pub use visitors::{Page, Visitors};
pub use writers::{Accepted, Writers};

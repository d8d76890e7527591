//! What the programs of Plimsoll say to each other: wire types, clients, and the mutual TLS they say it over.
//!
//! Every request that moves writes carries a [`types::Generation`]; a receiver that knows a newer one answers with
//! [`problem::code::STALE_GENERATION`] (HTTP 409) and changes nothing.
//! All requests are idempotent: a client that saw no answer sends the same request again.

pub mod backup;
pub mod caller;
pub mod client;
pub mod controller;
pub mod gateway;
pub mod lease;
pub mod moves;
pub mod problem;
pub mod server;
pub mod site;
pub mod tls;

pub use problem::Problem;

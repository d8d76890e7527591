//! Measures Plimsoll beside its peers and the limits of the machine; `bench/README.md` says how and what came out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod compile;
mod failover;
mod gateway;
mod http;
mod ingest;
mod lanes;
mod load;
mod peers;
mod usage;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    row: Row,
}

#[derive(Subcommand)]
enum Row {
    /// Durable ingest: one message per request, with duplicates, and in batches
    Ingest(ingest::Request),
    /// One of fifty integrations is dead
    Lanes(lanes::Request),
    /// The compiler, for estates of 1 to 10 000 tenants
    Compile(compile::Request),
    /// A side is lost: Plimsoll's drill beside a pair of databases under Patroni
    Failover(failover::Request),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().row {
        Row::Ingest(request) => ingest::run(&request),
        Row::Lanes(request) => lanes::run(&request),
        Row::Compile(request) => compile::run(&request),
        Row::Failover(request) => failover::run(&request),
    }
}

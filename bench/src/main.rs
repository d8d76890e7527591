//! Measures Plimsoll beside its peers and the limits of the machine; `bench/README.md` says how and what came out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod cold;
mod compile;
mod delivery;
mod gateway;
mod http;
mod inbox;
mod ingest;
mod lanes;
mod load;
mod pair;
mod peers;
mod reconcile;
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
    /// From a partner's request to a row in the database of the ERP
    Delivery(delivery::Request),
    /// One of fifty integrations is dead
    Lanes(lanes::Request),
    /// The ERP's database was taken back: what it lacks is found and replayed
    Reconcile(reconcile::Request),
    /// Two regions with a longer and longer way between them
    Pair(pair::Request),
    /// Cold start with a large journal, and duplicates of what is in it
    Cold(cold::Request),
    /// The compiler, for estates of 1 to 10 000 tenants
    Compile(compile::Request),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().row {
        Row::Ingest(request) => ingest::run(&request),
        Row::Delivery(request) => delivery::run(&request),
        Row::Lanes(request) => lanes::run(&request),
        Row::Reconcile(request) => reconcile::run(&request),
        Row::Pair(request) => pair::run(&request),
        Row::Cold(request) => cold::run(&request),
        Row::Compile(request) => compile::run(&request),
    }
}

//! Tries seeds until some fail: `cargo run --release -p plimsoll-journal --example faults -- one|pair FIRST COUNT`.
//! With `TRACE=1` a life of one journal is told step by step.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

#[path = "../tests/lying/mod.rs"]
mod lying;

use std::{fmt::Debug, ops::AddAssign, process::ExitCode};

use lying::{life, pair};

/// Enough to see whether they have one cause.
const FAILURES_MAX: u32 = 5;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let world = arguments.next().unwrap_or_default();
    let mut numbers = arguments.filter_map(|argument| argument.parse::<u64>().ok());
    let first = numbers.next().unwrap_or(0);
    let count = numbers.next().unwrap_or(100_000);
    match world.as_str() {
        "one" => run(first, count, life::live),
        "pair" => run(first, count, pair::live),
        _ => {
            println!("which world: one or pair?");
            ExitCode::FAILURE
        }
    }
}

fn run<T: AddAssign + Default + Debug>(
    first: u64,
    count: u64,
    live: impl Fn(u64) -> life::Verdict<T>,
) -> ExitCode {
    let (mut tally, mut failed) = (T::default(), 0);
    for seed in first..first.saturating_add(count) {
        match live(seed) {
            Ok(lived) => tally += lived,
            Err(what) => {
                println!("seed {seed}: {what}");
                failed += 1;
            }
        }
        if failed == FAILURES_MAX {
            break;
        }
    }
    println!("{count} seeds from {first} on: {tally:?}");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

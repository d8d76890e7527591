//! Thousands of lives on a disk that lies; `cargo run --release -p plimsoll-journal --example faults` tries more.

mod lying;

use std::ops::{AddAssign, Range};

use lying::{life, pair, tally};

/// Lives all seeds, on two threads because that halves the time, and adds up what happened.
fn live<T>(seeds: Range<u64>, one: impl Fn(u64) -> life::Verdict<T> + Sync) -> T
where
    T: AddAssign + Default + Send,
{
    let half = |rest: u64| {
        let mut tally = T::default();
        for seed in seeds.clone().filter(|seed| seed % 2 == rest) {
            match one(seed) {
                Ok(lived) => tally += lived,
                Err(what) => panic!("seed {seed}: {what}"),
            }
        }
        tally
    };
    std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut tally = half(0);
        match odd.join() {
            Ok(other) => tally += other,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        tally
    })
}

#[test]
fn nothing_acknowledged_is_lost_in_ten_thousand_lives() {
    let seeds = 10_000;
    let tally: tally::LifeTally = live(0..seeds, life::live);
    // A world in which nothing goes wrong proves nothing.
    let happened = [
        tally.acknowledged,
        tally.power_cuts,
        tally.poisoned,
        tally.full,
        tally.torn,
        tally.damaged,
        tally.missing,
        tally.cuts,
        tally.by_sidecar,
        tally.sidecars_hurt,
        tally.condemned,
        tally.trims,
        tally.forgotten,
    ];
    assert!(happened.iter().all(|count| *count > seeds / 100), "{tally:?}");
}

#[test]
fn two_regions_agree_after_whatever_happened_to_them() {
    let seeds = 2_000;
    let tally: tally::PairTally = live(0..seeds, pair::live);
    let happened = [
        tally.acknowledged,
        tally.alone,
        tally.takeovers,
        tally.both_cut,
        tally.offered,
        tally.set_aside,
        tally.repaired,
        tally.mended,
        tally.scrubbed,
        tally.trims,
        tally.begun_anew,
        tally.replaced,
    ];
    assert!(happened.iter().all(|count| *count > seeds / 100), "{tally:?}");
}

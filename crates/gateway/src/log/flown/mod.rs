//! A model of the pair: what a partner was told is true, whoever is killed while requests are under way.
//!
//! The journals, their threads' work, the gate, the ledgers, the roles and the flights are the product's own. Disks keep
//! only what was synced. The network delays, reorders, loses and repeats requests and answers. Both regions are killed,
//! lose their power, are started anew and made leader at any moment; partners send again what they have no answer to.
//! Each seed is one such life.

mod disk;
mod net;
mod node;
mod pair;

use std::collections::BTreeSet;

use pair::{Pair, records};

const SEEDS: u64 = 400;
const STEPS: u64 = 600;

/// What happened in a life, so that one in which nothing happens is noticed.
#[derive(Default)]
struct Tally {
    on_two: usize,
    on_one: usize,
    generations: u64,
    together: usize,
}

fn live(seed: u64, tally: &mut Tally) {
    let mut pair = Pair::new(seed);
    for _ in 0..STEPS {
        pair.step();
    }
    pair.heal();
    let [west, east] = pair.nodes.each_ref().map(records);
    assert_eq!(west, east, "seed {seed}: the regions hold the same");
    let ids: BTreeSet<_> = west.iter().map(|(_, id, _)| id).collect();
    assert_eq!(ids.len(), west.len(), "seed {seed}: no message is there twice");
    for number in pair.acknowledged.keys() {
        assert!(
            ids.contains(&node::message(*number).id),
            "seed {seed}: {number} was acknowledged and lost"
        );
    }
    tally.on_two += pair.acknowledged.values().filter(|copies| **copies == 2).count();
    tally.on_one += pair.acknowledged.values().filter(|copies| **copies == 1).count();
    tally.together += pair.together;
    tally.generations += pair.generations().get();
}

#[test]
fn whoever_is_killed_with_requests_under_way_what_was_acknowledged_is_there() {
    let mut tally = Tally::default();
    for seed in 0..SEEDS {
        live(seed, &mut tally);
    }
    let per_life = |count: usize| count as u64 / SEEDS;
    assert!(per_life(tally.on_two) > 5, "{} on two copies", tally.on_two);
    assert!(per_life(tally.on_one) > 1, "{} on one copy", tally.on_one);
    assert!(per_life(tally.together) > 3, "{} together", tally.together);
    assert!(tally.generations > 2 * SEEDS, "{} generations", tally.generations);
}

//! What cannot be foreseen, by seed.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use driver::simulated::backup::{Chance, Fate};
use saga::{Boundary, Faults, Inject, Point};

use crate::random::Random;

/// The fate of calls.
pub(super) struct Seeded {
    random: Random,
    /// So many of a hundred calls are not well.
    trouble: u64,
}

impl Seeded {
    pub(super) const fn new(mut random: Random) -> Self {
        let trouble = match random.below(4) {
            0 => 0,
            1 => 5,
            2 => 20,
            _ => 45,
        };
        Self { random, trouble }
    }
}

impl Chance for Seeded {
    fn fate(&mut self, _: &'static str) -> Fate {
        if !self.random.percent(self.trouble) {
            return Fate::Well;
        }
        match self.random.below(5) {
            0 => Fate::Unheard,
            1 => Fate::AnswerLost,
            2 => Fate::Fails,
            // Soon, or so late that the recovery was taken back meanwhile.
            3 => Fate::Late(u32::try_from(self.random.between(1, 6)).unwrap_or(1)),
            _ => Fate::Late(u32::try_from(self.random.between(6, 60)).unwrap_or(6)),
        }
    }

    fn business_goes_on(&mut self) -> bool {
        self.random.percent(15)
    }
}

/// The process that runs a saga dies, runs an action twice, or an action cannot be done.
pub(super) struct Mishaps {
    so_far: Mutex<SoFar>,
    dies: u64,
    fails: u64,
}

struct SoFar {
    random: Random,
    /// Steps that may have acted: that such a step cannot be done would be another story than the one its port tells.
    acted: BTreeSet<String>,
}

impl Mishaps {
    pub(super) const fn new(mut random: Random) -> Self {
        let dies = random.below(20);
        let fails = if random.percent(50) { 0 } else { random.below(8) };
        let acted = BTreeSet::new();
        Self {
            so_far: Mutex::new(SoFar { random, acted }),
            dies,
            fails,
        }
    }
}

impl Faults for Mishaps {
    fn at(&self, point: &Point) -> Inject {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        if point.boundary == Boundary::AfterAct {
            so_far.acted.insert(point.node.clone());
        }
        let acted = so_far.acted.contains(&point.node);
        let random = &mut so_far.random;
        if random.percent(self.dies) {
            return Inject::Die;
        }
        match point.boundary {
            Boundary::Before if !acted && random.percent(self.fails) => Inject::Fail,
            Boundary::AfterAct | Boundary::UndoAfterAct if random.percent(10) => Inject::Repeat,
            _ => Inject::Nothing,
        }
    }
}

//! The ERP's budget with a clock, people's queue, and the desks that are told when it is their turn.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use lanes::{Budget, Load, Moment};
use tokio::sync::Notify;

use super::people;
use crate::{gateway::Integration, lock};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The budget of one term.
pub struct Meter {
    began: Instant,
    budget: Mutex<Budget>,
    /// One for each lane.
    wakes: Vec<Arc<Notify>>,
}

impl Meter {
    /// For all lanes of a gateway.
    pub fn new(integrations: &[Integration]) -> Arc<Self> {
        let priorities = integrations.iter().map(|one| one.settings.lane.priority);
        let calls_max = integrations
            .iter()
            .map(|one| usize::from(one.settings.concurrency.max(1)))
            .sum();
        Arc::new(Self {
            began: Instant::now(),
            budget: Mutex::new(Budget::new(priorities, calls_max)),
            wakes: integrations.iter().map(|_| Arc::default()).collect(),
        })
    }

    /// Since the term began.
    pub fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// As an instant of the clock.
    pub fn at(&self, moment: Moment) -> Instant {
        self.began + moment
    }

    /// Wakes a lane's worker.
    pub fn wake_of(&self, lane: usize) -> Arc<Notify> {
        Arc::clone(&self.wakes[lane])
    }

    /// Asks or tells the budget something; whose turn it is then is woken.
    pub fn with<T>(&self, act: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budget = lock(&self.budget);
        let done = act(&mut budget);
        let turn = budget.turn();
        drop(budget);
        if let Some(lane) = turn {
            self.wakes[lane].notify_one();
        }
        done
    }

    /// What is told of the whole.
    pub fn load(&self) -> Load {
        self.with(|budget| budget.load())
    }

    /// Looks at people's queue and at what hangs, until the term ends. Cancelled at any moment, nothing is left undone.
    pub async fn run(self: Arc<Self>, people: Option<SocketAddr>) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let waiting = people.and_then(people::waiting);
            let now = self.now();
            self.with(|budget| budget.look(waiting, now));
        }
    }
}

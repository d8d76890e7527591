//! One lane of one term: its scheduler with a clock, and what may be asked of it from elsewhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use api::gateway::lanes::{Delivery, Hold, Waits};
use lanes::{Class, Ended, Ending, Key, Moment, Policy, Resting, Scheduler, Step, Verdict, Waiting, Why};
use rand::Rng as _;
use tokio::sync::Notify;
use types::settings::IntegrationSettings;

use super::meter::Meter;
use crate::{
    gateway::Gateway,
    lock,
    scans::{self, Holding},
};

/// One lane of one term.
pub struct Desk {
    /// Which lane.
    pub lane: usize,
    /// Tells the worker to look again.
    pub wake: Arc<Notify>,
    meter: Arc<Meter>,
    scheduler: Mutex<Scheduler>,
    /// What it waited for when it was asked last; nothing where it delivered.
    waits: Mutex<Option<Waiting>>,
    /// Scans that wait for their turn, where it takes such.
    scans: Option<Mutex<Holding>>,
}

impl Desk {
    /// One with nothing in hand.
    pub fn new(
        lane: usize,
        settings: &IntegrationSettings,
        hold: Option<Hold>,
        meter: &Arc<Meter>,
        timeout: Duration,
    ) -> Arc<Self> {
        let mut scheduler = Scheduler::new(Policy::of(settings, timeout), rand::rng().random());
        if let Some(hold) = hold {
            scheduler.pause(hold);
        }
        Arc::new(Self {
            lane,
            wake: meter.wake_of(lane),
            meter: Arc::clone(meter),
            scheduler: Mutex::new(scheduler),
            waits: Mutex::new(None),
            scans: settings
                .scanner
                .as_ref()
                .map(|scanner| Mutex::new(Holding::new(scanner.wait_for_gap.as_duration()))),
        })
    }

    /// Since the term began.
    pub fn now(&self) -> Moment {
        self.meter.now()
    }

    /// As an instant of the clock.
    pub fn at(&self, moment: Moment) -> Instant {
        self.meter.at(moment)
    }

    /// Takes a message in hand.
    pub fn add(&self, sequence: u64, key: Key, class: Class, attempts: u32) {
        let mut scheduler = lock(&self.scheduler);
        if attempts > 0 {
            scheduler.remember(sequence, attempts);
        }
        scheduler.add(sequence, key, class);
    }

    /// Messages in hand that could be delivered if there were room.
    pub fn deliverable(&self) -> usize {
        lock(&self.scheduler).deliverable()
    }

    /// What to do now.
    pub fn next(&self) -> Step {
        let now = self.now();
        let mut scheduler = lock(&self.scheduler);
        let step = self.meter.with(|budget| scheduler.step(self.lane, budget, now));
        *lock(&self.waits) = match &step {
            Step::Call(_) => None,
            Step::Wait { why, .. } => Some(*why),
        };
        match step {
            Step::Wait { why, until } => Step::Wait {
                why,
                until: until.into_iter().chain(self.scans_due()).min(),
            },
            call @ Step::Call(_) => call,
        }
    }

    /// Fills it with scans, where it takes such; says whether there may be more.
    pub fn fill_scans(&self, gateway: &Gateway, attempts: &mut HashMap<u64, u32>) -> Option<bool> {
        let site = gateway.integrations[self.lane].site.as_ref()?;
        let mut holding = lock(self.scans.as_ref()?);
        Some(scans::fill(gateway, self, site, &mut holding, attempts))
    }

    /// When a scan that waits must be looked at.
    fn scans_due(&self) -> Option<Moment> {
        lock(self.scans.as_ref()?).due
    }

    /// Scans that wait for their turn.
    pub fn held(&self) -> usize {
        self.scans.as_ref().map_or(0, |holding| lock(holding).held())
    }

    /// A call ended, which the first of its messages names; says what follows for each of them.
    pub fn finish(
        &self,
        first: u64,
        endings: Vec<Ending>,
        how: Ended,
        took: Duration,
    ) -> Vec<(u64, Verdict)> {
        let now = self.now();
        let mut scheduler = lock(&self.scheduler);
        let ended = (how, took);
        let verdicts = self
            .meter
            .with(|budget| scheduler.end(budget, first, endings, ended, now));
        drop(scheduler);
        if let Some(holding) = &self.scans {
            let mut holding = lock(holding);
            for (sequence, verdict) in &verdicts {
                if matches!(verdict, Verdict::Finished | Verdict::Dead { .. }) {
                    holding.done(*sequence);
                }
            }
        }
        verdicts
    }

    /// Messages that travel in one call now, at most.
    pub fn call_messages(&self) -> usize {
        lock(&self.scheduler).call_messages(self.now())
    }

    /// What it waits for, as people are told; nothing where it has nothing to do, does it, or does not deliver at all.
    pub fn waits(&self) -> Option<Waits> {
        match (*lock(&self.waits))? {
            Waiting::Nothing | Waiting::Breaker | Waiting::Person => None,
            Waiting::Limit => Some(Waits::Concurrency),
            Waiting::Rate => Some(Waits::Rate),
            Waiting::Retry => Some(Waits::Retry),
            Waiting::Erp(Why::Full) => Some(Waits::Erp),
            Waiting::Erp(Why::People) => Some(Waits::People),
            Waiting::Erp(Why::Others) => Some(Waits::Others),
        }
    }

    /// What it had lately of the ERP's time that all lanes had, in thousandths.
    pub fn share_permille(&self) -> u16 {
        self.meter.with(|budget| budget.share_permille(self.lane))
    }

    /// A person pauses the lane.
    pub fn pause(&self, hold: Hold) {
        lock(&self.scheduler).pause(hold);
        self.wake.notify_one();
    }

    /// A person resumes it.
    pub fn resume(&self) {
        lock(&self.scheduler).resume(self.now());
        self.wake.notify_one();
    }

    /// Deliveries under way.
    pub fn under_way(&self) -> usize {
        lock(&self.scheduler).under_way()
    }

    /// Messages that have failed, with the time until they are tried again.
    pub fn resting(&self) -> Vec<(Resting, Moment)> {
        let now = self.now();
        let resting = lock(&self.scheduler).resting();
        resting
            .into_iter()
            .map(|one| (one, one.until.saturating_sub(now)))
            .collect()
    }

    /// Whether it delivers, as people are told.
    pub fn delivery(&self) -> Delivery {
        lock(&self.scheduler).breaker().told(self.now())
    }
}

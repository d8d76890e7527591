//! What was tried: without that, a million seeds without a violation mean nothing.

use std::collections::BTreeMap;

use api::moves::MoveKind;
use recovery::decide::Decision;
use saga::{Boundary, Point};
use serde::Serialize;

use crate::fault::Kind;

/// Counts over one schedule, or over all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Events handled.
    pub events: u64,
    /// Heartbeats of a region that led.
    pub heartbeats_of_a_leader: u64,
    /// Commands of the reconciler.
    pub commands: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// Schedules in which both kinds happened.
    pub pairs: BTreeMap<String, u64>,
    /// Decisions by kind, counted when they change.
    pub decisions: BTreeMap<&'static str, u64>,
    /// How sagas ended.
    pub sagas: BTreeMap<String, u64>,
    /// Points of a saga that were passed while a fault was at work.
    pub steps: BTreeMap<String, u64>,
    /// Points of a saga at which the controller died.
    pub deaths: BTreeMap<String, u64>,
    /// What became of deliveries to the ERP, message by message.
    pub deliveries: BTreeMap<&'static str, u64>,
    /// How schedules ended.
    pub ends: BTreeMap<&'static str, u64>,
}

// === impl Stats ===

impl Stats {
    pub(crate) fn fault(&mut self, kind: Kind) {
        *self.faults.entry(kind).or_default() += 1;
    }

    pub(crate) const fn commanded(&mut self) {
        self.commands += 1;
    }

    pub(crate) fn decided(&mut self, kind: &'static str) {
        *self.decisions.entry(kind).or_default() += 1;
    }

    pub(crate) fn saga_ended(&mut self, kind: MoveKind, how: &'static str) {
        *self.sagas.entry(format!("{kind} {how}")).or_default() += 1;
    }

    pub(crate) fn reached(&mut self, point: &Point, under_fault: bool) {
        if under_fault && point.boundary == Boundary::Before {
            *self.steps.entry(point.node.clone()).or_default() += 1;
        }
    }

    pub(crate) fn died(&mut self, point: &Point) {
        *self.deaths.entry(point.to_string()).or_default() += 1;
    }

    pub(crate) fn delivered(&mut self, how: &'static str, times: u64) {
        *self.deliveries.entry(how).or_default() += times;
    }

    pub(crate) fn ended(&mut self, how: &'static str) {
        *self.ends.entry(how).or_default() += 1;
        let kinds: Vec<Kind> = self.faults.keys().copied().collect();
        for (index, one) in kinds.iter().enumerate() {
            for other in &kinds[index + 1..] {
                *self
                    .pairs
                    .entry(format!("{} + {}", one.name(), other.name()))
                    .or_default() += 1;
            }
        }
    }

    /// Takes another's counts in.
    pub fn add(&mut self, other: &Self) {
        fn sum<K: Ord + Clone>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                match into.get_mut(key) {
                    Some(known) => *known += count,
                    None => drop(into.insert(key.clone(), *count)),
                }
            }
        }
        self.events += other.events;
        self.heartbeats_of_a_leader += other.heartbeats_of_a_leader;
        self.commands += other.commands;
        sum(&mut self.faults, &other.faults);
        sum(&mut self.pairs, &other.pairs);
        sum(&mut self.decisions, &other.decisions);
        sum(&mut self.sagas, &other.sagas);
        sum(&mut self.steps, &other.steps);
        sum(&mut self.deaths, &other.deaths);
        sum(&mut self.deliveries, &other.deliveries);
        sum(&mut self.ends, &other.ends);
    }
}

/// A decision without its particulars, for counting and comparing.
pub(crate) fn kind_of(decision: &Decision) -> &'static str {
    use recovery::decide::{Loss, Unsafe, WaitingOn};
    match decision {
        Decision::Nothing => "nothing",
        Decision::Wait { why, .. } => match why {
            WaitingOn::Saga { .. } => "wait: a saga runs",
            WaitingOn::Listening => "wait: listening",
            WaitingOn::MoreEvidence(_) => "wait: more evidence",
            WaitingOn::HoldOff { .. } => "wait: hold-off",
            WaitingOn::Standby { .. } => "wait: the standby",
            WaitingOn::Authorisation { .. } => "wait: people",
            WaitingOn::HeardByStandby { .. } => "wait: heard by the standby",
        },
        Decision::Refuse { why } => match why {
            Unsafe::NoStandby => "refuse: no standby",
            Unsafe::NeverEligible { .. } => "refuse: never eligible",
            Unsafe::NotEligible { .. } => "refuse: not eligible",
        },
        Decision::Proceed(go) => match go.reason {
            Loss::Silent { .. } => "proceed: silent",
            Loss::Unreached { .. } => "proceed: unreached",
            Loss::DatabaseUnusable { .. } => "proceed: database unusable",
            Loss::Ordered { .. } => "proceed: ordered",
            Loss::FencedForNothing => "proceed: fenced for nothing",
            Loss::Overtaken => "proceed: overtaken",
        },
    }
}

//! A comparison under way or done.

use std::{collections::HashMap, sync::Arc, time::Instant};

use api::gateway::{
    MessageState, Reconciliation,
    reconciliation::{Check, LaneComparison, PHANTOMS_MAX, Phantom, ReconciliationReport},
};
use tokio::sync::Notify;

use super::compare::Found;
use crate::{
    gateway::{Gateway, Term, now},
    lock,
};

/// A comparison under way or done.
#[derive(Debug)]
pub struct Progress {
    /// As it is kept and shown.
    pub report: ReconciliationReport,
    /// Told when all lanes are compared and everything that lacked has its answer.
    pub settled: Arc<Notify>,
    /// Messages that lacked and have no answer yet, with their lanes.
    outstanding: HashMap<u64, usize>,
    /// Comparisons that are not made yet: of each lane what came in, and what went out.
    lanes_left: usize,
    /// What the ERP and the journal know differently of what came in.
    came_in: Vec<Phantom>,
    /// How many of those there are.
    came_in_all: u64,
    /// What went out of each lane and the ERP does not know.
    went_out: Vec<Vec<Phantom>>,
    /// Of those that lacked, how many have their answer.
    answered: u64,
    /// When the first of them was queued.
    replaying_since: Option<Instant>,
}

// === impl Progress ===

impl Progress {
    pub(super) fn begin(gateway: &Gateway, term: &Term) -> Self {
        let lanes = gateway.integrations.iter().map(|one| LaneComparison {
            integration: one.settings.name.clone(),
            ranges: 0,
            differing: 0,
            present: 0,
            lacking: 0,
            lost_by_erp: 0,
            replayed: 0,
            refused: 0,
            unplaced: 0,
            check: None,
        });
        let summary = Reconciliation::begun(term.generation, now());
        Self {
            report: ReconciliationReport {
                region: gateway.settings.region.clone(),
                incarnation: term.incarnation.clone(),
                summary,
                lanes: lanes.collect(),
                phantoms: Vec::new(),
                aftermath: None,
            },
            settled: Arc::default(),
            outstanding: HashMap::new(),
            lanes_left: 2 * gateway.integrations.len(),
            came_in: Vec::new(),
            came_in_all: 0,
            went_out: vec![Vec::new(); gateway.integrations.len()],
            answered: 0,
            replaying_since: None,
        }
    }

    /// Whether every lane was compared, what came in and what went out; what lacked may still wait.
    pub(super) const fn is_compared(&self) -> bool {
        self.lanes_left == 0
    }

    /// A lane was compared.
    pub(super) fn found(&mut self, lane: usize, found: &Found) {
        let (summary, of_lane) = (&mut self.report.summary, &mut self.report.lanes[lane]);
        let lacking = found.lacking.len() as u64;
        (of_lane.ranges, of_lane.differing) = (found.ranges, found.differing);
        (of_lane.present, of_lane.lacking) = (found.present, lacking);
        (of_lane.lost_by_erp, of_lane.unplaced) = (found.lost, found.unplaced);
        summary.ranges += found.ranges;
        summary.differing += found.differing;
        summary.compared += found.present + lacking;
        summary.lacking += lacking;
        summary.lost_by_erp += found.lost;
        self.came_in_all += found.phantoms_all;
        self.came_in.extend(found.phantoms.iter().cloned());
        self.await_answers(lane, &found.lacking);
        self.list();
    }

    /// What went out of a lane and the ERP does not know, as it stands now.
    pub(super) fn sent(&mut self, lane: usize, phantoms: Vec<Phantom>) {
        if self.went_out[lane] != phantoms {
            self.went_out[lane] = phantoms;
            self.list();
        }
    }

    /// A person decided about something that came in.
    pub(super) fn decided(&mut self, phantom: &Phantom) {
        let same = |one: &&mut Phantom| one.integration == phantom.integration && one.id == phantom.id;
        if let Some(known) = self.came_in.iter_mut().find(same) {
            *known = phantom.clone();
            self.list();
        }
    }

    /// Of each lane, how much of what went out and was lost a person has still to decide about.
    pub(super) fn undecided(&self) -> Vec<u64> {
        let open = |all: &Vec<Phantom>| all.iter().filter(|one| one.is_open()).count() as u64;
        self.went_out.iter().map(open).collect()
    }

    fn list(&mut self) {
        let went_out: usize = self.went_out.iter().map(Vec::len).sum();
        self.report.summary.phantoms = self.came_in_all + went_out as u64;
        let all = self.went_out.iter().flatten().chain(&self.came_in);
        self.report.phantoms = all.take(PHANTOMS_MAX).cloned().collect();
    }

    fn await_answers(&mut self, lane: usize, lacking: &[u64]) {
        if !lacking.is_empty() {
            self.replaying_since.get_or_insert_with(Instant::now);
        }
        self.outstanding
            .extend(lacking.iter().map(|sequence| (*sequence, lane)));
    }

    /// A lane is compared and its replay queued, or what went out of it is compared.
    pub(super) fn lane_compared(&mut self) {
        self.lanes_left -= 1;
        self.look();
    }

    /// A lane was compared once more.
    pub(super) fn checked(&mut self, lane: usize, check: Check, lacking: &[u64]) {
        self.report.lanes[lane].check = Some(check);
        self.await_answers(lane, lacking);
    }

    /// Whether it is finished now.
    pub(super) fn look(&mut self) {
        if self.lanes_left > 0 || !self.outstanding.is_empty() {
            return;
        }
        if self.report.summary.finished.is_none() {
            self.report.summary.finished = Some(now());
            tracing::info!(report = ?self.report.summary, "reconciled: what the ERP lacked was replayed");
        }
        self.settled.notify_one();
    }

    /// As it is kept and shown, with the time that the rest takes at the pace so far.
    pub fn shown(&self) -> ReconciliationReport {
        let mut report = self.report.clone();
        report.summary.eta_ms = self.eta_ms();
        report
    }

    /// The summary alone.
    pub fn summary(&self) -> Reconciliation {
        Reconciliation {
            eta_ms: self.eta_ms(),
            ..self.report.summary.clone()
        }
    }

    fn eta_ms(&self) -> Option<u64> {
        let left = self.outstanding.len() as u128;
        if left == 0 || self.answered == 0 {
            return None;
        }
        let so_far = self.replaying_since?.elapsed().as_millis();
        u64::try_from(so_far * left / u128::from(self.answered)).ok()
    }
}

/// A message got its answer, or was given up.
pub fn answered(gateway: &Gateway, sequence: u64, state: MessageState) {
    let mut progress = lock(&gateway.reconciliation);
    let Some(progress) = &mut *progress else {
        return;
    };
    let Some(lane) = progress.outstanding.remove(&sequence) else {
        return;
    };
    progress.answered += 1;
    let of_lane = &mut progress.report.lanes[lane];
    if state == MessageState::Applied {
        of_lane.replayed += 1;
        progress.report.summary.replayed += 1;
    } else {
        of_lane.refused += 1;
    }
    progress.look();
}

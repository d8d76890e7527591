//! Comparing the journal with the ERP's inbox after leading began: what it lacks is delivered, nothing else.
//!
//! The marks of earlier deliveries are not trusted for this: after a failover the database may have lost messages that
//! it had applied. They only tell how many of the lacking ones were lost.

use std::{collections::HashSet, time::Duration};

use api::gateway::{MessageState, Reconciliation};
use journal::ReadError;

use crate::{
    erp::{Advanced, CallError, Erp},
    gateway::{Gateway, Term, now},
    lock,
};

/// Ids in one question; the addon takes up to 50 000.
const IDS_MAX: usize = 5_000;
/// Pauses between tries while the ERP comes up: short, because they are part of the recovery time.
const PAUSE: Duration = Duration::from_millis(50);
/// Pause when the ERP says that it is somebody else's: only the controller can change that.
const PAUSE_REFUSED: Duration = Duration::from_secs(1);

/// A comparison under way or done.
#[derive(Debug)]
pub struct Progress {
    /// As the status shows it.
    pub report: Reconciliation,
    outstanding: HashSet<u64>,
    /// Lanes that are not compared yet.
    lanes_left: usize,
}

impl Progress {
    fn begin(term: &Term, lanes: usize) -> Self {
        Self {
            report: Reconciliation {
                generation: term.generation,
                started: now(),
                finished: None,
                compared: 0,
                lost_by_erp: 0,
                lacking: 0,
                replayed: 0,
                first_write: None,
            },
            outstanding: HashSet::new(),
            lanes_left: lanes,
        }
    }

    fn check_finished(&mut self) {
        if self.lanes_left == 0 && self.outstanding.is_empty() && self.report.finished.is_none() {
            self.report.finished = Some(now());
            tracing::info!(report = ?self.report, "reconciled: the ERP lacks nothing of the journal");
        }
    }
}

/// A message got its answer, or was given up.
pub fn answered(gateway: &Gateway, sequence: u64, state: MessageState) {
    if let Some(progress) = &mut *lock(&gateway.reconciliation)
        && progress.outstanding.remove(&sequence)
    {
        if state == MessageState::Applied {
            progress.report.replayed += 1;
        }
        progress.check_finished();
    }
}

/// Fences; from then on each lane is compared by itself. Returns up to where.
pub async fn begin(gateway: &Gateway, term: &Term, erp: &Erp) -> Option<u64> {
    let lanes = gateway.integrations.len();
    *lock(&gateway.reconciliation) = Some(Progress::begin(term, lanes));
    // Everything that the journal held when leading began; what comes in from now on is queued as it becomes durable.
    let end = gateway.log.position().await.ok()?.sequence;
    {
        let mut ledger = lock(&gateway.ledger);
        ledger.acks.release_from(end);
        for lane in &mut ledger.lanes {
            lane.feed();
        }
    }
    advance(gateway, term, erp).await;
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.report.first_write = Some(now());
        progress.check_finished();
    }
    Some(end)
}

/// Compares one lane, and queues what the ERP lacks; the deliveries finish it.
pub async fn lane(gateway: &Gateway, erp: &Erp, lane: usize, until: u64) {
    compare(gateway, erp, lane, until).await;
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.lanes_left -= 1;
        progress.check_finished();
    }
}

/// Makes the ERP's database ours in this generation, however long it takes.
async fn advance(gateway: &Gateway, term: &Term, erp: &Erp) {
    loop {
        let (detail, pause) = match erp.advance(term.generation.get(), &term.incarnation).await {
            Ok(Advanced::Ours) => {
                detail_of_all(gateway, None);
                return;
            }
            Ok(Advanced::Refused(why)) => (why, PAUSE_REFUSED),
            Err(CallError::Refused(why) | CallError::Unknown(why)) => (why, PAUSE),
        };
        detail_of_all(gateway, Some(&format!("waiting for the ERP: {detail}")));
        tokio::time::sleep(pause).await;
    }
}

fn detail_of_all(gateway: &Gateway, detail: Option<&str>) {
    for lane in &mut lock(&gateway.ledger).lanes {
        lane.detail = detail.map(ToOwned::to_owned);
    }
}

async fn compare(gateway: &Gateway, erp: &Erp, lane: usize, until: u64) {
    let source = gateway.integrations[lane].settings.name.as_str();
    let candidates = lock(&gateway.ledger).deliverable(lane, until);
    let mut lacking = Vec::new();
    for chunk in candidates.chunks(IDS_MAX) {
        let ids = loop {
            match ids_of(gateway, chunk) {
                Ok(ids) => break ids,
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be read for reconciliation");
                    tokio::time::sleep(PAUSE_REFUSED).await;
                }
            }
        };
        let asked: Vec<String> = ids.iter().map(|(_, id, _)| id.clone()).collect();
        let missing: HashSet<String> = loop {
            match erp.missing(source, &asked).await {
                Ok(missing) => break missing.into_iter().collect(),
                Err(CallError::Refused(why) | CallError::Unknown(why)) => {
                    lock(&gateway.ledger).lanes[lane].detail =
                        Some(format!("waiting to compare with the ERP: {why}"));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        lacking.extend(judge(gateway, &ids, &missing));
    }
    let mut ledger = lock(&gateway.ledger);
    ledger.lanes[lane].detail = None;
    ledger.lanes[lane].replay(&lacking);
}

/// Ids of messages, which the ledger does not keep: read from the journal.
fn ids_of(
    gateway: &Gateway,
    chunk: &[(u64, MessageState)],
) -> Result<Vec<(u64, String, MessageState)>, ReadError> {
    let (Some((first, _)), Some((last, _))) = (chunk.first(), chunk.last()) else {
        return Ok(Vec::new());
    };
    let states: std::collections::HashMap<u64, MessageState> = chunk.iter().copied().collect();
    let (mut ids, mut next) = (Vec::with_capacity(chunk.len()), *first);
    while next <= *last {
        let records = gateway.reader.read(next, 1024)?;
        let Some(end) = records.last() else { break };
        next = end.sequence + 1;
        ids.extend(records.into_iter().filter_map(|record| {
            let state = states.get(&record.sequence)?;
            Some((record.sequence, record.entry.id, *state))
        }));
    }
    Ok(ids)
}

/// Brings the ledger in line with what the ERP says; returns what it lacks, in order.
fn judge(gateway: &Gateway, ids: &[(u64, String, MessageState)], missing: &HashSet<String>) -> Vec<u64> {
    let mut ledger = lock(&gateway.ledger);
    let (mut lacking, mut lost) = (Vec::new(), 0);
    for (sequence, id, before) in ids {
        if !missing.contains(id) {
            ledger.mark(*sequence, MessageState::Applied);
            continue;
        }
        lacking.push(*sequence);
        if *before == MessageState::Applied {
            lost += 1;
            ledger.mark(*sequence, MessageState::Pending);
        }
    }
    drop(ledger);
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.report.compared += ids.len() as u64;
        progress.report.lacking += lacking.len() as u64;
        progress.report.lost_by_erp += lost;
        progress.outstanding.extend(&lacking);
    }
    lacking
}

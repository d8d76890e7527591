//! Comparing the journal with the ERP's inbox after leading began: what it lacks is delivered, nothing else.
//!
//! ```text
//! fence ─► each lane by itself: digests by range ─► ids of ranges that differ ─┬─► lacking: replayed, in key order
//!                                                                             ├─► present: skipped
//!                                                                             └─► phantoms: listed for a person
//!          all lanes answered ─► the same comparison once more: nothing may lack
//!
//!          in the first write, if something may be lost: numbers left out, jobs held ([`aftermath`]); nothing leaves before
//!          beside it, what went out ([`crate::outbound`]): events that the ERP lacks are phantoms too
//! ```
//!
//! The marks of earlier deliveries are not trusted for this: after a failover or a restore the database may have lost
//! messages that it had applied. They only tell how many of the lacking ones were lost.

mod aftermath;
mod compare;
mod decide;
mod progress;

use std::{sync::Arc, time::Duration};

use api::gateway::reconciliation::{Check, Phantom, ReconciliationReport};
use journal::ReadError;

use crate::{
    erp::{Advanced, CallError, Erp},
    gateway::{Gateway, Term, now},
    lock, outbound,
};

pub use decide::decide;
pub use progress::{Progress, answered};

/// Pauses between tries while the ERP comes up: short, because they are part of the recovery time.
const PAUSE: Duration = Duration::from_millis(50);
/// Pause when the ERP says that it is somebody else's: only the controller can change that.
const PAUSE_REFUSED: Duration = Duration::from_secs(1);
/// A check that finds something lacking replays it; whatever still lacks after so many rounds is no accident, and the
/// report says that the check failed.
const ROUNDS_MAX: u32 = 3;

const FILE: &str = "reconciliation.json";

/// Fences; from then on each lane is compared by itself. Returns up to where.
pub async fn begin(gateway: &Gateway, term: &Term, erp: &Erp) -> Option<u64> {
    *lock(&gateway.reconciliation) = Some(Progress::begin(gateway, term));
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
        progress.report.summary.first_write = Some(now());
        progress.look();
    }
    Some(end)
}

/// Compares one lane, and queues what the ERP lacks; the deliveries finish it.
pub async fn lane(gateway: &Gateway, erp: &Erp, lane: usize, until: u64) {
    let mut found = compare::lane(gateway, erp, lane, until).await;
    for phantom in &mut found.phantoms {
        phantom.decision = decide::known(gateway, phantom);
    }
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.found(lane, &found);
    }
    lock(&gateway.ledger).lanes[lane].replay(&found.lacking);
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.lane_compared();
    }
}

/// What went out of a lane was compared: these are lost.
pub fn sent_compared(gateway: &Gateway, lane: usize, phantoms: Vec<Phantom>) {
    sent(gateway, lane, phantoms);
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.lane_compared();
    }
}

/// What is known of what went out of a lane and was lost has changed.
pub fn sent(gateway: &Gateway, lane: usize, phantoms: Vec<Phantom>) {
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        progress.sent(lane, phantoms);
    }
}

/// Of each lane, how much of what went out and was lost a person has still to decide about.
pub fn undecided(gateway: &Gateway) -> Vec<u64> {
    let progress = lock(&gateway.reconciliation);
    progress.as_ref().map_or_else(Vec::new, Progress::undecided)
}

/// Waits until everything that lacked has its answer, and compares once more. What lacks then is replayed like before.
pub async fn check(gateway: &Arc<Gateway>, term: &Term, erp: &Erp, until: u64) {
    let Some(settled) = lock(&gateway.reconciliation)
        .as_ref()
        .map(|progress| progress.settled.clone())
    else {
        return;
    };
    aftermath::learn(gateway, term, erp).await;
    for round in 1..=ROUNDS_MAX {
        settled.notified().await;
        store(gateway).await;
        let mut lacking = 0;
        for lane in 0..gateway.integrations.len() {
            let found = compare::lane(gateway, erp, lane, until).await;
            lacking += found.lacking.len() as u64;
            if let Some(progress) = &mut *lock(&gateway.reconciliation) {
                progress.checked(
                    lane,
                    Check {
                        at: now(),
                        present: found.present,
                        lacking: found.lacking.len() as u64,
                    },
                    &found.lacking,
                );
            }
            lock(&gateway.ledger).lanes[lane].replay(&found.lacking);
        }
        if lacking == 0 {
            // What the replay made anew is no phantom any more.
            for lane in 0..gateway.integrations.len() {
                outbound::catch_up(gateway, term, erp, lane).await;
            }
            aftermath::release(gateway, term, erp).await;
            if let Some(progress) = &mut *lock(&gateway.reconciliation) {
                progress.report.summary.checked = Some(now());
                tracing::info!(report = ?progress.report.summary, "checked: the ERP lacks nothing of the journal");
            }
            store(gateway).await;
            return;
        }
        tracing::error!(
            lacking,
            round,
            "the ERP lacks messages that it said it had applied; they are replayed"
        );
    }
    store(gateway).await;
}

/// Whether every lane was compared with the ERP of this term: what that lacks is known to wait since.
pub fn is_compared(gateway: &Gateway, term: &Term) -> bool {
    lock(&gateway.reconciliation).as_ref().is_some_and(|progress| {
        let report = &progress.report;
        let same = (report.summary.generation, &report.incarnation) == (term.generation, &term.incarnation);
        same && progress.is_compared()
    })
}

/// The last comparison, also one that an earlier process made.
pub fn report(gateway: &Gateway) -> Result<Option<ReconciliationReport>, durable::Error> {
    if let Some(progress) = &*lock(&gateway.reconciliation) {
        return Ok(Some(progress.shown()));
    }
    durable::read(&gateway.settings.directory.join(FILE))
}

/// Keeps the report. It is evidence and nothing depends on it, so a full disk must not stop a recovery.
async fn store(gateway: &Gateway) {
    let Some(report) = lock(&gateway.reconciliation).as_ref().map(Progress::shown) else {
        return;
    };
    let path = gateway.settings.directory.join(FILE);
    let stored = tokio::task::spawn_blocking(move || durable::write(&path, &report)).await;
    if let Ok(Err(error)) = stored {
        tracing::error!(error = %crate::start::chain(&error), "the report of the reconciliation was not kept");
    }
}

/// Makes the ERP's database ours in this generation, however long it takes.
async fn advance(gateway: &Gateway, term: &Term, erp: &Erp) {
    loop {
        let (generation, old_end) = (term.generation.get(), term.old_end.as_ref());
        let (detail, pause) = match erp.advance(generation, &term.incarnation, old_end).await {
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

/// Ids of messages, which the ledger does not keep: read from the journal.
fn ids_of(gateway: &Gateway, sequences: &[u64]) -> Result<Vec<(u64, String)>, ReadError> {
    let (Some(first), Some(last)) = (sequences.first(), sequences.last()) else {
        return Ok(Vec::new());
    };
    let (mut ids, mut next) = (Vec::with_capacity(sequences.len()), *first);
    while next <= *last {
        let records = gateway.reader.read(next, 1024)?;
        let Some(end) = records.last() else { break };
        next = end.sequence + 1;
        let wanted = records
            .into_iter()
            .filter(|record| sequences.binary_search(&record.sequence).is_ok());
        ids.extend(wanted.map(|record| (record.sequence, record.entry.id)));
    }
    let unread = (0..).zip(sequences).find(|(at, sequence)| {
        ids.get(*at)
            .is_none_or(|(found, _): &(u64, String)| found != *sequence)
    });
    if let Some((_, sequence)) = unread {
        return Err(ReadError::Damaged(*sequence));
    }
    Ok(ids)
}

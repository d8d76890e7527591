//! What the ERP did because its database may have lost something, told in the report; and jobs that wait for the comparison.
//!
//! The ERP leaves numbers out and holds jobs in the transaction of the first write, so nothing here is on the way of a
//! recovery: when it does not answer, the report lacks what it did, and jobs wait for a person.

use std::time::Duration;

use api::gateway::reconciliation::{Aftermath, JobClass};

use crate::{
    erp::{CallError, Erp},
    gateway::{Gateway, Term},
    lock,
};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);
/// The ERP has just answered other questions; if it does not answer these for so long, they are left.
const TRIES_MAX: u32 = 25;
/// Who releases what waited for the comparison.
const BY: &str = "reconciliation";
const WHY: &str = "the ERP lacks nothing of the journal";

/// Asks the ERP what it did, and tells it in the report.
pub async fn learn(gateway: &Gateway, term: &Term, erp: &Erp) {
    match tried(|| erp.aftermath(&term.incarnation)).await {
        Ok(Some(aftermath)) => {
            for burned in aftermath.problems() {
                tracing::error!(
                    sequence = burned.name,
                    why = burned.problem,
                    "PL0440: no numbers were left out"
                );
            }
            tell(gateway, aftermath);
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "the ERP does not tell which numbers it left out and which jobs it holds");
        }
    }
}

/// Jobs that waited until journal and database agree run again.
pub async fn release(gateway: &Gateway, term: &Term, erp: &Erp) {
    let known = |progress: &super::Progress| progress.report.aftermath.is_some();
    if !lock(&gateway.reconciliation).as_ref().is_some_and(known) {
        learn(gateway, term, erp).await;
    }
    let waits = lock(&gateway.reconciliation).as_ref().is_some_and(|progress| {
        let aftermath = progress.report.aftermath.as_ref();
        aftermath.is_some_and(|one| one.held().any(|job| job.class == JobClass::NeedsKey))
    });
    if !waits {
        return;
    }
    match tried(|| erp.release_jobs(BY, WHY)).await {
        Ok(()) => learn(gateway, term, erp).await,
        Err(error) => {
            tracing::error!(%error, "PL0441: the ERP's jobs that waited for the comparison are still held");
        }
    }
}

async fn tried<T, F: Future<Output = Result<T, CallError>>>(ask: impl Fn() -> F) -> Result<T, CallError> {
    let mut tries = 1;
    loop {
        match ask().await {
            Err(CallError::Unknown(_)) if tries < TRIES_MAX => tries += 1,
            answer => return answer,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn tell(gateway: &Gateway, aftermath: Aftermath) {
    if let Some(progress) = &mut *lock(&gateway.reconciliation) {
        let summary = &mut progress.report.summary;
        summary.burned = aftermath.numbers.iter().filter(|one| one.count > 0).count() as u64;
        summary.held_jobs = aftermath.held().count() as u64;
        progress.report.aftermath = Some(aftermath);
    }
}

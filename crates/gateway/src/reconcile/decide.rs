//! What people decide about phantoms: kept in the journal, so in both regions, and known to every later comparison.

use api::{
    Problem,
    gateway::{
        code,
        reconciliation::{Decision, DecisionRequest, Phantom, PhantomKind},
    },
};

use super::store;
use crate::{
    edi::records,
    gateway::{Gateway, now},
    lock, outbound, refusal,
};

/// Writes a decision down and acts on it.
///
/// # Errors
/// When there is no such phantom, when another decision was made, or when nothing can be stored now.
pub async fn decide(gateway: &Gateway, request: &DecisionRequest) -> Result<Phantom, Problem> {
    let phantom = find(gateway, request)?;
    let decision = Decision {
        verdict: request.verdict,
        by: request.by.clone(),
        why: request.why.clone(),
        at: now(),
    };
    let decided = match phantom.kind {
        PhantomKind::NotInErp => {
            let lane = gateway.by_name[phantom.integration.as_str()];
            let decided = outbound::decide(gateway, lane, &phantom.id, &decision).await?;
            decided.ok_or_else(|| unknown(request))?
        }
        PhantomKind::NotInJournal | PhantomKind::OtherBody => came_in(gateway, phantom, decision).await?,
    };
    match &decided.decision {
        Some(made) if made.verdict == request.verdict => {
            tracing::info!(integration = %request.integration, id = request.id, verdict = ?request.verdict,
                by = made.by, why = made.why, "a person has decided about a phantom");
            store(gateway).await;
            Ok(decided)
        }
        Some(made) => Err(again(&format!("{} has decided otherwise: {}", made.by, made.why))),
        None => Err(again(
            "the ERP has made the same anew, so there is nothing to decide",
        )),
    }
}

fn find(gateway: &Gateway, request: &DecisionRequest) -> Result<Phantom, Problem> {
    let progress = lock(&gateway.reconciliation);
    let listed = progress.as_ref().map(|progress| &progress.report.phantoms);
    let found = listed.and_then(|all| {
        all.iter()
            .find(|one| one.integration == request.integration && one.id == request.id)
    });
    found.cloned().ok_or_else(|| unknown(request))
}

async fn came_in(gateway: &Gateway, mut phantom: Phantom, decision: Decision) -> Result<Phantom, Problem> {
    if phantom.decision.is_none() {
        let body = serde_json::to_vec(&decision).map_err(|error| Problem::failed(error.to_string()))?;
        let id = record(&phantom);
        records::keep(gateway, phantom.integration.as_str(), &id, body.into()).await?;
        phantom.decision = Some(decision);
        if let Some(progress) = &mut *lock(&gateway.reconciliation) {
            progress.decided(&phantom);
        }
    }
    Ok(phantom)
}

/// What was decided about a phantom of an earlier comparison.
pub fn known(gateway: &Gateway, phantom: &Phantom) -> Option<Decision> {
    match records::find(gateway, phantom.integration.as_str(), &record(phantom)) {
        Ok(record) => serde_json::from_slice(&record?.entry.body).ok(),
        Err(problem) => {
            // It is listed as open, and the same decision can be made again.
            tracing::warn!(
                id = phantom.id,
                why = problem.message,
                "a decision cannot be read"
            );
            None
        }
    }
}

fn record(phantom: &Phantom) -> String {
    format!("decision/in/{}", phantom.id)
}

fn unknown(request: &DecisionRequest) -> Problem {
    let message = format!(
        "the last comparison lists no phantom `{}/{}`",
        request.integration, request.id
    );
    refusal::problem(404, code::UNKNOWN_PHANTOM, message)
}

fn again(why: &str) -> Problem {
    refusal::problem(409, code::DECIDED, why)
}

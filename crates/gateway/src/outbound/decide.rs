//! A person's word about something that went out and that the ERP has lost.

use api::{
    Problem,
    gateway::reconciliation::{Decision, Phantom},
};

use crate::{gateway::Gateway, reconcile};

/// Writes it down and acts on it; the phantom as it stands then, or nothing when there is no such phantom. One that is
/// decided about, or settled by itself, stays as it is.
///
/// # Errors
/// When it cannot be stored now.
pub async fn decide(
    gateway: &Gateway,
    lane: usize,
    id: &str,
    decision: &Decision,
) -> Result<Option<Phantom>, Problem> {
    let integration = &gateway.integrations[lane];
    let Some(tray) = integration.tray() else {
        return Ok(None);
    };
    let settings = &integration.settings;
    let mut guard = tray.work.lock().await;
    let work = &mut *guard;
    let decided = work.phantoms.decide(gateway, settings, id, decision).await?;
    let Some((phantom, cancelled)) = decided else {
        return Ok(None);
    };
    if let Some(number) = cancelled {
        let waiting = &mut work.waiting;
        waiting.ready(gateway, settings.name.as_str(), integration.agreed().as_ref())?;
        waiting
            .cancel(gateway, settings.name.as_str(), number, decision)
            .await?;
    }
    tray.show(work);
    reconcile::sent(gateway, lane, work.phantoms.shown(settings));
    Ok(Some(phantom))
}

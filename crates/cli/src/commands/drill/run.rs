//! One run: protected → load → fault → recovery → load ends → count → the lost region comes back → protected.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::{
    controller::{EstateStatus, Protection, RecoveryTimeline, SagaRecord},
    site::Divergence,
};
use recovery::evidence::{Disturbed, Moved, Rebuilt};
use types::{Generation, RegionName, Span, Timestamp};

use super::{
    fault,
    load::{Load, Order, now},
    scene::{Accepted, Loaded, Scene},
};
use crate::{args::Fault, failure::Failure, open_estate::OpenEstate};

/// How often the controller is asked; measured times come from its records, not from this.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Load that goes on after the recovery: the estate must stay well.
const LOAD_AFTER: Duration = Duration::from_secs(2);

/// What one run measured.
pub struct Measured {
    pub from: RegionName,
    pub to: RegionName,
    pub generation: Generation,
    pub fault: String,
    pub kill_after: Duration,
    pub t0: Timestamp,
    /// The saga that moved the writes; `None` where they must not move.
    pub saga: Option<SagaRecord>,
    pub timeline: RecoveryTimeline,
    pub accepted: Accepted,
    pub orders: Vec<Order>,
    /// How often the ERP has each acknowledged order.
    pub found: BTreeMap<String, u64>,
    pub divergence: Option<Divergence>,
    /// What people met with, in a planned move.
    pub moved: Option<Moved>,
    /// How the lost region came back, in a failback.
    pub rebuilt: Option<Rebuilt>,
    /// What was measured where writes must not move.
    pub disturbed: Option<Disturbed>,
}

/// What a region is lost by.
#[derive(Clone, Copy, Debug)]
pub struct Lose {
    pub fault: Fault,
    /// Replication is frozen this long before.
    pub behind: Duration,
}

/// What happened to the active region, and when.
pub struct Struck {
    pub t0: Timestamp,
    pub fault: String,
}

/// Runs once.
pub async fn once(scene: Scene<'_>, lose: Lose) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let Loaded {
        leader: from, load, ..
    } = scene.load().await?;
    tokio::time::sleep(scene.nth.after).await;
    let region = estate.region_program(&from);
    let (behind, frozen) = (lose.behind, Span::from_millis(lose.behind.as_millis() as u64));
    if !behind.is_zero() {
        step.detail(&format!("freezing replication for {frozen}"));
        fault::freeze_replication(&region)?;
        tokio::time::sleep(behind).await;
    }
    let t0 = now();
    let mut fault = fault::inject(lose.fault, &region)?;
    if !behind.is_zero() {
        fault = format!("replication frozen for {frozen}, then {fault}");
    }
    step.detail(&fault);
    recovered(scene, from, load, Struck { t0, fault }).await
}

/// Waits for the recovery, counts, and starts the region that was lost again.
pub async fn recovered(
    scene: Scene<'_>,
    from: RegionName,
    load: Load,
    struck: Struck,
) -> Result<Measured, Failure> {
    let Struck { t0, fault } = struck;
    let probes = scene.probes(&load, t0);
    let (saga, timeline) = recovery(scene, t0).await?;
    let accepted = scene.accepted(probes).await;
    tokio::time::sleep(LOAD_AFTER).await;
    let counted = scene.count(load).await?;
    scene.start(&from)?;
    let after = scene.protected().await?;
    Ok(Measured {
        to: leader(&after)?,
        generation: after.generation,
        divergence: divergence(&after, &from),
        from,
        fault,
        kill_after: scene.nth.after,
        t0,
        saga: Some(saga),
        timeline,
        accepted,
        orders: counted.orders,
        found: counted.found,
        moved: None,
        rebuilt: None,
        disturbed: None,
    })
}

/// The region that leads.
pub fn leader(status: &EstateStatus) -> Result<RegionName, Failure> {
    let active = status.active.clone();
    active.ok_or_else(|| Failure::no("PL0403", "no region leads"))
}

/// Waits until a region's agent is heard again.
pub async fn heard(estate: &OpenEstate, region: &RegionName, limit: Duration) -> Result<(), Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    while began.elapsed() < limit {
        let status = controller.status().await?;
        let seen = status.regions.iter().find(|one| one.region == *region);
        let fresh = seen
            .and_then(|one| one.heard_ms_ago)
            .is_some_and(|ago| ago < 1_000);
        if fresh && status.running.is_none() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::machine(
        "PL0402",
        format!("nothing is heard from {region}"),
    ))
}

/// Waits until the loss of the active region would be survived.
pub async fn protected(estate: &OpenEstate, limit: Duration) -> Result<EstateStatus, Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    let mut why = "the controller does not answer".to_owned();
    while began.elapsed() < limit {
        if let Ok(status) = controller.status().await {
            match &status.protection {
                Protection::Protected if status.running.is_none() => return Ok(status),
                Protection::Protected => "a saga runs".clone_into(&mut why),
                Protection::Exposed { because } => why = because.join("; "),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::machine(
        "PL0402",
        format!(
            "the estate is not protected after {}: {why}",
            Span::from_millis(limit.as_millis() as u64)
        ),
    ))
}

/// Waits for the end of the failover that began after the fault.
pub async fn recovery(scene: Scene<'_>, t0: Timestamp) -> Result<(SagaRecord, RecoveryTimeline), Failure> {
    let (controller, began) = (scene.estate.controller()?, Instant::now());
    let limit = scene.request.timeout;
    let mut at = "the loss has not been noticed".to_owned();
    while began.elapsed() < limit {
        let sagas = controller.sagas().await.unwrap_or_default();
        let mine = sagas
            .into_iter()
            .filter(|saga| saga.kind == recovery_kind() && saga.started >= t0);
        // The newest first: one that was refused and unwound is followed by another.
        if let Some(saga) = mine.max_by_key(|saga| saga.started) {
            at = saga.at_nodes.join(", ");
            scene.step.pulse(&at);
            if saga.state == "done" {
                return Ok((
                    controller.saga(&saga.id).await?,
                    controller.timeline(&saga.id).await?,
                ));
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::machine(
        "PL0402",
        format!(
            "no recovery within {}: {at}",
            Span::from_millis(limit.as_millis() as u64)
        ),
    )
    .hint("`plimsoll status` and `plimsoll logs plimsolld` tell more"))
}

const fn recovery_kind() -> &'static str {
    recovery::sagas::failover::KIND
}

pub fn divergence(status: &EstateStatus, region: &RegionName) -> Option<Divergence> {
    let observation = status
        .regions
        .iter()
        .find(|one| &one.region == region)?
        .observation
        .as_ref()?;
    observation.database.as_ref()?.divergence.clone()
}

//! One run: protected → load → fault → recovery → load ends → count → the lost region comes back → protected.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::{
    controller::{EstateStatus, Protection, RecoveryTimeline, SagaRecord},
    site::Divergence,
};
use local::host;
use recovery::evidence::{Disturbed, Moved, Rebuilt};
use tokio::task::JoinSet;
use types::{CapabilityName, Generation, RegionName, Span, Timestamp};

use super::{
    Rehearsal, fault,
    load::{Load, Order, now},
    probe,
    public::{Outcome, Public},
};
use crate::{args::Fault, failure::Failure, open_estate::OpenEstate, talk::Step};

/// How often the controller is asked; measured times come from its records, not from this.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Load that goes on after the recovery: the estate must stay well.
const LOAD_AFTER: Duration = Duration::from_secs(2);
/// Time for the last acknowledgements and for the ERP to apply them.
pub const SETTLE_TIME_MAX: Duration = Duration::from_secs(60);

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
    /// When a transaction of each capability with a probe was accepted and read back; `None`: not in time.
    pub accepted: BTreeMap<CapabilityName, Option<Timestamp>>,
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

/// Runs once. `id` begins every reference of this run; `kill_after` is the moment of the fault under load.
pub async fn once(
    estate: &OpenEstate,
    public: &Public,
    request: &Rehearsal,
    lose: Lose,
    id: &str,
    kill_after: Duration,
    step: &Step,
) -> Result<Measured, Failure> {
    let limit = request.timeout;
    step.detail("waiting until the estate is protected");
    let before = protected(estate, limit).await?;
    let from = leader(&before)?;

    step.detail(&format!("posting {} orders per second", request.rate));
    let load = Load::start(public, id, request.rate);
    tokio::time::sleep(kill_after).await;
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

    let mut probes = start_probes(estate, public, &load, t0, id, limit);
    let (saga, timeline) = recovery(estate, t0, limit, step).await?;
    let accepted = finish_probes(estate, &mut probes).await;
    tokio::time::sleep(LOAD_AFTER).await;
    let orders = load.finish(SETTLE_TIME_MAX).await;
    step.detail("counting orders");
    let found = count(public, &orders).await?;

    step.detail(&format!("starting {from} again"));
    host::start(&estate.home.files(), &estate.region_program(&from))?;
    let after = protected(estate, limit).await?;
    let (generation, to) = (
        after.generation,
        after.active.clone().unwrap_or_else(|| from.clone()),
    );
    let divergence = divergence(&after, &from);
    Ok(Measured {
        from,
        to,
        generation,
        fault,
        kill_after,
        t0,
        saga: Some(saga),
        timeline,
        accepted,
        orders,
        found,
        divergence,
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
pub async fn recovery(
    estate: &OpenEstate,
    t0: Timestamp,
    limit: Duration,
    step: &Step,
) -> Result<(SagaRecord, RecoveryTimeline), Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    let mut at = "the loss has not been noticed".to_owned();
    while began.elapsed() < limit {
        let sagas = controller.sagas().await.unwrap_or_default();
        let mine = sagas
            .into_iter()
            .filter(|saga| saga.kind == recovery_kind() && saga.started >= t0);
        // The newest first: one that was refused and unwound is followed by another.
        if let Some(saga) = mine.max_by_key(|saga| saga.started) {
            at = saga.at_nodes.join(", ");
            step.pulse(&at);
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

pub type Probes = JoinSet<(CapabilityName, Option<Timestamp>)>;

/// Every capability that has a probe gets its own clock. One probe serves all capabilities that name it.
pub fn start_probes(
    estate: &OpenEstate,
    public: &Public,
    load: &Load,
    t0: Timestamp,
    id: &str,
    limit: Duration,
) -> Probes {
    let mut probes = JoinSet::new();
    for capability in &estate.controller.capabilities {
        let Some(kind) = capability.probe else { continue };
        let (public, watch, name) = (public.clone(), load.watch(), capability.name.clone());
        let id = format!("{id}-{name}");
        probes.spawn(async move {
            let accepted = tokio::time::timeout(limit, probe::accepted(kind, &public, &watch, t0, &id));
            (name, accepted.await.ok())
        });
    }
    probes
}

pub async fn finish_probes(
    estate: &OpenEstate,
    probes: &mut Probes,
) -> BTreeMap<CapabilityName, Option<Timestamp>> {
    let with_probe = estate
        .controller
        .capabilities
        .iter()
        .filter(|capability| capability.probe.is_some());
    let mut accepted: BTreeMap<_, _> = with_probe
        .map(|capability| (capability.name.clone(), None))
        .collect();
    while let Some(joined) = probes.join_next().await {
        if let Ok((name, at)) = joined {
            accepted.insert(name, at);
        }
    }
    accepted
}

/// Counts the acknowledged orders in the ERP. Acknowledged means journaled: the last ones need a moment to be applied, and
/// as long as more and more are, none of them is lost.
pub async fn count(public: &Public, orders: &[Order]) -> Result<BTreeMap<String, u64>, Failure> {
    let acknowledged: Vec<String> = orders
        .iter()
        .filter(|order| order.acknowledged.is_some())
        .map(|order| order.reference.clone())
        .collect();
    let (mut began, mut applied) = (Instant::now(), 0);
    loop {
        let outcome = public.count_orders(&acknowledged).await;
        if let Outcome::Answered(counts) = &outcome {
            let now = counts.values().filter(|count| **count > 0).count();
            if now > applied {
                (began, applied) = (Instant::now(), now);
            }
        }
        let late = began.elapsed() > SETTLE_TIME_MAX;
        match outcome {
            Outcome::Answered(counts) if late || counts.values().all(|count| *count > 0) => {
                return Ok(counts);
            }
            Outcome::Refused(why) | Outcome::Unknown(why) if late => {
                return Err(Failure::machine(
                    "PL0402",
                    format!("the orders could not be counted: {why}"),
                ));
            }
            Outcome::Answered(_) | Outcome::Refused(_) | Outcome::Unknown(_) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
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

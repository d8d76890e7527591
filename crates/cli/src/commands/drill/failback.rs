//! One failback under load: a region is lost and another takes over, the lost one is started again, and it is waited
//! until the estate could lose the other one.

use std::time::Duration;

use api::moves::MoveKind;
use local::host;
use recovery::{evidence::Rebuilt, sagas::failback::Streaming};
use types::Timestamp;

use super::{
    Rehearsal, fault,
    load::{Load, now},
    public::Public,
    run::{self, Measured, SETTLE_TIME_MAX},
    switchover::{declare, ended, millis, succeeded},
};
use crate::{args::Fault, failure::Failure, open_estate::OpenEstate, talk::Step};

/// Runs once.
pub async fn once(
    estate: &OpenEstate,
    public: &Public,
    request: &Rehearsal,
    id: &str,
    kill_after: Duration,
    step: &Step,
) -> Result<Measured, Failure> {
    let limit = request.timeout;
    step.detail("waiting until the estate is protected");
    let before = run::protected(estate, limit).await?;
    let from = run::leader(&before)?;
    step.detail(&format!("posting {} orders per second", request.rate));
    let load = Load::start(public, id, request.rate);
    tokio::time::sleep(kill_after).await;
    let t0 = now();
    let fault = fault::inject(Fault::Kill, &estate.region_program(&from))?;
    step.detail(&fault);
    let mut probes = run::start_probes(estate, public, &load, t0, id, limit);
    let (saga, timeline) = run::recovery(estate, t0, limit, step).await?;
    let accepted = run::finish_probes(estate, &mut probes).await;

    step.detail(&format!("starting {from} again"));
    host::start(&estate.home.files(), &estate.region_program(&from))?;
    let back = now();
    run::heard(estate, &from, limit).await?;
    let plan = declare(estate, MoveKind::Failback, step).await?;
    let id = plan.saga.as_ref().map(|saga| saga.id.clone()).unwrap_or_default();
    let record = ended(estate, &id, limit, step).await?;
    let orders = load.finish(SETTLE_TIME_MAX).await;
    step.detail("counting orders");
    let found = run::count(public, &orders).await?;
    let after = run::protected(estate, limit).await?;
    let since_back = |at: Option<Timestamp>| at.map(|at| millis(at.since(back)));
    let streaming: Option<Streaming> = record
        .events
        .iter()
        .find(|event| event.node == "await_streaming" && event.kind == "succeeded")
        .and_then(|event| serde_json::from_value(event.data.clone()).ok());
    Ok(Measured {
        to: run::leader(&after)?,
        generation: after.generation,
        divergence: run::divergence(&after, &from),
        from,
        fault: format!("{fault}, then started again"),
        kill_after,
        t0,
        saga: Some(saga),
        timeline,
        accepted,
        found,
        moved: None,
        rebuilt: Some(Rebuilt {
            saga: id,
            streaming_ms: since_back(streaming.as_ref().map(|streaming| streaming.at)),
            protected_ms: since_back(succeeded(&record, "finish")),
        }),
        disturbed: None,
        orders,
    })
}

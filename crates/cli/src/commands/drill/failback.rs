//! One failback under load: a region is lost and another takes over, the lost one is started again, and it is waited
//! until the estate could lose the other one.

use api::moves::MoveKind;
use recovery::{evidence::Rebuilt, sagas::failback::Streaming};
use types::Timestamp;

use super::{
    fault,
    load::now,
    run::{self, Measured},
    scene::{Loaded, Scene},
    switchover::{declare, ended, millis, succeeded},
};
use crate::{args::Fault, failure::Failure};

/// Runs once.
pub async fn once(scene: Scene<'_>) -> Result<Measured, Failure> {
    let (estate, step, limit) = (scene.estate, scene.step, scene.request.timeout);
    let Loaded {
        leader: from, load, ..
    } = scene.load().await?;
    tokio::time::sleep(scene.nth.after).await;
    let t0 = now();
    let fault = fault::inject(Fault::Kill, &estate.region_program(&from))?;
    step.detail(&fault);
    let probes = scene.probes(&load, t0);
    let (saga, timeline) = run::recovery(scene, t0).await?;
    let accepted = scene.accepted(probes).await;

    scene.start(&from)?;
    let back = now();
    run::heard(estate, &from, limit).await?;
    let plan = declare(estate, MoveKind::Failback, step).await?;
    let id = plan.saga.as_ref().map(|saga| saga.id.clone()).unwrap_or_default();
    let record = ended(estate, &id, limit, step).await?;
    let counted = scene.count(load).await?;
    let after = scene.protected().await?;
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
        kill_after: scene.nth.after,
        t0,
        saga: Some(saga),
        timeline,
        accepted,
        orders: counted.orders,
        found: counted.found,
        moved: None,
        rebuilt: Some(Rebuilt {
            saga: id,
            streaming_ms: since_back(streaming.as_ref().map(|streaming| streaming.at)),
            protected_ms: since_back(succeeded(&record, "finish")),
        }),
        disturbed: None,
    })
}

//! One planned move under load: protected → load and people → switchover → everybody stops → count → protected.

use std::time::{Duration, Instant};

use api::{
    controller::SagaRecord,
    moves::{MoveDecision, MoveKind, MovePlan, MoveRequest},
};
use recovery::evidence::{GAP_PROMISE, Moved};
use types::Timestamp;

use super::{
    load::{Order, now},
    person,
    run::{self, Measured},
    scene::{Loaded, Scene},
};
use crate::{failure::Failure, open_estate::OpenEstate, talk::Step};

/// How often the saga is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Load that goes on after the move: the estate must stay well.
const LOAD_AFTER: Duration = Duration::from_secs(2);
/// Who moves.
const DRILL: &str = "drill";

/// Runs once.
pub async fn once(scene: Scene<'_>) -> Result<Measured, Failure> {
    let (estate, step, limit) = (scene.estate, scene.step, scene.request.timeout);
    let Loaded {
        leader: from, load, ..
    } = scene.load().await?;
    let clicks = person::browse(estate, scene.public).await?;
    let orders = person::take_orders(scene.public, scene.nth.id);
    tokio::time::sleep(scene.nth.after).await;

    let t0 = now();
    let plan = declare(estate, MoveKind::Switchover, step).await?;
    let saga = plan.saga.as_ref().map(|saga| saga.id.clone()).unwrap_or_default();
    held(estate, &saga, limit).await?;
    let probes = scene.probes(&load, now());
    let record = ended(estate, &saga, limit, step).await?;
    let accepted = scene.accepted(probes).await;
    tokio::time::sleep(LOAD_AFTER).await;
    let (clicks, taken) = (clicks.finish().await, orders.finish().await);
    let counted = scene.count(load).await?;
    let after = scene.protected().await?;
    let to = run::leader(&after)?;
    let timeline = estate.controller()?.timeline(&saga).await?;
    Ok(Measured {
        fault: format!("planned switchover of {from}"),
        from,
        to,
        generation: after.generation,
        kill_after: scene.nth.after,
        t0,
        saga: Some(record),
        timeline,
        accepted,
        found: counted.found,
        divergence: None,
        moved: Some(Moved {
            order_wait_ms: millis(longest_wait(&counted.orders)),
            order_gap_ms: millis(taken.gap),
            orders_in_erp: taken.answered,
            click_wait_ms: millis(clicks.longest),
            clicks: clicks.answered,
            clicks_refused: clicks.refused,
            sessions: 1,
            sessions_kept: u32::from(!clicks.logged_out && clicks.answered > 0),
            gap_promised_ms: GAP_PROMISE.as_millis(),
        }),
        rebuilt: None,
        disturbed: None,
        orders: counted.orders,
    })
}

/// Declares a move; there is nobody else to authorise a drill, so an estate whose tier needs two people notes that.
pub async fn declare(estate: &OpenEstate, kind: MoveKind, step: &Step) -> Result<MovePlan, Failure> {
    let request = MoveRequest {
        kind,
        to: None,
        by: DRILL.to_owned(),
        reason: "a drill".to_owned(),
        emergency: true,
        accept_loss: false,
        dry_run: false,
    };
    step.detail(&format!("declaring a {kind}"));
    let plan = estate.controller()?.request_move(&request).await?;
    match plan.decision {
        MoveDecision::Proceed if plan.saga.is_some() => Ok(plan),
        _ => Err(Failure::no(
            "PL0410",
            format!("the {kind} may not begin: {}", plan.because.join("; ")),
        )),
    }
}

/// Waits until people's requests wait: only transactions that begin then tell how soon one works again.
async fn held(estate: &OpenEstate, saga: &str, limit: Duration) -> Result<(), Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    while began.elapsed() < limit {
        let record = controller.saga(saga).await?;
        let held = |node: &&api::controller::SagaEventRecord| {
            node.node == "hold_traffic" && node.kind == "succeeded"
        };
        if record.events.iter().any(|event| held(&event)) || record.summary.ended.is_some() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Waits for the end of a saga, which must be a good one.
pub async fn ended(
    estate: &OpenEstate,
    saga: &str,
    limit: Duration,
    step: &Step,
) -> Result<SagaRecord, Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    let mut at = String::new();
    while began.elapsed() < limit {
        let record = controller.saga(saga).await?;
        match record.summary.state.as_str() {
            "done" => return Ok(record),
            "unwound" | "stuck" => {
                let failed = record.events.iter().find(|event| event.kind == "failed");
                let why = failed.map_or_else(String::new, |event| {
                    format!(
                        ": {} failed, {}",
                        event.node,
                        event.data.as_str().unwrap_or_default()
                    )
                });
                let (kind, state) = (&record.summary.kind, &record.summary.state);
                return Err(Failure::no("PL0412", format!("the {kind} was {state}{why}")));
            }
            "superseded" => {
                let event = record.events.iter().find(|event| event.kind == "superseded");
                let why = event.and_then(|event| event.data.as_str()).unwrap_or_default();
                let kind = &record.summary.kind;
                return Err(Failure::no("PL0412", format!("the {kind} gave way: {why}")));
            }
            _ => {}
        }
        at = record.summary.at_nodes.join(", ");
        step.pulse(&at);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::machine(
        "PL0402",
        format!("the saga {saga} still runs at {at}"),
    ))
}

/// The longest that a partner waited for the acknowledgement of an order.
pub fn longest_wait(orders: &[Order]) -> Duration {
    let waits = orders
        .iter()
        .filter_map(|order| Some(order.acknowledged?.since(order.posted)));
    waits.max().unwrap_or_default()
}

pub fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// When something in a saga's record succeeded.
pub fn succeeded(record: &SagaRecord, node: &str) -> Option<Timestamp> {
    let events = record.events.iter();
    let mut found = events.filter(|event| event.node == node && event.kind == "succeeded");
    found.next_back().map(|event| event.at)
}

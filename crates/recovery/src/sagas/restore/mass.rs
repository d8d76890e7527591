//! One wave of a mass restore: several tenants go back together, and one that cannot does not hold up the others.
//!
//! ```text
//!   hold_all ─► restore_all ─► prove_all ─► let_go ─► await_approval ─► fence_all ─► swap_all ─► incarnate_all ─┐
//!   ┌───────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   └─► replay_all ─► phantoms_all ─► open_people_all ─► open_jobs_all ─► open_lanes_all ─► finish
//! ```
//!
//! - A wave is what can go wrong at once: its size is limited when it is decided, and with more tenants that come to
//!   nothing than allowed the whole wave is taken back.
//! - A tenant whose point cannot be restored or does not hold is let go before anybody is fenced: it works on as before,
//!   and the next decision takes another point.
//! - From the fence on the wave is one: a tenant that cannot be fenced or swapped takes the others back with it.
//! - The next wave is decided anew, from what this one came to.

use std::{collections::BTreeMap, time::Duration};

use api::backup::{Gate, LaneState, SwapRequest, Swapped, TenantFence, TenantPhantom, TenantReplay};
use driver::backup::RestorePorts;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::TenantName;

use super::steps::{self, Authorised, act, act_back, finish};
use crate::{
    decide::restore::{RestorePlan, Wave},
    sagas::{until_done, until_refused},
};

/// Kind of this saga in records.
pub const KIND: &str = "mass-restore";

/// Copies of a whole wave; what takes longer is looked at by a person.
const WAVE_TIME_MAX: Duration = Duration::from_secs(48 * 3_600);
/// The loss that people agree to grows while they think.
const APPROVAL_TIME_MAX: Duration = Duration::from_secs(4 * 3_600);
/// How often something long is asked whether it is done.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often people are looked for.
const ASK_PEOPLE_EVERY: Duration = Duration::from_secs(30);

/// Who goes on, and who came to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// These go on.
    pub going_on: Vec<TenantName>,
    /// These do not, and why.
    pub set_down: BTreeMap<TenantName, String>,
}

type Each<T> = BTreeMap<TenantName, T>;

/// The saga; its parameters are a [`Wave`].
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = before_the_fence();
    nodes.extend(from_the_fence_on());
    Definition::new(KIND, nodes)
}

fn before_the_fence() -> Vec<Node<RestorePorts>> {
    vec![
        Node::new("hold_all", hold_all)
            .undo(reopen_all)
            .says("Nothing of these tenants leaves any more."),
        Node::new("restore_all", restore_all)
            .after(["hold_all"])
            .undo(discard_all)
            .deadline(WAVE_TIME_MAX)
            .retry_every(ASK_EVERY)
            .says("Their points are brought back side by side, so many at a time as is allowed."),
        Node::new("prove_all", prove_all)
            .after(["restore_all"])
            .deadline(WAVE_TIME_MAX)
            .retry_every(ASK_EVERY)
            .says("Each copy must hold every finding. With more tenants that come to nothing than allowed, the wave is taken back."),
        Node::new("let_go", let_go)
            .after(["prove_all"])
            .says("Tenants that came to nothing work on as before; their copies go."),
        Node::new("await_approval", await_approval)
            .after(["let_go"])
            .deadline(APPROVAL_TIME_MAX)
            .retry_every(ASK_PEOPLE_EVERY)
            .says("Where a tier asks for it, two people of two roles agree to the wave and its losses."),
    ]
}

fn from_the_fence_on() -> Vec<Node<RestorePorts>> {
    vec![
        Node::new("fence_all", fence_all)
            .after(["await_approval"])
            .undo(reopen_all)
            .says("Their databases accept no more writes; messages wait in the journal."),
        Node::new("swap_all", swap_all)
            .after(["fence_all"])
            .undo(swap_all_back)
            .says("Their copies take the place of the old databases, which are kept aside."),
        Node::new("incarnate_all", incarnate_all)
            .after(["swap_all"])
            .point_of_no_return()
            .says(
                "Their databases get new identities and accept messages. From here on there is only forward.",
            ),
        Node::new("replay_all", replay_all)
            .after(["incarnate_all"])
            .retry_every(ASK_EVERY)
            .says("The journal delivers what each database lacks."),
        Node::new("phantoms_all", phantoms_all)
            .after(["replay_all"])
            .says("What left and of which they know nothing is listed."),
        Node::new("open_people_all", open_people_all)
            .after(["phantoms_all"])
            .says("People work again."),
        Node::new("open_jobs_all", open_jobs_all)
            .after(["open_people_all"])
            .says("Jobs that may run again run again."),
        Node::new("open_lanes_all", open_lanes_all)
            .after(["open_jobs_all"])
            .says("Lanes send again; those with phantoms stay held."),
        finish().after(["open_lanes_all"]),
    ]
}

fn wave(inputs: &Inputs) -> Result<Wave, ActionError> {
    inputs.params()
}

/// The plans of those who go on.
fn going_on(inputs: &Inputs, after: &str) -> Result<Vec<RestorePlan>, ActionError> {
    let together: Together = inputs.output(after)?;
    let plans = wave(inputs)?.restores.into_iter();
    Ok(plans
        .filter(|plan| together.going_on.contains(&plan.tenant))
        .collect())
}

async fn hold_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    for plan in wave(inputs)?.restores {
        ports
            .tenants
            .hold_outbound(&act(&plan))
            .await
            .map_err(until_refused)?;
    }
    Ok(())
}

async fn reopen_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    for plan in wave(inputs)?.restores {
        ports
            .tenants
            .reopen(&act_back(&plan))
            .await
            .map_err(until_refused)?;
    }
    Ok(())
}

/// Asks no more than so many that are under way at a time; told again, those that are done say so at once.
async fn restore_all(ports: &RestorePorts, inputs: &Inputs) -> Result<Together, ActionError> {
    let wave = wave(inputs)?;
    let (mut together, mut under_way) = (Together::default(), 0);
    for plan in &wave.restores {
        if under_way >= wave.limits.concurrent {
            break;
        }
        match steps::restore(ports, plan).await {
            Ok(_) => together.going_on.push(plan.tenant.clone()),
            Err(ActionError::Retry { .. }) => under_way += 1,
            Err(ActionError::Fail { why }) => {
                together.set_down.insert(plan.tenant.clone(), why);
            }
        }
    }
    if under_way > 0 {
        return Err(ActionError::retry("copies are being made"));
    }
    Ok(together)
}

async fn discard_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    for plan in wave(inputs)?.restores {
        discard(ports, &plan).await?;
    }
    Ok(())
}

async fn discard(ports: &RestorePorts, plan: &RestorePlan) -> Result<(), ActionError> {
    let gone = ports.backups.discard(&act_back(plan), &plan.copy).await;
    gone.map_err(until_refused)
}

async fn prove_all(ports: &RestorePorts, inputs: &Inputs) -> Result<Together, ActionError> {
    let restored: Together = inputs.output("restore_all")?;
    let mut together = Together {
        going_on: Vec::new(),
        set_down: restored.set_down,
    };
    for plan in going_on(inputs, "restore_all")? {
        match steps::prove(ports, &plan).await {
            Ok(_) => together.going_on.push(plan.tenant),
            Err(ActionError::Fail { why }) => {
                together.set_down.insert(plan.tenant, why);
            }
            Err(again @ ActionError::Retry { .. }) => return Err(again),
        }
    }
    let failures_max = wave(inputs)?.limits.failures_max;
    if together.set_down.len() > failures_max || together.going_on.is_empty() {
        let each = together.set_down.iter();
        let each: Vec<_> = each.map(|(tenant, why)| format!("{tenant}: {why}")).collect();
        return Err(ActionError::fail(format!(
            "{} tenants came to nothing, {failures_max} may: {}",
            each.len(),
            each.join("; ")
        )));
    }
    Ok(together)
}

async fn let_go(ports: &RestorePorts, inputs: &Inputs) -> Result<Together, ActionError> {
    let together: Together = inputs.output("prove_all")?;
    let plans = wave(inputs)?.restores;
    for plan in plans
        .iter()
        .filter(|plan| together.set_down.contains_key(&plan.tenant))
    {
        discard(ports, plan).await?;
        let opened = ports.tenants.reopen(&act_back(plan)).await;
        opened.map_err(until_refused)?;
    }
    Ok(together)
}

async fn await_approval(ports: &RestorePorts, inputs: &Inputs) -> Result<Authorised, ActionError> {
    let wave = wave(inputs)?;
    steps::authorised(
        ports,
        wave.question(),
        wave.declared_by(),
        wave.approvals_needed(),
    )
    .await
}

async fn fence_all(ports: &RestorePorts, inputs: &Inputs) -> Result<Each<TenantFence>, ActionError> {
    let mut fenced = BTreeMap::new();
    for plan in going_on(inputs, "let_go")? {
        let receipt = ports.tenants.fence(&act(&plan)).await.map_err(until_refused)?;
        fenced.insert(plan.tenant, receipt);
    }
    Ok(fenced)
}

fn fence_of(fenced: &Each<TenantFence>, plan: &RestorePlan) -> Result<TenantFence, ActionError> {
    let receipt = fenced.get(&plan.tenant).cloned();
    receipt.ok_or_else(|| ActionError::fail(format!("{} was not fenced", plan.tenant)))
}

async fn swap_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    let fenced: Each<TenantFence> = inputs.output("fence_all")?;
    for plan in going_on(inputs, "let_go")? {
        let request = SwapRequest {
            act: act(&plan),
            copy: plan.copy.clone(),
            fenced: fence_of(&fenced, &plan)?,
        };
        ports.tenants.swap(&request).await.map_err(until_refused)?;
    }
    Ok(())
}

async fn swap_all_back(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    let fenced: Each<TenantFence> = inputs.output("fence_all")?;
    for plan in going_on(inputs, "let_go")? {
        let swapped = Swapped {
            serving: plan.copy.clone(),
            aside: fence_of(&fenced, &plan)?.database,
        };
        let back = ports.tenants.swap_back(&act_back(&plan), &swapped).await;
        back.map_err(until_refused)?;
    }
    Ok(())
}

async fn incarnate_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    for plan in going_on(inputs, "let_go")? {
        // Once one of them accepts writes there is no way back for any.
        let incarnated = steps::incarnated(ports, &plan).await;
        incarnated.map_err(|error| ActionError::retry(format!("{}: {error}", plan.tenant)))?;
    }
    Ok(())
}

async fn replay_all(ports: &RestorePorts, inputs: &Inputs) -> Result<Each<TenantReplay>, ActionError> {
    let mut replayed = BTreeMap::new();
    for plan in going_on(inputs, "let_go")? {
        let one = ports.tenants.replay(&act(&plan)).await.map_err(until_done)?;
        replayed.insert(plan.tenant, one);
    }
    Ok(replayed)
}

async fn phantoms_all(
    ports: &RestorePorts,
    inputs: &Inputs,
) -> Result<Each<Vec<TenantPhantom>>, ActionError> {
    let mut listed = BTreeMap::new();
    for plan in going_on(inputs, "let_go")? {
        let one = ports.tenants.phantoms(&act(&plan)).await.map_err(until_done)?;
        listed.insert(plan.tenant, one);
    }
    Ok(listed)
}

async fn open_all(ports: &RestorePorts, inputs: &Inputs, gate: Gate) -> Result<(), ActionError> {
    for plan in going_on(inputs, "let_go")? {
        ports.tenants.open(&act(&plan), gate).await.map_err(until_done)?;
    }
    Ok(())
}

async fn open_people_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    open_all(ports, inputs, Gate::People).await
}

async fn open_jobs_all(ports: &RestorePorts, inputs: &Inputs) -> Result<(), ActionError> {
    open_all(ports, inputs, Gate::Jobs).await
}

async fn open_lanes_all(ports: &RestorePorts, inputs: &Inputs) -> Result<Each<Vec<LaneState>>, ActionError> {
    let mut lanes = BTreeMap::new();
    for plan in going_on(inputs, "let_go")? {
        let one = ports.tenants.open_lanes(&act(&plan)).await.map_err(until_done)?;
        lanes.insert(plan.tenant, one);
    }
    Ok(lanes)
}

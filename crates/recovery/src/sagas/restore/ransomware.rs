//! Somebody got in: the tenant is contained, then goes back to before they came, under new secrets.
//!
//! ```text
//!   cut_egress ─► freeze_credentials ─► isolate ─► fence ─► restore_copy ─► prove_copy ─► await_approval ─► swap ─┐
//!   ┌────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   └─► incarnate ─► replay ─► list_phantoms ─► open_people ─► open_jobs ─► hand_over
//! ```
//!
//! - Containment is a saga of its own as well, because it must not wait until there is a point to go back to.
//! - Nothing of it is ever taken back by a program: not when the recovery comes to nothing, and not at its end. Lanes stay
//!   held until people have found out how it happened.
//! - The tenant is fenced at once: what it writes meanwhile is written by whoever got in.
//! - The old database is kept aside: it is evidence.

use api::backup::{Measure, TenantAct};
use driver::backup::RestorePorts;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};

use super::{
    corruption::side_by_side,
    steps::{do_fence, finish, incarnate, list_phantoms, open_jobs, open_people, replay, swap},
};
use crate::{
    decide::restore::ContainmentPlan,
    sagas::{failover::DoneAt, until_refused},
};

/// Kind of the recovery in records.
pub const KIND: &str = "ransomware";
/// Kind of the containment alone.
pub const CONTAINMENT: &str = "containment";

/// Contains a tenant; its parameters are a [`ContainmentPlan`].
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn containment() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = Vec::from(measures());
    nodes.push(finish().after(["isolate"]));
    Definition::new(CONTAINMENT, nodes)
}

/// Contains and recovers a tenant; its parameters are a [`crate::decide::restore::RestorePlan`].
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<RestorePorts>, InvalidDefinition> {
    let mut nodes = Vec::from(measures());
    nodes.push(
        Node::new("fence", do_fence)
            .after(["isolate"])
            .says("The tenant's database accepts no more writes, and stays closed whatever becomes of this recovery; messages wait in the journal."),
    );
    nodes.extend(side_by_side("fence"));
    nodes.extend([
        swap().after(["await_approval"]),
        incarnate().after(["swap"]),
        replay().after(["incarnate"]),
        list_phantoms().after(["replay"]),
        open_people().after(["list_phantoms"]),
        open_jobs().after(["open_people"]),
        Node::new("hand_over", hand_over)
            .after(["open_jobs"])
            .says("People work under new secrets. Measures and lanes stay as they are until people have found out how it happened; the old database is kept as evidence."),
    ]);
    Definition::new(KIND, nodes)
}

fn measures() -> [Node<RestorePorts>; 3] {
    [
        Node::new("cut_egress", cut_egress)
            .says("Nothing of the tenant reaches the outside: no data leaves, and nobody steers from there."),
        Node::new("freeze_credentials", freeze_credentials)
            .after(["cut_egress"])
            .says(
                "No credential of the tenant is worth anything any more, those of its integrations included.",
            ),
        Node::new("isolate", isolate)
            .after(["freeze_credentials"])
            .says("The tenant reaches no neighbour, and none reaches it."),
    ]
}

/// Tried until it is done or refused: there is nothing better to do.
async fn take(ports: &RestorePorts, inputs: &Inputs, measure: Measure) -> Result<DoneAt, ActionError> {
    let plan: ContainmentPlan = inputs.params()?;
    if plan.contain.contains(&measure) {
        let act = TenantAct {
            tenant: plan.tenant,
            generation: plan.generation,
        };
        let taken = ports.containment.contain(&act, measure).await;
        taken.map_err(until_refused)?;
    }
    hand_over(ports, inputs).await
}

async fn cut_egress(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    take(ports, inputs, Measure::CutEgress).await
}

async fn freeze_credentials(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    take(ports, inputs, Measure::FreezeCredentials).await
}

async fn isolate(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    take(ports, inputs, Measure::Isolate).await
}

async fn hand_over(ports: &RestorePorts, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}

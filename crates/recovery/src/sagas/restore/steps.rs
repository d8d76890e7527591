//! The steps that recoveries from backups share. Each reads the plan and calls one port.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use api::backup::{
    Agreed, Finding, Gate, IncarnationRequest, LaneState, Proof, RestoreRequest, Restored, SwapRequest,
    Swapped, TenantAct, TenantFence, TenantPhantom, TenantReplay,
};
use driver::backup::RestorePorts;
use saga::{ActionError, Inputs, Node};
use serde::{Deserialize, Serialize};

use crate::{
    decide::restore::RestorePlan,
    sagas::{failover::DoneAt, or_fail_after, until_done, until_refused},
};

/// Telling the gateway; who cannot be told by then is looked for by a person, and nothing has changed.
const HOLD_TIME_MAX: Duration = Duration::from_secs(120);
/// A terabyte over a slow link; what takes longer is looked at by a person.
const RESTORE_TIME_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Reading everything once and starting the ERP.
const PROOF_TIME_MAX: Duration = Duration::from_secs(12 * 3_600);
/// The loss that people agree to grows while they think.
const APPROVAL_TIME_MAX: Duration = Duration::from_secs(4 * 3_600);
/// Nobody works from here on: better the damaged database again than none.
const FENCE_TIME_MAX: Duration = Duration::from_secs(300);
/// How often something long is asked whether it is done.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often people are looked for.
const ASK_PEOPLE_EVERY: Duration = Duration::from_secs(30);

pub(super) fn plan(inputs: &Inputs) -> Result<RestorePlan, ActionError> {
    inputs.params()
}

/// Acts of the saga itself.
pub(super) fn act(plan: &RestorePlan) -> TenantAct {
    TenantAct {
        tenant: plan.tenant.clone(),
        generation: plan.generation,
    }
}

/// Acts of going back: newer, so that an act of the saga that is still on its way is refused.
pub(super) fn act_back(plan: &RestorePlan) -> TenantAct {
    TenantAct {
        tenant: plan.tenant.clone(),
        generation: plan.generation.next(),
    }
}

fn done(ports: &RestorePorts) -> DoneAt {
    DoneAt {
        at: ports.clock.now(),
    }
}

// === Before anything changes ===

pub(super) fn hold_outbound() -> Node<RestorePorts> {
    Node::new("hold_outbound", do_hold)
        .undo(undo_close)
        .says("Nothing leaves any more: what a damaged database says must not reach partners, and what leaves now is lost to the copy.")
}

async fn do_hold(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let held = ports.tenants.hold_outbound(&act(&plan(inputs)?)).await;
    or_fail_after(&*ports.clock, inputs, HOLD_TIME_MAX, held.map_err(until_refused))?;
    Ok(done(ports))
}

/// The database that serves accepts again and its lanes send.
async fn undo_close(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let act = act_back(&plan(inputs)?);
    ports.tenants.reopen(&act).await.map_err(until_refused)?;
    Ok(done(ports))
}

pub(super) fn restore_copy() -> Node<RestorePorts> {
    Node::new("restore_copy", do_restore)
        .undo(undo_restore)
        .deadline(RESTORE_TIME_MAX)
        .retry_every(ASK_EVERY)
        .says("The point is brought back beside the database that serves, mute from its first moment.")
}

async fn do_restore(ports: &RestorePorts, inputs: &Inputs) -> Result<Restored, ActionError> {
    restore(ports, &plan(inputs)?).await
}

pub(super) async fn restore(ports: &RestorePorts, plan: &RestorePlan) -> Result<Restored, ActionError> {
    let request = RestoreRequest {
        tenant: plan.tenant.clone(),
        generation: plan.generation,
        point: plan.point.id.clone(),
        copy: plan.copy.clone(),
        new_secrets: plan.new_secrets,
    };
    ports.backups.restore(&request).await.map_err(until_refused)
}

/// Only the copy goes: it never served. The point it was made of stays.
async fn undo_restore(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan = plan(inputs)?;
    let gone = ports.backups.discard(&act_back(&plan), &plan.copy).await;
    gone.map_err(until_refused)?;
    Ok(done(ports))
}

pub(super) fn prove_copy() -> Node<RestorePorts> {
    Node::new("prove_copy", do_prove)
        .deadline(PROOF_TIME_MAX)
        .retry_every(ASK_EVERY)
        .says("The copy must hold every finding: indexes, attachments, ledger, an ERP that starts. If one does not hold, the copy goes and nothing has changed.")
}

async fn do_prove(ports: &RestorePorts, inputs: &Inputs) -> Result<Proof, ActionError> {
    prove(ports, &plan(inputs)?).await
}

pub(super) async fn prove(ports: &RestorePorts, plan: &RestorePlan) -> Result<Proof, ActionError> {
    let proof = ports.backups.prove(&act(plan), &plan.copy).await;
    let proof = proof.map_err(until_refused)?;
    if proof.copy == plan.copy && proof.holds() {
        return Ok(proof);
    }
    let broken = proof.findings.iter().filter(|finding| !finding.holds);
    let broken: Vec<_> = broken
        .map(|Finding { question, found, .. }| format!("{question}: {found}"))
        .collect();
    Err(ActionError::fail(format!(
        "{} is not what it should be: {}",
        plan.point.id,
        if broken.is_empty() {
            "nothing was found out about it".to_owned()
        } else {
            broken.join("; ")
        }
    )))
}

/// Who agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorised {
    /// To what.
    pub question: String,
    /// These people, each in another role.
    pub by: Vec<Agreed>,
}

pub(super) fn await_approval() -> Node<RestorePorts> {
    Node::new("await_approval", do_await_approval)
        .deadline(APPROVAL_TIME_MAX)
        .retry_every(ASK_PEOPLE_EVERY)
        .says("Where the tier asks for it, two people of two roles agree to the proven copy and the stated loss; who declared it is none of them.")
}

async fn do_await_approval(ports: &RestorePorts, inputs: &Inputs) -> Result<Authorised, ActionError> {
    let plan = plan(inputs)?;
    authorised(ports, plan.question(), &plan.asked.by, plan.approvals_needed).await
}

pub(super) async fn authorised(
    ports: &RestorePorts,
    question: String,
    declared_by: &str,
    needed: usize,
) -> Result<Authorised, ActionError> {
    if needed == 0 {
        return Ok(Authorised {
            question,
            by: Vec::new(),
        });
    }
    let agreed = ports.approvals.agreed(&question).await.map_err(until_done)?;
    let by = in_different_roles(&agreed, declared_by);
    if by.len() < needed {
        return Err(ActionError::retry(format!(
            "{} of {needed} people in different roles have agreed",
            by.len()
        )));
    }
    Ok(Authorised { question, by })
}

/// As many people as possible, each in a role of their own, without the one who declared it.
fn in_different_roles(agreed: &[Agreed], declared_by: &str) -> Vec<Agreed> {
    let mut roles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in agreed.iter().filter(|one| one.by != declared_by) {
        roles.entry(&one.role).or_default().insert(&one.by);
    }
    // Who has two roles fills one of them; somebody who has taken a role makes room when they have another one.
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for role in roles.keys() {
        fill(role, &roles, &mut taken, &mut BTreeSet::new());
    }
    let people = taken.into_iter().map(|(by, role)| Agreed {
        by: by.to_owned(),
        role: role.to_owned(),
    });
    people.collect()
}

/// Finds a person for a role, moving others to roles that they have as well. `taken`: which person fills which role.
fn fill<'a>(
    role: &'a str,
    roles: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    taken: &mut BTreeMap<&'a str, &'a str>,
    asked: &mut BTreeSet<&'a str>,
) -> bool {
    for person in roles.get(role).into_iter().flatten() {
        if !asked.insert(person) {
            continue;
        }
        let free = match taken.get(person).copied() {
            None => true,
            Some(other) => fill(other, roles, taken, asked),
        };
        if free {
            taken.insert(person, role);
            return true;
        }
    }
    false
}

// === The change ===

pub(super) fn fence() -> Node<RestorePorts> {
    Node::new("fence", do_fence)
        .undo(undo_close)
        .says("The tenant's database accepts no more writes; messages wait in the journal, people see a maintenance page.")
}

pub(super) async fn do_fence(ports: &RestorePorts, inputs: &Inputs) -> Result<TenantFence, ActionError> {
    let fenced = ports.tenants.fence(&act(&plan(inputs)?)).await;
    or_fail_after(
        &*ports.clock,
        inputs,
        FENCE_TIME_MAX,
        fenced.map_err(until_refused),
    )
}

pub(super) fn swap() -> Node<RestorePorts> {
    Node::new("swap", do_swap)
        .undo(undo_swap)
        .says("The copy takes the place of the old database, which is kept aside under its own name. It accepts nothing yet.")
}

async fn do_swap(ports: &RestorePorts, inputs: &Inputs) -> Result<Swapped, ActionError> {
    let plan = plan(inputs)?;
    let request = SwapRequest {
        act: act(&plan),
        copy: plan.copy,
        fenced: inputs.output("fence")?,
    };
    let swapped = ports.tenants.swap(&request).await.map_err(until_refused);
    or_fail_after(&*ports.clock, inputs, FENCE_TIME_MAX, swapped)
}

/// What a swap would have come to: whether it took place may be unknown.
async fn undo_swap(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan = plan(inputs)?;
    let fenced: TenantFence = inputs.output("fence")?;
    let swapped = Swapped {
        serving: plan.copy.clone(),
        aside: fenced.database,
    };
    let back = ports.tenants.swap_back(&act_back(&plan), &swapped).await;
    back.map_err(until_refused)?;
    Ok(done(ports))
}

pub(super) fn incarnate() -> Node<RestorePorts> {
    Node::new("incarnate", do_incarnate)
        .point_of_no_return()
        .says("The database gets a new identity and accepts messages: deliveries that were meant for the old one are refused. From here on there is only forward.")
}

async fn do_incarnate(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    incarnated(ports, &plan(inputs)?).await?;
    Ok(done(ports))
}

pub(super) async fn incarnated(ports: &RestorePorts, plan: &RestorePlan) -> Result<(), ActionError> {
    let request = IncarnationRequest {
        act: act(plan),
        incarnation: plan.incarnation.clone(),
        leave_out: plan.leave_out.clone(),
    };
    // It may have acted although its answer was lost, and a database that accepts writes is not taken away again. So only
    // a newer generation ends this: then nothing of ours acts any more.
    let done = ports.tenants.incarnate(&request).await;
    done.map_err(|error| match error {
        driver::Error::Stale { .. } => ActionError::fail(error),
        other => until_done(other),
    })
}

// === After the first write ===

pub(super) fn replay() -> Node<RestorePorts> {
    Node::new("replay", do_replay).retry_every(ASK_EVERY).says(
        "The journal delivers exactly what the database lacks, but for the messages that did the damage.",
    )
}

async fn do_replay(ports: &RestorePorts, inputs: &Inputs) -> Result<TenantReplay, ActionError> {
    let delivered = ports.tenants.replay(&act(&plan(inputs)?)).await;
    delivered.map_err(until_done)
}

pub(super) fn list_phantoms() -> Node<RestorePorts> {
    Node::new("list_phantoms", do_list_phantoms)
        .says("What left and of which the database knows nothing is listed, for people to decide.")
}

async fn do_list_phantoms(ports: &RestorePorts, inputs: &Inputs) -> Result<Vec<TenantPhantom>, ActionError> {
    let listed = ports.tenants.phantoms(&act(&plan(inputs)?)).await;
    listed.map_err(until_done)
}

pub(super) fn open_people() -> Node<RestorePorts> {
    Node::new("open_people", do_open_people).says("People work again.")
}

async fn do_open_people(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let act = act(&plan(inputs)?);
    ports.tenants.open(&act, Gate::People).await.map_err(until_done)?;
    Ok(done(ports))
}

pub(super) fn open_jobs() -> Node<RestorePorts> {
    Node::new("open_jobs", do_open_jobs)
        .says("Jobs that may run again run again; those that may not wait for a person.")
}

async fn do_open_jobs(ports: &RestorePorts, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let act = act(&plan(inputs)?);
    ports.tenants.open(&act, Gate::Jobs).await.map_err(until_done)?;
    Ok(done(ports))
}

pub(super) fn open_lanes() -> Node<RestorePorts> {
    Node::new("open_lanes", do_open_lanes)
        .says("Lanes send again, one by one; a lane with phantoms stays held until somebody has decided about them.")
}

async fn do_open_lanes(ports: &RestorePorts, inputs: &Inputs) -> Result<Vec<LaneState>, ActionError> {
    let lanes = ports.tenants.open_lanes(&act(&plan(inputs)?)).await;
    lanes.map_err(until_done)
}

pub(super) fn finish() -> Node<RestorePorts> {
    Node::new("finish", do_finish).says(
        "Nothing is left to do but what was listed. The old database stays aside until a person removes it.",
    )
}

async fn do_finish(ports: &RestorePorts, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(done(ports))
}

//! Moves that people ask for: the plan with its reasons, who must agree, and the beginning.
//!
//! Who must agree is said in [`super::who`].

use std::sync::Arc;

use api::{
    controller::FailoverRequest,
    moves::{
        AbortPlan, AbortRequest, Expected, MoveCheck, MoveDecision, MoveKind, MovePlan, MoveRequest, MoveStep,
    },
};
use recovery::{
    decide::{
        Check, Decision, Snapshot, Verdict, decide_failback, decide_failover, decide_switchover, other_region,
    },
    sagas::{failback, failover, switchover},
};
use saga::SagaId;
use tokio::time::Instant;
use types::{Generation, RegionName, Timestamp};
use uuid::Uuid;

use super::{
    Controller, ORDER_AGE_MAX, OrderError,
    who::{check_acceptance, check_reason, order, others_accepting, others_needed, said_of_unfit},
};
use crate::{
    sagas::StartError,
    status,
    store::{self, Approval, PendingMove},
};

/// [`ORDER_AGE_MAX`] by the wall clock, which goes on while the controller does not run.
#[expect(clippy::cast_possible_truncation, reason = "ten minutes")]
const ORDER_AGE_MICROS: i64 = ORDER_AGE_MAX.as_micros() as i64;
/// So many sagas of a kind, the newest, tell how long the next one takes.
const EXPECTED_FROM: usize = 20;
/// Sagas looked through for them.
const SAGAS_MAX: usize = 200;

/// Why a move was not declared, authorised or aborted.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// Nothing with that id waits.
    #[error(
        "no move `{0}` waits for an authorisation; it may have begun, or was declared more than 10 min ago"
    )]
    Unknown(String),
    /// One person alone has to say why, and so has whoever gives data up.
    #[error("{0} needs a reason")]
    NoReason(&'static str),
    /// Nothing is lost by it.
    #[error("only a failover can lose what may be accepted; a {0} loses nothing")]
    NothingToAccept(MoveKind),
    /// One person alone may move writes in an emergency, and may not give data up.
    #[error("an emergency does not replace the second person who has to accept a loss")]
    NotAlone,
    /// Separation of duties.
    #[error("{0} declared this move; another person has to authorise it")]
    SamePerson(String),
    /// The tier names others.
    #[error("{by} may not authorise this move; who may: {}", .who.join(", "))]
    NotNamed {
        /// Who tried.
        by: String,
        /// Who may.
        who: Vec<String>,
    },
    /// The saga has ended or is another one.
    #[error("the saga `{0}` does not run")]
    NotRunning(String),
    /// There is no way back.
    #[error("the saga has passed its point of no return: going on is the only safe way")]
    NoReturn,
    /// A failover was not begun.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A saga was not begun.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A saga cannot be read.
    #[error("the saga cannot be read")]
    Saga(#[from] saga::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Controller {
    /// Plans a move, and begins it when nothing speaks against it and everybody who must has agreed.
    ///
    /// # Errors
    /// [`MoveError`].
    pub async fn declare(self: &Arc<Self>, request: MoveRequest) -> Result<MovePlan, MoveError> {
        let mut pending = PendingMove {
            id: Uuid::now_v7().to_string(),
            declared: self.wall(),
            request,
            approved_by: Vec::new(),
        };
        check_acceptance(&pending.request)?;
        if pending.request.dry_run {
            return Ok(self.plan_move(&pending).await?);
        }
        check_reason(&pending.request)?;
        let what = if pending.request.emergency {
            "declared as an emergency"
        } else if pending.request.accept_loss {
            "declared, with what the standby lacks given up"
        } else {
            "declared"
        };
        let request = &pending.request;
        let detail = serde_json::json!({ "move": pending.id, "request": request });
        self.audit(&request.by, &format!("{} {what}", request.kind), detail)
            .await;
        let plan = self.plan_move(&pending).await?;
        if plan.decision != MoveDecision::Proceed {
            return Ok(plan);
        }
        if plan.approvals_needed > 0 && !pending.request.emergency {
            pending.declared = self.wall();
            self.store.keep_pending(pending).await?;
            return Ok(plan);
        }
        self.begin_move(&pending, plan).await
    }

    /// Authorises what somebody else declared; asked again, it is looked at anew.
    ///
    /// What cannot begin although nothing spoke against it a moment before has to be declared anew.
    ///
    /// # Errors
    /// [`MoveError`].
    pub async fn approve(self: &Arc<Self>, id: &str, by: &str) -> Result<MovePlan, MoveError> {
        self.check_named(by)?;
        let now = self.wall();
        let since = Timestamp::from_micros(now.as_micros().saturating_sub(ORDER_AGE_MICROS));
        let pending = match self.store.approve_pending(id, by, now, since).await? {
            Approval::Unknown => return Err(MoveError::Unknown(id.to_owned())),
            Approval::SamePerson => return Err(MoveError::SamePerson(by.to_owned())),
            Approval::Counted(pending) => pending,
        };
        let what = format!("{} authorised", pending.request.kind);
        self.audit(by, &what, serde_json::json!({ "move": id })).await;
        // Looked at anew: minutes may have passed since it was declared.
        let plan = self.plan_move(&pending).await?;
        if plan.decision != MoveDecision::Proceed || plan.approved_by.len() < plan.approvals_needed {
            return Ok(plan);
        }
        if !self.store.take_pending(id).await? {
            return Err(MoveError::Unknown(id.to_owned()));
        }
        self.begin_move(&pending, plan).await
    }

    /// Asks the running saga to take back what it has done.
    ///
    /// # Errors
    /// [`MoveError`].
    pub async fn abort(&self, id: &str, request: &AbortRequest) -> Result<AbortPlan, MoveError> {
        let not_running = || MoveError::NotRunning(id.to_owned());
        let running = self
            .runner
            .running()
            .filter(|running| running.id.to_string() == id)
            .ok_or_else(not_running)?;
        let engine = self.runner.engine(&running.kind)?;
        let undone = engine.would_undo(running.id).await?.ok_or(MoveError::NoReturn)?;
        let record = self.store.saga(running.id).await?.ok_or_else(not_running)?;
        let plan = AbortPlan {
            saga: status::summary(&record, None),
            undone: undone.into_iter().map(str::to_owned).collect(),
        };
        if !request.dry_run {
            let what = format!("{} aborted", running.kind);
            let detail = serde_json::json!({ "saga": id, "reason": request.reason });
            self.audit(&request.by, &what, detail).await;
            engine.abort(
                running.id,
                format!("aborted by {}: {}", request.by, request.reason),
            );
        }
        Ok(plan)
    }

    async fn plan_move(&self, pending: &PendingMove) -> Result<MovePlan, store::Error> {
        let (request, snapshot) = (&pending.request, self.snapshot().await);
        let mut plan = match request.kind {
            MoveKind::Switchover => self.plan_switchover(request, &snapshot),
            MoveKind::Failback => self.plan_failback(request, &snapshot),
            MoveKind::Failover => self.plan_failover(request, &snapshot),
        };
        plan.id.clone_from(&pending.id);
        plan.approved_by.clone_from(&pending.approved_by);
        plan.expected = self.expected(request.kind).await?;
        Ok(plan)
    }

    fn blank(&self, request: &MoveRequest, seen: &Snapshot) -> MovePlan {
        let reign = seen.reign.as_ref();
        MovePlan {
            id: String::new(),
            kind: request.kind,
            from: reign.map(|reign| reign.active.clone()),
            to: request.to.clone().or_else(|| other_region(seen)),
            generation: reign.map_or(Generation::NONE, |reign| reign.generation),
            decision: MoveDecision::Refuse,
            because: Vec::new(),
            checks: Vec::new(),
            loss: "nothing".to_owned(),
            expected: None,
            steps: steps(request.kind),
            declared_by: request.by.clone(),
            approved_by: Vec::new(),
            approvals_needed: 0,
            accepts_loss: request.accept_loss,
            saga: None,
        }
    }

    fn gateway_of_active(&self, seen: &Snapshot) -> Option<api::gateway::GatewayStatus> {
        let active = &seen.reign.as_ref()?.active;
        let heard = self.heard();
        heard.gateways.get(active).map(|(_, status)| status.clone())
    }

    fn plan_switchover(&self, request: &MoveRequest, seen: &Snapshot) -> MovePlan {
        let mut plan = self.blank(request, seen);
        let Some(to) = plan.to.clone() else {
            plan.because = vec!["there is no other region".to_owned()];
            return plan;
        };
        let gateway = self.gateway_of_active(seen);
        let planned = decide_switchover(seen, &to, gateway.as_ref(), &self.settings.failover);
        plan.generation = planned.generation;
        plan.decision = decision(planned.verdict());
        plan.because = planned.objections();
        plan.checks = planned.checks.into_iter().map(wire).collect();
        plan.loss = "nothing: the new region must have received the last record of the old one".to_owned();
        plan.approvals_needed = others_needed(&self.settings.failover, &request.by);
        plan
    }

    fn plan_failback(&self, request: &MoveRequest, seen: &Snapshot) -> MovePlan {
        let mut plan = self.blank(request, seen);
        let Some(region) = plan.to.clone() else {
            plan.because = vec!["there is no other region".to_owned()];
            return plan;
        };
        let checks = decide_failback(seen, &region, &self.settings.failover);
        let verdict = checks.iter().map(|check| check.verdict).max();
        plan.decision = decision(verdict.unwrap_or(Verdict::Refuse));
        let bad = checks.iter().filter(|check| check.verdict != Verdict::Good);
        plan.because = bad
            .map(|check| format!("{}: {}", check.question, check.found))
            .collect();
        plan.checks = checks.into_iter().map(wire).collect();
        plan.loss = "nothing of the region that leads; commits that only the other one has were lost in the failover, and \
                     are counted where its data can be read before they are given up"
            .to_owned();
        plan
    }

    fn plan_failover(&self, request: &MoveRequest, seen: &Snapshot) -> MovePlan {
        let mut plan = self.blank(request, seen);
        let needed = if request.accept_loss {
            others_accepting(&self.settings.failover, &request.by)
        } else {
            others_needed(&self.settings.failover, &request.by)
        };
        let mut asked = seen.clone();
        // What would be decided if everybody who must had agreed.
        let others = (1..=needed).map(|number| format!("another person ({number})"));
        let people = std::iter::once(request.by.clone()).chain(others);
        asked.orders = people.map(|by| order(&by, request)).collect();
        let decision = decide_failover(&asked, &self.settings.failover, self.wall());
        let (verdict, to) = match &decision {
            Decision::Proceed(go) => {
                let loss = go.estimated_loss.to_string();
                plan.generation = go.generation;
                plan.loss = loss.strip_prefix("loses ").unwrap_or(&loss).to_owned();
                (MoveDecision::Proceed, Some(go.to.clone()))
            }
            Decision::Nothing | Decision::Wait { .. } => (MoveDecision::Wait, None),
            Decision::Refuse { .. } => {
                plan.loss = "nothing: writes stay where they are".to_owned();
                plan.checks.push(self.may_be_accepted(seen));
                (MoveDecision::Refuse, None)
            }
        };
        plan.decision = verdict;
        plan.because = vec![decision.to_string()];
        if let (Some(to), Some(asked)) = (to, &request.to)
            && to != *asked
        {
            plan.decision = MoveDecision::Refuse;
            plan.because
                .push(format!("writes would go to {to}, not to {asked}"));
        }
        plan.approvals_needed = needed;
        plan
    }

    /// How long such sagas took, drills included: they are the same sagas.
    async fn expected(&self, kind: MoveKind) -> Result<Option<Expected>, store::Error> {
        let rows = self.store.sagas(SAGAS_MAX).await?;
        let mut took: Vec<u64> = rows
            .iter()
            .filter(|row| row.kind == kind.as_str() && row.phase == "done")
            .filter_map(|row| Some(row.ended?.since(row.created)))
            .filter_map(|length| u64::try_from(length.as_millis()).ok())
            .take(EXPECTED_FROM)
            .collect();
        took.sort_unstable();
        Ok(took.last().copied().map(|worst_ms| Expected {
            runs: took.len(),
            p50_ms: took[(took.len() - 1) / 2],
            worst_ms,
        }))
    }

    async fn begin_move(
        self: &Arc<Self>,
        pending: &PendingMove,
        mut plan: MovePlan,
    ) -> Result<MovePlan, MoveError> {
        let request = &pending.request;
        let running = match (request.kind, plan.from.clone(), plan.to.clone()) {
            (MoveKind::Failover, Some(from), _) => self.order_for(pending, from).await?,
            (MoveKind::Switchover, Some(from), Some(to)) => {
                let params = self.switchover_plan(pending, &plan, (from, to));
                self.begin_saga(switchover::KIND, request, params).await?
            }
            (MoveKind::Failback, Some(leader), Some(region)) => {
                let params = failback::Plan {
                    region,
                    leader,
                    generation: plan.generation,
                    reason: request.reason.clone(),
                    by: request.by.clone(),
                    decided: self.wall(),
                };
                self.begin_saga(failback::KIND, request, serde_json::json!(params))
                    .await?
            }
            (_, None, _) | (_, _, None) => return Ok(plan),
        };
        let record = self.store.saga(running).await?;
        plan.saga = record.map(|record| status::summary(&record, None));
        Ok(plan)
    }

    fn switchover_plan(
        &self,
        pending: &PendingMove,
        plan: &MovePlan,
        (from, to): (RegionName, RegionName),
    ) -> serde_json::Value {
        let reign = self.record.latest();
        serde_json::json!(switchover::Plan {
            from,
            to,
            generation: plan.generation,
            incarnation: reign.map_or_else(String::new, |reign| reign.incarnation),
            reason: pending.request.reason.clone(),
            by: pending.request.by.clone(),
            authorised_by: pending.approved_by.clone(),
            decided: self.wall(),
        })
    }

    async fn begin_saga(
        self: &Arc<Self>,
        kind: &str,
        request: &MoveRequest,
        params: serde_json::Value,
    ) -> Result<SagaId, MoveError> {
        // No failover may be decided between the look and the beginning; a saga that runs forbids it afterwards.
        let _one = self.deciding.lock().await;
        self.begin(kind, &request.by, params).await?;
        let running = self.runner.running().filter(|running| running.kind == kind);
        running
            .map(|running| running.id)
            .ok_or_else(|| MoveError::NotRunning(kind.to_owned()))
    }

    /// A failover is decided by the same function as always; people only say what they want, one order each.
    async fn order_for(
        self: &Arc<Self>,
        pending: &PendingMove,
        from: RegionName,
    ) -> Result<SagaId, MoveError> {
        let request = &pending.request;
        let mut names: Vec<_> = std::iter::once(&request.by)
            .chain(&pending.approved_by)
            .cloned()
            .collect();
        if request.emergency {
            names.push(format!("{} (emergency)", request.by));
        }
        let last = names.pop().unwrap_or_default();
        for name in names {
            self.heard().orders.push((Instant::now(), order(&name, request)));
        }
        let unfit_standby = said_of_unfit(request);
        let request = FailoverRequest {
            from,
            by: last,
            reason: request.reason.clone(),
        };
        let running = self.order_with(&request, unfit_standby).await?;
        if running.kind == failover::KIND {
            Ok(running.id)
        } else {
            Err(MoveError::NotRunning(failover::KIND.to_owned()))
        }
    }
}

const fn decision(verdict: Verdict) -> MoveDecision {
    match verdict {
        Verdict::Good => MoveDecision::Proceed,
        Verdict::Wait => MoveDecision::Wait,
        Verdict::Refuse => MoveDecision::Refuse,
    }
}

fn wire(check: Check) -> MoveCheck {
    MoveCheck {
        verdict: decision(check.verdict),
        question: check.question,
        found: check.found,
    }
}

/// The steps of the saga that carries a move out.
fn steps(kind: MoveKind) -> Vec<MoveStep> {
    let definition = match kind {
        MoveKind::Switchover => switchover::definition(),
        MoveKind::Failback => failback::definition(),
        MoveKind::Failover => failover::definition(),
    };
    let steps = definition.iter().flat_map(saga::Definition::steps);
    steps
        .map(|step| MoveStep {
            name: step.name.to_owned(),
            says: step.says.to_owned(),
            no_return: step.no_return,
        })
        .collect()
}

//! The controller as one value: what it hears, what it decides, what it starts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::{
    controller::{EstateStatus, FailoverRequest},
    gateway::GatewayStatus,
    site::Observation,
};
use driver::{Ports, Reign};
use recovery::{
    decide::{
        Beginning, Decision, Eligibility, Move, Order, Sightings, Snapshot, Underway, UnfitStandby,
        decide_beginning, decide_failover,
    },
    sagas::{bootstrap, failover},
};
use saga::Faults;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::{RegionName, Timestamp, settings::ControllerSettings};
use uuid::Uuid;

mod driving;
mod moves;
mod reincarnation;
mod who;

pub use moves::MoveError;

use crate::{
    record::Record,
    sagas::{Runner, Running, StartError},
    status,
    store::{self, AuditEntry, Store},
    tasks,
    witness::Witness,
};

/// Who acts when nobody ordered it.
const MYSELF: &str = "plimsolld";
/// An order by a person is forgotten after this, so that half of two authorisations does not lie in wait for ever.
const ORDER_AGE_MAX: Duration = Duration::from_secs(600);

/// The controller.
pub struct Controller {
    pub(crate) settings: ControllerSettings,
    pub(crate) store: Store,
    pub(crate) ports: Ports,
    pub(crate) witness: Arc<Witness>,
    pub(crate) record: Arc<Record>,
    pub(crate) runner: Arc<Runner>,
    pub(crate) cancel: CancellationToken,
    tracker: TaskTracker,
    started: Instant,
    heard: Mutex<Heard>,
    /// One decision at a time: two that both proceed would start two failovers.
    deciding: tokio::sync::Mutex<()>,
}

struct Heard {
    sightings: Sightings,
    gateways: BTreeMap<RegionName, (Instant, GatewayStatus)>,
    orders: Vec<(Instant, Order)>,
    /// Who led, with which database, when they were given.
    ordered_about: Option<(RegionName, String)>,
    last_failover: Option<Timestamp>,
    not_before: Option<Instant>,
    /// When something was first wrong, while it still is.
    detected: Option<Timestamp>,
    /// It was said that no estate is begun over data.
    refused_to_begin: bool,
    decision: Decision,
}

/// Why an order to fail over was not followed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// It names the wrong region.
    #[error("{asked} is not the active region")]
    NotActive {
        /// Which was named.
        asked: RegionName,
    },
    /// Not now.
    #[error("{0}")]
    NotNow(String),
    /// Not at all.
    #[error("{0}")]
    Refused(String),
    /// It could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] store::Error),
}

// === impl Heard ===

impl Heard {
    /// Orders are about whoever leads and end when writes have moved, not with the saga that moved them: what people say
    /// while its last steps wait is about the new one. A planned move that was taken back leaves them.
    fn forget_orders(&mut self, reign: Option<&Reign>) {
        let is = reign.cloned().map(about);
        if self.ordered_about != is {
            self.orders.clear();
            self.ordered_about = is;
        }
        self.orders.retain(|(at, _)| at.elapsed() < ORDER_AGE_MAX);
    }
}

// === impl Controller ===

impl Controller {
    /// A controller over a store; `ports` are given the witness and the record, which are its own.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(
        settings: ControllerSettings,
        store: Store,
        ports: impl FnOnce(Arc<Witness>, Arc<Record>) -> Ports,
        faults: Arc<dyn Faults>,
        cancel: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let witness = Arc::new(Witness::open(store.clone(), settings.lease).await?);
        let record = Arc::new(Record::open(store.clone()).await?);
        let ports = ports(Arc::clone(&witness), Arc::clone(&record));
        let tracker = TaskTracker::new();
        let runner = Runner::new(&store, &ports, &faults, tracker.clone(), cancel.clone())?;
        let names = settings
            .regions
            .iter()
            .map(|region| region.region.clone())
            .collect();
        let heard = Heard {
            sightings: Sightings::new(names, store.eligibility().await?, Duration::ZERO),
            gateways: BTreeMap::new(),
            orders: Vec::new(),
            ordered_about: record.latest().map(about),
            last_failover: store.last_done(failover::KIND).await?,
            not_before: None,
            detected: None,
            refused_to_begin: false,
            decision: Decision::Nothing,
        };
        Ok(Arc::new(Self {
            settings,
            store,
            ports,
            witness,
            record,
            runner: Arc::new(runner),
            cancel,
            tracker,
            started: Instant::now(),
            heard: Mutex::new(heard),
            deciding: tokio::sync::Mutex::default(),
        }))
    }

    /// Resumes what a dead process left behind and starts the tasks; they end when the token is cancelled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(self: &Arc<Self>) -> Result<(), store::Error> {
        if let Some(row) = self.store.unfinished_saga().await? {
            tracing::warn!(saga = %row.id, kind = row.kind, "resuming what another process began");
            self.drive(Running {
                id: row.id,
                kind: row.kind,
            });
        }
        self.tracker.spawn(tasks::watch(Arc::clone(self)));
        self.tracker.spawn(tasks::reconcile(Arc::clone(self)));
        self.tracker.spawn(tasks::poll_gateways(Arc::clone(self)));
        Ok(())
    }

    /// Waits until every task has ended.
    pub async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn wall(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Takes a heartbeat in.
    pub fn hear(&self, observation: Observation) {
        let (reign, now, wall) = (self.record.latest(), self.uptime(), self.wall());
        let settings = &self.settings.failover;
        self.heard()
            .sightings
            .hear(observation, reign.as_ref(), settings, now, wall);
    }

    pub(crate) fn hear_gateway(&self, region: &RegionName, status: Option<GatewayStatus>) {
        let mut heard = self.heard();
        match status {
            Some(status) => drop(heard.gateways.insert(region.clone(), (Instant::now(), status))),
            None => drop(heard.gateways.remove(region)),
        }
    }

    pub(crate) fn eligibility(&self) -> Option<Eligibility> {
        self.heard().sightings.eligibility().cloned()
    }

    /// Everything a decision is made from.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let promised = self.witness.promised().await;
        let running = match self.runner.running() {
            Some(running) => Some(Underway {
                gives_way: self.runner.gives_way(&running).await,
                kind: running.kind,
            }),
            None => None,
        };
        let (reign, now) = (self.record.latest(), self.uptime());
        let mut heard = self.heard();
        heard.forget_orders(reign.as_ref());
        Snapshot {
            listening_for: heard.sightings.listening_for(now),
            promised,
            last_failover: heard
                .last_failover
                .max(moved_by(running.as_ref(), reign.as_ref())),
            running,
            reign,
            regions: heard.sightings.regions(now),
            eligibility: heard.sightings.eligibility().cloned(),
            orders: heard.orders.iter().map(|(_, order)| order.clone()).collect(),
        }
    }

    /// What everybody looks like, as `GET /v1/status` tells it.
    pub async fn status(&self) -> Result<EstateStatus, store::Error> {
        let running = match self.runner.running() {
            Some(running) => self.store.saga(running.id).await?,
            None => None,
        };
        let snapshot = self.snapshot().await;
        let now = self.uptime();
        let heard = self.heard();
        Ok(status::status(&status::Seen {
            settings: &self.settings,
            snapshot: &snapshot,
            front_door: heard
                .sightings
                .front_door(now)
                .map(|(_, observation)| observation),
            gateways: heard
                .gateways
                .iter()
                .map(|(region, (_, status))| (region, status))
                .collect(),
            running: running.as_ref(),
            decision: &heard.decision,
            at: self.wall(),
        }))
    }

    /// Looks at everything and starts a failover when it is time.
    ///
    /// # Errors
    /// When a saga should have been started and could not.
    pub async fn look(self: &Arc<Self>) -> Result<Decision, StartError> {
        let _one = self.deciding.lock().await;
        let (snapshot, now) = (self.snapshot().await, self.wall());
        self.give_up_candidate(&snapshot).await?;
        let decision = decide_failover(&snapshot, &self.settings.failover, now);
        let (too_early, detected) = {
            let mut heard = self.heard();
            note(&mut heard, &decision, now);
            (
                heard.not_before.is_some_and(|at| Instant::now() < at),
                heard.detected.unwrap_or(now),
            )
        };
        if too_early {
            return Ok(decision);
        }
        match &decision {
            Decision::Proceed(go) => {
                if self.clear_the_way(&go.reason.to_string()).await? {
                    self.begin_failover(go, &snapshot, detected, now).await?;
                }
            }
            _ => self.begin_estate(decide_beginning(&snapshot)).await?,
        }
        Ok(decision)
    }

    async fn begin_failover(
        self: &Arc<Self>,
        go: &Move,
        snapshot: &Snapshot,
        detected: Timestamp,
        now: Timestamp,
    ) -> Result<(), StartError> {
        let plan = failover::Plan {
            from: go.from.clone(),
            to: go.to.clone(),
            generation: go.generation,
            incarnation: Uuid::new_v4().to_string(),
            reason: go.reason.to_string(),
            by: snapshot
                .orders
                .first()
                .map_or_else(|| MYSELF.to_owned(), |order| order.by.clone()),
            detected,
            decided: now,
            estimated_loss: go.estimated_loss,
            shared_timeline: snapshot.shared_timeline(&go.to),
            accepted_by: go.accepted_by.clone(),
        };
        tracing::warn!(from = %plan.from, to = %plan.to, generation = %plan.generation, reason = plan.reason,
            estimated_loss = %plan.estimated_loss, "failing over");
        self.begin(failover::KIND, &plan.by, serde_json::json!(plan))
            .await
    }

    /// The first lead, once every region's agent is there to be asked.
    async fn begin_estate(self: &Arc<Self>, beginning: Beginning) -> Result<(), StartError> {
        let (active, standbys) = match beginning {
            Beginning::Nothing | Beginning::Wait => return Ok(()),
            Beginning::Refuse { region } => {
                let told = std::mem::replace(&mut self.heard().refused_to_begin, true);
                if !told {
                    tracing::error!(%region, "there is no record of who leads, but this region holds data: the \
                        controller's store was lost or is another estate's, and nothing is begun over it");
                }
                return Ok(());
            }
            Beginning::Proceed { active, standbys } => (active, standbys),
        };
        let plan = bootstrap::Plan {
            active,
            standbys,
            incarnation: Uuid::new_v4().to_string(),
        };
        self.begin(bootstrap::KIND, MYSELF, serde_json::json!(plan)).await
    }

    /// Takes an order or authorisation by a person, and follows it when nothing speaks against it.
    ///
    /// # Errors
    /// [`OrderError`], with the reason in words.
    pub async fn order(self: &Arc<Self>, request: &FailoverRequest) -> Result<Running, OrderError> {
        self.order_with(request, UnfitStandby::Refused).await
    }

    /// The same by somebody who may have accepted what an unfit standby lacks.
    async fn order_with(
        self: &Arc<Self>,
        request: &FailoverRequest,
        unfit_standby: UnfitStandby,
    ) -> Result<Running, OrderError> {
        if self
            .record
            .latest()
            .is_none_or(|reign| reign.active != request.from)
        {
            return Err(OrderError::NotActive {
                asked: request.from.clone(),
            });
        }
        self.audit(&request.by, "failover ordered", serde_json::json!(request))
            .await;
        let order = Order {
            by: request.by.clone(),
            reason: request.reason.clone(),
            unfit_standby,
        };
        // Waited for: an order that is refused for a pause would be followed all the same when that is over.
        let not_before = self.heard().not_before;
        if let Some(at) = not_before {
            tokio::time::sleep_until(at).await;
        }
        self.heard().orders.push((Instant::now(), order));
        let decision = self.look().await?;
        match (&decision, self.runner.running()) {
            (Decision::Refuse { .. }, _) => {
                self.heard().orders.clear();
                Err(OrderError::Refused(decision.to_string()))
            }
            // The watch may have followed the order first.
            (_, Some(running)) if running.kind == failover::KIND => Ok(running),
            _ => Err(OrderError::NotNow(decision.to_string())),
        }
    }

    /// The audit log must not stop a recovery: what cannot be written there goes to the program's own log.
    async fn audit(&self, who: &str, what: &str, detail: serde_json::Value) {
        let entry = AuditEntry {
            at: self.wall(),
            who: who.to_owned(),
            what: what.to_owned(),
            detail,
        };
        if let Err(error) = self.store.audit(entry.clone()).await {
            tracing::error!(%error, ?entry, "cannot write the audit log");
        }
    }

    /// What the reconciler compares: recent sights only, because acting on old ones does harm.
    pub(crate) fn recent(&self) -> Recent {
        let (now, heard) = (self.uptime(), self.heard());
        let age_max = self.settings.failover.region_lost_after.as_duration();
        let agent = |sight: recovery::decide::RegionSight| {
            let recent = sight.heard_ago.is_some_and(|age| age < age_max);
            (sight.region, sight.observation.filter(|_| recent))
        };
        Recent {
            agents: heard.sightings.regions(now).into_iter().map(agent).collect(),
            gateways: heard
                .gateways
                .iter()
                .map(|(name, (_, status))| (name.clone(), status.clone()))
                .collect(),
            front_door: heard
                .sightings
                .front_door(now)
                .filter(|(age, _)| *age < age_max)
                .map(|(_, observation)| observation.clone()),
        }
    }
}

/// What an order is about.
fn about(reign: Reign) -> (RegionName, String) {
    (reign.active, reign.incarnation)
}

/// When the failover that runs moved writes, if it has: the hold-off begins then, not when its last step ends.
fn moved_by(running: Option<&Underway>, reign: Option<&Reign>) -> Option<Timestamp> {
    let running = running.filter(|running| running.gives_way && running.kind == failover::KIND);
    running.and(reign).map(|reign| reign.since)
}

/// Recent sights.
pub(crate) struct Recent {
    pub agents: Vec<(RegionName, Option<Arc<Observation>>)>,
    pub gateways: BTreeMap<RegionName, GatewayStatus>,
    pub front_door: Option<Observation>,
}

/// Keeps the decision for people, and tells the log when its kind changes.
fn note(heard: &mut Heard, decision: &Decision, now: Timestamp) {
    let wrong = matches!(
        decision,
        Decision::Wait { .. } | Decision::Refuse { .. } | Decision::Proceed(_)
    );
    let about_saga = matches!(
        decision,
        Decision::Wait {
            why: recovery::decide::WaitingOn::Saga { .. },
            ..
        }
    );
    heard.detected = (wrong && !about_saga).then(|| heard.detected.unwrap_or(now));
    let changed = match (&heard.decision, decision) {
        (Decision::Wait { why: was, .. }, Decision::Wait { why: is, .. }) => {
            std::mem::discriminant(was) != std::mem::discriminant(is)
        }
        (was, is) => std::mem::discriminant(was) != std::mem::discriminant(is),
    };
    if changed && wrong && !about_saga {
        tracing::warn!(%decision, "decided");
    }
    heard.decision = decision.clone();
}

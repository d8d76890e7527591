//! What all parts of one gateway share, and the one place where its role changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::{Instant, SystemTime},
};

use api::{
    client::Client,
    gateway::{
        LeadRequest, OldEnd, Reconciliation,
        lanes::{Delivery, Documents},
    },
};
use journal::{Pruner, Reader};
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::{
    Generation, RegionName, Timestamp,
    settings::{GatewaySettings, IntegrationSettings},
};

use crate::{
    copy,
    erp::Erp,
    files,
    ingest::Secrets,
    lanes::{self, Desk, History, Meter, Register, Version},
    ledger::{Ledger, Unstored},
    link::Link,
    lock,
    log::{Log, Permit, Shared},
    metrics::{LaneMeters, Meters},
    outbound::{Agreed, Sender, Tray},
    reconcile,
    role::{Event, Refusal, Role, State},
    scans, state,
};

/// One integration with what is needed to take its messages in.
pub struct Integration {
    /// Its settings.
    pub settings: IntegrationSettings,
    /// How its partner proves who it is.
    pub secrets: Secrets,
    /// What is counted of it.
    pub meters: LaneMeters,
    /// Where a partner that speaks EDI is dealt with.
    pub desk: Option<crate::edi::Desk>,
    /// Where its files are fetched.
    pub pickup: Option<files::Pickup>,
    /// What leaves the ERP through it, where that is not EDI.
    pub sender: Option<Sender>,
    /// The site whose scans it takes.
    pub site: Option<scans::Site>,
}

impl Integration {
    /// Documents on their way to its partner; nothing where none are sent.
    pub fn documents(&self) -> Option<Documents> {
        let sends = self.desk.is_none() || self.sends_documents();
        self.tray().filter(|_| sends).map(Tray::documents)
    }

    /// Whether what goes out leaves, and why not; nothing where nothing goes out.
    pub fn sending(&self) -> Option<Delivery> {
        self.documents()?;
        self.tray().map(|tray| tray.guard.told())
    }

    /// Whether anybody knows where documents of EDI go.
    pub fn sends_documents(&self) -> bool {
        let to = self.desk.as_ref().and_then(|desk| desk.settings.to.as_ref());
        to.is_some() || self.settings.outbound.is_some()
    }

    /// What is on its way out; nothing where nothing goes out.
    pub fn tray(&self) -> Option<&Tray> {
        let desk = self.desk.as_ref().map(|desk| &desk.tray);
        desk.or_else(|| self.sender.as_ref().map(|sender| &sender.tray))
    }

    /// What was agreed on about acknowledgements, where there are any.
    pub fn agreed(&self) -> Option<Agreed<'_>> {
        self.desk.as_ref().map(crate::edi::Desk::agreed)
    }
}

/// Leading, or following, in one generation; ends when its token is cancelled.
pub struct Term {
    /// The generation.
    pub generation: Generation,
    /// Incarnation of the ERP database (when leading).
    pub incarnation: String,
    /// What the controller knows of the end of the database that led before (when leading).
    pub old_end: Option<OldEnd>,
    /// When it began.
    pub began: Instant,
    /// Ends its tasks.
    pub cancel: CancellationToken,
    /// The ERP says that it belongs to somebody else: deliveries rest until the controller speaks again.
    pub fenced: AtomicBool,
    /// Speaks to the ERP (when leading).
    pub erp: Option<Erp>,
    /// One per integration (when leading).
    pub desks: Vec<Arc<Desk>>,
    /// The ERP's time, which they share (when leading).
    pub meter: Option<Arc<Meter>>,
}

/// Why a role could not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It must not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be remembered, so it was not done.
    #[error(transparent)]
    Remember(#[from] durable::Error),
    /// The ERP client cannot be made.
    #[error("cannot speak to the ERP")]
    Erp(#[from] api::client::BuildError),
}

/// The other region's gateway.
pub struct Peer {
    /// Its region.
    pub region: RegionName,
    /// Speaks to its control listener.
    pub client: Client,
    /// After this long without an answer acknowledgements mean one copy.
    pub degrade_after: std::time::Duration,
}

/// One gateway.
pub struct Gateway {
    /// Its settings.
    pub settings: GatewaySettings,
    /// Its integrations, by name, in the ledger's order.
    pub integrations: Vec<Integration>,
    /// Where an integration is in the list.
    pub by_name: HashMap<String, usize>,
    /// The other region's gateway.
    pub peer: Option<Peer>,
    /// The estate's own authority, where partners prove themselves by certificates: programs of the estate tell of them.
    pub estate: Option<api::tls::Partners>,
    /// What is known of messages.
    pub ledger: Arc<Mutex<Ledger>>,
    /// What is shared with the journal's thread.
    pub shared: Arc<Shared>,
    /// The journal's thread.
    pub log: Log,
    /// Reads the journal.
    pub reader: Reader,
    /// Prepares what retention lets go.
    pub pruner: Pruner,
    /// What the leader has let go of its log (when following).
    pub gone_there: Mutex<copy::retain::Gone>,
    /// Whether this log is known to be a prefix of the leader's (when following).
    pub aligned: Mutex<bool>,
    /// Tells the aligning task that it is needed.
    pub misaligned: Notify,
    /// When the other region last could not give back what is damaged here (when leading).
    pub unmended: Mutex<Option<Instant>>,
    /// Damage was found since the other region was last asked for what is lacking here.
    pub hurt: AtomicBool,
    /// When the leader spoke last (when following).
    pub heard: Mutex<Option<Instant>>,
    /// The last comparison with the ERP.
    pub reconciliation: Mutex<Option<reconcile::Progress>>,
    /// What operators said, and what was given up.
    pub register: Mutex<Register>,
    /// Which version of it is on disk; held while it is written.
    pub registered: tokio::sync::Mutex<Option<Version>>,
    /// What was tried for each message.
    pub history: Mutex<History>,
    /// What is counted for metrics.
    pub meters: Meters,
    /// Requests that hold memory at the same time.
    pub intake: Semaphore,
    /// Ends the gateway.
    pub cancel: CancellationToken,
    /// Its tasks.
    pub tasks: TaskTracker,
    role: Mutex<Office>,
}

struct Office {
    state: State,
    term: Option<Arc<Term>>,
}

/// What a gateway is made of.
pub struct Parts {
    /// See [`Gateway`].
    pub settings: GatewaySettings,
    /// See [`Gateway`].
    pub integrations: Vec<Integration>,
    /// See [`Gateway`].
    pub peer: Option<Peer>,
    /// See [`Gateway`].
    pub estate: Option<api::tls::Partners>,
    /// See [`Gateway`].
    pub shared: Arc<Shared>,
    /// See [`Gateway`].
    pub log: Log,
    /// See [`Gateway`].
    pub reader: Reader,
    /// See [`Gateway`].
    pub pruner: Pruner,
    /// What was remembered of its role.
    pub state: State,
    /// What operators said, and what was given up.
    pub register: Register,
    /// See [`Gateway`].
    pub cancel: CancellationToken,
}

/// Requests that hold memory at the same time; more are told to come again.
const INTAKE_MAX: usize = 4096;

impl Gateway {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let names = parts.integrations.iter().map(|one| one.settings.name.to_string());
        Arc::new(Self {
            by_name: names.zip(0..).collect(),
            ledger: Arc::clone(&parts.shared.ledger),
            settings: parts.settings,
            integrations: parts.integrations,
            peer: parts.peer,
            estate: parts.estate,
            shared: parts.shared,
            log: parts.log,
            reader: parts.reader,
            pruner: parts.pruner,
            gone_there: Mutex::default(),
            aligned: Mutex::new(false),
            misaligned: Notify::new(),
            unmended: Mutex::new(None),
            hurt: AtomicBool::new(false),
            heard: Mutex::new(None),
            reconciliation: Mutex::new(None),
            register: Mutex::new(parts.register),
            registered: tokio::sync::Mutex::new(None),
            history: Mutex::default(),
            meters: Meters::new(),
            intake: Semaphore::new(INTAKE_MAX),
            cancel: parts.cancel,
            tasks: TaskTracker::new(),
            role: Mutex::new(Office {
                state: parts.state,
                term: None,
            }),
        })
    }

    /// Its role now.
    pub fn state(&self) -> State {
        lock(&self.role).state.clone()
    }

    /// Its term now.
    pub fn term(&self) -> Option<Arc<Term>> {
        lock(&self.role).term.clone()
    }

    /// Whether it leads.
    pub fn leads(&self) -> bool {
        lock(&self.role).state.role == Role::Leading
    }

    /// "You lead." Idempotent; the same generation with another incarnation, or after the ERP refused, reconciles anew.
    pub fn lead(self: &Arc<Self>, request: LeadRequest) -> Result<(), ChangeError> {
        let LeadRequest {
            generation,
            incarnation,
            peer_gone,
            old_end,
        } = request;
        let mut office = lock(&self.role);
        let next = office
            .state
            .next(&Event::Lead(generation), &self.settings.region)?;
        let same_term = office.term.as_ref().is_some_and(|term| {
            let fenced = term.fenced.load(std::sync::atomic::Ordering::SeqCst);
            next == office.state && term.incarnation == incarnation && !fenced
        });
        if same_term {
            drop(office);
            if peer_gone {
                copy::send::degrade(self, "the controller says that the other region is gone");
            }
            return Ok(());
        }
        let erp = Erp::new(&self.settings.erp, &self.settings.tls)?;
        self.change(&mut office, next)?;
        lock(&self.register).begin(generation);
        lanes::keep::bury(self);
        let reign = (incarnation.clone(), old_end);
        let term = self.begin(&mut office, generation, reign, Some(erp.clone()));
        {
            let mut ledger = lock(&self.ledger);
            ledger.acks.link = match (&self.peer, peer_gone) {
                (None, _) => Link::None,
                (Some(_), false) => Link::Expected,
                (Some(_), true) => Link::Gone,
            };
            ledger.acks.there = 0;
            ledger.acks.degraded_since = peer_gone.then(now);
        }
        *lock(&self.unmended) = None;
        *lock(&self.shared.permit) = Permit::Own(generation.get());
        drop(office);
        tracing::info!(%generation, incarnation, peer_gone, "leading");
        if self.peer.is_some() {
            let gateway = Arc::clone(self);
            self.spawn(&term, copy::send::run(Arc::clone(&gateway), Arc::clone(&term)));
            self.spawn(&term, lanes::keep::ship(gateway, Arc::clone(&term)));
        }
        for index in 0..self.integrations.len() {
            self.spawn(&term, files::run(Arc::clone(self), Arc::clone(&term), index));
        }
        self.spawn(&term, lanes::lead(Arc::clone(self), Arc::clone(&term), erp));
        Ok(())
    }

    /// "That region leads", said by the controller or by the leader itself.
    pub fn follow(self: &Arc<Self>, generation: Generation, leader: &RegionName) -> Result<(), ChangeError> {
        let mut office = lock(&self.role);
        let next = office
            .state
            .next(&Event::Led(generation, leader.clone()), &self.settings.region)?;
        if next == office.state {
            return Ok(());
        }
        self.change(&mut office, next)?;
        let term = self.begin(&mut office, generation, (String::new(), None), None);
        *lock(&self.aligned) = false;
        *lock(&self.gone_there) = copy::retain::Gone::default();
        *lock(&self.shared.permit) = Permit::Copies(generation.get());
        drop(office);
        tracing::info!(%generation, %leader, "following");
        if self.peer.as_ref().is_some_and(|peer| peer.region == *leader) {
            let gateway = Arc::clone(self);
            self.spawn(&term, copy::align::run(gateway, Arc::clone(&term)));
        }
        Ok(())
    }

    /// The peer knows a newer generation: stop leading, and wait to be told.
    pub fn overtaken(&self, generation: Generation) {
        let mut office = lock(&self.role);
        let next = office
            .state
            .next(&Event::Overtaken(generation), &self.settings.region);
        match next {
            Ok(next) if next != office.state => match self.change(&mut office, next) {
                Ok(()) => tracing::warn!(%generation, "another gateway leads in a newer generation: waiting"),
                Err(error) => tracing::error!(%error, "cannot remember a newer generation"),
            },
            Ok(_) => {}
            Err(refusal) => tracing::warn!(%refusal, "a newer generation changes nothing"),
        }
    }

    /// A sync failed.
    pub fn poisoned(&self) {
        let mut office = lock(&self.role);
        if let Ok(next) = office.state.next(&Event::SyncFailed, &self.settings.region) {
            // Not remembered: the next start opens the journal anew, and finds out what is on disk.
            self.end(&mut office);
            office.state = next;
        }
        tracing::error!(
            "the journal is poisoned: nothing is acknowledged until this gateway is started anew"
        );
    }

    /// Remembers the new state and ends the old term; the new one begins with the caller.
    fn change(&self, office: &mut Office, next: State) -> Result<(), durable::Error> {
        if next != office.state {
            state::store(&self.settings.directory, &next)?;
        }
        self.end(office);
        office.state = next;
        Ok(())
    }

    fn end(&self, office: &mut Office) {
        *lock(&self.shared.permit) = Permit::Nothing;
        if let Some(term) = office.term.take() {
            term.cancel.cancel();
        }
        let mut ledger = lock(&self.ledger);
        ledger.fail_all(&Unstored::NotLeading);
        for lane in &mut ledger.lanes {
            lane.starve();
        }
    }

    fn begin(
        &self,
        office: &mut Office,
        generation: Generation,
        (incarnation, old_end): (String, Option<OldEnd>),
        erp: Option<Erp>,
    ) -> Arc<Term> {
        let holds = lock(&self.register).holds.clone();
        let meter = erp.is_some().then(|| Meter::new(&self.integrations));
        let timeout = self.settings.erp.timeout.as_duration();
        let desks = meter.iter().flat_map(|meter| {
            self.integrations.iter().enumerate().map(|(lane, one)| {
                let hold = holds.get(&one.settings.name).cloned();
                Desk::new(lane, &one.settings, hold, meter, timeout)
            })
        });
        let term = Arc::new(Term {
            desks: desks.collect(),
            meter,
            erp,
            generation,
            incarnation,
            old_end,
            began: Instant::now(),
            cancel: self.cancel.child_token(),
            fenced: AtomicBool::new(false),
        });
        office.term = Some(Arc::clone(&term));
        term
    }

    /// Runs a task until it ends or the term does.
    pub fn spawn(&self, term: &Term, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = term.cancel.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// The last comparison with the ERP, as the status shows it.
    pub fn reconciliation(&self) -> Option<Reconciliation> {
        lock(&self.reconciliation)
            .as_ref()
            .map(reconcile::Progress::summary)
    }
}

/// The wall clock.
pub fn now() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}

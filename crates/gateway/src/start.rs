//! From settings to a running gateway, and its orderly end.

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{client::Client, server::TlsListener};
use journal::{Disk, Journal, Options, Preparation, RealDisk, Recovery};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use types::settings::GatewaySettings;

use crate::{
    control,
    edi::{Desk, DeskError},
    files::Pickup,
    gateway::{Gateway, Integration, Parts, Peer},
    ingest::{Doors, Entrance, Secrets, Way, secrets},
    lanes::{Register, keep},
    ledger::{Acks, Ledger},
    link::Link,
    listen::{ingest_tls, listen, listen_for_certificates, listen_on_loopback, listen_plainly},
    lock,
    log::{Figures, Log, Permit, Shared, Tail},
    marks::Marks,
    metrics::{self, LaneMeters},
    monitor,
    outbound::{Sender, SenderError},
    retention,
    role::Event,
    scans::{Site, SiteError},
    scrub, state,
};

/// Requests under way may take this long after the end was asked for.
const DRAIN: Duration = Duration::from_secs(5);
/// A record's header, stream and id, and the batch around it, beside the body.
const FRAMING_BYTES_MAX: u64 = 1024;
/// Marks are written this often, if they changed.
const MARKS_EVERY: Duration = Duration::from_secs(2);

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or directory cannot be used.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An integration's messages would not fit in the journal.
    #[error("{integration}: a message of {bytes_max} bytes does not fit in a segment; make segments larger")]
    SegmentTooSmall {
        /// Which integration.
        integration: String,
        /// Its largest message.
        bytes_max: u64,
    },
    /// Two integrations have the same name.
    #[error("two integrations are named {0}")]
    NameTwice(String),
    /// What an integration's partner proves itself by cannot be used.
    #[error("cannot let the partner of {integration} in by {}", path.display())]
    Proof {
        /// The integration.
        integration: String,
        /// Where that is.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: secrets::Error,
    },
    /// What was agreed on with a partner cannot be used.
    #[error("cannot deal with a partner that speaks EDI")]
    Desk(#[from] DeskError),
    /// What leaves through a lane cannot be sent.
    #[error("cannot send what leaves the ERP")]
    Sender(#[from] SenderError),
    /// A site's scans cannot be taken in.
    #[error("cannot take the scans of a site")]
    Site(#[from] SiteError),
    /// The remembered role cannot be read.
    #[error("cannot learn which generation this gateway has seen")]
    State(#[from] durable::Error),
    /// The journal cannot be opened.
    #[error("cannot open the journal")]
    Journal(#[from] journal::OpenError),
    /// The identity cannot be used.
    #[error("cannot use the gateway's identity")]
    Tls(#[from] api::tls::Error),
    /// No client for the peer can be made.
    #[error("cannot speak to the peer")]
    Client(#[from] api::client::BuildError),
    /// A listener without TLS must not be reached from other machines.
    #[error("ingest without TLS would listen on {0}, which other machines can reach")]
    NotLoopback(SocketAddr),
    /// The threads that serve partners cannot be started.
    #[error("cannot start the threads that serve partners")]
    Threads(#[source] io::Error),
    /// A socket cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A running gateway.
pub struct Running {
    gateway: Arc<Gateway>,
    journal_ended: oneshot::Receiver<()>,
    ingest: SocketAddr,
    control: SocketAddr,
}

/// Starts a gateway; it waits to be told its role.
///
/// # Errors
/// [`StartError`].
pub async fn start(settings: GatewaySettings) -> Result<Running, StartError> {
    start_on(Arc::new(RealDisk), settings).await
}

/// The same with the journal on another disk, for tests of disks that fail.
///
/// # Errors
/// [`StartError`].
pub async fn start_on(disk: Arc<dyn Disk>, settings: GatewaySettings) -> Result<Running, StartError> {
    let cancel = CancellationToken::new();
    create(&settings.directory)?;
    let integrations = integrations(&settings)?;
    let state = state::load(&settings.directory)?.next(&Event::Started, &settings.region);
    let state = state.unwrap_or_else(|_| crate::role::State::new());
    let link = if settings.peer.is_some() {
        Link::Gone
    } else {
        Link::None
    };
    let names: Vec<String> = integrations
        .iter()
        .map(|one| one.settings.name.to_string())
        .collect();
    let mut ledger = Ledger::new(names, Acks::new(link));
    let (journal, figures) = open_journal(disk, &settings, &mut ledger)?;
    let register = Register::load(&settings.directory)?;
    let marks = Marks::load(&settings.directory);
    marks.apply(&mut ledger);
    ledger.acks.acknowledged_alone = marks.acknowledged_alone;
    ledger.take_changed();
    ledger.take_touched();
    let (reader, pruner) = (journal.reader(), journal.pruner());
    let shared = Arc::new(Shared {
        ledger: Arc::new(Mutex::new(ledger)),
        permit: Mutex::new(Permit::Nothing),
        tail: Tail::default(),
        figures: Mutex::new(figures),
        sync: metrics::sync_histogram(),
        poisoned: tokio::sync::Notify::new(),
    });
    let peer = peer(&settings)?;
    let (estate, ingest_tls) = ingest_tls(&settings)?;
    let control_tls = api::tls::mutual_server(&settings.tls)?;
    let ingest_listener = listen(settings.ingest_listen).await?;
    let loopback = listen_on_loopback(settings.ingest_loopback).await?;
    let certificates = listen_for_certificates(&settings).await?;
    let monitor = listen_plainly(settings.monitor_listen).await?;
    let address = settings.control_listen;
    let control_listener = TlsListener::bind(address, control_tls, cancel.clone()).await;
    let control_listener = control_listener.map_err(|source| StartError::Listen { address, source })?;
    let unbound = |source| StartError::Listen {
        address: settings.ingest_listen,
        source,
    };
    let ingest = ingest_listener.local_addr().map_err(unbound)?;
    let (log, journal_ended) =
        Log::start(journal, Arc::clone(&shared)).map_err(|source| StartError::File {
            doing: "start the thread for",
            path: settings.journal.directory.clone(),
            source,
        })?;
    let gateway = Gateway::new(Parts {
        settings,
        integrations,
        peer,
        estate,
        shared,
        log,
        reader,
        pruner,
        state,
        register,
        cancel: cancel.clone(),
    });
    let control = control_listener.local();
    let mut entrances = vec![Entrance {
        listener: ingest_listener,
        tls: Some(TlsAcceptor::from(ingest_tls)),
        way: Way::Any,
    }];
    entrances.extend(loopback.map(|listener| Entrance {
        listener,
        tls: None,
        way: Way::Any,
    }));
    entrances.extend(certificates);
    let doors = Doors::open(&gateway, DRAIN).map_err(StartError::Threads)?;
    gateway.tasks.spawn(doors.receive(entrances, cancel.clone()));
    if let Some(listener) = monitor {
        let (router, cancel) = (monitor::router(Arc::clone(&gateway)), cancel.clone());
        gateway.tasks.spawn(async move {
            if let Err(error) = api::server::serve_loopback(listener, router, cancel, DRAIN).await {
                // Messages are worth more than their metrics: it goes on without.
                tracing::error!(%error, "the listener for metrics failed");
            }
        });
    }
    let router = control::router(Arc::clone(&gateway));
    gateway.tasks.spawn(async move {
        if let Err(error) = api::server::serve(control_listener, router, cancel.clone(), DRAIN).await {
            // Without a listener the process is of no use: end it, so that the supervisor starts it anew.
            tracing::error!(%error, "the control listener failed");
            cancel.cancel();
        }
    });
    gateway.tasks.spawn(watch_poison(Arc::clone(&gateway)));
    gateway.tasks.spawn(write_marks(Arc::clone(&gateway)));
    gateway.tasks.spawn(keep::run(Arc::clone(&gateway)));
    gateway.tasks.spawn(scrub::run(Arc::clone(&gateway)));
    gateway.tasks.spawn(secrets::run(Arc::clone(&gateway)));
    gateway.tasks.spawn(retention::run(Arc::clone(&gateway)));
    gateway.tasks.close();
    tracing::info!(%ingest, %control, region = %gateway.settings.region, "waiting to be told what to do");
    Ok(Running {
        gateway,
        journal_ended,
        ingest,
        control,
    })
}

impl Running {
    /// Where partners post.
    pub const fn ingest(&self) -> SocketAddr {
        self.ingest
    }

    /// Where the controller and the peer speak to it.
    pub const fn control(&self) -> SocketAddr {
        self.control
    }

    /// Fires when the gateway was asked to end, by anybody.
    pub fn cancelled(&self) -> CancellationToken {
        self.gateway.cancel.clone()
    }

    /// Takes nothing more in, lets requests under way finish, and closes the journal.
    pub async fn stop(self) {
        self.gateway.cancel.cancel();
        if tokio::time::timeout(DRAIN, self.gateway.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish in time; their senders will send again");
        }
        if let Err(error) =
            Marks::all(&mut lock(&self.gateway.ledger)).store(&self.gateway.settings.directory)
        {
            tracing::debug!(%error, "marks were not written");
        }
        if let Err(error) = keep::write(&self.gateway).await {
            tracing::warn!(%error, "what is known of lanes was not written");
        }
        // The journal's thread ends with the last handle; connections that are still open may hold one.
        drop(self.gateway);
        if tokio::time::timeout(DRAIN, self.journal_ended).await.is_err() {
            tracing::warn!(
                "the journal was not closed in time; what was acknowledged is synced all the same"
            );
        }
    }
}

/// Ends when the gateway does; a poisoned journal changes the role, the process stays to be looked at.
async fn watch_poison(gateway: Arc<Gateway>) {
    tokio::select! {
        () = gateway.cancel.cancelled() => {}
        () = gateway.shared.poisoned.notified() => gateway.poisoned(),
    }
}

async fn write_marks(gateway: Arc<Gateway>) {
    let mut written = Marks::default();
    loop {
        tokio::select! {
            () = gateway.cancel.cancelled() => return,
            () = tokio::time::sleep(MARKS_EVERY) => {}
        }
        let marks = Marks::all(&mut lock(&gateway.ledger));
        if marks != written {
            if let Err(error) = marks.store(&gateway.settings.directory) {
                tracing::debug!(%error, "marks were not written");
            }
            written = marks;
        }
    }
}

fn create(directory: &PathBuf) -> Result<(), StartError> {
    std::fs::create_dir_all(directory).map_err(|source| StartError::File {
        doing: "create",
        path: directory.clone(),
        source,
    })
}

fn integrations(settings: &GatewaySettings) -> Result<Vec<Integration>, StartError> {
    let mut names = HashSet::new();
    let mut integrations = Vec::new();
    for integration in &settings.integrations {
        if !names.insert(&integration.name) {
            return Err(StartError::NameTwice(integration.name.to_string()));
        }
        let bytes_max = integration.body_max.get();
        if bytes_max.saturating_add(FRAMING_BYTES_MAX) > settings.journal.segment_size.get() {
            let integration = integration.name.to_string();
            return Err(StartError::SegmentTooSmall {
                integration,
                bytes_max,
            });
        }
        integrations.push(Integration {
            settings: integration.clone(),
            desk: Desk::open(integration)?,
            sender: Sender::open(integration)?,
            site: Site::open(integration)?,
            secrets: Secrets::open(integration).map_err(|source| StartError::Proof {
                integration: integration.name.to_string(),
                path: integration.secret_file.clone(),
                source,
            })?,
            meters: LaneMeters::default(),
            pickup: integration.files.clone().map(Pickup::new),
        });
    }
    Ok(integrations)
}

fn peer(settings: &GatewaySettings) -> Result<Option<Peer>, StartError> {
    let Some(peer) = &settings.peer else {
        return Ok(None);
    };
    // The callers set shorter limits; this one bounds what they forget.
    let client = Client::new(&peer.url, &settings.tls, Duration::from_secs(30))?;
    Ok(Some(Peer {
        region: peer.region.clone(),
        client,
        degrade_after: peer.degrade_after.as_duration(),
    }))
}

fn open_journal(
    disk: Arc<dyn Disk>,
    settings: &GatewaySettings,
    ledger: &mut Ledger,
) -> Result<(Journal, Figures), StartError> {
    let options = Options {
        segment_bytes: settings.journal.segment_size.get(),
        preparation: Preparation::Ahead,
    };
    let directory = &settings.journal.directory;
    let (journal, recovery) = Journal::open(disk, directory, options, |record| ledger.stored(record))?;
    ledger.begin_at(journal.reader().floor().sequence);
    ledger.synced_here(journal.position().sequence);
    tell(&recovery);
    let figures = Figures {
        bytes: journal.bytes(),
        quarantined: recovery.damage.len() as u64,
        ..Figures::default()
    };
    Ok((journal, figures))
}

fn tell(recovery: &Recovery) {
    let Recovery {
        segments,
        by_sidecar,
        records,
        torn,
        damage,
        missing,
        trimmed,
        parked,
        parked_lost,
        keys_lost,
    } = recovery;
    tracing::info!(
        segments,
        by_sidecar,
        records,
        trimmed,
        parked,
        "the journal is open"
    );
    if *parked_lost > 0 {
        tracing::error!(
            parked_lost,
            "messages that were parked cannot be read; the other region may have them"
        );
    }
    if !keys_lost.is_empty() {
        tracing::error!(
            ?keys_lost,
            "trimmed messages are not known any more: the ERP alone tells their duplicates"
        );
    }
    if let Some(torn) = torn {
        tracing::warn!(bytes = torn.bytes, kept_at = %torn.kept_at.display(), "cut off a write that was never acknowledged");
    }
    for damage in damage {
        tracing::error!(
            ?damage,
            "a part of the journal is damaged; its bytes were copied aside"
        );
    }
    if !missing.is_empty() {
        tracing::error!(?missing, "messages cannot be read; the other region has them");
    }
}

/// An error with its reasons.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        text.push_str(": ");
        text.push_str(&source.to_string());
        inner = source.source();
    }
    text
}

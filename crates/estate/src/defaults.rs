//! What holds where the file says nothing: every default of the estate, each with its reason.
//!
//! They describe a small distributor in production: a few dozen people, one or two warehouses. Whatever is larger says
//! so; whatever is smaller pays little for what it does not use.

use types::{ByteSize, EstateName, IntegrationName, SecretName, Span, TenantName, settings::Priority};

use crate::model::{
    AlertRoute, Authentication, Buffering, Cache, CachePersistence, ClusterIsolation, Container, Criticality,
    Database, Direction, Elevation, Engine, Environment, FrameOptions, HighAvailability, Image, Immutability,
    Ingress, IngressPath, Link, LinkKind, MaintenanceWindow, Objects, Observability, Persona, Pooling,
    Posture, Protocol, Quota, RateLimit, Release, Retention, Retry, ScalingSignal, Secret, Stage,
    SupportWindow, TlsVersion, VacuumPolicy, WafMode, Weekday, WorkloadClass, Workloads,
};

/// Times are in UTC until somebody says where the business is: a wrong guess would open release windows at noon.
pub(crate) const TIME_ZONE: &str = "UTC";
/// One drill a day is as much as people follow up.
pub(crate) const DRILLS_APART: Span = Span::from_days(1);

/// An hour of picking on paper, for work that was done since, is as much as a warehouse sorts out by hand.
pub(crate) const PACK_AGE: Span = Span::from_hours(1);

/// All zones: the loss of one is the failure that Azure regions have most often.
pub(crate) const ZONES: [u8; 3] = [1, 2, 3];

/// Whoever pays for a second region expects it to take over; who can wait says `warm` or `cold`, and saves.
pub(crate) const POSTURE: Posture = Posture::Hot;

/// A test in another size than production says little about production.
pub(crate) const SCALE_PERCENT: u8 = 100;

/// Half of it when there is time to ask why, most of it when there is time to stop, all of it when there is none.
pub(crate) const ALERT_AT_PERCENT: [u8; 3] = [50, 80, 100];

/// Promises of minutes mean nothing while nobody answers, so support is there always unless a tier says otherwise.
pub(crate) const SUPPORT: SupportWindow = SupportWindow::Always;

/// A name in `.invalid` never resolves, so nothing is served under a name that belongs to somebody else.
pub(crate) fn domain(estate: &EstateName) -> String {
    format!("{estate}.example.invalid")
}

/// `warehouse-north` is `Warehouse north` to people.
pub(crate) fn display_name(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

// === What runs ===

/// Two replicas of two processes survive the loss of a machine while somebody's long report holds one of them.
pub(crate) fn web() -> WorkloadClass {
    WorkloadClass {
        workers: 2,
        replicas_min: 2,
        replicas_max: 6,
        signals: vec![
            // A request that waits is a person who waits; two per replica are a moment, more is a lack of processes.
            ScalingSignal::ListenQueue { above: 2 },
            CONNECTIONS_SIGNAL,
        ],
        ..class(2)
    }
}

/// Websockets of the people that `web` serves: event-driven, so one process carries hundreds, and two survive one.
pub(crate) fn live() -> WorkloadClass {
    WorkloadClass {
        replicas_min: 2,
        replicas_max: 4,
        signals: vec![ScalingSignal::ListenQueue { above: 10 }],
        ..class(1)
    }
}

/// One core takes about 15 orders a second; two replicas carry a busy partner while one of them restarts.
pub(crate) fn integration() -> WorkloadClass {
    WorkloadClass {
        replicas_min: 2,
        replicas_max: 4,
        // The journal holds what waits, so half a minute is a backlog, not a loss.
        signals: vec![
            ScalingSignal::InboxAge {
                above: Span::from_secs(30),
            },
            CONNECTIONS_SIGNAL,
        ],
        ..class(2)
    }
}

/// Jobs that may be late need no second replica until they are.
pub(crate) fn worker() -> WorkloadClass {
    WorkloadClass {
        replicas_min: 1,
        replicas_max: 3,
        signals: vec![
            ScalingSignal::CronLag {
                above: Span::from_minutes(5),
            },
            CONNECTIONS_SIGNAL,
        ],
        ..class(1)
    }
}

/// Scheduled jobs share locks, and run in one place: a second replica would only wait.
pub(crate) fn scheduler() -> WorkloadClass {
    class(1)
}

/// All classes of a stamp. Heavy jobs run at any time: nobody has said when the warehouse sleeps.
pub(crate) fn workloads() -> Workloads {
    Workloads {
        web: web(),
        live: live(),
        integration: integration(),
        worker: worker(),
        scheduler: scheduler(),
        heavy_jobs: None,
    }
}

/// Past this, more processes only make a database slower.
const CONNECTIONS_SIGNAL: ScalingSignal = ScalingSignal::DatabaseConnections { above_percent: 85 };

/// A loaded registry takes 250 MiB, a large report doubles it; half a core serves a request in time while neighbours
/// sleep, and bursts may take more.
fn class(workers: u16) -> WorkloadClass {
    WorkloadClass {
        workers,
        replicas_min: 1,
        replicas_max: 1,
        signals: Vec::new(),
        peaks: Vec::new(),
        memory_per_worker: ByteSize::mib(512),
        cpu_millis_per_worker: 500,
    }
}

/// One heavy job at a time leaves the others' cores alone.
pub(crate) const HEAVY_JOBS: u16 = 1;

// === Where things are kept ===

/// Standard sizes of Azure have 4 GiB for each core.
pub(crate) const fn memory(cores: u16) -> ByteSize {
    ByteSize::gib(4 * cores as u64)
}

/// Each connection takes about 10 MiB when it works: a quarter of the memory of a standard size.
pub(crate) const fn connections_max(cores: u16) -> u16 {
    100 * cores
}

/// What is locked cannot be unlocked by anybody, so somebody must have asked for it.
pub(crate) const LOCKED: bool = false;

/// Enough for about 30 orders a second, twice what one distributor has at its busiest.
const CORES: u16 = 2;

/// A managed server that survives a zone: the least that production of one distributor needs.
pub(crate) fn database() -> Database {
    Database {
        // Nobody has to run it.
        engine: Engine::FlexibleServer,
        // A year old, so that extensions and tools know it.
        version: 17,
        cores: CORES,
        memory: memory(CORES),
        // Three times what some years of a small distributor take; it can grow, never shrink.
        storage: ByteSize::gib(128),
        high_availability: HighAvailability::ZoneRedundant,
        reporting_replicas: 0,
        // The default classes at their largest hold about 130. Odoo pools by itself, so no `PgBouncer` unless asked for.
        pooling: Pooling {
            connections_max: connections_max(CORES),
            pgbouncer: false,
        },
        // Warehouses are closed.
        maintenance: MaintenanceWindow {
            day: Weekday::Sun,
            hour: 2,
        },
        // Stock moves and queues change all day: PostgreSQL's own pace leaves them bloated.
        vacuum: VacuumPolicy::WriteHeavy,
        // Waiting for the other region costs up to 95 % of the throughput; what needs it says so.
        durability: std::collections::BTreeMap::new(),
        // An error is found at the end of the month more often than the next day; two weeks cover most of them.
        point_in_time: Span::from_days(14),
        slow_statement: Span::from_secs(1),
    }
}

/// Sessions take kilobytes; a gibibyte is room for years. Kept on disk and twice, because a lost one logs people out in
/// the middle of a pick.
pub(crate) const CACHE: Cache = Cache {
    memory: ByteSize::gib(1),
    persistence: CachePersistence::AppendOnly,
    high_availability: true,
};

/// Attachments are read for months and then hardly; exports can be made again; backups cannot.
pub(crate) const OBJECTS: Objects = Objects {
    attachments: Container {
        keep_deleted: Span::from_days(30),
        replicate: true,
        cool_after: Some(Span::from_days(180)),
        delete_after: None,
        immutable: None,
    },
    exports: Container {
        keep_deleted: Span::from_days(7),
        replicate: false,
        cool_after: Some(Span::from_days(30)),
        delete_after: Some(Span::from_days(365)),
        immutable: None,
    },
    backups: Container {
        keep_deleted: Span::from_days(14),
        replicate: true,
        cool_after: None,
        // The engine of backups knows which of them others build upon; a rule of the store does not.
        delete_after: None,
        // As long as backups are kept. Not locked: that cannot be undone, so somebody must have asked for it.
        immutable: Some(Immutability {
            period: Span::from_days(35),
            locked: false,
        }),
    },
};

/// What a stamp of one tenant may take: all of it, short of what would stop the server for the agent and for people.
pub(crate) fn quota_dedicated(database: &Database) -> Quota {
    Quota {
        database_connections_max: database.pooling.connections_max / 10 * 9,
        // A full disk stops PostgreSQL; a fifth stays for its log and for growth that nobody saw coming.
        database_size_max: ByteSize::gib((database.storage.get() >> 30) * 4 / 5),
        objects_size_max: ByteSize::gib(500),
        requests_per_second_max: 200,
        // Longer than any request may take (60 s) and any report should.
        statement_time_max: Span::from_minutes(15),
        messages_per_second_max: 100,
    }
}

/// What one of many may take: a tenth of a small server, so that three busy ones leave room for the quiet rest.
pub(crate) const QUOTA_SHARED: Quota = Quota {
    database_connections_max: 20,
    database_size_max: ByteSize::gib(10),
    objects_size_max: ByteSize::gib(50),
    requests_per_second_max: 30,
    statement_time_max: Span::from_minutes(2),
    messages_per_second_max: 15,
};

/// More databases on one server make its recovery, and so everybody's, longer than promises of minutes allow.
pub(crate) const TENANTS_MAX_SHARED: u16 = 50;

/// One cluster for a region is the cheapest that works; a cluster of its own is for tenants who must prove isolation.
pub(crate) const CLUSTER: ClusterIsolation = ClusterIsolation::Namespace;

// === What stands before it ===

/// Three paths that never share a limit: a partner's storm must not keep people out, nor people a partner.
pub(crate) fn ingress() -> Ingress {
    let path = |average, burst, body_max, timeout| IngressPath {
        rate: RateLimit { average, burst },
        body_max,
        timeout,
        allow: Vec::new(),
    };
    Ingress {
        // A page load is some thirty requests, and an office may share one address.
        public: path(50, 100, ByteSize::mib(25), PEOPLE_TIMEOUT),
        // Few people, and a limit that makes guessing slow.
        admin: path(10, 20, ByteSize::mib(10), PEOPLE_TIMEOUT),
        // The gateway answers in milliseconds, one second after it lost its peer at the latest.
        integration: path(200, 400, INTEGRATION_BODY_MAX, Span::from_secs(10)),
        // Handhelds of some years ago speak nothing newer.
        tls_min: TlsVersion::V12,
        waf: WafMode::Prevention,
        // Sessions are in the cache, so any process serves anyone, and a dying one takes nobody along.
        sticky: false,
        hsts: Span::from_days(365),
        frame: FrameOptions::SameOrigin,
    }
}

/// A little longer than Odoo itself allows a request (60 s), so that Odoo's own answer wins.
const PEOPLE_TIMEOUT: Span = Span::from_secs(65);

/// The integration path lets through what its integrations take, and never less than this.
pub(crate) const INTEGRATION_BODY_MAX: ByteSize = ByteSize::mib(1);

// === Streams of messages ===

/// Partners' systems work in batches of an hour or so; half a working day without a word is trouble.
pub(crate) const EDI_ANSWER_WITHIN: Span = Span::from_hours(4);

/// A message of an ERP integration is some kilobytes; a megabyte leaves room for long orders.
pub(crate) const BODY_MAX: ByteSize = ByteSize::mib(1);
/// Two deliveries at once keep one Odoo core busy and leave the others to people.
pub(crate) const CONCURRENCY: u16 = 2;
/// Most streams bring something to the ERP.
pub(crate) const DIRECTION: Direction = Direction::Inbound;
/// Most of them are JSON.
pub(crate) const PROTOCOL: Protocol = Protocol::HttpsJson;

/// A second lets a restart pass; five minutes are short against an outage of hours; after a day, somebody must look.
pub(crate) const RETRY: Retry = Retry {
    first: Span::from_secs(1),
    longest: Span::from_minutes(5),
    give_up: Span::from_hours(24),
};

/// A day covers a night and the morning in which somebody notices; a thousand messages an hour are a busy partner.
pub(crate) const BUFFERING: Buffering = Buffering {
    outage: Span::from_hours(24),
    messages_per_hour: 1_000,
};

/// Looked at the same day: whoever must be woken says so.
pub(crate) const CRITICALITY: Criticality = Criticality::Important;

/// How much of the ERP's time an integration gets when there is not enough for all. By what its messages are about and
/// not by the promises of capabilities: taking orders is promised soonest nearly everywhere, yet an order waits a minute
/// without harm, and a lorry that cannot be confirmed does not leave.
pub(crate) fn priority(kind: &str, criticality: Criticality) -> Priority {
    let (about, what) = kind.split_once('.').unwrap_or((kind, ""));
    match (criticality, about, what) {
        (Criticality::Deferrable, ..) | (_, _, "report") | (_, "partner" | "product", _) => Priority::Last,
        (_, "shipment" | "receipt" | "stock" | "delivery" | "picking" | "label" | "transport", _) => {
            Priority::First
        }
        _ => Priority::Normal,
    }
}

/// Longer than any point-in-time recovery reaches back: what was applied since must be there to be applied again.
pub(crate) const KEEP: Span = Span::from_days(35);

/// A secret of the integration's own, because one shared with others cannot be withdrawn. `None` when its name would be
/// too long.
pub(crate) fn authentication(integration: &IntegrationName, protocol: Protocol) -> Option<Authentication> {
    let secret = |suffix: &str| SecretName::new(format!("{integration}-{suffix}")).ok();
    Some(match protocol {
        Protocol::HttpsJson | Protocol::X12 | Protocol::Edifact | Protocol::Scanner => {
            Authentication::Bearer {
                secret: secret("token")?,
            }
        }
        Protocol::Sftp => Authentication::SshKey {
            secret: secret("key")?,
        },
        // Printers know nothing of proofs; they are reached inside a site alone. Who may write into a directory of our
        // own is for those to say who mount it.
        Protocol::Printer | Protocol::FileDrop => Authentication::None,
    })
}

/// A handheld that was out of reach for a moment is back by then, and people who wait for a booking have not given up.
pub(crate) const WAIT_FOR_GAP: Span = Span::from_minutes(5);

/// A partner's server does not mind, and a file is taken within a minute.
pub(crate) const FILES_EVERY: Span = Span::from_secs(30);

/// What programs that upload commonly call a file that they have not finished.
pub(crate) const TEMPORARY: [&str; 4] = [".part", ".partial", ".filepart", ".tmp"];

/// Replaced every quarter, as Odoo's own keys must be.
pub(crate) const ROTATE: Span = Span::from_days(90);

/// A secret that something needs and nobody described.
pub(crate) fn secret(name: &SecretName) -> Secret {
    Secret {
        vault_key: name.to_string(),
        rotate: ROTATE,
        owner: None,
    }
}

// === Places ===

/// Megabits per second: the least that business lines are sold with.
pub(crate) const LINK_MEGABITS: u32 = 50;

/// The public address serves every site until somebody builds something better.
pub(crate) fn link() -> Link {
    Link {
        kind: LinkKind::Internet,
        gateway: None,
        addresses: Vec::new(),
        megabits: LINK_MEGABITS,
        redundant: false,
    }
}

// === Running it ===

/// Production is the whole estate.
pub(crate) fn production(regions: Vec<types::RegionName>) -> Environment {
    Environment {
        stage: Stage::Production,
        regions,
        scale_percent: 100,
        runs: None,
        copies_production: false,
    }
}

/// Rights that can change the platform are asked for, and gone after a shift.
pub(crate) const ELEVATION_MAX: Span = Span::from_hours(8);

/// Rights that cannot are there always: a warehouse does not ask before it picks.
pub(crate) const fn elevation(persona: Persona) -> Elevation {
    if persona.changes_the_platform() {
        Elevation::JustInTime {
            duration_max: ELEVATION_MAX,
            approved_by: None,
        }
    } else {
        Elevation::Standing
    }
}

/// What work needs first, then what the law asks for.
pub(crate) const RETENTION: Retention = Retention {
    // A quarter, so that the last period close can be looked at.
    logs: Span::from_days(90),
    // Thirteen months: this season against the last one.
    metrics: Span::from_days(395),
    // Longer than point-in-time recovery reaches back.
    journal: Span::from_days(35),
    backups: Span::from_days(35),
    // The longest that European commercial law asks for invoices.
    documents: Span::from_days(3_653),
    // An audit looks at three years.
    evidence: Span::from_days(1_096),
    audit: Span::from_days(400),
};

/// Every capability proves itself each minute: an outage is known before the first person calls.
pub(crate) const SYNTHETIC_EVERY: Span = Span::from_minutes(1);
/// Four readings a minute, the least of which a rate over a minute makes sense.
pub(crate) const SCRAPE_EVERY: Span = Span::from_secs(15);

/// Somebody who runs the estate hears of everything until it is said who hears of what.
pub(crate) fn observability(contact: Option<&str>, domain: &str) -> Observability {
    let mail = contact.map_or_else(|| format!("operations@{domain}"), str::to_owned);
    Observability {
        synthetic_every: SYNTHETIC_EVERY,
        scrape_every: SCRAPE_EVERY,
        page: AlertRoute::Mail(mail.clone()),
        ticket: AlertRoute::Mail(mail),
    }
}

/// A scan a month old knows nothing of this month's holes.
pub(crate) const SCAN_AGE_MAX: Span = Span::from_days(30);

/// A registry under the estate's own domain: where it does not exist nothing is pulled, and never a stranger's image.
pub(crate) fn release(domain: &str) -> Release {
    Release {
        registry: format!("registry.{domain}"),
        odoo: image("odoo", "19.0"),
        platform: image("plimsoll", env!("CARGO_PKG_VERSION")),
        signed_by: None,
        scan_age_max: SCAN_AGE_MAX,
    }
}

fn image(repository: &str, version: &str) -> Image {
    Image {
        repository: repository.to_owned(),
        version: version.to_owned(),
        digest: None,
        scanned: None,
    }
}

/// Each tenant has a host name of its own, so that a session of one never reaches another.
pub(crate) fn host(tenant: &TenantName, domain: &str) -> String {
    format!("{tenant}.{domain}")
}

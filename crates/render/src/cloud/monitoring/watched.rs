//! What the rules need to know of an environment, and nothing else of it.

use std::collections::{BTreeMap, BTreeSet};

use estate::{ScalingSignal, Stage};
use plan::cloud::blueprint::{self, Blueprint, DatabaseEngine, Environment, Placement};
use types::settings::Authority;
use types::{CapabilityName, Span};

use super::model::{PLATFORM, Severity};

/// One environment, as rules see it.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// Its name.
    pub(super) environment: String,
    /// Whether pages wake people.
    pub(super) pages: bool,
    /// Whether it is the business itself: nothing is mute there.
    pub(super) production: bool,
    /// The strictest promise: what belongs to no capability alone is held to it.
    pub(super) strictest: Tier,
    /// Strictest first.
    pub(super) tiers: Vec<Tier>,
    /// In the order of recovery.
    pub(super) capabilities: Vec<Capability>,
    /// In the order of their names.
    pub(super) stamps: Vec<Stamp>,
    /// Where stamps have a database that runs all the time.
    pub(super) databases: Vec<Database>,
    /// Sites with an edge agent.
    pub(super) sites: Vec<Site>,
    /// Packs for paper.
    pub(super) packs: Vec<Pack>,
    /// A lane that takes scans of a site, where there is any.
    pub(super) scans: Option<Scans>,
    /// IANA time zone that most tenants live in: people answer in its hours.
    pub(super) time_zone: String,
    /// Active regions first.
    pub(super) regions: Vec<String>,
}

/// A recovery promise, as far as somebody is promised something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tier {
    /// Works again this soon.
    pub(super) rto: Span,
    /// Loses at most this much.
    pub(super) rpo: Span,
    /// Its name.
    pub(super) name: String,
    /// When somebody answers: `always`, `warehouse-hours`, `office-hours`.
    pub(super) support: &'static str,
    /// Whether the controller may act alone.
    pub(super) automatic: bool,
}

/// A business process.
#[derive(Clone, Debug)]
pub(super) struct Capability {
    /// Its name.
    pub(super) name: String,
    /// Its tier.
    pub(super) tier: String,
    /// When somebody answers.
    pub(super) support: &'static str,
    /// Who answers for it.
    pub(super) owner: String,
    /// Works again this soon.
    pub(super) rto: Span,
    /// Stamps in which a real transaction proves it, and how often; empty: not measured, and dashboards say so.
    pub(super) checks: Vec<Check>,
}

/// A real transaction of a capability in a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The stamp.
    pub(super) stamp: String,
    /// How often.
    pub(super) every: Span,
}

/// A stamp, wherever it leads.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    /// Its name.
    pub(super) name: String,
    /// Its Kubernetes namespace.
    pub(super) namespace: String,
    /// Whether a database in another region follows all the time.
    pub(super) replicated: bool,
    /// Gateways that lead: one for every tenant that has a lane.
    pub(super) gateways: u64,
    /// Copies of each journal when all is well.
    pub(super) journal_copies: u64,
    /// A tenant's database may be this large.
    pub(super) tenant_database_bytes: u64,
    /// A tenant's files may take this much.
    pub(super) tenant_objects_bytes: u64,
    /// The newest backup is never older.
    pub(super) backup_age_max: Span,
    /// Places that hold a backup of it.
    pub(super) backup_repositories: u64,
    /// Requests that may wait for a worker, by class of work.
    pub(super) listen_queue: Vec<(&'static str, u32)>,
}

/// A database server that runs all the time.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// The stamp.
    pub(super) stamp: String,
    /// The region.
    pub(super) region: String,
    /// `cloud-native-pg` or `flexible-server`.
    pub(super) engine: &'static str,
    /// Connections it takes.
    pub(super) connections_max: u64,
}

/// A site with an edge agent.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Its name.
    pub(super) name: String,
    /// Goes on working this long without a link.
    pub(super) offline: Span,
}

/// The pack that people of a site work with on paper.
#[derive(Clone, Debug)]
pub(super) struct Pack {
    /// The site.
    pub(super) site: String,
    /// It may become this old.
    pub(super) age: Span,
}

/// A lane that takes a site's scans.
#[derive(Clone, Debug)]
pub(super) struct Scans {
    /// The stamp.
    pub(super) stamp: String,
    /// The lane.
    pub(super) lane: String,
    /// The site.
    pub(super) site: String,
}

/// A tier whose process must work again this soon wakes people.
const PAGE_RTO_MAX: Span = Span::from_secs(3_600);

/// A full backup begins once a day, and may take a while.
const BACKUP_AGE_MAX: Span = Span::from_secs(26 * 3_600);

impl Watched {
    /// What rules need to know of this environment.
    pub(super) fn new(blueprint: &Blueprint, environment: &Environment) -> Self {
        let tiers = tiers(blueprint);
        let strictest = tiers.first().cloned().unwrap_or_else(nothing_promised);
        Self {
            environment: environment.name.to_string(),
            pages: environment.watching.pages,
            production: environment.stage == Stage::Production,
            strictest,
            tiers,
            capabilities: capabilities(blueprint, environment),
            stamps: environment
                .stamps
                .iter()
                .map(|one| stamp(environment, one))
                .collect(),
            databases: placements(environment)
                .filter_map(|(region, one)| database(region, one))
                .collect(),
            sites: sites(environment),
            packs: packs(environment),
            scans: scans(environment),
            time_zone: time_zone(environment),
            regions: environment
                .regions
                .iter()
                .map(|region| region.name.to_string())
                .collect(),
        }
    }

    /// Who hears of a broken promise of this tier.
    pub(super) fn severity_of(&self, tier: &Tier) -> Severity {
        if tier.rto <= PAGE_RTO_MAX {
            self.at_most(Severity::Page)
        } else {
            Severity::Ticket
        }
    }

    /// The severity, but outside of production nobody is woken.
    pub(super) fn at_most(&self, severity: Severity) -> Severity {
        match severity {
            Severity::Page if !self.pages => Severity::Ticket,
            other => other,
        }
    }

    /// Who hears of what hurts every capability.
    pub(super) fn worst(&self) -> Severity {
        self.severity_of(&self.strictest)
    }

    /// A region that exists, for test cases.
    pub(super) fn a_region(&self) -> &str {
        self.regions.first().map_or("", String::as_str)
    }

    /// The capability of this tier that is measured, for rules and test cases.
    pub(super) fn measured_of(&self, tier: &Tier) -> Option<(&Capability, &Check)> {
        self.capabilities
            .iter()
            .filter(|capability| capability.tier == tier.name)
            .find_map(|capability| Some((capability, capability.checks.first()?)))
    }
}

/// The promise where no capability has one.
fn nothing_promised() -> Tier {
    Tier {
        rto: Span::from_secs(7 * 86_400),
        rpo: Span::from_secs(86_400),
        name: "none".to_owned(),
        support: estate::SupportWindow::OfficeHours.as_str(),
        automatic: false,
    }
}

fn tiers(blueprint: &Blueprint) -> Vec<Tier> {
    let tiers: BTreeSet<Tier> = blueprint
        .capabilities
        .iter()
        .map(|capability| Tier {
            rto: capability.rto,
            rpo: capability.rpo,
            name: capability.tier.to_string(),
            support: capability.support.as_str(),
            automatic: capability.authority == Authority::Automatic,
        })
        .collect();
    tiers.into_iter().collect()
}

fn capabilities(blueprint: &Blueprint, environment: &Environment) -> Vec<Capability> {
    blueprint
        .capabilities
        .iter()
        .map(|capability| Capability {
            name: capability.name.to_string(),
            tier: capability.tier.to_string(),
            support: capability.support.as_str(),
            owner: capability.owner.clone().unwrap_or_else(|| PLATFORM.to_owned()),
            rto: capability.rto,
            checks: checks(environment, &capability.name),
        })
        .collect()
}

fn checks(environment: &Environment, capability: &CapabilityName) -> Vec<Check> {
    let of = environment
        .watching
        .synthetic
        .iter()
        .filter(|check| check.capability == *capability);
    of.map(|check| Check {
        stamp: stamp_of(environment, &check.url),
        every: check.every,
    })
    .collect()
}

/// The stamp whose tenant answers at this address; the first where none does.
pub(super) fn stamp_of(environment: &Environment, url: &str) -> String {
    let host = url.split("://").last().unwrap_or(url);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    let stamps = &environment.stamps;
    stamps
        .iter()
        .find(|stamp| stamp.tenants.iter().any(|tenant| tenant.host == host))
        .or(stamps.first())
        .map_or_else(String::new, |stamp| stamp.name.to_string())
}

fn placements(environment: &Environment) -> impl Iterator<Item = (String, &Placement)> {
    environment.regions.iter().flat_map(|region| {
        region
            .placements
            .iter()
            .map(move |placement| (region.name.to_string(), placement))
    })
}

fn stamp(environment: &Environment, stamp: &blueprint::Stamp) -> Stamp {
    let here: Vec<&Placement> = placements(environment)
        .map(|(_, placement)| placement)
        .filter(|placement| placement.stamp == stamp.name)
        .collect();
    let leading = here.iter().find(|placement| placement.leads).copied();
    let running = here
        .iter()
        .filter(|placement| placement.database.engine != DatabaseEngine::RestoredWhenNeeded);
    let gateway = leading.and_then(|placement| placement.gateway.as_ref());
    Stamp {
        name: stamp.name.to_string(),
        namespace: stamp.namespace.clone(),
        replicated: running.count() > 1,
        gateways: gateway.map_or(0, |_| gateways(stamp)),
        journal_copies: gateway.map_or(0, |gateway| 1 + u64::from(gateway.peer.is_some())),
        tenant_database_bytes: stamp.quota.database_size_max.get(),
        tenant_objects_bytes: stamp.quota.objects_size_max.get(),
        backup_age_max: BACKUP_AGE_MAX,
        backup_repositories: leading.map_or(0, |placement| placement.database.backup.containers.len() as u64),
        listen_queue: leading.map(listen_queue).unwrap_or_default(),
    }
}

fn gateways(stamp: &blueprint::Stamp) -> u64 {
    let tenants: BTreeSet<_> = stamp.lanes.iter().map(|lane| &lane.tenant).collect();
    tenants.len() as u64
}

fn listen_queue(placement: &Placement) -> Vec<(&'static str, u32)> {
    let limit = |signal: &ScalingSignal| match signal {
        ScalingSignal::ListenQueue { above } => Some(*above),
        ScalingSignal::InboxAge { .. }
        | ScalingSignal::CronLag { .. }
        | ScalingSignal::RequestLatency { .. }
        | ScalingSignal::DatabaseConnections { .. } => None,
    };
    placement
        .workloads
        .iter()
        .filter_map(|workload| Some((workload.kind.as_str(), workload.signals.iter().find_map(limit)?)))
        .collect()
}

fn database(region: String, placement: &Placement) -> Option<Database> {
    Some(Database {
        stamp: placement.stamp.to_string(),
        region,
        engine: match &placement.database.engine {
            DatabaseEngine::FlexibleServer(_) => estate::Engine::FlexibleServer.as_str(),
            DatabaseEngine::CloudNativePg(_) => estate::Engine::CloudNativePg.as_str(),
            DatabaseEngine::RestoredWhenNeeded => return None,
        },
        connections_max: placement.database.connections_max.into(),
    })
}

fn sites(environment: &Environment) -> Vec<Site> {
    let offline: BTreeMap<String, Span> = environment
        .stamps
        .iter()
        .flat_map(|stamp| &stamp.sites)
        .filter_map(|site| Some((site.name.to_string(), site.offline?)))
        .collect();
    offline
        .into_iter()
        .map(|(name, offline)| Site { name, offline })
        .collect()
}

/// Every site has one, with an edge agent or without: paper is what is left when nothing works.
fn packs(environment: &Environment) -> Vec<Pack> {
    let sites = environment.stamps.iter().flat_map(|stamp| &stamp.sites);
    let ages: BTreeMap<String, Span> = sites.map(|site| (site.name.to_string(), site.pack_age)).collect();
    ages.into_iter().map(|(site, age)| Pack { site, age }).collect()
}

fn scans(environment: &Environment) -> Option<Scans> {
    environment.stamps.iter().find_map(|stamp| {
        let mut lanes = stamp.lanes.iter();
        lanes.find_map(|lane| {
            let site = &lane.scanner.as_ref()?.site;
            Some(Scans {
                stamp: stamp.name.to_string(),
                lane: lane.name.to_string(),
                site: site.to_string(),
            })
        })
    })
}

fn time_zone(environment: &Environment) -> String {
    let mut tenants: BTreeMap<&str, usize> = BTreeMap::new();
    for tenant in environment.stamps.iter().flat_map(|stamp| &stamp.tenants) {
        *tenants.entry(tenant.time_zone.as_str()).or_default() += 1;
    }
    // Of equally many, the first by name: the same input gives the same file.
    let most = tenants.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or("UTC", |(zone, _)| zone).to_owned()
}

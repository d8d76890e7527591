//! What Prometheus reads. Names, labels and meanings are a contract: `docs/reference/monitoring.md`.
//!
//! Most values are read from the ledger, the desks and the register at the moment somebody asks; only what would be
//! forgotten otherwise is counted on the way.

mod lanes;
mod sites;

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, EncodeMetric, text},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        gauge::ConstGauge,
        histogram::Histogram,
    },
    registry::Registry,
};

use ::lanes::Load;
use types::Timestamp;

use crate::{
    gateway::{Gateway, now},
    ingest::Acceptance,
    ledger::age_ms,
    lock, retention,
    role::Role,
};

/// A partner's patience is seconds, a sync takes milliseconds.
const SECONDS: [f64; 13] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// What is counted on the way of the gateway as a whole.
pub struct Meters {
    /// From a message's arrival to its durable acknowledgement, seconds; messages that came in batches are not in it.
    pub acknowledge: Histogram,
}

/// What is counted of one lane.
#[derive(Default)]
pub struct LaneMeters {
    /// Deliveries that the ERP took.
    pub applied: Counter,
    /// Deliveries that it refused.
    pub refused: Counter,
    /// Deliveries without a clear answer.
    pub failed: Counter,
    /// Messages that came again.
    pub duplicates: Counter,
    /// Messages that came with a known key and another body.
    pub conflicts: Counter,
}

impl Meters {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self {
            acknowledge: Histogram::new(SECONDS),
        }
    }
}

impl LaneMeters {
    /// A message came to rest.
    pub fn accepted(&self, how: Acceptance) {
        let counter = match how {
            Acceptance::New(_) => return,
            Acceptance::Before(_) => &self.duplicates,
            Acceptance::Aside => &self.conflicts,
        };
        counter.inc();
    }
}

/// For how long syncs of the journal take.
pub fn sync_histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// Everything, in the text format of OpenMetrics.
pub fn text(gateway: &Gateway) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register(
        "plimsoll_gateway_acknowledge_duration_seconds",
        "from a message's arrival to its durable acknowledgement",
        gateway.meters.acknowledge.clone(),
    );
    registry.register(
        "plimsoll_gateway_journal_sync_duration_seconds",
        "how long the disk took to make a batch of messages durable",
        gateway.shared.sync.clone(),
    );
    registry.register_collector(Box::new(Whole::of(gateway)));
    registry.register_collector(Box::new(lanes::Lanes::of(gateway)));
    registry.register_collector(Box::new(sites::Sites::of(gateway)));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

/// Gauges of the gateway as a whole.
#[derive(Debug)]
struct Whole {
    tenant: String,
    /// Only the gateway that leads says how many copies there are.
    copies: Option<u64>,
    poisoned: bool,
    messages: u64,
    bytes: u64,
    trimmed: u64,
    trimmed_segments: u64,
    parked: u64,
    oldest_seconds: u64,
    free: Option<u64>,
    lag: u64,
    alone: u64,
    /// Only the gateway that leads knows.
    erp: Option<Load>,
}

impl Whole {
    fn of(gateway: &Gateway) -> Self {
        let role = gateway.state().role;
        let synced = gateway.reader.position().sequence;
        let meter = gateway.term().and_then(|term| term.meter.clone());
        let erp = meter.map(|meter| meter.load());
        let figures = *lock(&gateway.shared.figures);
        let oldest = figures.oldest.or_else(|| retention::figure(gateway));
        let oldest = oldest.map(Timestamp::from_micros);
        let ledger = lock(&gateway.ledger);
        let acks = &ledger.acks;
        let followed = role == Role::Leading && gateway.peer.is_some();
        Self {
            tenant: gateway.settings.tenant.to_string(),
            copies: (role == Role::Leading).then(|| 1 + u64::from(acks.link.waits())),
            poisoned: role == Role::Poisoned,
            messages: ledger.readable(),
            bytes: figures.bytes,
            trimmed: gateway.reader.floor().sequence,
            trimmed_segments: figures.trimmed_segments,
            parked: gateway.reader.parked(),
            oldest_seconds: oldest.map_or(0, |since| age_ms(since, now()) / 1000),
            free: free_bytes(&gateway.settings.journal.directory),
            lag: if followed {
                synced.saturating_sub(acks.there)
            } else {
                0
            },
            alone: acks.acknowledged_alone,
            erp,
        }
    }
}

/// Room for the journal, as far as the file system tells.
fn free_bytes(directory: &std::path::Path) -> Option<u64> {
    let seen = rustix::fs::statvfs(directory).ok()?;
    Some(seen.f_bavail.saturating_mul(seen.f_frsize))
}

impl Collector for Whole {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut say = |name: &str, help: &str, value: u64| {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        say(
            "plimsoll_gateway_journal_poisoned",
            "1 after a sync failed",
            u64::from(self.poisoned),
        )?;
        say(
            "plimsoll_gateway_journal_messages",
            "messages in the journal",
            self.messages,
        )?;
        say(
            "plimsoll_gateway_journal_bytes",
            "size of the journal",
            self.bytes,
        )?;
        say(
            "plimsoll_gateway_journal_trimmed_messages",
            "messages that were removed from the journal because they were settled long ago, the parked ones included",
            self.trimmed,
        )?;
        say(
            "plimsoll_gateway_journal_trimmed_segments",
            "segments of the journal that were removed since the start",
            self.trimmed_segments,
        )?;
        say(
            "plimsoll_gateway_journal_parked",
            "messages and records of removed segments that are still needed",
            self.parked,
        )?;
        say(
            "plimsoll_gateway_journal_oldest_age_seconds",
            "age of the oldest message in the journal's segments",
            self.oldest_seconds,
        )?;
        if let Some(free) = self.free {
            say(
                "plimsoll_gateway_journal_free_bytes",
                "room on the journal's disk",
                free,
            )?;
        }
        say(
            "plimsoll_gateway_copy_lag_messages",
            "messages that the other region does not have yet",
            self.lag,
        )?;
        if let Some(erp) = &self.erp {
            tell_load(erp, &mut say)?;
        }
        let tenant = [("tenant", self.tenant.as_str())];
        if let Some(copies) = self.copies {
            let help = "places that have a message before it is acknowledged";
            gauges(
                &mut encoder,
                "plimsoll_gateway_journal_copies",
                help,
                [(tenant, copies)],
            )?;
        }
        let (name, help) = (
            "plimsoll_gateway_messages_acknowledged_alone",
            "messages acknowledged on one copy only",
        );
        ConstCounter::new(self.alone).encode(encoder.encode_descriptor(
            name,
            help,
            None,
            MetricType::Counter,
        )?)
    }
}

/// What the ERP takes.
fn tell_load(
    load: &Load,
    say: &mut impl FnMut(&str, &str, u64) -> Result<(), fmt::Error>,
) -> Result<(), fmt::Error> {
    say(
        "plimsoll_gateway_erp_calls_max",
        "calls that the ERP takes at once, by how long it takes to answer and by people who wait",
        load.slots as u64,
    )?;
    say(
        "plimsoll_gateway_erp_calls",
        "calls of lanes that are under way",
        load.under_way as u64,
    )?;
    say(
        "plimsoll_gateway_erp_calls_hanging",
        "of those, calls that hang while others are answered",
        load.hanging as u64,
    )?;
    say(
        "plimsoll_gateway_erp_slowness_percent",
        "how long the ERP takes to answer; 100: as the quickest answers took",
        load.slowness_percent().into(),
    )?;
    load.people_waiting.map_or(Ok(()), |waiting| {
        say(
            "plimsoll_gateway_erp_people_waiting",
            "requests of people that wait for a process of the ERP",
            waiting.into(),
        )
    })
}

/// One gauge with a value for each set of labels.
fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (L, V)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// One counter with a value for each set of labels; its name gets `_total`.
fn counters<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

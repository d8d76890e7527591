//! What is told of each lane.

use std::fmt;

use api::gateway::lanes::{Delivery, Documents, Files, Waits};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{counters, gauges};
use crate::{
    files::Pickup,
    gateway::{Gateway, now},
    ledger::age_ms,
    lock, reconcile,
};

/// One lane at one moment.
#[derive(Debug)]
struct Seen {
    name: String,
    info: [(&'static str, String); 7],
    outage_seconds: u64,
    accepted: u64,
    pending: u64,
    parked: u64,
    oldest_seconds: u64,
    dead: u64,
    quarantined: u64,
    phantoms: u64,
    paused: bool,
    open: bool,
    stuck: u64,
    share_permille: u64,
    call_messages: u64,
    secrets: u64,
    secrets_age_seconds: u64,
    secrets_stale: bool,
    waits: bool,
    documents: Option<Documents>,
    sending_stopped: bool,
    files: Option<Files>,
    applied: u64,
    refused: u64,
    failed: u64,
    duplicates: u64,
    conflicts: u64,
}

/// All lanes at one moment.
#[derive(Debug)]
pub struct Lanes(Vec<Seen>);

impl Lanes {
    /// As they are now.
    pub fn of(gateway: &Gateway) -> Self {
        let desks = gateway.term().map_or_else(Vec::new, |term| term.desks.clone());
        let (now, leads) = (now(), !desks.is_empty());
        let phantoms = reconcile::undecided(gateway);
        let aside: Vec<u64> = {
            let register = lock(&gateway.register);
            let names = gateway.integrations.iter().map(|one| &one.settings.name);
            names.map(|name| register.files_of(name).count() as u64).collect()
        };
        let ledger = lock(&gateway.ledger);
        let lanes = gateway.integrations.iter().zip(&ledger.lanes).enumerate();
        let seen = lanes.map(|(index, (integration, lane))| {
            let (settings, meters) = (&integration.settings, &integration.meters);
            let secrets = integration.secrets.status();
            let delivery = desks.get(index).map(|desk| desk.delivery());
            let partner = settings.lane.partner.as_ref();
            Seen {
                name: settings.name.to_string(),
                info: [
                    ("lane", settings.name.to_string()),
                    ("tenant", gateway.settings.tenant.to_string()),
                    ("partner", partner.map_or_else(String::new, ToString::to_string)),
                    ("direction", "inbound".to_owned()),
                    ("priority", settings.lane.priority.as_str().to_owned()),
                    ("criticality", settings.lane.criticality.clone()),
                    ("owner", settings.lane.owner.clone().unwrap_or_default()),
                ],
                outage_seconds: settings.lane.outage.as_duration().as_secs(),
                accepted: lane.accepted,
                pending: lane.pending(),
                parked: lane.parked,
                oldest_seconds: lane.oldest().map_or(0, |since| age_ms(since, now) / 1000),
                dead: lane.rejected + aside.get(index).copied().unwrap_or(0),
                quarantined: lane.quarantined,
                phantoms: phantoms.get(index).copied().unwrap_or(0),
                paused: matches!(delivery, Some(Delivery::Paused(_))),
                open: matches!(delivery, Some(Delivery::Open { .. } | Delivery::Probation { .. })),
                stuck: desks.get(index).map_or(0, |desk| desk.resting().len() as u64),
                share_permille: desks.get(index).map_or(0, |desk| desk.share_permille().into()),
                call_messages: desks.get(index).map_or(1, |desk| desk.call_messages() as u64),
                waits: desks
                    .get(index)
                    .and_then(|desk| desk.waits())
                    .is_some_and(for_the_erp),
                secrets: secrets.secrets as u64,
                secrets_age_seconds: now.since(secrets.since).as_secs(),
                secrets_stale: secrets.trouble.is_some(),
                documents: desks.get(index).and_then(|_| integration.documents()),
                sending_stopped: matches!(
                    integration.sending(),
                    Some(Delivery::Open { .. } | Delivery::Probation { .. })
                ),
                files: integration.pickup.as_ref().filter(|_| leads).map(Pickup::told),
                applied: meters.applied.get(),
                refused: meters.refused.get(),
                failed: meters.failed.get(),
                duplicates: meters.duplicates.get(),
                conflicts: meters.conflicts.get(),
            }
        });
        Self(seen.collect())
    }

    fn gauge(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&Seen) -> u64,
    ) -> Result<(), fmt::Error> {
        let values = self
            .0
            .iter()
            .map(|one| ([("lane", one.name.as_str())], value(one)));
        gauges(encoder, name, help, values)
    }

    fn counter(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&Seen) -> u64,
    ) -> Result<(), fmt::Error> {
        let values = self
            .0
            .iter()
            .map(|one| ([("lane", one.name.as_str())], value(one)));
        counters(encoder, name, help, values)
    }

    /// Only lanes whose files are fetched have these, where the gateway leads.
    fn files(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let values = |value: fn(&Files) -> u64| {
            let lanes = self.0.iter();
            lanes.filter_map(move |one| Some(([("lane", one.name.as_str())], value(one.files.as_ref()?))))
        };
        gauges(
            encoder,
            "plimsoll_gateway_files_waiting",
            "files of the partner that are not taken yet",
            values(|one| one.waiting),
        )?;
        gauges(
            encoder,
            "plimsoll_gateway_files_away_seconds",
            "for how long the partner's directory cannot be looked at; 0 when it can",
            values(|one| one.away_ms.map_or(0, |since| (since / 1000).max(1))),
        )?;
        counters(
            encoder,
            "plimsoll_gateway_files_taken",
            "files that became messages",
            values(|one| one.taken),
        )?;
        counters(
            encoder,
            "plimsoll_gateway_files_refused",
            "files that could not become messages, and were put aside",
            values(|one| one.refused),
        )
    }

    /// Only lanes that documents go out of have these.
    fn documents(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut tell = |name: &str, help: &str, value: fn(Documents) -> u64| {
            let lanes = self.0.iter();
            let values = lanes.filter_map(|one| Some(([("lane", one.name.as_str())], value(one.documents?))));
            gauges(encoder, name, help, values)
        };
        tell(
            "plimsoll_gateway_edi_unsent",
            "documents that have not reached the partner",
            |one| one.unsent,
        )?;
        tell(
            "plimsoll_gateway_edi_unacknowledged",
            "documents that the partner has not acknowledged",
            |one| one.unacknowledged,
        )?;
        tell(
            "plimsoll_gateway_edi_overdue",
            "documents whose acknowledgement did not come in time",
            |one| one.overdue,
        )?;
        let lanes = self.0.iter().filter(|one| one.documents.is_some());
        let values = lanes.map(|one| ([("lane", one.name.as_str())], u64::from(one.sending_stopped)));
        gauges(
            encoder,
            "plimsoll_gateway_outbound_breaker_open",
            "1 while one letter at a time is tried because the other side takes nothing",
            values,
        )
    }

    fn attempts(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let values = self.0.iter().flat_map(|one| {
            let lane = one.name.as_str();
            [
                ([("lane", lane), ("result", "applied")], one.applied),
                ([("lane", lane), ("result", "refused")], one.refused),
                ([("lane", lane), ("result", "unknown")], one.failed),
            ]
        });
        counters(
            encoder,
            "plimsoll_gateway_attempts",
            "deliveries that were tried",
            values,
        )
    }
}

/// Whether it is the ERP that a lane waits for, and nothing of its own.
const fn for_the_erp(waits: Waits) -> bool {
    match waits {
        Waits::Erp | Waits::People | Waits::Others => true,
        Waits::Concurrency | Waits::Rate | Waits::Retry => false,
    }
}

impl Collector for Lanes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let to = &mut encoder;
        let info = self.0.iter().map(|one| (one.info.clone(), 1));
        gauges(
            to,
            "plimsoll_gateway_lane_info",
            "what is known about a lane",
            info,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_outage_max_seconds",
            "the outage its buffer was sized for",
            |one| one.outage_seconds,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_pending",
            "messages that are not delivered yet",
            |one| one.pending,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_parked",
            "of the pending messages, those whose segment of the journal was removed",
            |one| one.parked,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_stuck",
            "messages that have failed and are tried again",
            |one| one.stuck,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_oldest_pending_age_seconds",
            "age of the oldest message that is not delivered",
            |one| one.oldest_seconds,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_breaker_open",
            "1 while the lane does not try as usual because the other side does not answer",
            |one| u64::from(one.open),
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_partner_secrets",
            "secrets of its partner that hold; several while they are changed",
            |one| one.secrets,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_partner_secrets_age_seconds",
            "for how long these hold in this gateway, since its start at most",
            |one| one.secrets_age_seconds,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_partner_secrets_stale",
            "1 while the file of secrets cannot be read anew and those from before hold",
            |one| u64::from(one.secrets_stale),
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_erp_share_permille",
            "what the lane had lately of the ERP's time that lanes had",
            |one| one.share_permille,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_call_messages",
            "messages that travel in one call of the ERP now, at most",
            |one| one.call_messages,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_waits_for_erp",
            "1 while the lane has something to deliver and the ERP has no time for it",
            |one| u64::from(one.waits),
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_lane_paused",
            "1 while a person has paused the lane",
            |one| u64::from(one.paused),
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_dead_letters",
            "messages that were given up",
            |one| one.dead,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_quarantined",
            "messages with a known key and other content",
            |one| one.quarantined,
        )?;
        self.gauge(
            to,
            "plimsoll_gateway_phantoms",
            "documents that went out, and that the ERP has lost, for a person to decide about",
            |one| one.phantoms,
        )?;
        self.counter(
            to,
            "plimsoll_gateway_messages_accepted",
            "acknowledged messages",
            |one| one.accepted,
        )?;
        self.counter(
            to,
            "plimsoll_gateway_messages_delivered",
            "messages the other side took",
            |one| one.applied,
        )?;
        self.counter(
            to,
            "plimsoll_gateway_messages_duplicate",
            "messages that came again",
            |one| one.duplicates,
        )?;
        self.counter(
            to,
            "plimsoll_gateway_messages_conflict",
            "messages that came with a known key and other content",
            |one| one.conflicts,
        )?;
        self.documents(to)?;
        self.files(to)?;
        self.attempts(to)
    }
}

//! A region's gateway.

use estate::Direction;
use types::{
    ByteSize, RegionName, Span,
    host::secret,
    settings::{
        ErpSettings, GatewaySettings, IntegrationSettings, JournalSettings, LaneSettings, PeerSettings,
        RetrySettings,
    },
};

use super::{Planner, timing};
use crate::{Port, Refusal, journal_retention};

/// Zero-filled ahead of time: small enough to be written in a moment, large enough to be rarely changed.
const SEGMENT_SIZE: ByteSize = ByteSize::mib(64);
/// An order takes 80 ms; ten seconds without an answer mean that nobody will give one.
const ERP_TIMEOUT: Span = Span::from_secs(10);

impl Planner<'_> {
    pub(super) fn gateway(&self, region: &RegionName) -> Result<GatewaySettings, Refusal> {
        let layout = &self.host.layout;
        let directory = layout.region(region).join("gateway");
        let peer = self.others(region).next().map(|other| {
            Ok(PeerSettings {
                region: other.name.clone(),
                url: self.https(&Port::GatewayControl.of(&other.name))?,
                degrade_after: timing::DEGRADE_AFTER,
            })
        });
        let integrations = self
            .estate
            .integrations
            .iter()
            // What leaves is part of what this machine runs where the estate says what it is.
            .filter(|one| one.direction == Direction::Inbound || one.outbound.is_some())
            .filter(|one| one.tenant == *self.name)
            .map(|integration| IntegrationSettings {
                name: integration.name.clone(),
                proof: integration.authentication.proof(),
                secret_file: layout.integration_token(&integration.name),
                idempotency: integration.idempotency.clone(),
                kind: integration.kind.clone(),
                body_max: integration.body_max,
                concurrency: integration.concurrency,
                lane: LaneSettings {
                    ordering: integration.ordering.clone(),
                    rate_max: integration.rate_max,
                    priority: integration.priority,
                    retry: RetrySettings {
                        first: integration.retry.first,
                        longest: integration.retry.longest,
                        give_up: integration.retry.give_up,
                    },
                    outage: integration.buffering.outage,
                    partner: integration.partner.clone(),
                    criticality: integration.criticality.as_str().to_owned(),
                    owner: integration.owner.clone(),
                },
                payloads: integration.payloads.clone(),
                edi: integration.edi.clone(),
                files: integration
                    .files
                    .as_ref()
                    .filter(|_| integration.direction == Direction::Inbound)
                    .map(|files| {
                        let token = layout.integration_token(&integration.name);
                        let address = integration.address.as_ref();
                        let server = address.map(|at| files.server(at, &integration.authentication, token));
                        files.fetched(server)
                    }),
                outbound: integration
                    .outbound
                    .clone()
                    .map(|one| one.with_secret(layout.integration_token(&integration.name))),
                scanner: integration.scanner.clone(),
            });
        let kept = self.estate.integrations.iter();
        // What leaves is kept in the journal as well.
        let kept = kept.filter(|one| one.direction == Direction::Inbound || one.outbound.is_some());
        let kept = kept.filter(|one| one.tenant == *self.name);
        let kept = kept.map(|one| (one.name.clone(), one.keep));
        Ok(GatewaySettings {
            estate: self.estate.name.clone(),
            region: region.clone(),
            tenant: self.name.clone(),
            ingest_listen: self.regional(Port::GatewayIngest, region)?,
            // The local ingress speaks TLS to its backends, as it would across a network.
            ingest_loopback: None,
            certificates: None,
            control_listen: self.regional(Port::GatewayControl, region)?,
            // The command line reads metrics on the control listener.
            monitor_listen: None,
            tls: layout.identity(&format!("{region}-gateway")),
            peer: peer.transpose()?,
            journal: JournalSettings {
                directory: directory.join("journal"),
                segment_size: SEGMENT_SIZE,
                retention: Some(journal_retention(self.estate.retention.journal, kept)),
            },
            erp: ErpSettings {
                // Past the ingress: what the region owes to partners must not hang on what people need.
                url: self.http(&Port::OdooIntegration.of(region))?,
                database: self.tenant.database.clone(),
                key_file: layout.secret(secret::INTEGRATION_KEY),
                timeout: ERP_TIMEOUT,
                people: Some(self.regional(Port::OdooWeb, region)?),
            },
            integrations: integrations.collect(),
            directory,
        })
    }
}

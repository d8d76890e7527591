//! What a gateway is told.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::TlsFiles;
use crate::{ByteSize, EstateName, IntegrationName, RegionName, Span};

/// Settings of one region's gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// The estate it belongs to.
    pub estate: EstateName,
    /// The region it stands in.
    pub region: RegionName,
    /// Directory for what is not the journal (delivery marks, reconciliation reports).
    pub directory: PathBuf,
    /// Where partners post (`/in/{integration}`), server-side TLS.
    pub ingest_listen: SocketAddr,
    /// The same without TLS, for an ingress on the same machine that ends TLS itself; a loopback address or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingest_loopback: Option<SocketAddr>,
    /// Where the controller and the peer speak to it, mutual TLS.
    pub control_listen: SocketAddr,
    /// Its identity, used on both.
    pub tls: TlsFiles,
    /// The gateway of the other region; `None` in an estate of one region.
    pub peer: Option<PeerSettings>,
    /// The durable log.
    pub journal: JournalSettings,
    /// The ERP of this region.
    pub erp: ErpSettings,
    /// One lane each.
    pub integrations: Vec<IntegrationSettings>,
}

/// The gateway of the other region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerSettings {
    /// Its region.
    pub region: RegionName,
    /// Base URL of its control listener.
    pub url: String,
    /// After this long without an answer messages are acknowledged on one copy, which is stated and counted.
    pub degrade_after: Span,
}

/// The durable log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalSettings {
    /// Directory of the segments.
    pub directory: PathBuf,
    /// Size of one zero-filled segment.
    pub segment_size: ByteSize,
}

/// The ERP of this region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErpSettings {
    /// Base URL of the `integration` workload.
    pub url: String,
    /// The tenant's database.
    pub database: String,
    /// File with the API key of the integration user.
    pub key_file: PathBuf,
    /// A call that takes longer has an unknown outcome and is repeated with the same message id.
    pub timeout: Span,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationSettings {
    /// Its name, the last part of the ingest path and the inbox's `source`.
    pub name: IntegrationName,
    /// File with the partner's bearer token.
    pub token_file: PathBuf,
    /// Where the idempotency key is found.
    pub idempotency: IdempotencySource,
    /// What the ERP should do with a message: the inbox's `kind`, such as `order.create`.
    pub kind: String,
    /// Larger bodies are refused (413).
    pub body_max: ByteSize,
    /// Deliveries at the same time.
    pub concurrency: u16,
}

/// Where the idempotency key is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdempotencySource {
    /// In this request header.
    Header(String),
    /// At this JSON pointer (RFC 6901) in the body.
    Pointer(String),
}

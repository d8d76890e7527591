//! What a gateway is told.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{EdiSettings, FilesSettings, OutboundSettings, ScannerSettings, TlsFiles};
use crate::{ByteSize, EstateName, IntegrationName, PartnerName, RegionName, Span, TenantName};

/// Settings of one region's gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// The estate it belongs to.
    pub estate: EstateName,
    /// The region it stands in.
    pub region: RegionName,
    /// Whose messages it takes.
    pub tenant: TenantName,
    /// Directory for what is not the journal (delivery marks, reconciliation reports).
    pub directory: PathBuf,
    /// Where partners post (`/in/{integration}`), server-side TLS.
    pub ingest_listen: SocketAddr,
    /// The same without TLS, for an ingress on the same machine that ends TLS itself; a loopback address or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingest_loopback: Option<SocketAddr>,
    /// Where partners with client certificates come in past every ingress; `None`: through the ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<CertificateDoorSettings>,
    /// Where the controller and the peer speak to it, mutual TLS.
    pub control_listen: SocketAddr,
    /// Where metrics are read, without TLS; `None`: only on the control listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor_listen: Option<SocketAddr>,
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

/// A listener for partners that prove themselves by a client certificate, and for nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateDoorSettings {
    /// Where they post (`/in/{integration}`).
    pub listen: SocketAddr,
    /// What it shows them: a certificate that partners trust, which those of the estate's own authority are not.
    pub tls: TlsFiles,
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
    /// How long messages are kept; `None`: nothing is ever removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionSettings>,
}

/// How long messages are kept after they were applied, or a person decided about them. What waits is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Messages. Longer than a database or a backup reaches back: what an ERP lacks then is delivered from here.
    pub messages: Span,
    /// The same of integrations that say otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: BTreeMap<IntegrationName, Span>,
    /// Their keys: so long a message that comes again is known as a duplicate.
    pub keys: Span,
    /// It is looked this often at what may go.
    pub every: Span,
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
    /// Where people's requests wait for a process of the ERP, if that is on the same machine: while the queue there is
    /// not empty, lanes make fewer calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<SocketAddr>,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationSettings {
    /// Its name, the last part of the ingest path and the inbox's `source`.
    pub name: IntegrationName,
    /// How the partner proves who it is.
    #[serde(default)]
    pub proof: ProofSettings,
    /// File with what it proves that by: a token, `name:password`, or the key of its signatures. One in each line; each
    /// is accepted, so that a partner can change from one to the next.
    pub secret_file: PathBuf,
    /// Where the idempotency key is found.
    pub idempotency: IdempotencySource,
    /// What the ERP should do with a message: the inbox's `kind`, such as `order.create`.
    pub kind: String,
    /// Larger bodies are refused (413).
    pub body_max: ByteSize,
    /// Deliveries at the same time.
    pub concurrency: u16,
    /// How it is delivered.
    pub lane: LaneSettings,
    /// What people are shown of its messages.
    #[serde(default, skip_serializing_if = "PayloadSettings::is_default")]
    pub payloads: PayloadSettings,
    /// What was agreed on with a partner that speaks EDI; without it messages are JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edi: Option<EdiSettings>,
    /// Where its files are fetched; without it the partner posts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesSettings>,
    /// What leaves the ERP through it, and then nothing comes in; beside `edi`, where its documents go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<OutboundSettings>,
    /// The site whose scans it takes; without it no scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner: Option<ScannerSettings>,
}

impl IntegrationSettings {
    /// Whether it only leaves the ERP: nobody proves anything to us then.
    pub const fn only_leaves(&self) -> bool {
        self.outbound.is_some() && self.edi.is_none()
    }
}

/// How a partner proves who it is at the ingest listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProofSettings {
    /// `Authorization: Bearer TOKEN`.
    #[default]
    Bearer,
    /// `Authorization: Basic …`; a secret without a colon is the password of a user named as the integration.
    Basic,
    /// A keyed hash (HMAC-SHA-256) in a header.
    Signature {
        /// The header.
        header: String,
        /// What is signed, and how the signature is written.
        #[serde(default)]
        scheme: SignatureScheme,
    },
    /// A client certificate, signed by an authority that the secret holds, or one that it holds itself.
    MutualTls,
    /// In a way that this gateway cannot check: every message of the integration is refused.
    Unavailable,
}

/// What a webhook's signature covers, and how it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureScheme {
    /// The body; hexadecimal or base64, with or without a prefix such as `sha256=`.
    #[default]
    Body,
    /// `t=SECONDS,v1=HEX` over `SECONDS.BODY`, a few minutes old at most.
    Timestamped,
    /// Standard Webhooks: `v1,BASE64` over `ID.SECONDS.BODY`, with the id and the time in headers beside it.
    StandardWebhooks,
}

/// What people are shown of an integration's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadSettings {
    /// How much.
    #[serde(default)]
    pub show: Payloads,
    /// Never these: JSON pointers (RFC 6901) in which `*` stands for any one key or place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<String>,
}

impl PayloadSettings {
    /// Whether it says nothing that is not so anyway.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How much people are shown of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payloads {
    /// Nothing: neither bodies nor what the ERP said about them, which quotes them.
    Hidden,
    /// The shape of a body, and no value of it.
    #[default]
    Redacted,
    /// A body as it came, to who asks for it; but not what is masked.
    Visible,
}

/// How one integration's messages are delivered, and what is said of it in metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneSettings {
    /// Messages with the same value at this JSON pointer (RFC 6901) are applied in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordering: Option<String>,
    /// Messages per second that are let through; `None`: as many as the ERP takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_max: Option<u32>,
    /// How much of the ERP's time it gets when there is not enough for all lanes.
    #[serde(default)]
    pub priority: Priority,
    /// Trying again.
    pub retry: RetrySettings,
    /// The outage of the ERP that its buffer was sized for.
    pub outage: Span,
    /// The partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerName>,
    /// How bad an outage is: `critical`, `important`, `deferrable`.
    pub criticality: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// How much of the ERP's time an integration gets when there is not enough for all. None of them ever waits for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Goods stand still without it: twice as much as the others.
    First,
    /// The others.
    #[default]
    Normal,
    /// Nobody waits for it: a quarter.
    Last,
}

impl Priority {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Normal => "normal",
            Self::Last => "last",
        }
    }
}

/// Trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrySettings {
    /// First after this long, then twice as long, with jitter.
    pub first: Span,
    /// At most this long between tries.
    pub longest: Span,
    /// A message that still fails after this long goes to the dead letters.
    pub give_up: Span,
}

/// Where the idempotency key is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdempotencySource {
    /// In this request header.
    Header(String),
    /// At this JSON pointer (RFC 6901) in the body.
    Pointer(String),
    /// Nowhere: it is made of the file that the message came in.
    File,
    /// Nowhere: it is made of the site, its agent's incarnation and the number that the agent gave a scan.
    Sequence,
}

//! Partners, and the streams of messages between them and the ERP.

use std::path::PathBuf;

use ipnet::Ipv4Net;
use serde::Serialize;
use types::settings::{
    AfterFile, EdiSettings, FilesFrom, FilesSettings, IdempotencySource, OutboundSettings, PayloadSettings,
    Priority, ProofSettings, ScannerSettings, SftpCredential, SftpSettings, SignatureScheme,
};
use types::{ByteSize, IntegrationName, PartnerName, SecretName, Span, TenantName};

/// Below a watched directory: files that were stored.
const DONE: &str = "done";
/// Below a watched directory: files that cannot be taken.
const QUARANTINE: &str = "quarantine";
/// Below a watched directory: acknowledgements of interchanges, for the partner.
const ANSWERS: &str = "answers";

/// A partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partner {
    /// Name for people; by default the partner's name.
    pub display_name: String,
    /// Whom to tell in an outage.
    pub contact: Option<String>,
    /// In which language.
    pub language: Language,
    /// Addresses it calls from; empty means any.
    pub addresses: Vec<Ipv4Net>,
}

/// A language in which people are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

/// One stream of messages between a partner and the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Integration {
    /// Its name.
    pub name: IntegrationName,
    /// The tenant it belongs to; by default the only one.
    pub tenant: TenantName,
    /// The partner.
    pub partner: Option<PartnerName>,
    /// Which way messages go.
    pub direction: Direction,
    /// How they travel.
    pub protocol: Protocol,
    /// What the ERP does with a message.
    pub kind: String,
    /// Where the idempotency key is found.
    pub idempotency: IdempotencySource,
    /// Messages with the same value at this JSON pointer are applied in their order.
    pub ordering: Option<String>,
    /// How a partner proves who it is, and we to it.
    pub authentication: Authentication,
    /// Where outbound messages go.
    pub address: Option<EndpointAddress>,
    /// Larger messages are refused.
    pub body_max: ByteSize,
    /// Deliveries at the same time.
    pub concurrency: u16,
    /// Messages per second that are let through; `None` means as many as the ERP takes.
    pub rate_max: Option<u32>,
    /// How much of the ERP's time it gets when there is not enough for all.
    pub priority: Priority,
    /// Trying again.
    pub retry: Retry,
    /// Outages that must be survived.
    pub buffering: Buffering,
    /// How bad an outage is.
    pub criticality: Criticality,
    /// Payloads are kept this long after they were applied.
    pub keep: Span,
    /// What people are shown of its messages.
    #[serde(skip_serializing_if = "PayloadSettings::is_default")]
    pub payloads: PayloadSettings,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What was agreed on with a partner that speaks EDI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edi: Option<EdiSettings>,
    /// Where files lie that are exchanged with the partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    /// What leaves the ERP through it, where that is not EDI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<OutboundSettings>,
    /// The site whose scans it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<ScannerSettings>,
}

/// How a printer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterLanguage {
    /// Bytes over TCP, usually to port 9100.
    Raw,
    /// IPP: the printer answers for its jobs.
    Ipp,
    /// The same over TLS.
    Ipps,
}

/// Where files lie that are exchanged with a partner, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Files {
    /// The directory.
    pub directory: String,
    /// Our name on the partner's server.
    pub user: String,
    /// Fingerprints of its host keys.
    pub host_keys: Vec<String>,
    /// What is in a file.
    pub format: FileFormat,
    /// What becomes of a file that was stored.
    pub after: FileEnd,
    /// It is looked at so often.
    pub every: Span,
    /// Names with these endings are still being written.
    pub temporary: Vec<String>,
}

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// One message in JSON.
    Json,
    /// An interchange in X12.
    X12,
    /// An interchange in EDIFACT.
    Edifact,
}

/// What becomes of a file that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileEnd {
    /// It is renamed into a directory below the one it lay in.
    Move,
    /// The partner forbids that: it stays.
    Leave,
}

impl Files {
    /// The partner's SFTP server, for whoever speaks to it; `secret_file` holds what we prove ourselves by.
    pub fn server(
        &self,
        address: &EndpointAddress,
        authentication: &Authentication,
        secret_file: PathBuf,
    ) -> SftpSettings {
        SftpSettings {
            host: address.host.clone(),
            port: address.port,
            user: self.user.clone(),
            host_keys: self.host_keys.clone(),
            credential: match authentication {
                Authentication::Basic { .. } => SftpCredential::Password,
                Authentication::SshKey { .. }
                | Authentication::Bearer { .. }
                | Authentication::Hmac { .. }
                | Authentication::MutualTls { .. }
                | Authentication::None => SftpCredential::Key,
            },
            secret_file,
        }
    }

    /// How files that come in are fetched: from the partner's server, where there is one.
    pub fn fetched(&self, server: Option<SftpSettings>) -> FilesSettings {
        FilesSettings {
            from: server.map_or(FilesFrom::Here, FilesFrom::Sftp),
            directory: self.directory.clone(),
            after: match self.after {
                FileEnd::Move => AfterFile::Move {
                    done: DONE.to_owned(),
                    quarantine: QUARANTINE.to_owned(),
                },
                FileEnd::Leave => AfterFile::Leave,
            },
            answers: match self.format {
                FileFormat::Json => None,
                FileFormat::X12 | FileFormat::Edifact => Some(ANSWERS.to_owned()),
            },
            every: self.every,
            temporary: self.temporary.clone(),
        }
    }
}

/// Which way messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the partner to the ERP.
    Inbound,
    /// From the ERP to the partner.
    Outbound,
}

/// How messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// JSON over HTTPS.
    HttpsJson,
    /// EDI X12 over HTTPS.
    X12,
    /// EDIFACT over HTTPS.
    Edifact,
    /// Files over SFTP.
    Sftp,
    /// Files in a directory of the machine that the gateway runs on.
    FileDrop,
    /// Raw printer language over TCP.
    Printer,
    /// Scans of a site, forwarded by its edge agent over HTTPS.
    Scanner,
}

/// How a partner proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// A bearer token.
    Bearer {
        /// The token.
        secret: SecretName,
    },
    /// A keyed hash of the body in a header.
    Hmac {
        /// The header.
        header: String,
        /// What is signed, and how the signature is written.
        scheme: SignatureScheme,
        /// The key.
        secret: SecretName,
    },
    /// A name and a password.
    Basic {
        /// Both, as `name:password`.
        secret: SecretName,
    },
    /// A client certificate.
    MutualTls {
        /// The partner's authority.
        secret: SecretName,
    },
    /// An SSH key, for SFTP.
    SshKey {
        /// The key.
        secret: SecretName,
    },
    /// None, for printers inside a site.
    None,
}

impl Authentication {
    /// How the gateway checks it.
    pub fn proof(&self) -> ProofSettings {
        match self {
            Self::Bearer { .. } => ProofSettings::Bearer,
            Self::Basic { .. } => ProofSettings::Basic,
            Self::Hmac { header, scheme, .. } => ProofSettings::Signature {
                header: header.clone(),
                scheme: *scheme,
            },
            Self::MutualTls { .. } => ProofSettings::MutualTls,
            Self::SshKey { .. } | Self::None => ProofSettings::Unavailable,
        }
    }

    /// The secret it needs.
    pub const fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::Bearer { secret }
            | Self::Hmac { secret, .. }
            | Self::Basic { secret }
            | Self::MutualTls { secret }
            | Self::SshKey { secret } => Some(secret),
            Self::None => None,
        }
    }
}

/// A host and port that outbound messages go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EndpointAddress {
    /// DNS name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retry {
    /// First after this long, then twice as long, with jitter.
    pub first: Span,
    /// At most this long between tries.
    pub longest: Span,
    /// A message that still fails after this long goes to the dead letters.
    pub give_up: Span,
}

/// Outages that must be survived without losing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Buffering {
    /// The longest outage of the other side.
    pub outage: Span,
    /// Messages per hour in a busy hour; with `outage` and the size of messages it sizes the journal.
    pub messages_per_hour: u32,
}

/// How bad an outage of an integration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criticality {
    /// Somebody is woken.
    Critical,
    /// Somebody looks the same day.
    Important,
    /// Somebody looks some day.
    Deferrable,
}

impl Criticality {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Important => "important",
            Self::Deferrable => "deferrable",
        }
    }
}

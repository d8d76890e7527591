//! What each program is told at start: complete, rendered from the blueprint, no choices left.
//!
//! They live here because `render` writes them and the programs read them, and neither may depend on the other.
//! Secrets are always paths to files, never values.

mod controller;
mod drills;
mod edi;
mod files;
mod gateway;
mod outbound;
mod process;
mod scanner;
mod site;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use controller::{
    Authority, CapabilitySettings, ControllerSettings, FailoverSettings, Probe, RegionEndpoints,
};
pub use drills::{BusyTime, ClosedDays, DrillCalendar, DrillScenario, PlannedDrill, WeeklyTime};
pub use edi::{EdiAddress, EdiDocument, EdiSettings, EdiStandard};
pub use files::{AfterFile, FilesFrom, FilesSettings, SftpCredential, SftpSettings};
pub use gateway::{
    CertificateDoorSettings, ErpSettings, GatewaySettings, IdempotencySource, IntegrationSettings,
    JournalSettings, LaneSettings, PayloadSettings, Payloads, PeerSettings, Priority, ProofSettings,
    RetentionSettings, RetrySettings, SignatureScheme,
};
pub use outbound::{Duplicates, OutboundSettings, OutboundTarget};
pub use process::{ProcessSettings, ReadyWhen, RunsWhen, StopSignal};
pub use scanner::ScannerSettings;
pub use site::{
    DatabaseSettings, FrontDoorSettings, RegionSettings, ReplicationSettings, SeedSql, SessionStoreSettings,
    SiteRole, SiteSettings, Upstream,
};

use crate::Span;

/// A program's own identity inside the estate, signed by the estate's certificate authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificates that are trusted, PEM.
    pub ca: PathBuf,
    /// Own certificate chain, PEM.
    pub certificate: PathBuf,
    /// Own private key, PKCS#8 PEM.
    pub key: PathBuf,
}

/// How long a right to write lasts and how it is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseTiming {
    /// A grant is valid this long after it was asked for.
    pub ttl: Span,
    /// The holder asks again this often.
    pub renew_every: Span,
    /// Safety for clock drift and for the time it takes to stop a database: the holder stops writing this long before
    /// its grant ends, and a candidate waits this long after it ended.
    pub margin: Span,
}

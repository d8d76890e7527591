//! The estate file: what one organisation declares about its ERP, read and checked.
//!
//! ```text
//!   text ──► node ──────► document ─────────► resolve ──► Estate
//!            YAML with    known keys, typed   references,
//!            positions    values              possible combinations
//! ```
//!
//! A person who wrote five mistakes wants to hear of five, not of the first. Therefore nothing here stops early: each
//! pass works on what the one before could make sense of, and all of them write into one list of [`Diagnostic`]s.
//! (Only broken YAML ends at once, because after it nothing can be trusted.)
//!
//! This crate is pure: text in, values out. No files, no clock, no environment, no randomness.

mod code;
mod defaults;
mod diagnostic;
mod document;
mod field;
mod inline_secrets;
mod locations;
mod model;
mod node;
mod problems;
mod reader;
mod reference;
mod resolve;
mod schema;
mod show;
mod words;

pub use code::{ALL as CODES, Code};
pub use diagnostic::{Diagnostic, Label, Severity, SourceSpan};
pub use locations::{geographies_in, geography_of_pair, pair_of};
pub use model::{
    Access, AlertRoute, Authentication, Budget, Buffering, BusinessEvent, BusinessEventKind, Cache,
    CachePersistence, Calendar, Capability, ClusterIsolation, Container, Criticality, Currency, Database,
    Device, DeviceKind, Direction, Durability, EdgeAgent, Elevation, EndpointAddress, Engine, Environment,
    Estate, Failover, FileEnd, FileFormat, Files, FrameOptions, Freeze, HeavyJobs, HighAvailability, Image,
    Immutability, Ingress, IngressPath, Integration, Language, Link, LinkKind, MaintenanceWindow, Objects,
    Observability, Organisation, Partner, Peak, Persona, PersonaGrant, Pooling, Posture, PrinterLanguage,
    Protocol, Quota, RateLimit, Region, RegionRole, Release, ReleaseWindow, Retention, Retry, ScalingSignal,
    Secret, Site, Stage, Stamp, SupportWindow, Tenancy, Tenant, Tier, TlsVersion, VacuumPolicy, WafMode,
    Waiver, Weekday, WeeklyWindow, WorkloadClass, Workloads,
};
pub use reference::reference;
pub use schema::schema;
pub use show::{Color, render_diagnostics};

/// Larger files are refused: an estate of ten thousand tenants stays below this.
pub const SOURCE_BYTES_MAX: usize = 16 << 20;

/// An estate without errors, and what a careful reader should still know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The estate.
    pub estate: Estate,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads an estate; `source_name` is what diagnostics call the file.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file, warnings included.
pub fn read(source_name: &str, text: &str) -> Result<Checked, Vec<Diagnostic>> {
    let mut problems = problems::Problems::new(source_name, text);
    let root = node::parse(text, &mut problems);
    if let Some(root) = &root {
        inline_secrets::check(root, &mut problems);
    }
    let estate = root
        .and_then(|root| field::Field::read(&root, &mut problems))
        .and_then(|document: document::EstateDocument| resolve::resolve(&document, &mut problems));
    let found = problems.into_sorted();
    match estate {
        Some(estate) if found.iter().all(|one| one.severity != Severity::Error) => Ok(Checked {
            estate,
            warnings: found,
        }),
        _ => Err(found),
    }
}

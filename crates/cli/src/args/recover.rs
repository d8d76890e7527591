//! Arguments of `plimsoll recover`.

use std::path::PathBuf;

use clap::ValueEnum;
use types::{Span, TenantName, Timestamp};

use super::Output;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Disaster {
    /// Data of a tenant is wrong
    Corruption,
    /// A release has to go
    BadRelease,
    /// Somebody got in
    Ransomware,
    /// One tenant of a shared stamp has to go back
    Tenant,
    /// Many tenants have to go back
    Mass,
}

/// What a release did to the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Migration {
    /// Nothing
    ImageOnly,
    /// It added what it needs; the former code still works
    Expanded,
    /// It removed what the former code needs
    Contracted,
    /// It changed data or schema in one go
    Breaking,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Recover {
    /// What happened
    #[arg(value_enum)]
    pub disaster: Disaster,
    /// The estate file
    pub file: PathBuf,
    /// Whom it happened to; may be left out where there is one tenant, and for `mass`
    #[arg(long)]
    pub tenant: Option<TenantName>,
    /// When the first sign of it was written, such as 2026-03-01T09:30:00Z; for a bad release, when it came
    #[arg(long, value_name = "TIME")]
    pub first_sign: Option<Timestamp>,
    /// It may have begun so much earlier; after an intrusion a day at least
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub margin: Span,
    /// A message of the journal that did it and is not to be applied again; may be repeated
    #[arg(long, value_name = "MESSAGE")]
    pub leave_out: Vec<String>,
    /// What the bad release did to the schema
    #[arg(long, value_enum)]
    pub migration: Option<Migration>,
    /// The image before the bad release, by digest
    #[arg(long, value_name = "IMAGE")]
    pub former_image: Option<String>,
    /// What is known, as a file: restore points, room, journal
    #[arg(long, value_name = "FILE")]
    pub given: Option<PathBuf>,
    /// Who declares it [default: the name of this machine's user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub reason: String,
    /// Only show what would be done, and why
    #[arg(long)]
    pub dry_run: bool,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

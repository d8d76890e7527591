//! Why no blueprint can be made.

use std::path::PathBuf;

use types::TenantName;

/// Every code this crate can report.
pub const CODES: &[&str] = &["PL0301", "PL0302", "PL0303", "PL0304", "PL0305", "PL0306"];

/// Why no blueprint can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One machine runs one tenant, and nobody said which.
    #[error("the estate has several tenants and this machine runs one: choose one of {}", list(.tenants))]
    SeveralTenants {
        /// The tenants there are.
        tenants: Vec<TenantName>,
    },
    /// The chosen tenant does not exist.
    #[error("the estate has no tenant `{tenant}`: choose one of {}", list(.tenants))]
    UnknownTenant {
        /// The one that was asked for.
        tenant: TenantName,
        /// The tenants there are.
        tenants: Vec<TenantName>,
    },
    /// The machine's description lacks a port.
    #[error("no port was found for `{name}`")]
    MissingPort {
        /// The name, as `ports` returned it.
        name: String,
    },
    /// A path that configuration files cannot hold.
    #[error(
        "the path {path:?} cannot be used: it must be absolute, UTF-8, and without control characters, quotes or commas"
    )]
    BadPath {
        /// The path.
        path: PathBuf,
    },
    /// The kernel allows 107 bytes for the address of a Unix socket.
    #[error("the path {path:?} is too long for a Unix socket: {length} bytes, at most {max}")]
    SocketPathTooLong {
        /// The socket.
        path: PathBuf,
        /// Its length.
        length: usize,
        /// The longest possible.
        max: usize,
    },
    /// PostgreSQL older than what the configuration is written for.
    #[error("PostgreSQL {major} is too old, at least 15 is needed")]
    OldPostgres {
        /// The version found.
        major: u16,
    },
}

impl Refusal {
    /// Its stable code, with a page in `docs/errors/`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SeveralTenants { .. } => "PL0301",
            Self::UnknownTenant { .. } => "PL0302",
            Self::MissingPort { .. } => "PL0303",
            Self::BadPath { .. } => "PL0304",
            Self::SocketPathTooLong { .. } => "PL0305",
            Self::OldPostgres { .. } => "PL0306",
        }
    }
}

fn list(names: &[TenantName]) -> String {
    names
        .iter()
        .map(TenantName::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

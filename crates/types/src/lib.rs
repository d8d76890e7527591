//! The words of Plimsoll as types: what crosses a function boundary is never a bare string or number.
//!
//! Everything here is plain data without I/O, clock or randomness, so that the compiler (`estate`, `plan`, `render`)
//! and the programs that run the result can share it.

mod bytes;
mod code;
mod generation;
pub mod host;
mod lsn;
mod name;
mod redacted;
pub mod settings;
mod span;
mod text;
mod timestamp;
mod tree;

pub use bytes::ByteSize;
pub use generation::Generation;
pub use lsn::{Lsn, ParseLsnError};
pub use name::{
    CalendarName, CapabilityName, ComponentName, EnvironmentName, EstateName, IntegrationName, InvalidName,
    PartnerName, RegionName, SecretName, SiteName, StampName, TenantName, TierName,
};
pub use redacted::Redacted;
pub use span::{ParseSpanError, Span};
pub use timestamp::Timestamp;
pub use tree::{FileTree, TreePath, TreePathError};

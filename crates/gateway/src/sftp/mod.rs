//! A client of partners' SFTP servers: list, read, put, rename. Whoever exchanges files with a partner uses it.
//!
//! Constraints: the server is somebody else's. It is only spoken to when its host key is one of those that the estate
//! names; every answer has a limit of size and time; names that it tells are data, never paths, until they were looked at.
//!
//! ```text
//! connect ─► host key pinned? ─► key or password ─► session ─► list │ read │ put (beside, sync, rename) │ put away
//! ```
//!
//! One session is one connection. A session that answered with an error other than "there is no such file" or "the file is
//! too large" is best dropped: the next one starts with a clear head, and reads the secret anew.

mod connect;
mod rename;
mod session;

use std::time::Duration;

pub use session::{Entry, Kind, Listing, Session};

/// Everything from the first packet to the open session.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// One answer of the server, seconds.
const ANSWER_TIME_MAX_SECONDS: u64 = 10;
/// One file from its first byte to its last.
const FILE_TIME_MAX: Duration = Duration::from_secs(120);
/// Names of one listing; what is beyond is seen when these are gone.
const NAMES_MAX: usize = 10_000;
/// Bytes of one read or write: every server takes so much.
const CHUNK_BYTES: u32 = 32 << 10;

/// Why a partner's server was of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers there.
    #[error("{address} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        address: String,
        /// What happened.
        why: String,
    },
    /// It has another host key than the estate says: nothing was sent to it.
    #[error("PL0775: the server shows the host key {seen}, which the estate does not name")]
    HostKey {
        /// The fingerprint of the key that it showed.
        seen: String,
    },
    /// Our own key or password cannot be used.
    #[error("PL0776: our own secret for this server cannot be used: {0}")]
    Secret(String),
    /// The server does not let us in.
    #[error("PL0776: the server does not let `{0}` in")]
    NotLetIn(String),
    /// There is nothing under this name.
    #[error("there is no `{0}`")]
    Missing(String),
    /// A file has more bytes than were allowed.
    #[error("the file has more than {bytes_max} bytes")]
    TooLarge {
        /// How many were allowed.
        bytes_max: u64,
    },
    /// The server refused, or said something that makes no sense.
    #[error("cannot {doing}: {why}")]
    Refused {
        /// What was being done.
        doing: String,
        /// What the server said, or what was wrong with it.
        why: String,
    },
    /// Another file has the name, and the server replaces none in one step.
    #[error(
        "PL0637: `{path}` is there already and {why}, and the server cannot replace it in one step: nothing was removed"
    )]
    Taken {
        /// Which name.
        path: String,
        /// What is known of what has it.
        why: &'static str,
    },
    /// It took too long.
    #[error("cannot {0}: it takes too long")]
    Slow(&'static str),
}

//! Where letters of one lane go: a partner's address, a directory, a printer.

mod credentials;
mod files;
mod http;
mod ipp;
mod raw;
mod sftp;

use std::path::PathBuf;

use api::client::BuildError;
use bytes::Bytes;
use types::settings::{EdiStandard, GatewaySettings, IntegrationSettings, OutboundTarget};

use self::{files::Files, http::Http, ipp::IppPrinter, raw::RawPrinter, sftp::SftpDirectory};
use super::letter::Letter;

pub use credentials::Credentials;
pub use files::drop_file;

/// What is told of an answer.
const EXCERPT_MAX: usize = 160;

/// Where letters of one lane go.
pub enum Target {
    /// Over HTTP.
    Http(Http),
    /// As files.
    Files(Files),
    /// As files on a partner's server.
    Sftp(SftpDirectory),
    /// To a printer that says nothing of what it has printed.
    Raw(RawPrinter),
    /// To a printer that answers for its jobs.
    Ipp(IppPrinter),
}

/// Why a letter did not arrive, as far as we know.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is there, or nobody who can take it now: other letters need not be tried.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody is there, and does not take it.
    #[error("the other side answered {status}: {said}")]
    Refused {
        /// The status.
        status: u16,
        /// The beginning of its words.
        said: String,
    },
    /// The other side has decided that it will never take it.
    #[error("{0}")]
    Final(String),
    /// It may have arrived, and sending it again is not harmless.
    #[error("nobody knows whether it was printed: {0}")]
    Unknown(String),
    /// The directory cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Whether the other letters of the lane need not be tried now.
    pub const fn stops(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unknown(_) | Self::Write { .. } => true,
            Self::Refused { .. } | Self::Final(_) => false,
        }
    }

    /// Whether it says of the other side, and not of the letter, that nothing can be handed over now.
    pub const fn is_absence(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unknown(_) | Self::Write { .. } => true,
            Self::Refused { status, .. } => matches!(status, 429 | 500..=599),
            Self::Final(_) => false,
        }
    }

    /// Whether the other side will say the same to the same bytes whenever it is asked. Others of its refusals end when
    /// somebody corrects an address, a key or a limit.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400 | 410 | 413 | 415 | 422),
            Self::Final(_) => true,
            Self::Unreachable(_) | Self::Unknown(_) | Self::Write { .. } => false,
        }
    }
}

// === impl Target ===

impl Target {
    /// Of a partner that speaks EDI.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn of_edi(to: &str, standard: EdiStandard, settings: &GatewaySettings) -> Result<Self, BuildError> {
        if let Some(directory) = to.strip_prefix("file://") {
            return Ok(Self::Files(Files::new(directory)));
        }
        let media = match standard {
            EdiStandard::X12 => "application/edi-x12",
            EdiStandard::Edifact => "application/edifact",
        };
        Ok(Self::Http(Http::new(to, media, settings)?))
    }

    /// Of a lane that does not.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn of(
        target: &OutboundTarget,
        integration: &IntegrationSettings,
        settings: &GatewaySettings,
    ) -> Result<Self, BuildError> {
        Ok(match target {
            OutboundTarget::Post { to } => {
                Self::Http(Http::new(to, "application/json", settings)?.with_key_in(&integration.idempotency))
            }
            OutboundTarget::Files { to } => Self::Files(Files::new(to.strip_prefix("file://").unwrap_or(to))),
            OutboundTarget::Sftp { server, directory } => Self::Sftp(SftpDirectory::new(server, directory)),
            OutboundTarget::RawPrinter {
                address,
                duplicates,
                status,
            } => Self::Raw(RawPrinter::new(address, *duplicates, *status)),
            OutboundTarget::IppPrinter { to, certificates } => {
                Self::Ipp(IppPrinter::new(to, certificates, settings)?)
            }
        })
    }

    /// Hands a letter over; what the other side answers may be its acknowledgement. A raw printer is spoken to by
    /// [`RawPrinter::connect`] instead.
    ///
    /// # Errors
    /// [`Error`]; whether it arrived is then unknown, and the same bytes go again.
    pub async fn hand_over(
        &self,
        letter: &Letter,
        bytes: Bytes,
        credentials: &Credentials,
    ) -> Result<Bytes, Error> {
        match self {
            Self::Http(partner) => partner.post(letter, bytes, credentials).await,
            Self::Files(directory) => directory.drop(letter, bytes).await.map(|()| Bytes::new()),
            Self::Sftp(directory) => directory.put(letter, &bytes).await.map(|()| Bytes::new()),
            Self::Ipp(printer) => printer.print(letter, bytes).await.map(|()| Bytes::new()),
            Self::Raw(printer) => {
                let line = printer.connect().await?;
                line.print(&bytes, letter.copies.unwrap_or(1)).await?;
                Ok(Bytes::new())
            }
        }
    }
}

/// The beginning of somebody's words, in one line.
fn excerpt(words: &[u8]) -> String {
    String::from_utf8_lossy(&words[..words.len().min(EXCERPT_MAX)]).replace(['\n', '\r'], " ")
}

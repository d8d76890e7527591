//! How a letter reaches its partner: over HTTP, or as a file in a directory.

use std::{io::Write as _, path::Path, path::PathBuf, time::Duration};

use bytes::Bytes;
use types::settings::{EdiStandard, GatewaySettings};

use super::letter::Letter;

/// A partner that has not answered by then is asked again later, with the same bytes.
const POST_TIME_MAX: Duration = Duration::from_secs(20);
/// For connecting, of that.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Of an answer, so much is read: an acknowledgement is far smaller.
const ANSWER_MAX: usize = 64 << 10;
/// What is told of an answer.
const EXCERPT_MAX: usize = 160;
/// The authorities that this machine trusts; `script/setup` makes sure of them.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Why a letter did not arrive, as far as we know.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is there: other letters need not be tried.
    #[error("the partner cannot be reached: {0}")]
    Unreachable(String),
    /// Somebody is there, and does not take it.
    #[error("the partner answered {status}: {said}")]
    Refused {
        /// The status.
        status: u16,
        /// The beginning of its words.
        said: String,
    },
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

/// One partner's address.
pub struct Post {
    to: String,
    media: &'static str,
    http: reqwest::Client,
}

impl Post {
    /// To an address of the settings.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        to: &str,
        standard: EdiStandard,
        settings: &GatewaySettings,
    ) -> Result<Self, api::client::BuildError> {
        // Partners have certificates of public authorities; towards this machine there is no TLS at all.
        let authorities = if to.starts_with("https:") {
            PathBuf::from(AUTHORITIES)
        } else {
            settings.tls.ca.clone()
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(api::tls::public_client(&authorities)?)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(POST_TIME_MAX)
            .connect_timeout(CONNECT_TIME_MAX)
            .build()?;
        Ok(Self {
            to: to.to_owned(),
            media: match standard {
                EdiStandard::X12 => "application/edi-x12",
                EdiStandard::Edifact => "application/edifact",
            },
            http,
        })
    }

    /// Hands a letter over; what the partner answers may be its acknowledgement.
    ///
    /// # Errors
    /// [`Error`]; whether it arrived is then unknown, and the same bytes go again.
    pub async fn hand_over(&self, letter: &Letter, bytes: Bytes) -> Result<Bytes, Error> {
        let Some(directory) = self.to.strip_prefix("file://") else {
            return self.post(letter, bytes).await;
        };
        let name = format!("{}-{:09}.edi", letter.document, letter.interchange.get());
        let path = Path::new(directory).join(name);
        let at = path.clone();
        let written = tokio::task::spawn_blocking(move || drop_file(&at, &bytes)).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(|source| Error::Write { path, source })?;
        Ok(Bytes::new())
    }

    async fn post(&self, letter: &Letter, bytes: Bytes) -> Result<Bytes, Error> {
        let unreachable = |error: reqwest::Error| Error::Unreachable(error.without_url().to_string());
        let mut response = self
            .http
            .post(&self.to)
            .header("content-type", self.media)
            .header("idempotency-key", letter.interchange.get().to_string())
            .body(bytes)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if answer.len() + part.len() > ANSWER_MAX {
                answer.clear();
                break;
            }
            answer.extend_from_slice(&part);
        }
        if status.is_success() {
            return Ok(answer.into());
        }
        let said =
            String::from_utf8_lossy(&answer[..answer.len().min(EXCERPT_MAX)]).replace(['\n', '\r'], " ");
        Err(Error::Refused {
            status: status.as_u16(),
            said,
        })
    }
}

/// Whole or not at all, and durable: whoever reads the directory never sees a part.
pub fn drop_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    std::fs::File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_dropped_whole_and_again_in_the_same_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("855-000000007.edi");
        for _ in 0..2 {
            drop_file(&path, b"ISA").unwrap();
        }
        let names = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["855-000000007.edi"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"ISA");
        assert!(drop_file(&directory.path().join("none/x"), b"").is_err());
    }
}

//! A small JSON client with the time limits and the error shape that all our clients share.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use types::settings::TlsFiles;

use crate::{Problem, tls};

/// Answers larger than this are not read.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Why a call had no good answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The receiver said no, with a reason.
    #[error("{url} refused: {problem}")]
    Refused {
        /// Which call.
        url: String,
        /// The reason.
        #[source]
        problem: Problem,
    },
    /// No answer: whether the receiver acted is unknown, so the same request must be sent again.
    #[error("no answer from {url}")]
    NoAnswer {
        /// Which call.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is not ours.
    #[error("{url} gave an answer that cannot be read (status {status})")]
    Unreadable {
        /// Which call.
        url: String,
        /// HTTP status.
        status: u16,
    },
}

impl Error {
    /// The receiver's refusal, if it gave one.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            Self::NoAnswer { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// A client of one program's API.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client with the given identity for the API at `base`; each call takes at most `timeout` unless told otherwise.
    ///
    /// # Errors
    /// When the identity cannot be used.
    pub fn new(base: &str, identity: &TlsFiles, timeout: Duration) -> Result<Self, BuildError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::mutual_client(identity)?)
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The same connection pool towards another program.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            http: self.http.clone(),
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Base URL it speaks to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET, JSON back.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, Error> {
        self.call::<(), A>(Method::GET, path, None, None).await
    }

    /// POST JSON, JSON back.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        path: &str,
        body: &Q,
    ) -> Result<A, Error> {
        self.call(Method::POST, path, Some(body), None).await
    }

    /// POST JSON with a time limit of its own, for calls that do long work.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post_within<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        path: &str,
        body: &Q,
        limit: Duration,
    ) -> Result<A, Error> {
        self.call(Method::POST, path, Some(body), Some(limit)).await
    }

    /// POST raw bytes, JSON back.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post_bytes<A: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<A, Error> {
        let url = format!("{}{path}", self.base);
        let request = self
            .http
            .post(&url)
            .header("content-type", "application/octet-stream")
            .body(body);
        answer(url, request).await
    }

    /// GET raw bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Error> {
        let url = format!("{}{path}", self.base);
        let response = self
            .http
            .get(&url)
            .send()
            .await
            .map_err(|source| Error::NoAnswer {
                url: url.clone(),
                source,
            })?;
        let status = response.status();
        let bytes = body(&url, response).await?;
        if status.is_success() {
            Ok(bytes)
        } else {
            Err(refusal(url, status, &bytes))
        }
    }

    async fn call<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Q>,
        limit: Option<Duration>,
    ) -> Result<A, Error> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, &url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(limit) = limit {
            request = request.timeout(limit);
        }
        answer(url, request).await
    }
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The identity cannot be used.
    #[error("cannot set up TLS")]
    Tls(#[from] tls::Error),
    /// The HTTP client cannot be built.
    #[error("cannot build an HTTP client")]
    Http(#[from] reqwest::Error),
}

async fn answer<A: DeserializeOwned>(url: String, request: reqwest::RequestBuilder) -> Result<A, Error> {
    let response = request.send().await.map_err(|source| Error::NoAnswer {
        url: url.clone(),
        source,
    })?;
    let status = response.status();
    let bytes = body(&url, response).await?;
    if !status.is_success() {
        return Err(refusal(url, status, &bytes));
    }
    serde_json::from_slice(&bytes).map_err(|_| Error::Unreadable {
        url,
        status: status.as_u16(),
    })
}

async fn body(url: &str, mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= ANSWER_BYTES_MAX => {
                bytes.extend_from_slice(&chunk)
            }
            Ok(Some(_)) => {
                return Err(Error::Unreadable {
                    url: url.to_owned(),
                    status: response.status().as_u16(),
                });
            }
            Ok(None) => return Ok(bytes),
            Err(source) => {
                return Err(Error::NoAnswer {
                    url: url.to_owned(),
                    source,
                });
            }
        }
    }
}

fn refusal(url: String, status: StatusCode, bytes: &[u8]) -> Error {
    match serde_json::from_slice(bytes) {
        Ok(problem) => Error::Refused { url, problem },
        Err(_) => Error::Unreadable {
            url,
            status: status.as_u16(),
        },
    }
}

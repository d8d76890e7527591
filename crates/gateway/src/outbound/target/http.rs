//! Letters over HTTP.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use tokio_rustls::rustls::ClientConfig;
use types::settings::{GatewaySettings, IdempotencySource};

use super::{Credentials, Error, Letter, excerpt};
use crate::gateway::now;

/// A partner that has not answered by then is asked again later, with the same bytes.
const POST_TIME_MAX: Duration = Duration::from_secs(20);
/// For connecting, of that.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Of an answer, so much is read: an acknowledgement is far smaller.
const ANSWER_MAX: usize = 64 << 10;
/// The authorities that this machine trusts; `script/setup` makes sure of them.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// By this a partner knows a message that it gets again.
const KEY: &str = "idempotency-key";

/// One partner's address.
pub struct Http {
    to: String,
    media: &'static str,
    key: String,
    http: reqwest::Client,
}

/// A client that follows nobody elsewhere and waits for nobody long. Partners have certificates of public authorities;
/// towards this machine there is no TLS at all.
pub(super) fn client(
    to: &str,
    settings: &GatewaySettings,
) -> Result<reqwest::Client, api::client::BuildError> {
    client_with(trusting(to, settings)?)
}

/// The same with its own idea of whom to trust.
pub(super) fn client_with(tls: ClientConfig) -> Result<reqwest::Client, api::client::BuildError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(POST_TIME_MAX)
        .connect_timeout(CONNECT_TIME_MAX)
        .build()?)
}

fn trusting(to: &str, settings: &GatewaySettings) -> Result<ClientConfig, api::tls::Error> {
    let authorities = if to.starts_with("https:") {
        PathBuf::from(AUTHORITIES)
    } else {
        settings.tls.ca.clone()
    };
    api::tls::public_client(&authorities)
}

/// What is told of a request that got no answer, without the address: it may hold a secret.
pub(super) fn unreachable(error: reqwest::Error) -> Error {
    Error::Unreachable(format!(
        "the other side cannot be reached: {}",
        error.without_url()
    ))
}

/// Reads an answer, or nothing of one that is too long.
pub(super) async fn answer(response: &mut reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        if answer.len() + part.len() > bytes_max {
            return Ok(Vec::new());
        }
        answer.extend_from_slice(&part);
    }
    Ok(answer)
}

impl Http {
    /// To an address of the settings; `media` is what letters are that do not say it.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        to: &str,
        media: &'static str,
        settings: &GatewaySettings,
    ) -> Result<Self, api::client::BuildError> {
        Ok(Self {
            to: to.to_owned(),
            media,
            key: KEY.to_owned(),
            http: client(to, settings)?,
        })
    }

    /// With the header in which the partner expects the idempotency key.
    pub fn with_key_in(self, source: &IdempotencySource) -> Self {
        match source {
            IdempotencySource::Header(name) => Self {
                key: name.clone(),
                ..self
            },
            IdempotencySource::Pointer(_) | IdempotencySource::File | IdempotencySource::Sequence => self,
        }
    }

    /// Posts a letter.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post(
        &self,
        letter: &Letter,
        bytes: Bytes,
        credentials: &Credentials,
    ) -> Result<Bytes, Error> {
        let mut request = self
            .http
            .post(&self.to)
            .header("content-type", letter.media.as_deref().unwrap_or(self.media))
            .header(&self.key, letter.key_text());
        for (name, value) in credentials.headers(&letter.key_text(), &bytes, now()) {
            request = request.header(name, value);
        }
        let mut response = request.body(bytes).send().await.map_err(unreachable)?;
        let status = response.status();
        let answer = answer(&mut response, ANSWER_MAX).await?;
        if status.is_success() {
            return Ok(answer.into());
        }
        Err(Error::Refused {
            status: status.as_u16(),
            said: excerpt(&answer),
        })
    }
}

//! The ERP of one region, asked directly: past the front door and the ingress, so also while those serve nobody, and also a
//! standby, which only answers what it can read.

use std::{fs, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::Value;
use types::{RegionName, settings::GatewaySettings};

use crate::{failure::Failure, open_estate::OpenEstate};

/// A list of a warehouse's work takes the ERP a second or two.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
/// An ERP that is there takes a connection at once.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(2);
/// What is shown of an answer that was not understood.
const EXCERPT_MAX: usize = 300;
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The ERP of one region.
pub struct Erp {
    http: reqwest::Client,
    settings: GatewaySettings,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A clear no.
    #[error("refused by the ERP: {0}")]
    Refused(String),
    /// It is a standby, or has no database now.
    #[error("the ERP cannot do that now: {0}")]
    Unavailable(String),
    /// Nothing that can be understood.
    #[error("no useful answer: {0}")]
    Unknown(String),
}

impl Erp {
    /// The ERP of this region.
    ///
    /// # Errors
    /// When the region's files cannot be read.
    pub fn of(estate: &OpenEstate, region: &RegionName) -> Result<Self, Failure> {
        let path = estate
            .layout
            .rendered()
            .join(region.as_str())
            .join("gateway.json");
        let text = fs::read(&path).map_err(Failure::file("read", &path))?;
        let settings = serde_json::from_slice(&text).map_err(|error| {
            Failure::machine("PL0006", format!("{} cannot be understood", path.display())).because(&error)
        })?;
        let ca = estate.layout.identity("cli").ca;
        let tls = api::tls::public_client(&ca).map_err(|error| {
            Failure::machine("PL0003", "cannot use the estate's authority").because(&error)
        })?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(CALL_TIME_MAX)
            .connect_timeout(CONNECT_TIME_MAX)
            .build();
        let http =
            http.map_err(|error| Failure::machine("PL0003", "cannot build an HTTP client").because(&error))?;
        Ok(Self { http, settings })
    }

    /// Calls `model/method` (JSON-2).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call<A: DeserializeOwned>(&self, method: &str, arguments: &Value) -> Result<A, CallError> {
        let unknown = |why: String| CallError::Unknown(why);
        let erp = &self.settings.erp;
        let key = fs::read_to_string(&erp.key_file)
            .map_err(|error| unknown(format!("cannot read {}: {error}", erp.key_file.display())))?;
        let request = self
            .http
            .post(format!("{}/json/2/{method}", erp.url.trim_end_matches('/')))
            .header("x-odoo-database", &erp.database)
            .bearer_auth(key.trim())
            .json(arguments);
        let mut response = request.send().await.map_err(|error| unknown(error.to_string()))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| unknown(error.to_string()))?
        {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(unknown("an answer that is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let excerpt = || String::from_utf8_lossy(&body[..body.len().min(EXCERPT_MAX)]).into_owned();
        match status {
            200..=299 => serde_json::from_slice(&body).map_err(|_| unknown(excerpt())),
            422 => {
                let said: Option<Value> = serde_json::from_slice(&body).ok();
                let message = said.and_then(|said| Some(said["message"].as_str()?.to_owned()));
                Err(CallError::Refused(message.unwrap_or_else(excerpt)))
            }
            503 => Err(CallError::Unavailable(excerpt())),
            _ => Err(unknown(format!("status {status}: {}", excerpt()))),
        }
    }
}

/// The failure of a command whose question the ERP did not answer.
pub fn failed(region: &RegionName, error: &CallError) -> Failure {
    let message = format!("the ERP of {region} did not answer as it should");
    match error {
        CallError::Refused(_) => Failure::no("PL0442", message).because(error),
        CallError::Unavailable(_) | CallError::Unknown(_) => {
            Failure::machine("PL0442", message).because(error)
        }
    }
    .hint("`plimsoll status` tells which region leads and what runs")
}

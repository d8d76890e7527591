//! Calls to the ERP (JSON-2) and what their answers mean.
//!
//! During an outage Odoo, its proxies and its half-dead processes answer with almost anything. Only answers that the
//! addon itself gives are taken at their word; everything else means that the outcome is unknown.

mod inbox;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::gateway::{
    OldEnd,
    reconciliation::{Aftermath, JobClass},
};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use types::{
    Redacted,
    settings::{ErpSettings, TlsFiles},
};

use crate::lock;

/// Connecting inside a region is a matter of milliseconds; a process that is gone must not cost a call's whole time.
const CONNECT_TIME_MAX: Duration = Duration::from_millis(500);
/// What is kept of an answer that was not understood, for people.
const EXCERPT_MAX: usize = 200;

/// Why a call has no answer to act upon.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The business rules said no (422 from Odoo itself).
    #[error("refused by the ERP: {0}")]
    Refused(String),
    /// Whether it happened is unknown: the same call must be made again.
    #[error("unknown outcome: {0}")]
    Unknown(String),
}

/// One message for the inbox.
#[derive(Serialize)]
pub struct Delivery<'a> {
    /// The integration.
    pub source: &'a str,
    /// The idempotency key.
    pub message_id: &'a str,
    /// SHA-256 of the body, hexadecimal.
    pub body_hash: String,
    /// What to do about it.
    pub kind: &'a str,
    /// The body as it came.
    pub payload: &'a RawValue,
    /// Its number in this journal, by which both sides compare later.
    pub place: u64,
    /// Who delivers.
    pub generation: u64,
    /// To which database.
    pub incarnation: &'a str,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Applied, now or before.
    Applied {
        /// Before.
        before: bool,
        /// What came of it there, as the addon tells: ids, names and states of records.
        effect: String,
    },
    /// The ERP has another body under this id.
    Conflict,
    /// The ERP belongs to another generation or is another database.
    Fenced {
        /// Whose it says it is.
        detail: String,
    },
}

#[derive(Deserialize)]
struct AdvanceAnswer {
    status: String,
    generation: Option<u64>,
    incarnation: Option<String>,
}

/// What became of advancing the fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The database is ours in this generation.
    Ours,
    /// It is somebody else's.
    Refused(String),
}

/// What the ERP has of a source.
#[derive(Debug, Deserialize)]
pub struct Digests {
    /// Number of the range, how many messages, XOR of their fingerprints.
    pub ranges: Vec<(u64, u64, i64)>,
    /// Messages whose place is not known: they are in no range.
    pub unplaced: u64,
}

/// A message that the ERP has: its place, its id, the hash of its body, what it was.
#[derive(Debug, Deserialize)]
pub struct Placed(pub u64, pub String, pub String, pub String);

/// Speaks to the ERP.
#[derive(Clone)]
pub struct Erp {
    http: reqwest::Client,
    base: String,
    database: String,
    key_file: PathBuf,
    key: Arc<Mutex<Option<Redacted<String>>>>,
}

impl Erp {
    /// A client with a connection pool of its own. A new one is made for each term, so that no connection from before a
    /// failover is used after it: those that hang cost a whole time-out each.
    ///
    /// # Errors
    /// When the identity cannot be used.
    pub fn new(settings: &ErpSettings, identity: &TlsFiles) -> Result<Self, api::client::BuildError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(api::tls::mutual_client(identity)?)
            .no_proxy()
            .timeout(settings.timeout.as_duration())
            .connect_timeout(CONNECT_TIME_MAX)
            .pool_idle_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self {
            http,
            base: settings.url.trim_end_matches('/').to_owned(),
            database: settings.database.clone(),
            key_file: settings.key_file.clone(),
            key: Arc::default(),
        })
    }

    /// `plimsoll.inbox/process_message`
    pub async fn deliver(&self, delivery: &Delivery<'_>) -> Result<Delivered, CallError> {
        let answer: inbox::Answer = self.call("plimsoll.inbox/process_message", delivery).await?;
        answer.read()
    }

    /// `plimsoll.inbox/process_messages`: several messages of one source in one call. One answer for each, in the order
    /// of the messages, whatever the order of the answers; nothing said of a message is an unknown outcome.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to the call as a whole.
    pub async fn deliver_together(
        &self,
        deliveries: &[Delivery<'_>],
    ) -> Result<Vec<Result<Delivered, CallError>>, CallError> {
        let Some(call) = inbox::Call::of(deliveries) else {
            return Ok(Vec::new());
        };
        let answer: inbox::Answers = self.call("plimsoll.inbox/process_messages", &call).await?;
        Ok(answer.read(deliveries))
    }

    /// `plimsoll.fence/advance`: the first write of a term. What is known of the end of the old database is told along: by
    /// it the ERP may find that nothing is lost.
    pub async fn advance(
        &self,
        generation: u64,
        incarnation: &str,
        old_end: Option<&OldEnd>,
    ) -> Result<Advanced, CallError> {
        let mut body = serde_json::json!({ "generation": generation, "incarnation": incarnation });
        if let Some(old_end) = old_end {
            body["old_end"] = match old_end {
                OldEnd::Known(end) => serde_json::json!({ "position": end.position }),
                OldEnd::Unknown { why } => serde_json::json!({ "unknown": why }),
            };
        }
        let answer: AdvanceAnswer = self.call("plimsoll.fence/advance", &body).await?;
        Ok(match answer.status.as_str() {
            "refused" => Advanced::Refused(format!(
                "the ERP's database belongs to generation {}, incarnation {}",
                answer
                    .generation
                    .map_or_else(|| "unknown".to_owned(), |known| known.to_string()),
                answer.incarnation.as_deref().unwrap_or("unknown")
            )),
            "advanced" | "unchanged" | "ok" => Advanced::Ours,
            other => return Err(CallError::Unknown(format!("the fence answered `{other}`"))),
        })
    }

    /// `plimsoll.inbox/missing`: which of these ids were never applied.
    pub async fn missing(&self, source: &str, ids: &[String]) -> Result<Vec<String>, CallError> {
        let body = serde_json::json!({ "source": source, "message_ids": ids });
        self.call("plimsoll.inbox/missing", &body).await
    }

    /// `plimsoll.inbox/digests`: what the ERP has of a source, by ranges of so many places.
    pub async fn digests(&self, source: &str, size: u64) -> Result<Digests, CallError> {
        let body = serde_json::json!({ "source": source, "size": size });
        self.call("plimsoll.inbox/digests", &body).await
    }

    /// `plimsoll.inbox/placed`: what lies in a range of places, both ends included.
    pub async fn placed(&self, source: &str, first: u64, last: u64) -> Result<Vec<Placed>, CallError> {
        let body = serde_json::json!({ "source": source, "first": first, "last": last });
        self.call("plimsoll.inbox/placed", &body).await
    }

    /// `plimsoll.outbox/pending`: what happened that this integration's partner must hear of, oldest first.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn pending<E: DeserializeOwned>(
        &self,
        source: &str,
        limit: usize,
    ) -> Result<Vec<E>, CallError> {
        let body = serde_json::json!({ "sources": [source], "limit": limit });
        self.call("plimsoll.outbox/pending", &body).await
    }

    /// `plimsoll.outbox/mark_published`: doing it again is fine.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn mark_published(&self, events: &[String]) -> Result<(), CallError> {
        let body = serde_json::json!({ "event_ids": events });
        self.call::<serde_json::Value>("plimsoll.outbox/mark_published", &body)
            .await
            .map(drop)
    }

    /// `plimsoll.outbox/subscribe`: the kinds of events that this integration is told of beside its own, from now on.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn subscribe(&self, source: &str, kinds: &[&str]) -> Result<(), CallError> {
        let body = serde_json::json!({ "source": source, "kinds": kinds });
        self.call::<serde_json::Value>("plimsoll.outbox/subscribe", &body)
            .await
            .map(drop)
    }

    /// `plimsoll.outbox/missing`: which of these events the database does not know.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn missing_events(&self, events: &[String]) -> Result<Vec<String>, CallError> {
        let body = serde_json::json!({ "event_ids": events });
        self.call("plimsoll.outbox/missing", &body).await
    }

    /// `plimsoll.recovery/report`: what the ERP did because its database may have lost something since it has this identity.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn aftermath(&self, incarnation: &str) -> Result<Option<Aftermath>, CallError> {
        let body = serde_json::json!({ "incarnation": incarnation });
        self.call("plimsoll.recovery/report", &body).await
    }

    /// `plimsoll.recovery/release_jobs`: jobs that waited until journal and database agree. Doing it again is fine.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer to act upon.
    pub async fn release_jobs(&self, by: &str, why: &str) -> Result<(), CallError> {
        let body = serde_json::json!({ "job_class": JobClass::NeedsKey, "by": by, "why": why });
        self.call::<serde_json::Value>("plimsoll.recovery/release_jobs", &body)
            .await
            .map(drop)
    }

    async fn call<A: DeserializeOwned>(&self, method: &str, body: &impl Serialize) -> Result<A, CallError> {
        let unknown = |why: String| CallError::Unknown(why);
        let key = self.key().map_err(unknown)?;
        let response = self
            .http
            .post(format!("{}/json/2/{method}", self.base))
            .header("x-odoo-database", &self.database)
            .bearer_auth(key.expose())
            .json(body)
            .send()
            .await
            .map_err(|error| unknown(reason(&error)))?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            // It may have been rotated: read it again before the next call.
            *lock(&self.key) = None;
        }
        let bytes = response.bytes().await.map_err(|error| unknown(reason(&error)))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|_| unknown(format!("an answer that is not ours: {}", excerpt(&bytes))));
        }
        match refusal_of(status, &bytes) {
            Some(message) => Err(CallError::Refused(message)),
            None => Err(unknown(format!("HTTP {}: {}", status.as_u16(), excerpt(&bytes)))),
        }
    }

    fn key(&self) -> Result<Redacted<String>, String> {
        let mut key = lock(&self.key);
        if let Some(key) = &*key {
            return Ok(key.clone());
        }
        let read = std::fs::read_to_string(&self.key_file)
            .map_err(|error| format!("cannot read {}: {error}", self.key_file.display()))?;
        Ok(key.insert(Redacted::new(read.trim().to_owned())).clone())
    }
}

/// What Odoo's own 422 says; `None` for anything else.
fn refusal_of(status: StatusCode, bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OdooError {
        message: String,
    }
    if status != StatusCode::UNPROCESSABLE_ENTITY {
        return None;
    }
    let error: OdooError = serde_json::from_slice(bytes).ok()?;
    Some(error.message)
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT_MAX)]).replace(['\n', '\r'], " ")
}

/// The innermost reason, which is the telling one: "connection refused", not "error sending request".
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odoos_own_422_is_a_business_error() {
        let refusal = |status, body: &str| refusal_of(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        let json = r#"{"name": "odoo.exceptions.UserError", "message": "no such product", "arguments": []}"#;
        assert_eq!(refusal(422, json), Some("no such product".to_owned()));
        for (status, body) in [
            (404, "<html>No database is selected</html>"),
            (
                403,
                r#"{"name": "odoo.exceptions.AccessDenied", "message": "Access Denied"}"#,
            ),
            (
                500,
                r#"{"name": "psycopg2.InterfaceError", "message": "cursor already closed"}"#,
            ),
            (422, "<html>proxy error</html>"),
            (503, ""),
        ] {
            assert_eq!(refusal(status, body), None, "{status} {body}");
        }
    }
}

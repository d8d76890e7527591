//! Personal data in messages: what is asked for, found and erased.

use serde::{Deserialize, Serialize};
use types::{IntegrationName, Timestamp};

use super::{GatewayClient, MessageState};
use crate::client::Error;

/// `POST /v1/personal/search`: messages by id, or those in which a text stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// Whose messages.
    pub integration: IntegrationName,
    /// By id.
    #[serde(default)]
    pub messages: Vec<String>,
    /// By what stands in them, as a whole word.
    #[serde(default)]
    pub text: Option<String>,
    /// Behind this place in the journal.
    #[serde(default)]
    pub after: u64,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchAnswer {
    /// What was found.
    pub found: Vec<Found>,
    /// Where to go on; `None`: that is all.
    pub next_after: Option<u64>,
}

/// A message with what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its id.
    pub message_id: String,
    /// Whether it is a message of the lane; otherwise an interchange that is kept as it came or went.
    pub is_message: bool,
    /// Its place in the journal.
    pub sequence: u64,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// What became of it.
    pub state: MessageState,
    /// SHA-256 of its body, hexadecimal; it stays when the body is erased.
    pub body_hash: String,
    /// Whether its body was erased.
    pub erased: bool,
    /// Its body as it came.
    pub body: serde_json::Value,
}

/// `POST /v1/personal/erase`. Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseRequest {
    /// Whose messages.
    pub integration: IntegrationName,
    /// Their ids.
    pub messages: Vec<String>,
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Its id.
    pub message_id: String,
    /// Whether its body is gone in both regions.
    pub erased: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl GatewayClient {
    /// `POST /v1/personal/search`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn search_personal(&self, request: &SearchRequest) -> Result<SearchAnswer, Error> {
        self.0.post("/v1/personal/search", request).await
    }

    /// `POST /v1/personal/erase`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn erase_personal(&self, request: &EraseRequest) -> Result<Vec<Erasure>, Error> {
        self.0.post("/v1/personal/erase", request).await
    }
}

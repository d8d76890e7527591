//! How a refusal looks on the wire.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use types::Generation;

/// Codes of refusals that programs react to. Each has a page in `docs/errors/`.
pub mod code {
    /// The request's generation is older than one the receiver has promised or seen.
    pub const STALE_GENERATION: &str = "PL0501";
    /// The receiver is not in a state in which the request makes sense yet; ask again.
    pub const NOT_NOW: &str = "PL0502";
    /// The request cannot be granted, and asking again does not help.
    pub const REFUSED: &str = "PL0503";
    /// The receiver tried and failed.
    pub const FAILED: &str = "PL0504";
    /// The request could not be understood.
    pub const BAD_REQUEST: &str = "PL0505";
    /// The caller's certificate does not give it the right to ask this.
    pub const FORBIDDEN: &str = "PL0506";
}

/// A refusal with its reason, as JSON under a fitting HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable code such as `PL0501`.
    pub code: String,
    /// What was refused or failed, for people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The newest generation the receiver knows, where that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
}

impl Problem {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            generation: None,
        }
    }

    /// An older generation than `known`.
    pub fn stale(asked: Generation, known: Generation) -> Self {
        let message = format!("generation {asked} is older than {known}, which is known here");
        Self {
            generation: Some(known),
            ..Self::new(StatusCode::CONFLICT, code::STALE_GENERATION, message)
        }
    }

    /// Not yet; asking again may help.
    pub fn not_now(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code::NOT_NOW, message)
    }

    /// No, and asking again does not help.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code::REFUSED, message)
    }

    /// Tried and failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code::FAILED, message)
    }

    /// Not understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, message)
    }

    /// Not for this caller.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code::FORBIDDEN, message)
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Whether the receiver knows a newer generation.
    pub fn is_stale(&self) -> bool {
        self.code == code::STALE_GENERATION
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self)).into_response()
    }
}

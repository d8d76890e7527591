//! Refusals on the ingest listener.

use api::{
    Problem,
    gateway::{MessageState, code},
};

use crate::{retention, role::Refusal};

/// Partners ask again this soon after a 503: short, because their pause becomes part of the recovery time.
pub const RETRY_AFTER_SECONDS: u64 = 1;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stale { asked, known } => Self::stale(asked, known),
            Refusal::Taken { .. } => Self::refused(refusal.to_string()),
            Refusal::Poisoned => Self::not_now(refusal.to_string()),
        }
    }
}

/// A refusal with a code of the gateway's own.
pub fn problem(status: u16, code: &str, message: impl Into<String>) -> Problem {
    Problem {
        status,
        code: code.to_owned(),
        message: message.into(),
        hint: None,
        generation: None,
    }
}

/// No such integration.
pub fn unknown_integration() -> Problem {
    problem(404, code::UNKNOWN_INTEGRATION, "there is no such integration")
}

/// No such message.
pub fn unknown_message(integration: impl std::fmt::Display, key: &str) -> Problem {
    let message = format!("there is no message `{key}` of `{integration}` in this journal");
    problem(404, code::UNKNOWN_MESSAGE, message)
}

/// The estate says that nobody is shown its bodies.
pub fn not_shown(integration: impl std::fmt::Display) -> Problem {
    let message = format!("the estate says that bodies of `{integration}` are not shown");
    problem(403, code::NOT_SHOWN, message).hint(
        "`payloads: visible` of the integration in the estate file would show them, but for what is `masked`",
    )
}

/// It was settled and trimmed: only its key is left.
pub fn trimmed_message(
    integration: impl std::fmt::Display,
    key: &str,
    sequence: u64,
    state: MessageState,
) -> Problem {
    let left = retention::what_is_left(state);
    let message =
        format!("`{key}` of `{integration}` was trimmed from the journal at sequence {sequence}: {left}");
    problem(410, code::TRIMMED, message)
        .hint("the ERP's inbox knows what became of it; a copy of the journal made before has its body")
}

/// What proves who is asking is missing or wrong; `what` names it.
pub fn unauthorised(what: &str) -> Problem {
    let what = match what {
        "bearer" => "the bearer token",
        "basic" => "the name and password",
        other => &format!("the {other}"),
    };
    let message = format!("{what} is missing or wrong");
    problem(401, code::UNAUTHORISED, message)
}

/// The partner proves itself in a way that this gateway cannot check.
pub fn proof_unavailable() -> Problem {
    let message = "this gateway cannot check how this partner proves who it is";
    problem(401, code::UNAUTHORISED, message)
        .hint("declare `bearer`, `basic`, `hmac` or `mutualTls` as the integration's `authentication`")
}

/// The body is too large.
pub fn too_large(bytes_max: u64) -> Problem {
    problem(
        413,
        code::TOO_LARGE,
        format!("a message may have at most {bytes_max} bytes"),
    )
}

/// The body did not come in time. Whoever sent it is to send it again, and not to take it for refused.
pub fn slow(seconds_max: u64) -> Problem {
    let message = format!("the body did not come within {seconds_max} s; nothing was stored");
    problem(408, code::SLOW_BODY, message).hint("send the same message again")
}

/// A batch has too many lines.
pub fn too_many_lines(lines_max: usize) -> Problem {
    problem(
        413,
        code::TOO_LARGE,
        format!("a batch may have at most {lines_max} messages"),
    )
}

/// The same key was used for another body.
pub fn key_conflict(key: &str) -> Problem {
    problem(
        409,
        code::KEY_CONFLICT,
        format!("the key `{key}` was used for another body before"),
    )
    .hint("the message is kept aside for a person to look at; it is not delivered")
}

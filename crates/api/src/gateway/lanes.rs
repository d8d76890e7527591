//! What operators ask about lanes and single messages, and what they tell them to do.

use serde::{Deserialize, Serialize};
use types::{Generation, IntegrationName, Timestamp, settings::Priority};

use super::{GatewayClient, LaneStatus, MessageState};
use crate::client::Error;

/// EDI documents on their way to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Written, and not handed over yet.
    pub unsent: u64,
    /// Handed over, and not acknowledged yet.
    pub unacknowledged: u64,
    /// Of both, those whose acknowledgement should be there by now: somebody must ask the partner.
    pub overdue: u64,
    /// Nothing goes out until somebody has decided about what the other side has and the ERP has lost, or resumes the
    /// lane.
    #[serde(default)]
    pub held: bool,
}

/// A directory that a partner's files are fetched from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Where it is.
    pub place: String,
    /// Files stay where they are, because the partner forbids renaming them.
    pub stays: bool,
    /// Files that became messages since this process started.
    pub taken: u64,
    /// Files that could not, and were put aside.
    pub refused: u64,
    /// Files that lay there when it was looked at, and are not taken yet.
    pub waiting: u64,
    /// There are more files than one look shows.
    pub more: bool,
    /// When it was looked at with success.
    pub listed: Option<Timestamp>,
    /// Why it cannot be looked at.
    pub away: Option<String>,
    /// For how long, milliseconds.
    pub away_ms: Option<u64>,
}

/// A lane's claim to the ERP's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How much it gets when there is not enough for all.
    pub priority: Priority,
    /// What it had lately of all that lanes had, in thousandths.
    pub share_permille: u16,
    /// What it waits for, where it has something to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
}

/// What a lane waits for that has something to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// As many of its own messages as it may have are under way.
    Concurrency,
    /// Its rate is used up.
    Rate,
    /// What is left has failed and rests.
    Retry,
    /// As many calls are under way as the ERP takes.
    Erp,
    /// People's own requests wait in the ERP, and come first.
    People,
    /// It is another lane's turn.
    Others,
}

/// `GET /v1/erp`: what the ERP takes at once, as its leader's gateway has measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErpLoad {
    /// Calls at once, by how long it takes to answer.
    pub limit: usize,
    /// The same with people's requests considered.
    pub slots: usize,
    /// Calls under way.
    pub under_way: usize,
    /// Of those, how many hang while others are answered; they hold no place.
    pub hanging: usize,
    /// Requests of people that wait for a process; `None` where that cannot be seen.
    pub people_waiting: Option<u32>,
    /// How long answers take lately; 100: as the quickest have taken.
    pub slowness_percent: u32,
}

/// A person's word that a lane rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub since: Timestamp,
}

/// Whether a lane delivers, who decided that, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Delivery {
    /// This gateway does not lead: it delivers nothing.
    Elsewhere,
    /// It delivers.
    Closed,
    /// The gateway has stopped trying for a moment, because the other side seems to be gone.
    Open {
        /// What the last failure said.
        why: String,
        /// For how long there has been no answer, milliseconds.
        since_ms: u64,
        /// In how long it is tried again, milliseconds.
        again_ms: u64,
    },
    /// One message at a time is tried: it decides.
    Probation {
        /// Why there is doubt.
        why: String,
        /// Since how long, milliseconds.
        since_ms: u64,
    },
    /// A person paused it; messages are stored.
    Paused(Hold),
}

/// `GET /v1/lanes/{lane}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneDetail {
    /// Counts, as in the gateway's status.
    pub status: LaneStatus,
    /// Deliveries at the same time.
    pub concurrency: u16,
    /// Messages that travel in one call now, at most: it follows how long calls take.
    #[serde(default)]
    pub call_messages: usize,
    /// Deliveries per second.
    pub rate_max: Option<u32>,
    /// Where the key that orders messages stands in a body.
    pub ordering: Option<String>,
    /// Deliveries under way.
    pub under_way: usize,
    /// What its partner proves itself by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<SecretsStatus>,
    /// Messages that have failed and are tried again, those tried most often first; a page of them.
    pub stuck: Vec<StuckMessage>,
}

/// What a partner proves itself by; nothing of the secrets themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretsStatus {
    /// How many hold.
    pub secrets: usize,
    /// Since when these hold in this gateway, its start included.
    pub since: Timestamp,
    /// Why their file cannot be read anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A message that has failed and is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StuckMessage {
    /// Its place in the journal.
    pub sequence: u64,
    /// Its id.
    pub message_id: String,
    /// Deliveries that were tried.
    pub attempts: u32,
    /// In how long it is tried again, milliseconds.
    pub again_ms: u64,
    /// Messages with the same ordering key that wait behind it.
    pub behind: usize,
    /// What the last try said.
    pub last: Option<String>,
}

/// `POST /v1/lanes/{lane}/pause` and `/resume`. Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRequest {
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldAnswer {
    /// What the lane does now.
    pub delivery: Delivery,
    /// In how many regions that is remembered: with 1, a failover at this moment forgets it.
    pub copies: u8,
}

/// A message that is not delivered any more, until a person says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its integration.
    pub integration: IntegrationName,
    /// Its id.
    pub message_id: String,
    /// Its place in the journal.
    pub sequence: u64,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub cause: DeadCause,
    /// What the ERP said last.
    pub why: String,
    /// Deliveries that were tried.
    pub attempts: u32,
}

/// Why a message is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadCause {
    /// The ERP refused it for good.
    Refused,
    /// It still failed after the time that the integration allows.
    GaveUp,
    /// The ERP has another body under this id.
    Conflict,
    /// A file that could not become a message: it is put aside where it lay, and not in the journal.
    File,
}

/// `GET /v1/dead-letters?integration=`: the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// A page of them.
    pub letters: Vec<DeadLetter>,
    /// How many there are.
    pub all: u64,
}

/// `POST /v1/replay`: deliver dead letters again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRequest {
    /// Who says so.
    pub by: String,
    /// Which.
    pub which: ReplayWhich,
}

/// Which dead letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayWhich {
    /// These, by integration and id.
    Messages(Vec<(IntegrationName, String)>),
    /// All of a lane.
    AllOf(IntegrationName),
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayAnswer {
    /// Those that are delivered again, behind live ones.
    pub replayed: Vec<String>,
    /// Those that are not, with the reason.
    pub left: Vec<(String, String)>,
}

/// One try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What the ERP said.
    pub said: String,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// Applied by this try.
    Applied,
    /// Applied by an earlier one.
    AppliedBefore,
    /// Refused.
    Refused,
    /// Whether it was applied is unknown.
    Unknown,
    /// The ERP has another body under this id.
    Conflict,
    /// The ERP belongs to another generation.
    Fenced,
}

/// The life of one message: `GET /v1/messages/{integration}/{key}`, with `?reveal=true` its body as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageTrace {
    /// Its integration.
    pub integration: IntegrationName,
    /// Who sent it.
    pub partner: Option<String>,
    /// Its id: its idempotency key.
    pub message_id: String,
    /// Its place in the journal.
    pub sequence: u64,
    /// The generation in which it was accepted.
    pub generation: Generation,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// SHA-256 of its body, hexadecimal.
    pub body_hash: String,
    /// Size of its body.
    pub body_bytes: u64,
    /// Its body: values are replaced by what kind they are, unless it was asked for as it came.
    pub body: serde_json::Value,
    /// How many regions are known to have it on disk.
    pub copies: u8,
    /// What became of it.
    pub state: MessageState,
    /// What the ERP said last, as far as this process knows.
    pub answer: Option<String>,
    /// Deliveries that were tried in this term, the last ones; those of earlier terms are only counted.
    pub attempts: Vec<Attempt>,
    /// Deliveries that are known to have been tried.
    pub attempts_all: u32,
    /// Why it is not delivered any more.
    pub dead: Option<DeadLetter>,
    /// Whether the ERP's inbox has it, asked just now; `None` where the ERP gave no answer.
    pub in_erp: Option<bool>,
}

impl GatewayClient {
    /// `GET /v1/lanes/{lane}`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn lane(&self, lane: &IntegrationName) -> Result<LaneDetail, Error> {
        self.0.get(&format!("/v1/lanes/{lane}")).await
    }

    /// `GET /v1/erp`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn erp(&self) -> Result<ErpLoad, Error> {
        self.0.get("/v1/erp").await
    }

    /// `POST /v1/lanes/{lane}/pause`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn pause(&self, lane: &IntegrationName, request: &HoldRequest) -> Result<HoldAnswer, Error> {
        self.0.post(&format!("/v1/lanes/{lane}/pause"), request).await
    }

    /// `POST /v1/lanes/{lane}/resume`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn resume(&self, lane: &IntegrationName, request: &HoldRequest) -> Result<HoldAnswer, Error> {
        self.0.post(&format!("/v1/lanes/{lane}/resume"), request).await
    }

    /// `GET /v1/dead-letters`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn dead_letters(&self, lane: Option<&IntegrationName>) -> Result<DeadLetters, Error> {
        let query = lane.map_or_else(String::new, |lane| format!("?integration={lane}"));
        self.0.get(&format!("/v1/dead-letters{query}")).await
    }

    /// `POST /v1/replay`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn replay(&self, request: &ReplayRequest) -> Result<ReplayAnswer, Error> {
        self.0.post("/v1/replay", request).await
    }

    /// `GET /v1/messages/{lane}/{key}`; with `reveal` its body as it came, which the gateway writes down.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn trace(
        &self,
        lane: &IntegrationName,
        key: &str,
        reveal: Reveal,
    ) -> Result<MessageTrace, Error> {
        let query = match reveal {
            Reveal::Shape => "",
            Reveal::Body => "?reveal=true",
        };
        let key = path_segment(key);
        self.0.get(&format!("/v1/messages/{lane}/{key}{query}")).await
    }
}

/// What is shown of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// Its shape.
    Shape,
    /// Everything.
    Body,
}

/// A key as one segment of a path: all but what is never special (RFC 3986, 2.3) is percent-encoded.
fn path_segment(key: &str) -> String {
    let mut segment = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => segment.push(char::from(byte)),
            // A segment of dots alone would be resolved away, so dots are not let through either.
            other => segment.push_str(&format!("%{other:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_is_one_segment_of_a_path() {
        for (key, expected) in [
            ("PO-00017", "PO-00017"),
            ("a/b c?#%", "a%2Fb%20c%3F%23%25"),
            ("..", "%2E%2E"),
        ] {
            assert_eq!(path_segment(key), expected);
        }
    }
}

//! What a gateway is asked and what it tells on its control listener.

mod aftermath;
pub mod lanes;
pub mod personal;
pub mod reconciliation;
pub mod scans;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use types::{Generation, IntegrationName, RegionName, Timestamp};

use crate::{
    client::{Client, Error},
    site::{Done, LogPosition},
};

/// Codes of refusals. Each has a page in `docs/errors/`.
pub mod code {
    /// There is no such integration (404).
    pub const UNKNOWN_INTEGRATION: &str = "PL0601";
    /// The bearer token is missing or wrong (401).
    pub const UNAUTHORISED: &str = "PL0602";
    /// The body is larger than the integration allows (413).
    pub const TOO_LARGE: &str = "PL0603";
    /// The same idempotency key came with another body (409); the message was kept aside and is not delivered.
    pub const KEY_CONFLICT: &str = "PL0604";
    /// A question for the gateway that leads came to one that does not (503).
    pub const NO_LEADER: &str = "PL0605";
    /// There is no such lane (404).
    pub const UNKNOWN_LANE: &str = "PL0606";
    /// There is no such message (404).
    pub const UNKNOWN_MESSAGE: &str = "PL0607";
    /// The message was settled and trimmed; only its key is left (410).
    pub const TRIMMED: &str = "PL0771";
    /// The message is no dead letter, so there is nothing to deliver again (409).
    pub const NOT_DEAD: &str = "PL0608";
    /// The last comparison found no such phantom (404).
    pub const UNKNOWN_PHANTOM: &str = "PL0609";
    /// Bodies of this integration are not shown (403).
    pub const NOT_SHOWN: &str = "PL0636";
    /// The body did not come in time (408).
    pub const SLOW_BODY: &str = "PL0638";
    /// Another decision about the phantom was made before (409).
    pub const DECIDED: &str = "PL0610";
    /// An agent posts a scan of another site (403).
    pub const ANOTHER_SITE: &str = "PL0626";
    /// A scan's number is too far ahead of those that are there (409).
    pub const TOO_FAR_AHEAD: &str = "PL0627";
    /// A site's agent began anew too often (409).
    pub const TOO_MANY_AGENTS: &str = "PL0628";
    /// Scans were posted to an integration that takes none (404).
    pub const NO_SITE: &str = "PL0629";
}

/// What a gateway does and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// Its region.
    pub region: RegionName,
    /// Leading, following, or waiting to be told.
    pub role: GatewayRole,
    /// The newest generation it knows.
    pub generation: Generation,
    /// Incarnation of the ERP database it last delivered to.
    pub incarnation: Option<String>,
    /// The journal.
    pub journal: JournalStatus,
    /// The copy in the other region.
    pub peer: PeerStatus,
    /// One per integration.
    pub lanes: Vec<LaneStatus>,
    /// The last comparison with the ERP.
    pub reconciliation: Option<Reconciliation>,
}

/// What a gateway is to the pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayRole {
    /// Just started: accepts nothing, delivers nothing.
    Waiting,
    /// Accepts messages, copies them, delivers them.
    Leading,
    /// Stores what the leader sends.
    Following {
        /// Whom.
        leader: RegionName,
    },
    /// An fsync failed: it acknowledges nothing until it was looked at and started anew.
    Poisoned,
}

/// The journal of one gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalStatus {
    /// Messages stored.
    pub messages: u64,
    /// Sequence number of the last one synced to disk; 0: none.
    pub synced: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Frames found damaged and set aside.
    pub quarantined: u64,
    /// Everything up to this sequence number was trimmed, but for what is parked.
    #[serde(default)]
    pub trimmed: u64,
    /// Messages and records of trimmed segments that are still needed.
    #[serde(default)]
    pub parked: u64,
}

/// The copy in the other region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// How it stands.
    pub state: PeerState,
    /// Last sequence number it has synced.
    pub synced: u64,
    /// Messages acknowledged on one copy only, ever (degraded mode).
    pub acknowledged_alone: u64,
    /// Since when the degraded mode lasts.
    pub degraded_since: Option<Timestamp>,
}

/// How the copy in the other region stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeerState {
    /// There is no other region.
    None,
    /// It has everything; acknowledgements mean two copies.
    InSync,
    /// It is back and being brought up to date; acknowledgements mean one copy.
    CatchingUp,
    /// It does not answer; acknowledgements mean one copy, and are counted.
    Gone,
}

/// One integration's pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStatus {
    /// The integration.
    pub integration: IntegrationName,
    /// Accepted into the journal.
    pub accepted: u64,
    /// Applied by the ERP.
    pub delivered: u64,
    /// Not yet applied.
    pub pending: u64,
    /// Refused by the ERP as business errors; kept, for a person to look at.
    pub rejected: u64,
    /// Same key, other body; kept, not delivered.
    pub quarantined: u64,
    /// Of the pending ones, those whose segment of the journal was trimmed: they wait beside it.
    #[serde(default)]
    pub parked: u64,
    /// Age of the oldest message not yet applied, milliseconds.
    pub oldest_pending_ms: Option<u64>,
    /// Why delivery does not go on, for people.
    pub detail: Option<String>,
    /// Whether it delivers, who decided that, and why.
    pub delivery: lanes::Delivery,
    /// EDI documents on their way to the partner, where it leads and such are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<lanes::Documents>,
    /// Whether they leave, and why not, where it leads and such are sent; a person's pause is `delivery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<lanes::Delivery>,
    /// Where its files are fetched, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<lanes::Files>,
    /// Its claim to the ERP's time, where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<lanes::Claim>,
}

/// One comparison of the journal with the ERP's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// The generation it was made for.
    pub generation: Generation,
    /// When it began.
    pub started: Timestamp,
    /// When nothing was lacking any more.
    pub finished: Option<Timestamp>,
    /// Message ids compared.
    pub compared: u64,
    /// Ids the ERP lacked although they had been delivered to its predecessor.
    pub lost_by_erp: u64,
    /// Ids the ERP lacked in all, the ones never delivered included.
    pub lacking: u64,
    /// Of those, applied since.
    pub replayed: u64,
    /// First write the recovered ERP accepted (the fence row), for the timeline of a recovery.
    pub first_write: Option<Timestamp>,
    /// Ranges of the journal whose digests were compared.
    #[serde(default)]
    pub ranges: u64,
    /// Of those, compared message by message because they differ.
    #[serde(default)]
    pub differing: u64,
    /// What one side knows and the other has lost, for a person to decide about.
    #[serde(default)]
    pub phantoms: u64,
    /// When it was compared once more after the replay, and nothing lacked.
    #[serde(default)]
    pub checked: Option<Timestamp>,
    /// Numbers that the ERP left out because it may have lost documents that partners have, by sequence.
    #[serde(default)]
    pub burned: u64,
    /// Jobs of the ERP that wait for somebody since the recovery.
    #[serde(default)]
    pub held_jobs: u64,
    /// How long the rest of the replay takes at its pace so far, milliseconds.
    #[serde(default)]
    pub eta_ms: Option<u64>,
}

impl Reconciliation {
    /// One that has just begun and has compared nothing.
    pub const fn begun(generation: Generation, started: Timestamp) -> Self {
        Self {
            generation,
            started,
            finished: None,
            compared: 0,
            lost_by_erp: 0,
            lacking: 0,
            replayed: 0,
            first_write: None,
            ranges: 0,
            differing: 0,
            phantoms: 0,
            checked: None,
            burned: 0,
            held_jobs: 0,
            eta_ms: None,
        }
    }
}

/// "You lead in this generation." Idempotent; returns at once, reconciliation shows in the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadRequest {
    /// The generation.
    pub generation: Generation,
    /// Identity of the database it delivers to from now on; a new one after every lossy change.
    pub incarnation: String,
    /// True when the other region is known to be gone, so that nobody waits for it.
    pub peer_gone: bool,
    /// What is known of the end of the database that led before, after an unplanned move: the ERP may find by it that
    /// nothing is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_end: Option<OldEnd>,
}

/// Where the log of the database ended that led before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldEnd {
    /// It was fenced, its log ends here for good, and its standby followed that same timeline: a database which has
    /// replayed up to here lacks nothing.
    Known(LogPosition),
    /// It is not certain, so something may be lost.
    Unknown {
        /// Why, for people.
        why: String,
    },
}

/// "You follow that gateway." Idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowRequest {
    /// The generation in which the leader leads.
    pub generation: Generation,
    /// Its region.
    pub leader: RegionName,
}

/// The answer to an accepted message on the ingest listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The message's id: its idempotency key.
    pub message_id: String,
    /// Its place in the journal.
    pub sequence: u64,
    /// Whether it was new.
    pub status: AcceptedStatus,
    /// How many regions have it on disk: 2, or 1 in the degraded mode.
    pub copies: u8,
}

/// Whether an accepted message was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptedStatus {
    /// Stored now.
    Accepted,
    /// The same key and body were stored before.
    Duplicate,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// Not yet applied by the ERP.
    Pending,
    /// Applied by the ERP.
    Applied,
    /// Refused by the ERP as a business error.
    Rejected,
    /// Same key, other body: kept, not delivered.
    Quarantined,
}

/// Messages in the journal's order: `GET /v1/messages?integration=&after=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<MessageLine>,
    /// Ask again with `after` set to this; `None` when this was the end.
    pub next_after: Option<u64>,
}

/// One message in a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLine {
    /// Its place in the journal.
    pub sequence: u64,
    /// Its integration.
    pub integration: String,
    /// Its id.
    pub message_id: String,
    /// SHA-256 of its body, hexadecimal.
    pub body_hash: String,
    /// What became of it.
    pub state: MessageState,
}

/// Speaks to one gateway's control listener.
#[derive(Clone, Debug)]
pub struct GatewayClient(pub Client);

impl GatewayClient {
    /// `GET /v1/status`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn status(&self) -> Result<GatewayStatus, Error> {
        self.0.get("/v1/status").await
    }

    /// `POST /v1/lead`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn lead(&self, request: &LeadRequest) -> Result<Done, Error> {
        self.0
            .post_within("/v1/lead", request, Duration::from_secs(10))
            .await
    }

    /// `POST /v1/follow`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn follow(&self, request: &FollowRequest) -> Result<Done, Error> {
        self.0
            .post_within("/v1/follow", request, Duration::from_secs(10))
            .await
    }

    /// `POST /v1/stop`: takes nothing more in, lets what is under way finish, then ends the process.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stop(&self) -> Result<Done, Error> {
        self.0.post("/v1/stop", &()).await
    }

    /// `GET /v1/messages`: up to `limit` messages of one integration behind sequence `after`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn messages(
        &self,
        integration: &IntegrationName,
        after: u64,
        limit: u32,
    ) -> Result<MessagePage, Error> {
        let path = format!("/v1/messages?integration={integration}&after={after}&limit={limit}");
        self.0.get(&path).await
    }
}

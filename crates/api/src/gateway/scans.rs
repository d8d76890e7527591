//! Scans of a site: what its edge agent posts, what it is answered, and what operators are told of it.
//!
//! `POST /in/{integration}/events`, one event in each line; `docs/reference/scanner.md`.

use serde::{Deserialize, Serialize};
use types::{IntegrationName, SiteName, Timestamp};

use super::GatewayClient;
use crate::client::Error;

/// The kind of an event that says: this number has no scan. It closes a gap that nothing else can close.
pub const VOID: &str = "void";

/// One scan, in one line of a request. What is kept is the line as it was written, so it is written once and sent again
/// byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The site; an agent speaks for its own alone.
    pub site: SiteName,
    /// Which life of the agent's store counted this: a new one after it was installed anew.
    pub incarnation: String,
    /// Counted from 1 without gaps, by this incarnation for its whole site.
    pub sequence: u64,
    /// The scanner.
    pub device: String,
    /// When it was scanned, by the device's clock.
    pub at: Timestamp,
    /// What was done: `receive`, `pick`, `pack`, `ship`, `count`, or what the site's mappings know; [`VOID`].
    pub kind: String,
    /// Numbers of this incarnation that must be delivered before, as far as the agent knows: the last ones of the same
    /// document and location. Without it an event depends on everything before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<u64>>,
    /// What was scanned, for the mapping; `document` and `location` order it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub payload: serde_json::Value,
}

/// The answer to a request: what became of its lines, and what the agent may forget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The site.
    pub site: SiteName,
    /// The incarnation that this is about: the newest in the request.
    pub incarnation: String,
    /// Everything up to this number is stored.
    pub stored: u64,
    /// Everything up to this number is on disk in every region: the agent may forget it.
    pub durable: u64,
    /// Numbers above `stored` that are lacking below the highest that is there, the first of them.
    pub lacking: Vec<Gap>,
    /// The highest number that is there.
    pub highest: u64,
    /// One for each line of the request that holds something, in their order.
    pub events: Vec<EventAnswer>,
}

/// Numbers that are lacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAnswer {
    /// Its number, where the line had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// What.
    pub status: EventStatus,
    /// Why it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventStatus {
    /// Stored now.
    Accepted,
    /// The same was stored before.
    Duplicate,
    /// Its number was used for another event: kept aside, for a person.
    Conflict,
    /// Not stored, and never will be as it is.
    Refused,
    /// Not stored; sent again, it may be.
    NotStored,
}

/// What operators are told of a site: `GET /v1/sites`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteStatus {
    /// The site.
    pub site: SiteName,
    /// The integration that takes its scans.
    pub integration: IntegrationName,
    /// How many times its agent began anew; 0: nothing has come yet.
    pub incarnations: u64,
    /// The agent's incarnation.
    pub incarnation: Option<String>,
    /// When its first scan came.
    pub since: Option<Timestamp>,
    /// Everything up to this number is stored.
    pub stored: u64,
    /// Everything up to this number is on disk in every region.
    pub durable: u64,
    /// The highest number that is there.
    pub highest: u64,
    /// Gaps below it, the first of them.
    pub gaps: Vec<Gap>,
    /// How many numbers they lack in all.
    pub lacking: u64,
    /// Scans that are stored and wait for what lacks before them, or for their turn.
    pub held: u64,
    /// Numbers that scans no longer wait for: what follows them was delivered without them.
    pub passed: u64,
    /// The last scan.
    pub last: Option<LastScan>,
}

/// The scan that came last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// Its number.
    pub sequence: u64,
    /// The device.
    pub device: String,
    /// When it came, milliseconds ago.
    pub age_ms: u64,
    /// From the scan by the device's clock to its arrival, milliseconds; below 0: the device's clock is ahead.
    pub lag_ms: i64,
    /// The least lag of the last scans: with a link that is up, how far the device's clock is behind (or, below 0, ahead).
    pub skew_ms: i64,
}

impl GatewayClient {
    /// `GET /v1/sites`
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sites(&self) -> Result<Vec<SiteStatus>, Error> {
        self.0.get("/v1/sites").await
    }
}

//! What the ERP did to its database because that may have lost something: numbers left out, jobs held.

use serde::{Deserialize, Serialize};
use types::Timestamp;

/// What followed from a recovery, as the addon tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    /// Identity that the database has since.
    pub incarnation: String,
    /// Identity that it had before.
    pub predecessor: String,
    /// The generation of the recovery.
    pub generation: u64,
    /// When: the first write after the recovery.
    pub began_at: Timestamp,
    /// When the newest document was made that the database still has.
    pub newest_at: Option<Timestamp>,
    /// Over this time before it numbers were counted, seconds.
    pub window_s: u64,
    /// From the newest document to the recovery, seconds: as much may be lost.
    pub lost_s: u64,
    /// By how much more was left out than was counted, percent.
    pub safety_percent: u64,
    /// The database had replayed all that was ever written, so that no number was left out.
    #[serde(default)]
    pub complete: bool,
    /// Why something may be lost, or why nothing is; `None` from an ERP that does not tell.
    #[serde(default)]
    pub because: Option<String>,
    /// Numbers that are not given any more.
    pub numbers: Vec<BurnedNumbers>,
    /// Jobs that did not run by themselves any more, those that were released since among them.
    pub jobs: Vec<HeldJob>,
}

impl Aftermath {
    /// Numbers of which nothing could be left out: a person must look at them.
    pub fn problems(&self) -> impl Iterator<Item = &BurnedNumbers> {
        self.numbers.iter().filter(|one| one.problem.is_some())
    }

    /// Jobs that wait for somebody.
    pub fn held(&self) -> impl Iterator<Item = &HeldJob> {
        self.jobs.iter().filter(|job| job.released_at.is_none())
    }
}

/// A range of numbers that was left out, because partners may have seen them for something that is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurnedNumbers {
    /// What has such numbers: `order`, `invoice`, `transfer`, `package`, `label`, `purchase`, `other`.
    pub kind: String,
    /// The sequence or journal, as people call it.
    pub name: String,
    /// Numbers given in the window before.
    pub issued: u64,
    /// The first number left out, as people write it.
    pub first: String,
    /// The last one.
    pub last: String,
    /// How many.
    pub count: u64,
    /// By rule or by law there is no gap in these: this one must be explained.
    pub gapless: bool,
    /// Why nothing was left out after all.
    #[serde(default)]
    pub problem: Option<String>,
}

/// A scheduled job that does not run by itself since a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldJob {
    /// Its external id.
    pub name: String,
    /// As people call it.
    pub title: String,
    /// Why it was held.
    pub class: JobClass,
    /// When it was released.
    #[serde(default)]
    pub released_at: Option<Timestamp>,
    /// By whom.
    #[serde(default)]
    pub released_by: Option<String>,
    /// Why.
    #[serde(default)]
    pub released_why: Option<String>,
}

/// When a job may run after a recovery. Those that are safe at any time are not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobClass {
    /// When journal and database agree: what it does is known by a key then.
    NeedsKey,
    /// Never by itself: a person looks first.
    Never,
}

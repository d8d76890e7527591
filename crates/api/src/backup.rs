//! Words of backups and restores: what can be restored, what became of a copy, and which database of a tenant serves.
//!
//! No program answers these yet: they are the words of the ports in `driver::backup`, and of the files that people hand
//! to `plimsoll recover`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use types::{Generation, TenantName, Timestamp};

/// A database of a tenant: the one that serves, a copy, or one that is kept aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatabaseName(pub String);

impl std::fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line to which database, attachments, journal cursor and configuration of a tenant can be recovered together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestorePoint {
    /// Its name in its repository.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantName,
    /// Everything committed until then is in it, and nothing that came later.
    pub line: Timestamp,
    /// So many bytes have to be brought back.
    pub size_bytes: u64,
    /// What is known about it.
    pub evidence: Evidence,
    /// Where it lies.
    pub repository: Repository,
}

/// What is known about a restore point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Evidence {
    /// The engine says that the backup ended well; nobody has restored it.
    Claimed,
    /// It was restored once, and every finding held.
    Verified {
        /// When.
        at: Timestamp,
    },
    /// It was restored, and something did not hold.
    Refuted {
        /// What.
        why: String,
    },
}

/// Where a restore point lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Until then nobody can change or delete what lies there, whatever rights they have.
    #[serde(default)]
    pub immutable_until: Option<Timestamp>,
    /// Only another identity than production's can write there.
    #[serde(default)]
    pub other_identity: bool,
}

/// Room for copies, and how fast they are made, in one stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Free beside what serves.
    pub free_bytes: u64,
    /// So much of it is promised to the tenants that serve there, and is not for copies.
    pub reserved_bytes: u64,
    /// Bytes that one restore brings back in a second.
    pub restore_bytes_per_s: u64,
}

/// Bring a point back beside what serves. A copy is mute from its first moment: scheduled jobs off, mail servers and
/// keys of partners taken out, no way to the outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreRequest {
    /// For whom.
    pub tenant: TenantName,
    /// In which generation.
    pub generation: Generation,
    /// Which point.
    pub point: String,
    /// What the copy is called.
    pub copy: DatabaseName,
    /// The copy gets new secrets: the old ones are in other hands.
    pub new_secrets: bool,
}

/// A copy is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Which.
    pub copy: DatabaseName,
    /// When.
    pub at: Timestamp,
}

/// One sentence that has to hold of a copy, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was asked: the indexes, the attachments, the ledger, whether the ERP starts.
    pub question: String,
    /// What was found.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// What was found out about a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Of which copy.
    pub copy: DatabaseName,
    /// Every finding.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// Whether there are findings, and all of them hold: nothing was proven by asking nothing.
    pub fn holds(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.holds)
    }
}

/// One act on a tenant. A receiver carries an act out once in a generation; asked again it says what it said, also when
/// the tenant has gone further meanwhile. An older generation is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantAct {
    /// On whom.
    pub tenant: TenantName,
    /// In which generation.
    pub generation: Generation,
}

/// The database of a tenant that serves accepts no writes any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantFence {
    /// In which generation.
    pub generation: Generation,
    /// Which database was closed.
    pub database: DatabaseName,
    /// When.
    pub at: Timestamp,
}

/// A copy takes the place of the database that serves, which is kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapRequest {
    /// On whom, in which generation.
    pub act: TenantAct,
    /// What comes.
    pub copy: DatabaseName,
    /// Proof that what goes is closed.
    pub fenced: TenantFence,
}

/// Who serves after a swap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swapped {
    /// This one.
    pub serving: DatabaseName,
    /// This one is kept.
    pub aside: DatabaseName,
}

/// The database that serves gets a new identity, after which messages and people may reach it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncarnationRequest {
    /// On whom, in which generation.
    pub act: TenantAct,
    /// The identity.
    pub incarnation: String,
    /// Messages of the journal that are not delivered again: they did the damage.
    pub leave_out: Vec<String>,
}

/// What the journal delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantReplay {
    /// So many messages.
    pub delivered: u64,
    /// So many were left out, as told.
    pub left_out: u64,
}

/// Something visible outside of which the restored database knows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantPhantom {
    /// What it is: a label, a message to a partner, a mail.
    pub what: String,
    /// The lane it left by.
    pub lane: String,
}

/// Who is let in, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// People.
    People,
    /// Jobs that may run again; others wait for a person.
    Jobs,
}

/// Whether a lane sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneState {
    /// Which.
    pub lane: String,
    /// Why it is still held; `None`: it sends.
    pub held: Option<String>,
}

/// Which database of a tenant serves, and who reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// The database.
    pub database: DatabaseName,
    /// The newest generation that is known.
    pub generation: Generation,
    /// Its identity.
    pub incarnation: String,
    /// Whether it accepts writes.
    pub accepts: bool,
    /// Databases kept aside.
    pub aside: BTreeSet<DatabaseName>,
}

/// A measure against somebody who got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Nothing of the tenant reaches the outside.
    CutEgress,
    /// No credential of the tenant is worth anything.
    FreezeCredentials,
    /// The tenant reaches no neighbour, and none reaches it.
    Isolate,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CutEgress, Self::FreezeCredentials, Self::Isolate];
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CutEgress => "its ways to the outside are cut",
            Self::FreezeCredentials => "its credentials are frozen",
            Self::Isolate => "it is apart from its neighbours",
        })
    }
}

/// What runs for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRelease {
    /// Its image, by digest.
    pub image: String,
    /// The schema of its database.
    pub schema: u32,
}

/// Run another image over the same database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutRelease {
    /// On whom, in which generation.
    pub act: TenantAct,
    /// The image, by digest.
    pub image: String,
}

/// Somebody agreed to what was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Agreed {
    /// Who.
    pub by: String,
    /// As what.
    pub role: String,
}

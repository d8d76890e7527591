//! What to do with a region's data directory so that it follows the region that leads now. Pure.

use types::Lsn;

use super::postgres::{
    beyond::Beyond,
    control_data::ClusterState,
    history::{Relation, relate},
    upstream::UpstreamSeen,
};
use crate::agent::postgres::history::Branch;

/// A standby that was started so often without ever streaming is copied anew, whatever the reason.
pub const STALLS_MAX: u32 = 3;

/// What was found, in one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The local data directory.
    pub data: DataSeen,
    /// The region to follow. Need not be asked while [`needs_upstream`] says so.
    pub upstream: UpstreamSeen,
    /// Whether anything local lies beyond the point where both histories parted.
    pub beyond: Beyond,
    /// How often it ran as a standby of this upstream without streaming, although the upstream was there.
    pub stalls: u32,
    /// Whether the upstream still has the WAL that we need next.
    pub upstream_has_wal: Option<bool>,
}

/// The local data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSeen {
    /// There is none.
    Absent,
    /// Its control file cannot be read, or a rewind was interrupted.
    Damaged,
    /// It can be judged.
    Present(Present),
}

/// A data directory that can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Which cluster it is a copy of.
    pub system: u64,
    /// How its server ended.
    pub state: ClusterState,
    /// Its timeline.
    pub timeline: u32,
    /// How that came about.
    pub history: Vec<Branch>,
    /// It would start as a standby.
    pub standby_signal: bool,
    /// It is a complete copy which was never started.
    pub fresh_copy: bool,
}

impl Present {
    /// It was a standby when it ended, or is a copy that becomes one: it can go on without asking anybody.
    const fn was_standby(&self) -> bool {
        let in_recovery = matches!(
            self.state,
            ClusterState::ShutDownInRecovery | ClusterState::InArchiveRecovery
        );
        self.standby_signal && (in_recovery || self.fresh_copy)
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejoin {
    /// Start it as a standby.
    Start {
        /// Why that is enough.
        why: StartWhy,
    },
    /// Throw away what the survivor never received, then start it.
    Rewind {
        /// Since when histories differ; `None`: `pg_rewind` finds out.
        fork: Option<Fork>,
    },
    /// Copy the upstream's database anew.
    BaseBackup {
        /// Why.
        why: CopyWhy,
    },
    /// Copy it anew, and keep what is here for good: it holds much that the survivor never received.
    KeepAndCopy {
        /// Since when histories differ.
        fork: Fork,
    },
    /// Not now.
    Wait {
        /// On what.
        why: WaitingOn,
    },
}

/// Where histories parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The timeline on which they were together last.
    pub timeline: u32,
    /// Up to where.
    pub at: Lsn,
}

/// Why a plain start is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWhy {
    /// It was a standby before.
    WasStandby,
    /// It led, and everything it wrote was received by the survivor.
    SameHistory {
        /// Where the survivor went on.
        fork: Fork,
    },
    /// It did not stream last time; perhaps the upstream was busy.
    AfterStall,
}

/// Why a new copy is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyWhy {
    /// There is nothing here.
    NoData,
    /// What is here cannot be trusted.
    Damaged,
    /// What is here is a copy of something else.
    AnotherSystem,
    /// Both were primary on the same timeline: which records are whose cannot be told.
    SameTimeline,
    /// The histories have nothing in common.
    Strangers,
    /// The upstream has no longer the WAL that we need.
    WalRemoved,
    /// It never streams.
    Stalled,
    /// What is here holds much that the survivor never received, and is kept.
    MuchOfItsOwn,
}

/// What a rejoin waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingOn {
    /// The upstream to answer.
    Upstream,
    /// The upstream to be a primary.
    UpstreamPromotion,
    /// The upstream's first checkpoint on its new timeline, without which `pg_rewind` believes that nothing differs.
    UpstreamCheckpoint,
}

/// Whether the upstream must be asked before anything can be decided.
pub fn needs_upstream(data: &DataSeen, stalls: u32) -> bool {
    match data {
        DataSeen::Present(present) => stalls > 0 || !present.was_standby(),
        DataSeen::Absent | DataSeen::Damaged => true,
    }
}

const fn was_standby(data: &DataSeen) -> bool {
    match data {
        DataSeen::Present(present) => present.was_standby(),
        DataSeen::Absent | DataSeen::Damaged => false,
    }
}

/// How our history relates to the upstream's.
pub fn relation(present: &Present, upstream: &UpstreamSeen) -> Option<Relation> {
    match upstream {
        UpstreamSeen::Primary(theirs) => Some(relate(
            (&present.history, present.timeline),
            (&theirs.history, theirs.timeline),
        )),
        UpstreamSeen::Unreachable { .. } | UpstreamSeen::NotPrimary => None,
    }
}

/// Decides. An old primary is never started but as a standby, and in doubt it is copied anew.
pub fn decide_rejoin(seen: &Seen) -> Rejoin {
    if !needs_upstream(&seen.data, seen.stalls) {
        return Rejoin::Start {
            why: StartWhy::WasStandby,
        };
    }
    let upstream = match &seen.upstream {
        // It may be all that is left: whoever leads next can promote a database that runs, and none that is stopped.
        UpstreamSeen::Unreachable { .. } if was_standby(&seen.data) => {
            return Rejoin::Start {
                why: StartWhy::WasStandby,
            };
        }
        UpstreamSeen::Unreachable { .. } => {
            return Rejoin::Wait {
                why: WaitingOn::Upstream,
            };
        }
        UpstreamSeen::NotPrimary => {
            return Rejoin::Wait {
                why: WaitingOn::UpstreamPromotion,
            };
        }
        UpstreamSeen::Primary(upstream) => upstream,
    };
    let copy = |why| Rejoin::BaseBackup { why };
    let present = match &seen.data {
        DataSeen::Absent => return copy(CopyWhy::NoData),
        DataSeen::Damaged => return copy(CopyWhy::Damaged),
        DataSeen::Present(present) => present,
    };
    if present.system != upstream.system {
        return copy(CopyWhy::AnotherSystem);
    }
    let related = relate(
        (&present.history, present.timeline),
        (&upstream.history, upstream.timeline),
    );
    let fork = match related {
        Relation::Strangers => return copy(CopyWhy::Strangers),
        Relation::SameTimeline if present.was_standby() => return after_stall(seen),
        Relation::SameTimeline => return copy(CopyWhy::SameTimeline),
        Relation::Parted { timeline, at } => Fork { timeline, at },
    };
    let needs_checkpoint = upstream.checkpoint_timeline != upstream.timeline;
    match seen.beyond {
        Beyond::Nothing if present.was_standby() => after_stall(seen),
        Beyond::Nothing => Rejoin::Start {
            why: StartWhy::SameHistory { fork },
        },
        // A copy needs no checkpoint to be told apart from.
        Beyond::Much => Rejoin::KeepAndCopy { fork },
        Beyond::Something | Beyond::Unknown if needs_checkpoint => Rejoin::Wait {
            why: WaitingOn::UpstreamCheckpoint,
        },
        Beyond::Something => Rejoin::Rewind { fork: Some(fork) },
        Beyond::Unknown => Rejoin::Rewind { fork: None },
    }
}

fn after_stall(seen: &Seen) -> Rejoin {
    if seen.upstream_has_wal == Some(false) {
        Rejoin::BaseBackup {
            why: CopyWhy::WalRemoved,
        }
    } else if seen.stalls >= STALLS_MAX {
        Rejoin::BaseBackup {
            why: CopyWhy::Stalled,
        }
    } else {
        Rejoin::Start {
            why: StartWhy::AfterStall,
        }
    }
}

#[cfg(test)]
mod tests;

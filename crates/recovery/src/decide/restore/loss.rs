//! What going back loses, and how long it takes: stated before it happens.

use std::time::Duration;

use api::backup::{RestorePoint, Room};
use serde::{Deserialize, Serialize};
use types::{Span, Timestamp};

use super::ago;

/// Looking at a copy takes this long whatever its size: the ERP has to start.
const PROOF_AT_LEAST: Duration = Duration::from_secs(120);
/// Fencing, swapping and opening, each of which is a matter of seconds.
const SWAP_TAKES: Duration = Duration::from_secs(60);
const SECONDS_PER_HOUR: u64 = 3_600;

/// What is known about the journal of a tenant, and about the business beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalSeen {
    /// It holds everything accepted since then; `None`: there is no journal.
    pub kept_since: Option<Timestamp>,
    /// So many messages are accepted in an hour.
    pub messages_per_hour: u64,
    /// So many transactions people make by hand in an hour, which no journal has.
    pub by_hand_per_hour: u64,
    /// So many messages are delivered again in a second.
    pub replay_per_s: u64,
}

/// What going back to a point loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedLoss {
    /// The database goes back to here.
    pub line: Timestamp,
    /// When that was worked out.
    pub stated: Timestamp,
    /// About so many messages are delivered again from the journal.
    pub replayed: u64,
    /// About so many messages are older than what the journal keeps: their senders have to be asked.
    pub beyond_journal: u64,
    /// About so many transactions that people made by hand are gone.
    pub by_hand: u64,
    /// It is more than the tier allows.
    pub above_rpo: Option<Span>,
}

/// How long going back takes, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takes {
    /// Bringing the copy back; everybody works meanwhile, with damaged data.
    pub restore_s: u64,
    /// Looking at it.
    pub prove_s: u64,
    /// From the fence until people work again.
    pub outage_s: u64,
    /// It is longer than the tier allows.
    pub above_rto: Option<Span>,
}

// === impl StatedLoss ===

impl StatedLoss {
    /// Works out what is lost when the database goes back from `now` to `line`.
    pub fn of(line: Timestamp, now: Timestamp, journal: &JournalSeen, rpo: Span) -> Self {
        let gone = now.since(line);
        let kept = journal
            .kept_since
            .map_or(Duration::ZERO, |since| now.since(since).min(gone));
        let by_hand = in_time(journal.by_hand_per_hour, gone);
        let beyond_journal = in_time(journal.messages_per_hour, gone.saturating_sub(kept));
        let loses = by_hand > 0 || beyond_journal > 0;
        Self {
            line,
            stated: now,
            replayed: in_time(journal.messages_per_hour, kept),
            beyond_journal,
            by_hand,
            above_rpo: (loses && gone > rpo.as_duration()).then_some(rpo),
        }
    }
}

fn in_time(per_hour: u64, length: Duration) -> u64 {
    per_hour
        .saturating_mul(length.as_secs())
        .div_ceil(SECONDS_PER_HOUR)
}

// === impl Takes ===

impl Takes {
    /// Works out how long it takes to go back to `point`.
    pub fn of(
        point: &RestorePoint,
        room: &Room,
        journal: &JournalSeen,
        loss: &StatedLoss,
        rto: Span,
    ) -> Self {
        let restore_s = point.size_bytes.div_ceil(room.restore_bytes_per_s.max(1));
        // Reading everything once is about as fast as writing it; nothing is written meanwhile.
        let prove_s = PROOF_AT_LEAST.as_secs().saturating_add(restore_s / 2);
        let replay_s = loss.replayed.div_ceil(journal.replay_per_s.max(1));
        let outage_s = SWAP_TAKES.as_secs().saturating_add(replay_s);
        let total = restore_s.saturating_add(prove_s).saturating_add(outage_s);
        Self {
            restore_s,
            prove_s,
            outage_s,
            above_rto: (total > rto.as_duration().as_secs()).then_some(rto),
        }
    }

    /// All of it, seconds.
    pub const fn total_s(&self) -> u64 {
        self.restore_s
            .saturating_add(self.prove_s)
            .saturating_add(self.outage_s)
    }
}

impl std::fmt::Display for StatedLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "goes back {} to {}: about {} transactions made by hand since then are lost, about {} messages are delivered \
             again from the journal",
            ago(self.stated, self.line),
            self.line,
            self.by_hand,
            self.replayed
        )?;
        if self.beyond_journal > 0 {
            write!(
                f,
                ", about {} are older than the journal and have to be asked for again",
                self.beyond_journal
            )?;
        }
        if let Some(rpo) = self.above_rpo {
            write!(f, "; the tier allows {rpo}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "about {} in all: restore {}, proof {}, and {} in which nobody works",
            Span::from_secs(self.total_s()),
            Span::from_secs(self.restore_s),
            Span::from_secs(self.prove_s),
            Span::from_secs(self.outage_s)
        )?;
        if let Some(rto) = self.above_rto {
            write!(f, "; the tier allows {rto}")?;
        }
        Ok(())
    }
}

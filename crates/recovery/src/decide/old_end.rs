//! Whether the end of the old writer's log is known well enough to tell whether anything was lost.
//!
//! A database that takes over and has replayed all that was ever written lacks nothing, so that no number has to be left
//! out. Its own ERP compares, in its first write; this says what it may compare with. Any doubt is told as one: a number
//! too many is explained, a number given twice is not.

use api::{
    gateway::OldEnd,
    site::{FenceReceipt, LogPosition},
};

/// What became of the old writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldWriter<'a> {
    /// It stopped for good and said so.
    Fenced(&'a FenceReceipt),
    /// It did not answer.
    Silent(&'a str),
    /// It is the database that goes on.
    Itself,
}

/// Why something may be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Doubt<'a> {
    NotAsked(&'a str),
    WentOn,
    NoEnd,
    TimelineUnknown,
    OtherTimeline { old: u32, standby: u32 },
}

/// What the ERP may compare with; `shared_timeline` is the one on which the standby followed when it was last fit.
pub fn decide_old_end(old: OldWriter<'_>, shared_timeline: Option<u32>) -> OldEnd {
    match judge(old, shared_timeline) {
        Ok(end) => OldEnd::Known(end),
        Err(doubt) => OldEnd::Unknown {
            why: doubt.to_string(),
        },
    }
}

fn judge(old: OldWriter<'_>, shared_timeline: Option<u32>) -> Result<LogPosition, Doubt<'_>> {
    let receipt = match old {
        OldWriter::Fenced(receipt) => receipt,
        OldWriter::Silent(why) => return Err(Doubt::NotAsked(why)),
        OldWriter::Itself => return Err(Doubt::WentOn),
    };
    let end = receipt.log_end.ok_or(Doubt::NoEnd)?;
    match shared_timeline {
        Some(timeline) if timeline == end.timeline => Ok(end),
        Some(standby) => Err(Doubt::OtherTimeline {
            old: end.timeline,
            standby,
        }),
        None => Err(Doubt::TimelineUnknown),
    }
}

// === impl Doubt ===

impl std::fmt::Display for Doubt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAsked(why) => write!(f, "the old region could not be asked where its log ends: {why}"),
            Self::WentOn => {
                f.write_str("the region was fenced and put back to work: another one may have led meanwhile")
            }
            Self::NoEnd => f.write_str("the old region is fenced, and the end of its log is not certain"),
            Self::TimelineUnknown => f.write_str("it is not known which timeline the standby followed"),
            Self::OtherTimeline { old, standby } => {
                write!(
                    f,
                    "the old region wrote timeline {old}, and the standby followed timeline {standby}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use types::{Generation, Lsn, Timestamp};

    use super::*;

    fn receipt(log_end: Option<LogPosition>) -> FenceReceipt {
        FenceReceipt {
            generation: Generation::new(2),
            at: Timestamp::default(),
            position: None,
            log_end,
        }
    }

    #[test]
    fn only_the_certain_end_of_the_log_that_the_standby_followed_is_told() {
        let end = LogPosition {
            timeline: 3,
            position: Lsn::new(4_711),
        };
        let (certain, uncertain) = (receipt(Some(end)), receipt(None));
        let fenced = OldWriter::Fenced(&certain);
        assert_eq!(decide_old_end(fenced, Some(3)), OldEnd::Known(end));
        for (old, timeline, words) in [
            (fenced, None, "not known which timeline"),
            (fenced, Some(2), "the standby followed timeline 2"),
            (OldWriter::Fenced(&uncertain), Some(3), "is not certain"),
            (
                OldWriter::Silent("west does not answer"),
                Some(3),
                "west does not answer",
            ),
            (OldWriter::Itself, Some(3), "put back to work"),
        ] {
            match decide_old_end(old, timeline) {
                OldEnd::Unknown { why } => assert!(why.contains(words), "{why}"),
                OldEnd::Known(end) => panic!("{old:?} {timeline:?}: {end:?}"),
            }
        }
    }
}

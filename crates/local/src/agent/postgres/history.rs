//! Timelines: where one history of writes parted from another.

use types::Lsn;

/// One line of a timeline history file: the history left `timeline` at `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The timeline that was left.
    pub timeline: u32,
    /// Where.
    pub at: Lsn,
}

/// How two histories relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Both are on the same timeline.
    SameTimeline,
    /// They parted; what `ours` has beyond that point on `timeline` is not part of `theirs`.
    Parted {
        /// The timeline on which they were together last.
        timeline: u32,
        /// Up to where.
        at: Lsn,
    },
    /// Nothing in common.
    Strangers,
}

/// Reads a timeline history file.
pub fn parse(text: &str) -> Vec<Branch> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let timeline = words.next()?.parse().ok()?;
            let at = words.next()?.parse().ok()?;
            Some(Branch { timeline, at })
        })
        .collect()
}

/// Name of the history file of a timeline.
pub fn file_name(timeline: u32) -> String {
    format!("{timeline:08X}.history")
}

/// Name of the WAL segment that holds a position.
pub fn segment_name(timeline: u32, position: Lsn, segment_bytes: u64) -> Option<String> {
    let number = position.get().checked_div(segment_bytes)?;
    let per_log = 0x1_0000_0000_u64.checked_div(segment_bytes)?;
    Some(format!(
        "{timeline:08X}{:08X}{:08X}",
        number.checked_div(per_log)?,
        number.checked_rem(per_log)?
    ))
}

/// Compares our history with theirs, each a list of branches and the timeline at its end.
pub fn relate(ours: (&[Branch], u32), theirs: (&[Branch], u32)) -> Relation {
    if ours.1 == theirs.1 {
        return Relation::SameTimeline;
    }
    // `None`: that history is still on the timeline.
    let left = |(branches, last): (&[Branch], u32), timeline: u32| -> Option<Option<Lsn>> {
        if last == timeline {
            return Some(None);
        }
        branches
            .iter()
            .find(|branch| branch.timeline == timeline)
            .map(|branch| Some(branch.at))
    };
    let mut timelines: Vec<u32> = ours.0.iter().map(|branch| branch.timeline).collect();
    timelines.push(ours.1);
    timelines
        .into_iter()
        .rev()
        .find_map(|timeline| {
            let at = match (left(ours, timeline)?, left(theirs, timeline)?) {
                (Some(ours), Some(theirs)) => ours.min(theirs),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => return None,
            };
            Some(Relation::Parted { timeline, at })
        })
        .unwrap_or(Relation::Strangers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lsn(text: &str) -> Lsn {
        text.parse().unwrap()
    }

    #[test]
    fn a_history_file_is_read() {
        let text = "1\t0/3000158\tno recovery target specified\n\n2\t0/5000000\tbefore 2026-11-21\n";
        let expected = [
            Branch {
                timeline: 1,
                at: lsn("0/3000158"),
            },
            Branch {
                timeline: 2,
                at: lsn("0/5000000"),
            },
        ];
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn a_position_has_its_segment() {
        let name = |text, bytes| segment_name(2, lsn(text), bytes).unwrap();
        assert_eq!(name("0/3000158", 16 << 20), "000000020000000000000003");
        assert_eq!(name("16/B374D848", 16 << 20), "0000000200000016000000B3");
        assert_eq!(segment_name(1, lsn("0/1"), 0), None);
    }

    #[test]
    fn histories_part_where_the_first_of_them_left_the_common_timeline() {
        let branch = |timeline, at| Branch {
            timeline,
            at: lsn(at),
        };
        let promoted = [branch(1, "0/300")];
        let twice = [branch(1, "0/300"), branch(2, "0/500")];
        let other = [branch(1, "0/200")];
        let parted = |timeline, at| Relation::Parted {
            timeline,
            at: lsn(at),
        };
        for (ours, theirs, expected) in [
            ((&[][..], 1), (&[][..], 1), Relation::SameTimeline),
            ((&[], 1), (&promoted, 2), parted(1, "0/300")),
            ((&promoted, 2), (&[], 1), parted(1, "0/300")),
            ((&promoted, 2), (&twice, 3), parted(2, "0/500")),
            ((&[], 1), (&twice, 3), parted(1, "0/300")),
            ((&other, 4), (&promoted, 2), parted(1, "0/200")),
            ((&[], 7), (&promoted, 2), Relation::Strangers),
        ] {
            assert_eq!(relate(ours, theirs), expected, "{ours:?} {theirs:?}");
        }
    }
}

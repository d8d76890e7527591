//! The interchange as read: groups and sets with what is wrong at each level, and what may be used.

use std::ops::Range;

use super::{
    fault::{GroupFault, InterchangeFault, SegmentReport, SetFault, Version},
    segment::Segment,
    tokens::Tokens,
};
use crate::words::{Address, Found, Verdict};

/// What the ISA segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// ISA05 and ISA06.
    pub sender: Address,
    /// ISA07 and ISA08.
    pub receiver: Address,
    /// ISA09 as sent.
    pub date: String,
    /// ISA10 as sent.
    pub time: String,
    /// ISA12 as sent.
    pub version: String,
    /// ISA13 as sent.
    pub control: String,
    /// ISA14 is 1: a TA1 is asked for.
    pub ack_requested: bool,
    /// ISA15 as sent: `P`, `T` or `I`.
    pub usage: String,
}

/// A functional group.
#[derive(Clone, Debug)]
pub struct Group {
    /// GS01.
    pub functional_id: String,
    /// GS02.
    pub sender: String,
    /// GS03.
    pub receiver: String,
    /// GS06 as sent.
    pub control: String,
    /// GS08 as sent.
    pub version_text: String,
    /// GS08 as we understand it.
    pub version: Option<Version>,
    /// GE01, if it is a number.
    pub declared: Option<u32>,
    /// Its sets.
    pub sets: Vec<Set>,
    /// What is wrong with it.
    pub faults: Vec<Found<GroupFault>>,
}

/// A transaction set.
#[derive(Clone, Debug)]
pub struct Set {
    /// ST01.
    pub id: String,
    /// ST02 as sent.
    pub control: String,
    /// ST03 of 5010: the implementation guide.
    pub implementation: Option<String>,
    /// Indexes of its segments in the interchange, from ST to SE.
    pub segments: Range<usize>,
    /// What is wrong with it as a whole.
    pub faults: Vec<Found<SetFault>>,
    /// Its segments in error.
    pub reports: Vec<SegmentReport>,
}

/// An interchange.
#[derive(Clone, Debug)]
pub struct Interchange<'a> {
    /// Its segments.
    pub tokens: Tokens<'a>,
    /// What its ISA says.
    pub header: Header,
    /// Its functional groups.
    pub groups: Vec<Group>,
    /// Indexes of TA1 segments: answers to interchanges of ours.
    pub answers: Vec<usize>,
    /// What is wrong with it.
    pub faults: Vec<Found<InterchangeFault>>,
}

impl<'a> Interchange<'a> {
    /// Whether nothing of it may be used.
    pub fn is_rejected(&self) -> bool {
        self.faults.iter().any(|found| found.fault.rejects())
    }

    /// The sets that may be used, with their groups: what is delivered.
    pub fn accepted(&self) -> impl Iterator<Item = (&Group, &Set)> {
        let groups = self
            .groups
            .iter()
            .filter(|group| !self.is_rejected() && group.faults.is_empty());
        groups.flat_map(|group| {
            let sets = group.sets.iter().filter(|set| set.verdict() != Verdict::Rejected);
            sets.map(move |set| (group, set))
        })
    }

    /// The segments of a set, from ST to SE.
    pub fn segments_of(&self, set: &Set) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.tokens.segments_in(set.segments.clone())
    }
}

impl Group {
    /// What becomes of the group, the interchange being fine.
    pub fn verdict(&self) -> Verdict {
        let rejected = self.accepted_count() == 0;
        if !self.faults.is_empty() || rejected {
            Verdict::Rejected
        } else if self.accepted_count() < self.sets.len() {
            Verdict::PartiallyAccepted
        } else if self
            .sets
            .iter()
            .any(|set| set.verdict() == Verdict::AcceptedWithErrors)
        {
            Verdict::AcceptedWithErrors
        } else {
            Verdict::Accepted
        }
    }

    /// How many of its sets may be used; none of a group that is itself at fault.
    pub fn accepted_count(&self) -> usize {
        if self.faults.is_empty() {
            self.sets
                .iter()
                .filter(|set| set.verdict() != Verdict::Rejected)
                .count()
        } else {
            0
        }
    }
}

impl Set {
    /// What becomes of the set, interchange and group being fine.
    pub fn verdict(&self) -> Verdict {
        if !self.faults.is_empty() || self.reports.iter().any(SegmentReport::rejects) {
            Verdict::Rejected
        } else if self.reports.is_empty() {
            Verdict::Accepted
        } else {
            Verdict::AcceptedWithErrors
        }
    }
}

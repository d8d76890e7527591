//! The interchange as read: messages with what is wrong with each, and what may be used.

use std::ops::Range;

use edifact_rs::{ReaderConfig, Segment, ServiceStringAdvice, from_bytes_with_config};

use super::fault::{InterchangeFault, MessageFault, SegmentReport};
use crate::words::{Address, Found, Verdict};

/// What the UNB segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// 0001, such as `UNOC`.
    pub syntax: String,
    /// 0002, such as `3`.
    pub syntax_version: String,
    /// S002.
    pub sender: Address,
    /// S003.
    pub receiver: Address,
    /// 0017 as sent.
    pub date: String,
    /// 0019 as sent.
    pub time: String,
    /// 0020: the control reference.
    pub control: String,
    /// 0031 is 1: a CONTRL is asked for.
    pub ack_requested: bool,
    /// 0035 is 1.
    pub is_test: bool,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// 0062.
    pub reference: String,
    /// 0065, such as `ORDERS`.
    pub kind: String,
    /// 0052, 0054 and 0051, such as `D:96A:UN`.
    pub version: String,
    /// 0057: the guide, such as `EAN008`.
    pub association: String,
    /// Indexes of its segments, from UNH to UNT.
    pub segments: Range<usize>,
    /// What is wrong with it as a whole.
    pub faults: Vec<Found<MessageFault>>,
    /// Its segments in error.
    pub reports: Vec<SegmentReport>,
}

impl Message {
    /// What becomes of the message, the interchange being fine.
    pub fn verdict(&self) -> Verdict {
        if self.faults.is_empty() && self.reports.is_empty() {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        }
    }
}

/// Where a segment lies in the text, its terminator included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) tag: [u8; 3],
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// 0085 when the segment cannot be read.
    pub(crate) fault: Option<&'static str>,
}

/// An interchange.
#[derive(Clone, Debug)]
pub struct Interchange<'t> {
    pub(crate) text: &'t str,
    pub(crate) advice: ServiceStringAdvice,
    pub(crate) places: Vec<Place>,
    pub(crate) end: usize,
    /// What its UNB says.
    pub header: Header,
    /// Its messages.
    pub messages: Vec<Message>,
    /// What is wrong with it.
    pub faults: Vec<Found<InterchangeFault>>,
}

impl<'t> Interchange<'t> {
    /// Whether nothing of it may be used.
    pub fn is_rejected(&self) -> bool {
        self.faults.iter().any(|found| found.fault.rejects())
    }

    /// The messages that may be used: what is delivered.
    pub fn accepted(&self) -> impl Iterator<Item = &Message> {
        let messages = self.messages.iter().filter(|_| !self.is_rejected());
        messages.filter(|message| message.verdict() != Verdict::Rejected)
    }

    /// The text of the interchange, from UNA or UNB to the terminator of UNZ.
    pub fn text(&self) -> &'t str {
        &self.text[..self.end]
    }

    /// Service characters in force.
    pub fn service_characters(&self) -> ServiceStringAdvice {
        self.advice
    }

    /// A segment by its index, UNB being 0. Nothing for one that cannot be read.
    ///
    /// It is read anew each time: a segment as the library holds it takes some fifty times the memory of its bytes, and
    /// an interchange has many.
    pub fn segment(&self, index: usize) -> Option<Segment<'t>> {
        let place = self.places.get(index).filter(|place| place.fault.is_none())?;
        parse_segment(
            self.text.get(place.start as usize..place.end as usize)?,
            self.advice,
        )
    }

    /// The segments of a message, from UNH to UNT.
    pub fn segments_of(&self, message: &Message) -> impl Iterator<Item = Segment<'t>> + '_ {
        message.segments.clone().filter_map(|index| self.segment(index))
    }
}

pub(crate) fn parse_segment(text: &str, advice: ServiceStringAdvice) -> Option<Segment<'_>> {
    let config = ReaderConfig::default()
        .max_segment_bytes(text.len())
        .with_service_string_advice(advice);
    from_bytes_with_config(text.as_bytes(), config).next()?.ok()
}

//! What there is to know about a record without its id and body.

use crate::frame::{Entry, KeyHash, Record, RecordView};

/// First half of a SHA-256 over a body: enough to tell bodies apart, and half the memory.
pub type BodyMark = [u8; 16];

/// Where the rest of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// In a segment.
    Log,
    /// Its segment was trimmed; it was copied to a file of its own before.
    Parked,
    /// Gone with its segment.
    Nowhere,
}

/// A record without its id and body: what opening a log shows, whether it was read from the record itself or from the
/// sidecar of its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Its place in the log.
    pub sequence: u64,
    /// Who wrote it.
    pub generation: u64,
    /// When it was accepted, microseconds since the epoch.
    pub time: i64,
    /// What kind of record it is.
    pub kind: u8,
    /// Hash of stream and id.
    pub key: KeyHash,
    /// First half of the SHA-256 of the body.
    pub body: BodyMark,
    /// Its stream.
    pub stream: &'a str,
    /// Where its id and body are.
    pub held: Held,
}

impl Entry {
    /// The same of an entry that has its place in the log.
    pub fn facts(&self, sequence: u64, generation: u64) -> Facts<'_> {
        Facts {
            sequence,
            generation,
            time: self.time,
            kind: self.kind,
            key: self.key,
            body: body_mark(&self.body_hash),
            stream: &self.stream,
            held: Held::Log,
        }
    }
}

impl<'a> RecordView<'a> {
    /// What there is to know about it without its id and body.
    pub fn facts(&self) -> Facts<'a> {
        Facts {
            sequence: self.sequence,
            generation: self.generation,
            time: self.time,
            kind: self.kind,
            key: self.key,
            body: body_mark(&self.body_hash),
            stream: self.stream,
            held: Held::Log,
        }
    }
}

impl Record {
    /// The same, borrowed.
    pub fn view(&self) -> RecordView<'_> {
        let entry = &self.entry;
        RecordView {
            sequence: self.sequence,
            generation: self.generation,
            time: entry.time,
            kind: entry.kind,
            key: entry.key,
            body_hash: entry.body_hash,
            stream: &entry.stream,
            id: &entry.id,
            body: &entry.body,
        }
    }
}

/// The first half of a hash.
pub fn body_mark(hash: &[u8; 32]) -> BodyMark {
    let mut mark = BodyMark::default();
    mark.copy_from_slice(&hash[..16]);
    mark
}

/// What opening shows: a record that was read and checked, or what the sidecar of its segment says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown<'a> {
    Record(&'a RecordView<'a>),
    Facts(Facts<'a>),
}

impl<'a> Shown<'a> {
    pub(crate) fn facts(&self) -> Facts<'a> {
        match self {
            Self::Record(view) => view.facts(),
            Self::Facts(facts) => *facts,
        }
    }
}

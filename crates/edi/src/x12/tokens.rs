//! Bytes into segments: one pass, nothing copied, nothing taken that a limit does not bound.

use std::ops::Range;

use super::{
    delimiters::{Delimiters, ISA_BYTES, Unreadable},
    segment::Segment,
};
use crate::limits::{Exceeded, Limits};

/// Why the tokenizer stopped before it came to the end of an interchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// No IEA segment came: the transmission was cut, or bytes after the last terminator belong to nothing.
    EndOfFile,
    /// Another interchange begins before this one has ended.
    AnotherHeader,
    /// A limit.
    Limit(Exceeded),
}

/// The segments of one interchange, as places in its bytes.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    bytes: &'a [u8],
    delimiters: Delimiters,
    /// Start and end of each segment, the terminator left out.
    places: Vec<(u32, u32)>,
    start: usize,
    end: usize,
    stopped: Option<Stopped>,
}

impl<'a> Tokens<'a> {
    /// Splits the first interchange of `bytes` into segments.
    ///
    /// White space before it, and carriage returns and line feeds after terminators, are tolerated and kept track of.
    ///
    /// # Errors
    /// [`Unreadable`] when there is no ISA segment to read by. Everything later is told by [`Tokens::stopped`], because
    /// then there is somebody to answer.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Unreadable> {
        let start = bytes
            .iter()
            .position(|byte| !is_space(*byte))
            .ok_or(Unreadable::Empty)?;
        let delimiters = Delimiters::of_isa(&bytes[start..])?;
        let mut tokens = Self {
            bytes,
            delimiters,
            places: Vec::new(),
            start,
            end: bytes.len(),
            stopped: Some(Stopped::EndOfFile),
        };
        let reach = start.saturating_add(limits.interchange_bytes_max as usize);
        let window = &bytes[..bytes.len().min(reach)];
        tokens.split(window, limits);
        if tokens.stopped == Some(Stopped::EndOfFile) && window.len() < bytes.len() {
            tokens.stopped = Some(Stopped::Limit(Exceeded::InterchangeBytes));
        }
        Ok(tokens)
    }

    fn split(&mut self, window: &'a [u8], limits: &Limits) {
        let Delimiters {
            element,
            component,
            repetition,
            terminator,
        } = self.delimiters;
        let mut at = self.start;
        while at < window.len() {
            let rest = &window[at..];
            // Looking no further than a segment may be long bounds the work on input without terminators.
            let reach = rest.len().min(limits.segment_bytes_max as usize + 1);
            let Some(length) = memchr::memchr(terminator, &rest[..reach]) else {
                if reach < rest.len() {
                    self.stop(at, Stopped::Limit(Exceeded::SegmentBytes));
                }
                return;
            };
            if self.places.len() >= limits.segments_max as usize {
                return self.stop(at, Stopped::Limit(Exceeded::Segments));
            }
            let text = &rest[..length];
            let separators = memchr::memchr3_iter(element, component, repetition.unwrap_or(component), text);
            if separators.take(limits.separators_max as usize + 1).count() > limits.separators_max as usize {
                return self.stop(at, Stopped::Limit(Exceeded::Separators));
            }
            if text.starts_with(b"ISA") && text.get(3) == Some(&element) && !self.places.is_empty() {
                return self.stop(at, Stopped::AnotherHeader);
            }
            let end = at + length;
            self.places.push((place(at), place(end)));
            at = end + 1;
            if text.starts_with(b"IEA") && (length == 3 || text[3] == element) {
                self.end = at;
                self.stopped = None;
                return;
            }
            while window
                .get(at)
                .is_some_and(|byte| is_line_end(*byte) && *byte != terminator)
            {
                at += 1;
            }
        }
    }

    fn stop(&mut self, at: usize, why: Stopped) {
        // Only a second header says where the next interchange begins; after a limit nothing that follows is sure.
        if why == Stopped::AnotherHeader {
            self.end = at;
        }
        self.stopped = Some(why);
    }

    /// The delimiters.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Why it ended early, if it did.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    /// How many segments there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none; only after a limit.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the interchange lies in the bytes: from its ISA to after the terminator of its IEA.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes of the interchange, without what surrounds it.
    pub fn interchange_bytes(&self) -> &'a [u8] {
        &self.bytes[self.start..self.end]
    }

    /// Where a segment lies, without its terminator.
    pub fn place(&self, index: usize) -> Option<Range<usize>> {
        let (start, end) = *self.places.get(index)?;
        Some(start as usize..end as usize)
    }

    /// A segment by its index; the ISA is 0.
    pub fn segment(&self, index: usize) -> Option<Segment<'a>> {
        let text = &self.bytes[self.place(index)?];
        Some(Segment::new(text, self.delimiters))
    }

    /// All segments.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.segments_in(0..self.len())
    }

    /// Some segments.
    pub fn segments_in(&self, indexes: Range<usize>) -> impl Iterator<Item = Segment<'a>> + '_ {
        indexes.filter_map(|index| self.segment(index))
    }

    /// The ISA segment with its terminator.
    pub fn isa(&self) -> &'a [u8] {
        // `of_isa` has seen that so many bytes are there.
        &self.bytes[self.start..self.start + ISA_BYTES]
    }
}

fn place(at: usize) -> u32 {
    // The window is bounded by a u32 plus the white space before it, of which nobody sends 4 GiB.
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b'\t' | b' ')
}

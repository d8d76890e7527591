//! One segment as a view of its bytes; elements are found when asked for.

use std::borrow::Cow;

use super::delimiters::Delimiters;
use crate::text::Encoding;

/// A segment of an interchange.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(bytes: &'a [u8], delimiters: Delimiters) -> Self {
        Self { bytes, delimiters }
    }

    /// All bytes, the terminator left out.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The tag, such as `PO1`.
    pub fn tag(&self) -> &'a [u8] {
        let end = memchr::memchr(self.delimiters.element, self.bytes).unwrap_or(self.bytes.len());
        &self.bytes[..end]
    }

    /// Whether the tag is this.
    pub fn is(&self, tag: &str) -> bool {
        self.tag() == tag.as_bytes()
    }

    /// The elements in order, the first one being number 1 in the standard's counting.
    pub fn elements(&self) -> impl Iterator<Item = &'a [u8]> {
        Split {
            rest: Some(self.bytes),
            separator: self.delimiters.element,
        }
        .skip(1)
    }

    /// An element by the standard's number, counted from 1; empty when it is not there.
    pub fn element(&self, number: usize) -> &'a [u8] {
        if number == 0 {
            return &[];
        }
        self.elements().nth(number - 1).unwrap_or(&[])
    }

    /// A component of an element, both counted from 1; empty when it is not there.
    pub fn component(&self, element: usize, component: usize) -> &'a [u8] {
        if component == 0 {
            return &[];
        }
        self.components_of(self.element(element))
            .nth(component - 1)
            .unwrap_or(&[])
    }

    /// The components of an element.
    pub fn components_of(&self, element: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Split {
            rest: Some(element),
            separator: self.delimiters.component,
        }
    }

    /// The repetitions of an element; one where the interchange has no repetition separator.
    pub fn repetitions_of(&self, element: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let separator = self.delimiters.repetition;
        Split {
            rest: Some(element),
            // Without a separator, one that cannot be in the element: the element separator itself.
            separator: separator.unwrap_or(self.delimiters.element),
        }
    }

    /// An element as text, spaces around it removed.
    pub fn text(&self, number: usize) -> Cow<'a, str> {
        text_of(self.element(number))
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        memchr::memchr_iter(self.delimiters.element, self.bytes).count()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes of an element as text, spaces around it removed.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.trim_ascii();
    Encoding::of(bytes).decode(bytes)
}

/// Like `slice::split`, with a search that the processor does many bytes at a time.
struct Split<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match memchr::memchr(self.separator, rest) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(&rest[..at])
            }
            None => self.rest.take(),
        }
    }
}

//! The characters that punctuate an interchange, which its own ISA segment declares.

use serde::{Deserialize, Serialize};

/// Bytes of an ISA segment with its terminator: the one segment of fixed width.
pub const ISA_BYTES: usize = 106;

/// Where the element separators of an ISA stand.
const ISA_SEPARATORS: [usize; 16] = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

/// From this version of the controls on, ISA11 is the repetition separator; before, it names the standard (`U`).
const REPETITION_SINCE: &[u8] = b"00402";

/// The delimiters of one interchange: distinct, none of them a letter, a digit or a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delimiters {
    /// Between elements, usually `*`.
    pub element: u8,
    /// Between components of an element, usually `>` or `:`; ISA16.
    pub component: u8,
    /// Between repetitions of an element, usually `^`; ISA11 of 5010, absent in 4010.
    pub repetition: Option<u8>,
    /// After every segment, usually `~`.
    pub terminator: u8,
}

/// Bytes that are no X12 interchange at all: there is nobody to send an acknowledgement to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// It begins with something else.
    #[error("the message does not begin with ISA")]
    NotAnInterchange,
    /// It ends within the ISA segment.
    #[error("the message ends within its ISA segment")]
    HeaderTruncated,
    /// An element of the ISA has another width than the standard fixes.
    #[error("ISA{element:02} does not have its fixed width")]
    HeaderWidth {
        /// Number of the element.
        element: u8,
    },
    /// The delimiters clash with each other or with data.
    #[error("the ISA segment declares delimiters that cannot be told apart from data")]
    Delimiters,
}

impl Delimiters {
    /// What most of the world uses with 4010.
    pub const USUAL: Self = Self {
        element: b'*',
        component: b'>',
        repetition: None,
        terminator: b'~',
    };

    /// Reads them from bytes that begin with `ISA`.
    ///
    /// # Errors
    /// [`Unreadable`] when the ISA is not one that other elements could be read by.
    pub fn of_isa(bytes: &[u8]) -> Result<Self, Unreadable> {
        if !bytes.starts_with(b"ISA") {
            return Err(Unreadable::NotAnInterchange);
        }
        let Some(isa) = bytes.get(..ISA_BYTES) else {
            return Err(Unreadable::HeaderTruncated);
        };
        let element = isa[3];
        // One more or one fewer character anywhere moves all that follow: name the first element that is off.
        for (number, at) in ISA_SEPARATORS.iter().enumerate() {
            if isa[*at] != element {
                return Err(Unreadable::HeaderWidth {
                    element: u8::try_from(number).unwrap_or(u8::MAX),
                });
            }
        }
        let version = &isa[84..89];
        let has_repetition = version >= REPETITION_SINCE && isa[82] != b'U';
        let delimiters = Self {
            element,
            component: isa[104],
            repetition: has_repetition.then_some(isa[82]),
            terminator: isa[105],
        };
        let data = &isa[4..103];
        let usable = delimiters.are_usable()
            && !data.contains(&delimiters.terminator)
            && !data.contains(&delimiters.component);
        if usable {
            Ok(delimiters)
        } else {
            Err(Unreadable::Delimiters)
        }
    }

    /// Whether each differs from the others and none could be part of a tag or a number.
    pub fn are_usable(&self) -> bool {
        let used = [
            Some(self.element),
            Some(self.component),
            Some(self.terminator),
            self.repetition,
        ];
        let mut seen = [false; 256];
        used.into_iter().flatten().all(|byte| {
            // A control character may separate (some partners end segments with a line feed), NUL may not.
            let fit = byte < 0x80 && byte != 0 && !byte.is_ascii_alphanumeric() && byte != b' ';
            fit && !std::mem::replace(&mut seen[usize::from(byte)], true)
        })
    }

    /// Whether a byte has a meaning of its own here.
    pub fn contains(&self, byte: u8) -> bool {
        byte == self.element
            || byte == self.component
            || byte == self.terminator
            || Some(byte) == self.repetition
    }
}

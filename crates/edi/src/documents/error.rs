//! What a business document lacks. A document that fails here was sound as EDI: its acknowledgement has been positive, and
//! the answer is a business one (an 855 or ORDRSP that rejects, or a person).

/// Why a document cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something that must be there is not.
    #[error("{place} is missing")]
    Missing {
        /// Segment and element, such as `BEG03`.
        place: &'static str,
    },
    /// Something that cannot be understood.
    #[error("{place} says `{value}`, which is no {expected}")]
    Value {
        /// Segment and element.
        place: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A purpose that we cannot act on, such as a cancellation.
    #[error("{place} says `{code}`: only originals are taken")]
    Purpose {
        /// Segment and element.
        place: &'static str,
        /// The code.
        code: String,
    },
    /// A control total that is off: something was lost on the way.
    #[error("{place} says {declared}, the document comes to {counted}")]
    Total {
        /// Segment and element.
        place: &'static str,
        /// What it says.
        declared: String,
        /// What is there.
        counted: String,
    },
    /// A GTIN or SSCC with a wrong check digit.
    #[error("{value} is no {what}: its length or its check digit is wrong")]
    CheckDigit {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// No line at all.
    #[error("the document has no line")]
    NoLines,
    /// Longer than the standard has room for.
    #[error("{place} has room for {length_max} characters: `{value}`")]
    TooLong {
        /// Segment and element.
        place: &'static str,
        /// The value.
        value: String,
        /// The room.
        length_max: usize,
    },
    /// A line that none of the ways to name a product leads to a SKU of ours.
    #[error("line {line} names no product by a code that is agreed on")]
    NoSku {
        /// Its number.
        line: String,
    },
    /// A unit that was not agreed on.
    #[error("line {line} is in {unit}, which was not agreed on")]
    Unit {
        /// Its number.
        line: String,
        /// The unit.
        unit: String,
    },
    /// A quantity that cannot be ordered.
    #[error("line {line} orders {quantity}, which cannot be")]
    Quantity {
        /// Its number.
        line: String,
        /// The quantity.
        quantity: String,
    },
}

/// Checks that a value fits.
pub(crate) fn fits<'a>(place: &'static str, value: &'a str, length_max: usize) -> Result<&'a str, Error> {
    if value.trim().is_empty() {
        return Err(Error::Missing { place });
    }
    if value.chars().count() > length_max {
        return Err(Error::TooLong {
            place,
            value: value.to_owned(),
            length_max,
        });
    }
    Ok(value)
}

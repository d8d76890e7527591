//! Parts that several outbound documents share.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{error::Error, number, product::ProductId, unit::Unit};
use crate::{date, outgoing::Segment};

/// X12 has room for ten pairs in most segments; partners read the first few.
const IDS_MAX: usize = 5;

/// Appends pairs of qualifier and code.
pub(super) fn with_products(mut segment: Segment, products: &[ProductId]) -> Result<Segment, Error> {
    if products.is_empty() {
        return Err(Error::Missing {
            place: "a product code",
        });
    }
    for product in products.iter().take(IDS_MAX) {
        product.check()?;
        segment = segment.with(product.x12_qualifier()).with(&product.code);
    }
    Ok(segment)
}

/// LIN with the first code, and PIA with the others.
pub(super) fn lin(line: &str, action: &str, products: &[ProductId]) -> Result<Vec<Segment>, Error> {
    let [first, rest @ ..] = products else {
        return Err(Error::Missing {
            place: "a product code",
        });
    };
    for product in products {
        product.check()?;
    }
    // A GTIN goes into LIN, where readers look for it.
    let main = products
        .iter()
        .find(|product| product.edifact_qualifier() == "EN")
        .unwrap_or(first);
    let mut segments = vec![
        Segment::of("LIN", [line, action]).with_components([main.code.as_str(), main.edifact_qualifier()]),
    ];
    let others = std::iter::once(first)
        .chain(rest)
        .filter(|product| *product != main)
        .take(IDS_MAX);
    let mut pia = Segment::of("PIA", ["1"]);
    for product in others {
        pia = pia.with_components([product.code.as_str(), product.edifact_qualifier()]);
    }
    if pia.elements.len() > 1 {
        segments.push(pia);
    }
    Ok(segments)
}

/// QTY.
pub(super) fn qty(qualifier: &str, quantity: Decimal, unit: &Unit) -> Segment {
    Segment::of("QTY", []).with_components([qualifier, &number::write(quantity), unit.edifact()])
}

/// DTM of EDIFACT.
pub(super) fn dtm(qualifier: &str, day: Date) -> Segment {
    Segment::of("DTM", []).with_components([qualifier, &date::write_long(day), "102"])
}

/// RFF.
pub(super) fn rff(qualifier: &str, reference: &str) -> Segment {
    Segment::of("RFF", []).with_components([qualifier, reference])
}

/// A quantity that can be shipped, invoiced or counted.
pub(super) fn check_quantity(line: &str, quantity: Decimal, least: Decimal) -> Result<(), Error> {
    if quantity >= least {
        return Ok(());
    }
    Err(Error::Quantity {
        line: line.to_owned(),
        quantity: quantity.to_string(),
    })
}

/// Number of a line: its own, or its place.
pub(super) fn line_number(number: &str, index: usize) -> String {
    if number.is_empty() {
        (index + 1).to_string()
    } else {
        number.to_owned()
    }
}

/// A sum that does not overflow.
pub(super) fn sum(place: &'static str, mut numbers: impl Iterator<Item = Decimal>) -> Result<Decimal, Error> {
    numbers
        .try_fold(Decimal::ZERO, Decimal::checked_add)
        .ok_or(Error::Value {
            place,
            value: "a sum of more digits than can be counted".to_owned(),
            expected: "number",
        })
}

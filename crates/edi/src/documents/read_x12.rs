//! Orders out of X12: 850 and 940.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    delivery::{DeliveryLine, DeliveryOrder},
    error::Error,
    number,
    order::{OrderLine, PurchaseOrder},
    party::{Party, Role},
    product::ProductId,
    unit::Unit,
};
use crate::{
    date,
    x12::{Interchange, Segment, Set},
};

/// An 850 as a purchase order.
///
/// # Errors
/// [`Error`] when something that an order cannot do without is missing, or a control total is off.
pub fn read_850(interchange: &Interchange<'_>, set: &Set) -> Result<PurchaseOrder, Error> {
    let (mut beg, mut order) = (None, None);
    let mut totals = None;
    for segment in interchange.segments_of(set) {
        if segment.is("BEG") {
            check_purpose("BEG01", &segment.text(1), &["00", "07"])?;
            beg = Some(segment);
            order = Some(PurchaseOrder {
                number: required(segment, 3, "BEG03")?,
                date: required_date(segment, 5, "BEG05")?,
                wanted_on: None,
                currency: None,
                parties: Vec::new(),
                lines: Vec::new(),
            });
            continue;
        }
        let Some(order) = &mut order else { continue };
        match (segment.tag(), order.lines.last_mut()) {
            (b"CUR", None) => order.currency = Some(required(segment, 2, "CUR02")?),
            (b"DTM", None) if matches!(segment.element(1), b"002" | b"010") => {
                order.wanted_on = order.wanted_on.or(Some(required_date(segment, 2, "DTM02")?));
            }
            (b"N1" | b"N2" | b"N3" | b"N4", None) => read_party(&mut order.parties, segment),
            (b"PO1", _) => order.lines.push(order_line(segment)?),
            (b"PID", Some(line)) if segment.element(1) == b"F" => {
                join(&mut line.description, &segment.text(5));
            }
            (b"CTT", _) => totals = Some(segment),
            _ => {}
        }
    }
    let (Some(order), Some(_)) = (order, beg) else {
        return Err(Error::Missing { place: "BEG" });
    };
    if let Some(ctt) = totals {
        check_count("CTT01", &ctt.text(1), order.lines.len())?;
        check_sum(
            "CTT02",
            &ctt.text(2),
            order.lines.iter().map(|line| line.quantity),
        )?;
    }
    if order.lines.is_empty() {
        Err(Error::NoLines)
    } else {
        Ok(order)
    }
}

fn order_line(po1: Segment<'_>) -> Result<OrderLine, Error> {
    let price = po1.text(4);
    Ok(OrderLine {
        number: po1.text(1).into_owned(),
        quantity: required_number(po1, 2, "PO102")?,
        unit: Unit::of_x12(&required(po1, 3, "PO103")?),
        price: if price.is_empty() {
            None
        } else {
            Some(required_number(po1, 4, "PO104")?)
        },
        products: products(po1, 6)?,
        description: String::new(),
    })
}

/// A 940 as a delivery order.
///
/// # Errors
/// [`Error`] when something that it cannot do without is missing, or the total is off.
pub fn read_940(interchange: &Interchange<'_>, set: &Set) -> Result<DeliveryOrder, Error> {
    let mut order: Option<DeliveryOrder> = None;
    let (mut number, mut total, mut shipping) = (String::new(), None, false);
    for segment in interchange.segments_of(set) {
        if segment.is("W05") {
            check_purpose("W0501", &segment.text(1), &["N"])?;
            order = Some(DeliveryOrder {
                number: required(segment, 2, "W0502")?,
                purchase_order: segment.text(3).into_owned(),
                wanted_on: None,
                notes: Vec::new(),
                parties: Vec::new(),
                lines: Vec::new(),
            });
            continue;
        }
        let Some(order) = &mut order else { continue };
        match (segment.tag(), order.lines.last_mut()) {
            (b"N1" | b"N2" | b"N3" | b"N4", None) => read_party(&mut order.parties, segment),
            // 10 is the shipping date, which a warehouse can keep; 02 the delivery date.
            (b"G62", None) if matches!(segment.element(1), b"10" | b"02") => {
                let is_shipping = segment.element(1) == b"10";
                if is_shipping || !shipping {
                    order.wanted_on = Some(required_date(segment, 2, "G6202")?);
                    shipping = is_shipping;
                }
            }
            (b"NTE", None) => order.notes.push(segment.text(2).into_owned()),
            (b"LX", _) => number = segment.text(1).into_owned(),
            (b"W01", _) => {
                let mut ids = products(segment, 4)?;
                ids.extend(ProductId::of_x12("UP", &segment.text(3))?);
                order.lines.push(DeliveryLine {
                    number: number.clone(),
                    quantity: required_number(segment, 1, "W0101")?,
                    unit: Unit::of_x12(&required(segment, 2, "W0102")?),
                    products: ids,
                    description: String::new(),
                });
            }
            (b"G69", Some(line)) => join(&mut line.description, &segment.text(1)),
            (b"W76", _) => total = Some(segment),
            _ => {}
        }
    }
    let order = order.ok_or(Error::Missing { place: "W05" })?;
    if let Some(w76) = total {
        check_sum(
            "W7601",
            &w76.text(1),
            order.lines.iter().map(|line| line.quantity),
        )?;
    }
    if order.lines.is_empty() {
        Err(Error::NoLines)
    } else {
        Ok(order)
    }
}

fn read_party(parties: &mut Vec<Party>, segment: Segment<'_>) {
    let text = |number| segment.text(number).into_owned();
    if segment.is("N1") {
        // A party in a role we have no word for is kept out, and so are the lines of its address.
        let party = Role::of_x12(&segment.text(1)).map(|role| Party {
            name: text(2),
            id_list: text(3),
            id: text(4),
            ..Party::of(role)
        });
        parties.extend(party);
        return;
    }
    let Some(party) = parties.last_mut() else {
        return;
    };
    match segment.tag() {
        b"N3" => party
            .street
            .extend([text(1), text(2)].into_iter().filter(|line| !line.is_empty())),
        b"N4" => {
            party.city = text(1);
            party.region = text(2);
            party.postcode = text(3);
            party.country = text(4);
        }
        _ => {}
    }
}

/// Pairs of qualifier and code, from an element on.
fn products(segment: Segment<'_>, from: usize) -> Result<Vec<ProductId>, Error> {
    let mut ids = Vec::new();
    // No segment has more than ten pairs.
    for number in (from..from + 20).step_by(2) {
        ids.extend(ProductId::of_x12(
            &segment.text(number),
            &segment.text(number + 1),
        )?);
    }
    Ok(ids)
}

fn required(segment: Segment<'_>, number: usize, place: &'static str) -> Result<String, Error> {
    let text = segment.text(number);
    if text.is_empty() {
        Err(Error::Missing { place })
    } else {
        Ok(text.into_owned())
    }
}

fn required_date(segment: Segment<'_>, number: usize, place: &'static str) -> Result<Date, Error> {
    let text = required(segment, number, place)?;
    date::parse_long(&text).ok_or(Error::Value {
        place,
        value: text,
        expected: "date",
    })
}

fn required_number(segment: Segment<'_>, element: usize, place: &'static str) -> Result<Decimal, Error> {
    let text = required(segment, element, place)?;
    number::parse(&text).ok_or(Error::Value {
        place,
        value: text,
        expected: "number",
    })
}

pub(super) fn check_purpose(place: &'static str, code: &str, taken: &[&str]) -> Result<(), Error> {
    if taken.contains(&code) {
        return Ok(());
    }
    Err(Error::Purpose {
        place,
        code: code.to_owned(),
    })
}

/// A count that is not given says nothing; one that is off says that something was lost.
pub(super) fn check_count(place: &'static str, declared: &str, counted: usize) -> Result<(), Error> {
    if declared.is_empty() || number::parse(declared) == Some(Decimal::from(counted)) {
        return Ok(());
    }
    Err(Error::Total {
        place,
        declared: declared.to_owned(),
        counted: counted.to_string(),
    })
}

pub(super) fn check_sum(
    place: &'static str,
    declared: &str,
    mut quantities: impl Iterator<Item = Decimal>,
) -> Result<(), Error> {
    let sum = quantities.try_fold(Decimal::ZERO, Decimal::checked_add);
    if declared.is_empty() || (sum.is_some() && number::parse(declared) == sum) {
        return Ok(());
    }
    let counted = sum.map_or_else(|| "more than can be counted".to_owned(), number::write);
    Err(Error::Total {
        place,
        declared: declared.to_owned(),
        counted,
    })
}

/// Descriptions come in pieces of eighty characters.
pub(super) fn join(description: &mut String, piece: &str) {
    if !description.is_empty() && !piece.is_empty() {
        description.push(' ');
    }
    description.push_str(piece);
}

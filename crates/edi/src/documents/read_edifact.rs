//! Orders out of EDIFACT: ORDERS of D.96A and D.01B.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    error::Error,
    number,
    order::{OrderLine, PurchaseOrder},
    party::{Party, Role},
    product::ProductId,
    read_x12::{check_count, check_purpose, check_sum, join},
    unit::Unit,
};
use crate::{
    date,
    edifact::{Interchange, Message, Segment},
};

/// An ORDERS as a purchase order.
///
/// # Errors
/// [`Error`] when something that an order cannot do without is missing, or a control total is off.
pub fn read_orders(interchange: &Interchange<'_>, message: &Message) -> Result<PurchaseOrder, Error> {
    let mut number = None;
    let (mut ordered_on, mut wanted_on, mut currency) = (None, None, None);
    let (mut parties, mut lines): (Vec<Party>, Vec<Draft>) = (Vec::new(), Vec::new());
    let mut in_lines = true;
    for segment in interchange.segments_of(message) {
        match (segment.tag(), lines.last_mut().filter(|_| in_lines)) {
            ("BGM", _) => {
                let function = text(&segment, 2, 0);
                check_purpose(
                    "BGM 1225",
                    if function.is_empty() { "9" } else { &function },
                    &["9", "7"],
                )?;
                number = Some(required(&segment, 1, 0, "BGM 1004")?);
            }
            ("DTM", None) if in_lines => match text(&segment, 0, 0).as_str() {
                "137" => ordered_on = Some(read_date(&segment)?),
                "2" | "10" | "69" => wanted_on = wanted_on.or(Some(read_date(&segment)?)),
                _ => {}
            },
            ("NAD", None) if in_lines => parties.extend(party(&segment)),
            ("CUX", None) if in_lines => currency = Some(required(&segment, 0, 1, "CUX 6345")?),
            ("LIN", _) => {
                let mut line = Draft::new(text(&segment, 0, 0));
                line.products.extend(ProductId::of_edifact(
                    &text(&segment, 2, 1),
                    &text(&segment, 2, 0),
                )?);
                lines.push(line);
            }
            ("PIA", Some(line)) => {
                for element in 1..segment.elements.len() {
                    let id = ProductId::of_edifact(&text(&segment, element, 1), &text(&segment, element, 0))?;
                    line.products.extend(id);
                }
            }
            ("IMD", Some(line)) => {
                join(&mut line.description, &text(&segment, 2, 3));
                join(&mut line.description, &text(&segment, 2, 4));
            }
            ("QTY", Some(line)) if text(&segment, 0, 0) == "21" => {
                line.quantity = Some(required_number(&segment, "QTY 6060")?);
                line.unit = Unit::of_edifact(&text(&segment, 0, 2));
            }
            ("PRI", Some(line)) if matches!(text(&segment, 0, 0).as_str(), "AAA" | "AAB") => {
                line.price = line.price.or(Some(required_number(&segment, "PRI 5118")?));
            }
            ("UNS", _) => in_lines = false,
            ("CNT", _) => check_control(&segment, &lines)?,
            _ => {}
        }
    }
    if lines.is_empty() {
        return Err(Error::NoLines);
    }
    Ok(PurchaseOrder {
        number: number.ok_or(Error::Missing { place: "BGM" })?,
        date: ordered_on.ok_or(Error::Missing { place: "DTM+137" })?,
        wanted_on,
        currency,
        parties,
        lines: lines.into_iter().map(Draft::finish).collect::<Result<_, _>>()?,
    })
}

/// A line whose quantity may still come.
struct Draft {
    number: String,
    quantity: Option<Decimal>,
    unit: Unit,
    price: Option<Decimal>,
    products: Vec<ProductId>,
    description: String,
}

impl Draft {
    fn new(number: String) -> Self {
        Self {
            number,
            quantity: None,
            unit: Unit::Each,
            price: None,
            products: Vec::new(),
            description: String::new(),
        }
    }

    fn finish(self) -> Result<OrderLine, Error> {
        Ok(OrderLine {
            number: self.number,
            quantity: self.quantity.ok_or(Error::Missing { place: "QTY+21" })?,
            unit: self.unit,
            price: self.price,
            products: self.products,
            description: self.description,
        })
    }
}

fn check_control(cnt: &Segment<'_>, lines: &[Draft]) -> Result<(), Error> {
    let declared = text(cnt, 0, 1);
    match text(cnt, 0, 0).as_str() {
        "1" => check_sum("CNT+1", &declared, lines.iter().filter_map(|line| line.quantity)),
        "2" => check_count("CNT+2", &declared, lines.len()),
        _ => Ok(()),
    }
}

fn party(nad: &Segment<'_>) -> Option<Party> {
    let role = Role::of_edifact(&text(nad, 0, 0))?;
    // Structured name and address; the unstructured C058 serves where there is none.
    let name = [text(nad, 3, 0), text(nad, 2, 0)]
        .into_iter()
        .find(|name| !name.is_empty());
    let street = (0..4)
        .map(|component| text(nad, 4, component))
        .filter(|line| !line.is_empty());
    Some(Party {
        name: name.unwrap_or_default(),
        id: text(nad, 1, 0),
        id_list: text(nad, 1, 2),
        street: street.collect(),
        city: text(nad, 5, 0),
        region: text(nad, 6, 0),
        postcode: text(nad, 7, 0),
        country: text(nad, 8, 0),
        ..Party::of(role)
    })
}

/// 2380 in the format that 2379 names; without one its length decides.
fn read_date(dtm: &Segment<'_>) -> Result<Date, Error> {
    let value = required(dtm, 0, 1, "DTM 2380")?;
    let parsed = match (text(dtm, 0, 2).as_str(), value.len()) {
        ("101", 6) | ("", 6) => date::parse_short(&value),
        ("102", 8) | ("", 8) => date::parse_long(&value),
        ("203", 12) | ("204", 14) | ("", 12 | 14) => {
            let (day, time) = value.split_at_checked(8).unwrap_or(("", ""));
            date::parse_long(day).filter(|_| date::is_time(time))
        }
        _ => None,
    };
    parsed.ok_or(Error::Value {
        place: "DTM 2380",
        value,
        expected: "date in the format that is named",
    })
}

fn text(segment: &Segment<'_>, element: usize, component: usize) -> String {
    segment
        .component_str(element, component)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn required(
    segment: &Segment<'_>,
    element: usize,
    component: usize,
    place: &'static str,
) -> Result<String, Error> {
    let text = text(segment, element, component);
    if text.is_empty() {
        Err(Error::Missing { place })
    } else {
        Ok(text)
    }
}

fn required_number(segment: &Segment<'_>, place: &'static str) -> Result<Decimal, Error> {
    let value = required(segment, 0, 1, place)?;
    number::parse(&value).ok_or(Error::Value {
        place,
        value,
        expected: "number",
    })
}

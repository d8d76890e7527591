//! What a warehouse shipped, told to the owner of the goods: 945, the answer to a 940.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, fits},
    gs1::Sscc,
    lines::{check_quantity, sum},
    number,
    party::Party,
    product::ProductId,
    unit::Unit,
};
use crate::{date, outgoing::Segment};

/// A shipment out of a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseShipment {
    /// The owner's number of the delivery order.
    pub order: String,
    /// When it was shipped.
    pub shipped_on: Date,
    /// Our number of the shipment.
    pub shipment: String,
    /// The purchase order behind it; may be empty.
    pub purchase_order: String,
    /// Code of the carrier; may be empty.
    pub carrier: String,
    /// The carrier's number of the shipment; may be empty.
    pub tracking: String,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What was shipped.
    pub lines: Vec<WarehouseLine>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseLine {
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// What was ordered.
    pub ordered: Decimal,
    /// What was shipped.
    pub shipped: Decimal,
    /// Of what.
    pub unit: Unit,
    /// The package it went in.
    pub sscc: Option<Sscc>,
}

impl WarehouseShipment {
    /// The segments of a 945 between ST and SE.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit or cannot be.
    pub fn to_945(&self) -> Result<Vec<Segment>, Error> {
        if self.lines.is_empty() {
            return Err(Error::NoLines);
        }
        let mut body = vec![Segment::of(
            "W06",
            [
                "N",
                fits("W0602", &self.order, 22)?,
                &date::write_long(self.shipped_on),
                fits("W0604", &self.shipment, 30)?,
                "",
                &self.purchase_order,
            ],
        )];
        for party in &self.parties {
            body.extend(party.x12()?);
        }
        if !self.tracking.is_empty() {
            body.push(Segment::of("N9", ["CN", fits("N902", &self.tracking, 30)?]));
        }
        body.push(Segment::of("G62", ["11", &date::write_long(self.shipped_on)]));
        if !self.carrier.is_empty() {
            body.push(Segment::of("W27", ["M", fits("W2702", &self.carrier, 4)?]));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let number = (index + 1).to_string();
            check_quantity(&number, line.shipped, Decimal::ZERO)?;
            check_quantity(&number, line.ordered, Decimal::ZERO)?;
            body.push(Segment::of("LX", [&number]));
            body.extend(
                line.sscc
                    .as_ref()
                    .map(|sscc| Segment::of("MAN", ["GM", sscc.as_str()])),
            );
            body.push(line.w12()?);
        }
        let shipped = sum("W0301", self.lines.iter().map(|line| line.shipped))?;
        body.push(Segment::of("W03", [&number::write(shipped)]));
        Ok(body)
    }
}

impl WarehouseLine {
    fn w12(&self) -> Result<Segment, Error> {
        let [first, rest @ ..] = &self.products[..] else {
            return Err(Error::Missing {
                place: "a product code",
            });
        };
        self.products.iter().try_for_each(ProductId::check)?;
        let difference = self.ordered - self.shipped;
        let status = match (self.shipped.is_zero(), difference.is_zero()) {
            (_, true) => "CC",
            (true, false) => "BO",
            (false, false) => "CP",
        };
        let mut w12 = Segment::of(
            "W12",
            [
                status,
                &number::write(self.ordered),
                &number::write(self.shipped),
                &if difference.is_zero() {
                    String::new()
                } else {
                    number::write(difference)
                },
                self.unit.x12(),
                "",
                first.x12_qualifier(),
                &first.code,
            ],
        );
        if let [second, ..] = rest {
            // W1217 and W1218 are the second pair.
            for _ in 9..17 {
                w12 = w12.with("");
            }
            w12 = w12.with(second.x12_qualifier()).with(&second.code);
        }
        Ok(w12)
    }
}

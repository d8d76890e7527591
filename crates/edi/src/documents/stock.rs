//! What is in stock: 846.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, fits},
    lines::{check_quantity, with_products},
    number,
    party::Party,
    product::ProductId,
    unit::Unit,
};
use crate::{date, outgoing::Segment};

/// A report of stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReport {
    /// Our number of the report.
    pub number: String,
    /// The day it speaks of.
    pub date: Date,
    /// Who takes part; the warehouse as [`super::Role::ShipFrom`].
    pub parties: Vec<Party>,
    /// What is there.
    pub lines: Vec<StockLine>,
}

/// A product in stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    /// Its codes.
    pub products: Vec<ProductId>,
    /// What is there. Below zero in an ERP that allows it; then it is reported as none.
    pub on_hand: Decimal,
    /// What of it can be sold.
    pub available: Option<Decimal>,
    /// Of what.
    pub unit: Unit,
}

impl StockReport {
    /// The segments of an 846 between ST and SE.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit.
    pub fn to_846(&self) -> Result<Vec<Segment>, Error> {
        if self.lines.is_empty() {
            return Err(Error::NoLines);
        }
        let day = date::write_long(self.date);
        let mut body = vec![Segment::of(
            "BIA",
            ["00", "SI", fits("BIA03", &self.number, 30)?, &day],
        )];
        for party in &self.parties {
            body.extend(party.x12()?);
        }
        for (index, line) in self.lines.iter().enumerate() {
            let number = (index + 1).to_string();
            body.push(with_products(Segment::of("LIN", [&number]), &line.products)?);
            body.push(line.qty("33", line.on_hand.max(Decimal::ZERO)));
            if let Some(available) = line.available {
                check_quantity(&number, line.on_hand.max(Decimal::ZERO), available)?;
                body.push(line.qty("QA", available.max(Decimal::ZERO)));
            }
        }
        body.push(Segment::of("CTT", [&self.lines.len().to_string()]));
        Ok(body)
    }
}

impl StockLine {
    fn qty(&self, qualifier: &str, quantity: Decimal) -> Segment {
        Segment::of("QTY", [qualifier, &number::write(quantity), self.unit.x12()])
    }
}

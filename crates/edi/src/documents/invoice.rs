//! Invoices: 810 and INVOIC.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, fits},
    lines::{check_quantity, dtm, lin, line_number, qty, rff, sum, with_products},
    number,
    party::Party,
    product::ProductId,
    unit::Unit,
};
use crate::{date, outgoing::Segment};

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Our number.
    pub number: String,
    /// Its date.
    pub date: Date,
    /// The buyer's number of the order.
    pub order: String,
    /// The date of the order.
    pub ordered_on: Option<Date>,
    /// Three letters.
    pub currency: String,
    /// When it is to be paid.
    pub due_on: Option<Date>,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What is charged for.
    pub lines: Vec<InvoiceLine>,
    /// Taxes on all of it.
    pub taxes: Vec<Tax>,
    /// What is to be paid. Lines and taxes must come to it: an invoice that contradicts itself is not sent.
    pub total: Decimal,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The buyer's number of the order line.
    pub number: String,
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// How much.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
    /// Price of one unit.
    pub price: Decimal,
    /// What it comes to, as the ERP rounded it.
    pub amount: Decimal,
}

/// A tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Per cent.
    pub rate: Decimal,
    /// What it comes to.
    pub amount: Decimal,
}

/// Currencies are written with two decimal places here.
const PLACES: u32 = 2;

impl Invoice {
    fn check(&self) -> Result<(), Error> {
        if self.lines.is_empty() {
            return Err(Error::NoLines);
        }
        for line in &self.lines {
            check_quantity(&line.number, line.quantity, Decimal::ZERO)?;
            let product = line.quantity.checked_mul(line.price);
            let amount = product
                .map(|amount| amount.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointAwayFromZero));
            // A cent of rounding either way is the ERP's affair (it may round the price first).
            let off = amount.and_then(|amount| amount.checked_sub(line.amount));
            let near = off.is_some_and(|off| off.abs() <= Decimal::new(1, PLACES));
            if !near {
                return Err(Error::Total {
                    place: "an invoice line",
                    declared: line.amount.to_string(),
                    counted: amount.map(|amount| amount.to_string()).unwrap_or_default(),
                });
            }
        }
        let counted = sum("the invoice", [self.net()?, self.tax()?].into_iter())?;
        if counted != self.total {
            return Err(Error::Total {
                place: "the invoice",
                declared: self.total.to_string(),
                counted: counted.to_string(),
            });
        }
        Ok(())
    }

    fn net(&self) -> Result<Decimal, Error> {
        sum("the invoice", self.lines.iter().map(|line| line.amount))
    }

    fn tax(&self) -> Result<Decimal, Error> {
        sum("the invoice", self.taxes.iter().map(|tax| tax.amount))
    }

    /// The segments of an 810 between ST and SE.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit, or the invoice does not add up.
    pub fn to_810(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let ordered_on = self.ordered_on.map(date::write_long).unwrap_or_default();
        let day = date::write_long(self.date);
        let mut body = vec![
            Segment::of(
                "BIG",
                [
                    &day,
                    fits("BIG02", &self.number, 22)?,
                    &ordered_on,
                    fits("BIG04", &self.order, 22)?,
                ],
            ),
            Segment::of("CUR", ["SE", fits("CUR02", &self.currency, 3)?]),
        ];
        for party in &self.parties {
            body.extend(party.x12()?);
        }
        if let Some(due_on) = self.due_on {
            // Basic terms, counted from the invoice's date, with the day that it is due.
            body.push(Segment::of(
                "ITD",
                ["01", "3", "", "", "", &date::write_long(due_on)],
            ));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let number = line_number(&line.number, index);
            let it1 = Segment::of(
                "IT1",
                [
                    fits("IT101", &number, 20)?,
                    &number::write(line.quantity),
                    line.unit.x12(),
                    &number::write(line.price),
                    "",
                ],
            );
            body.push(with_products(it1, &line.products)?);
        }
        let total = number::write_hundredths(self.total).ok_or(Error::Value {
            place: "TDS01",
            value: self.total.to_string(),
            expected: "amount of two decimal places",
        })?;
        body.push(Segment::of("TDS", [&total]));
        for tax in &self.taxes {
            body.push(Segment::of(
                "TXI",
                ["TX", &number::write(tax.amount), &number::write(tax.rate)],
            ));
        }
        body.push(Segment::of("CTT", [&self.lines.len().to_string()]));
        Ok(body)
    }

    /// The segments of an INVOIC between UNH and UNT.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit, or the invoice does not add up.
    pub fn to_invoic(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let mut body = vec![
            Segment::of("BGM", ["380", fits("BGM 1004", &self.number, 35)?, "9"]),
            dtm("137", self.date),
            rff("ON", fits("RFF 1154", &self.order, 35)?),
        ];
        body.extend(self.ordered_on.map(|day| dtm("4", day)));
        for party in &self.parties {
            body.push(party.edifact()?);
        }
        for tax in &self.taxes {
            body.push(tax_segment(tax));
        }
        body.push(Segment::of("CUX", []).with_components(["2", fits("CUX 6345", &self.currency, 3)?, "4"]));
        if let Some(due_on) = self.due_on {
            body.push(Segment::of("PAT", ["3"]));
            body.push(dtm("13", due_on));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let number = line_number(&line.number, index);
            body.extend(lin(fits("LIN 1082", &number, 6)?, "", &line.products)?);
            body.push(qty("47", line.quantity, &line.unit));
            body.push(moa("203", line.amount));
            body.push(Segment::of("PRI", []).with_components(["AAA", &number::write(line.price)]));
        }
        body.push(Segment::of("UNS", ["S"]));
        body.push(moa("79", self.net()?));
        if !self.taxes.is_empty() {
            body.push(moa("124", self.tax()?));
        }
        body.push(moa("77", self.total));
        body.push(Segment::of("CNT", []).with_components(["2", &self.lines.len().to_string()]));
        Ok(body)
    }
}

fn tax_segment(tax: &Tax) -> Segment {
    Segment::of("TAX", ["7", "VAT", "", ""]).with_components(["", "", "", &number::write(tax.rate)])
}

fn moa(qualifier: &str, amount: Decimal) -> Segment {
    Segment::of("MOA", []).with_components([qualifier, &number::write(amount)])
}

//! The answer to an order, line by line: 855 and ORDRSP.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, fits},
    lines::{check_quantity, dtm, lin, line_number, qty, rff, with_products},
    number,
    party::Party,
    product::ProductId,
    unit::Unit,
};
use crate::{date, outgoing::Segment};

/// An answer to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmation {
    /// The buyer's number.
    pub order: String,
    /// The date of the order.
    pub ordered_on: Date,
    /// Our number of it.
    pub our_number: String,
    /// The date of this answer.
    pub answered_on: Date,
    /// Three letters.
    pub currency: Option<String>,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What becomes of each line.
    pub lines: Vec<ConfirmedLine>,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedLine {
    /// The buyer's number of the line.
    pub number: String,
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// What was ordered.
    pub ordered: Decimal,
    /// What will be delivered.
    pub confirmed: Decimal,
    /// Of what.
    pub unit: Unit,
    /// Price of one unit.
    pub price: Option<Decimal>,
    /// When it will be delivered.
    pub deliver_on: Option<Date>,
    /// Whether the rest comes later.
    pub rest_follows: bool,
}

/// What the numbers of a line come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    Accepted,
    /// Less, and the rest later.
    Backordered,
    /// Less, and no rest.
    Changed,
    /// None.
    Rejected,
}

impl ConfirmedLine {
    /// What the numbers come to.
    pub fn outcome(&self) -> Outcome {
        match (self.confirmed, self.rest_follows) {
            (confirmed, _) if confirmed == self.ordered => Outcome::Accepted,
            (_, true) => Outcome::Backordered,
            (confirmed, false) if confirmed.is_zero() => Outcome::Rejected,
            (_, false) => Outcome::Changed,
        }
    }
}

impl OrderConfirmation {
    fn check(&self) -> Result<(), Error> {
        if self.lines.is_empty() {
            return Err(Error::NoLines);
        }
        for line in &self.lines {
            check_quantity(&line.number, line.ordered, Decimal::ZERO)?;
            check_quantity(&line.number, line.confirmed, Decimal::ZERO)?;
            check_quantity(&line.number, line.ordered, line.confirmed)?;
        }
        Ok(())
    }

    /// All, none, or something between.
    fn overall(&self) -> Outcome {
        let all = |outcome| self.lines.iter().all(|line| line.outcome() == outcome);
        if all(Outcome::Accepted) {
            Outcome::Accepted
        } else if all(Outcome::Rejected) {
            Outcome::Rejected
        } else {
            Outcome::Changed
        }
    }

    /// The segments of an 855 between ST and SE.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit or cannot be.
    pub fn to_855(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let kind = match self.overall() {
            Outcome::Accepted => "AD",
            Outcome::Rejected => "RD",
            Outcome::Backordered | Outcome::Changed => "AC",
        };
        let mut body = vec![Segment::of(
            "BAK",
            [
                "00",
                kind,
                fits("BAK03", &self.order, 22)?,
                &date::write_long(self.ordered_on),
                "",
                "",
                "",
                fits("BAK08", &self.our_number, 30)?,
                &date::write_long(self.answered_on),
            ],
        )];
        body.extend(
            self.currency
                .as_ref()
                .map(|currency| Segment::of("CUR", ["SE", currency])),
        );
        for party in &self.parties {
            body.extend(party.x12()?);
        }
        for (index, line) in self.lines.iter().enumerate() {
            let price = line.price.map(number::write).unwrap_or_default();
            let number = line_number(&line.number, index);
            let po1 = Segment::of(
                "PO1",
                [
                    fits("PO101", &number, 20)?,
                    &number::write(line.ordered),
                    line.unit.x12(),
                    &price,
                    "",
                ],
            );
            body.push(with_products(po1, &line.products)?);
            body.extend(line.acknowledgements());
        }
        body.push(Segment::of("CTT", [&self.lines.len().to_string()]));
        Ok(body)
    }

    /// The segments of an ORDRSP between UNH and UNT.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit or cannot be.
    pub fn to_ordrsp(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let function = match self.overall() {
            Outcome::Accepted => "29",
            Outcome::Rejected => "27",
            Outcome::Backordered | Outcome::Changed => "4",
        };
        let mut body = vec![
            Segment::of("BGM", ["231", fits("BGM 1004", &self.our_number, 35)?, function]),
            dtm("137", self.answered_on),
            rff("ON", fits("RFF 1154", &self.order, 35)?),
        ];
        for party in &self.parties {
            body.push(party.edifact()?);
        }
        body.extend(
            self.currency
                .as_ref()
                .map(|currency| Segment::of("CUX", []).with_components(["2", currency, "9"])),
        );
        for (index, line) in self.lines.iter().enumerate() {
            let action = match line.outcome() {
                Outcome::Accepted => "5",
                Outcome::Backordered | Outcome::Changed => "3",
                Outcome::Rejected => "7",
            };
            let number = line_number(&line.number, index);
            body.extend(lin(fits("LIN 1082", &number, 6)?, action, &line.products)?);
            body.push(qty("21", line.ordered, &line.unit));
            body.push(qty("113", line.confirmed, &line.unit));
            if line.outcome() == Outcome::Backordered {
                body.push(qty("83", line.ordered - line.confirmed, &line.unit));
            }
            body.extend(line.deliver_on.map(|day| dtm("67", day)));
            body.extend(
                line.price
                    .map(|price| Segment::of("PRI", []).with_components(["AAA", &number::write(price)])),
            );
        }
        body.push(Segment::of("UNS", ["S"]));
        body.push(Segment::of("CNT", []).with_components(["2", &self.lines.len().to_string()]));
        Ok(body)
    }
}

impl ConfirmedLine {
    /// ACK segments: their quantities together are what was ordered.
    fn acknowledgements(&self) -> Vec<Segment> {
        let ack = |status: &str, quantity: Decimal| {
            let segment = Segment::of("ACK", [status, &number::write(quantity), self.unit.x12()]);
            match self.deliver_on {
                Some(day) if status != "IR" && status != "IB" => {
                    segment.with("067").with(date::write_long(day))
                }
                Some(_) | None => segment,
            }
        };
        let rest = self.ordered - self.confirmed;
        match self.outcome() {
            Outcome::Accepted => vec![ack("IA", self.confirmed)],
            Outcome::Rejected => vec![ack("IR", self.ordered)],
            Outcome::Changed => vec![ack("IQ", self.confirmed)],
            Outcome::Backordered if self.confirmed.is_zero() => vec![ack("IB", rest)],
            Outcome::Backordered => vec![ack("IQ", self.confirmed), ack("IB", rest)],
        }
    }
}

//! What is on its way, package by package: 856 and DESADV.
//!
//! Both standards write a tree as a list with pointers to parents: HL in X12, CPS in EDIFACT.
//!
//! ```text
//! shipment ─┬─ order ─┬─ package (SSCC) ─┬─ item
//!                     │                  └─ item
//!                     └─ package (SSCC) ─── item
//! ```

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, fits},
    gs1::Sscc,
    lines::{check_quantity, dtm, lin, line_number, qty, rff, with_products},
    number,
    party::Party,
    product::ProductId,
    unit::Unit,
};
use crate::{date, outgoing::Segment};

/// A shipment on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipNotice {
    /// Our number of the shipment.
    pub shipment: String,
    /// When this notice was made.
    pub made_at: DateTime,
    /// When the goods left.
    pub shipped_on: Date,
    /// When they are expected.
    pub expected_on: Option<Date>,
    /// The buyer's number of the order.
    pub order: String,
    /// Its date.
    pub ordered_on: Option<Date>,
    /// Code of the carrier (SCAC in X12); may be empty.
    pub carrier: String,
    /// The carrier's number of the shipment; may be empty.
    pub tracking: String,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What was packed.
    pub packages: Vec<Package>,
}

/// A package or pallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// What its label says; goods without a label have none.
    pub sscc: Option<Sscc>,
    /// What is in it.
    pub lines: Vec<ShippedLine>,
}

/// Goods in a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedLine {
    /// The buyer's number of the order line.
    pub number: String,
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// How much is in this package.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
}

impl ShipNotice {
    fn check(&self) -> Result<(), Error> {
        if self.packages.iter().all(|package| package.lines.is_empty()) {
            return Err(Error::NoLines);
        }
        for line in self.packages.iter().flat_map(|package| &package.lines) {
            check_quantity(&line.number, line.quantity, Decimal::ZERO)?;
            if line.quantity.is_zero() {
                return Err(Error::Quantity {
                    line: line.number.clone(),
                    quantity: "0".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Of packages with a label there may be several; goods without one need no level of their own.
    fn is_packed(&self) -> bool {
        self.packages.iter().any(|package| package.sscc.is_some())
    }

    /// The segments of an 856 between ST and SE: shipment, order, package where there are labels, item.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit or cannot be.
    pub fn to_856(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let structure = if self.is_packed() { "0001" } else { "0004" };
        let time = format!("{:02}{:02}", self.made_at.hour(), self.made_at.minute());
        let mut tree = Tree::new();
        let mut body = vec![Segment::of(
            "BSN",
            [
                "00",
                fits("BSN02", &self.shipment, 30)?,
                &date::write_long(self.made_at.date()),
                &time,
                structure,
            ],
        )];
        let shipment = tree.open(&mut body, None, "S", Children::Some);
        let packages = self
            .packages
            .iter()
            .filter(|package| package.sscc.is_some())
            .count();
        if packages > 0 {
            body.push(Segment::of("TD1", ["CTN", &packages.to_string()]));
        }
        if !self.carrier.is_empty() {
            body.push(Segment::of("TD5", ["B", "2", fits("TD503", &self.carrier, 80)?]));
        }
        if !self.tracking.is_empty() {
            body.push(Segment::of("REF", ["CN", fits("REF02", &self.tracking, 30)?]));
        }
        body.push(Segment::of("DTM", ["011", &date::write_long(self.shipped_on)]));
        body.extend(
            self.expected_on
                .map(|day| Segment::of("DTM", ["017", &date::write_long(day)])),
        );
        for party in &self.parties {
            body.extend(party.x12()?);
        }
        let order = tree.open(&mut body, Some(shipment), "O", Children::Some);
        let ordered_on = self.ordered_on.map(date::write_long).unwrap_or_default();
        body.push(Segment::of(
            "PRF",
            [fits("PRF01", &self.order, 22)?, "", "", &ordered_on],
        ));
        for package in &self.packages {
            let parent = match &package.sscc {
                Some(sscc) => {
                    let pack = tree.open(&mut body, Some(order), "P", Children::of(&package.lines));
                    body.push(Segment::of("MAN", ["GM", sscc.as_str()]));
                    pack
                }
                None => order,
            };
            for (index, line) in package.lines.iter().enumerate() {
                tree.open(&mut body, Some(parent), "I", Children::None);
                let number = line_number(&line.number, index);
                body.push(with_products(
                    Segment::of("LIN", [fits("LIN01", &number, 20)?]),
                    &line.products,
                )?);
                body.push(Segment::of(
                    "SN1",
                    [&number, &number::write(line.quantity), line.unit.x12()],
                ));
            }
        }
        body.push(Segment::of("CTT", [&tree.count.to_string()]));
        Ok(body)
    }

    /// The segments of a DESADV between UNH and UNT.
    ///
    /// # Errors
    /// [`Error`] when a value does not fit or cannot be.
    pub fn to_desadv(&self) -> Result<Vec<Segment>, Error> {
        self.check()?;
        let mut body = vec![
            Segment::of("BGM", ["351", fits("BGM 1004", &self.shipment, 35)?, "9"]),
            dtm("137", self.made_at.date()),
            dtm("11", self.shipped_on),
        ];
        body.extend(self.expected_on.map(|day| dtm("17", day)));
        body.push(rff("ON", fits("RFF 1154", &self.order, 35)?));
        body.extend(self.ordered_on.map(|day| dtm("4", day)));
        if !self.tracking.is_empty() {
            body.push(rff("CN", fits("RFF 1154", &self.tracking, 35)?));
        }
        for party in &self.parties {
            body.push(party.edifact()?);
        }
        if !self.carrier.is_empty() {
            let tdt = Segment::of("TDT", ["20", "", "", ""]).with_components([fits(
                "TDT 3127",
                &self.carrier,
                17,
            )?]);
            body.push(tdt);
        }
        // The first CPS is the shipment itself.
        body.push(Segment::of("CPS", ["1"]));
        body.push(Segment::of("PAC", [&self.packages.len().to_string()]));
        let mut lines = 0_usize;
        for (index, package) in self.packages.iter().enumerate() {
            body.push(Segment::of("CPS", [&(index + 2).to_string(), "1"]));
            body.push(Segment::of("PAC", ["1"]));
            if let Some(sscc) = &package.sscc {
                body.push(Segment::of("PCI", ["33E"]));
                body.push(Segment::of("GIN", ["BJ", sscc.as_str()]));
            }
            for line in &package.lines {
                lines += 1;
                // LIN counts through the whole message; the buyer's line goes into a reference.
                body.extend(lin(&lines.to_string(), "", &line.products)?);
                body.push(qty("12", line.quantity, &line.unit));
                if !line.number.is_empty() {
                    body.push(Segment::of("RFF", []).with_components(["ON", &self.order, &line.number]));
                }
            }
        }
        Ok(body)
    }
}

/// Numbers the levels of an 856.
struct Tree {
    count: usize,
}

/// HL04.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Children {
    Some,
    None,
}

impl Children {
    fn of<T>(below: &[T]) -> Self {
        if below.is_empty() { Self::None } else { Self::Some }
    }
}

impl Tree {
    fn new() -> Self {
        Self { count: 0 }
    }

    fn open(
        &mut self,
        body: &mut Vec<Segment>,
        parent: Option<usize>,
        level: &str,
        children: Children,
    ) -> usize {
        self.count += 1;
        let parent = parent.map(|number| number.to_string()).unwrap_or_default();
        let children = if children == Children::Some { "1" } else { "0" };
        body.push(Segment::of(
            "HL",
            [&self.count.to_string(), &parent, level, children],
        ));
        self.count
    }
}

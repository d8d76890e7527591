//! A delivery order: the owner of goods tells the warehouse to ship them (940).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{party::Party, product::ProductId, unit::Unit};

/// A delivery order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryOrder {
    /// The owner's number.
    pub number: String,
    /// The purchase order behind it; may be empty.
    pub purchase_order: String,
    /// When it is to be shipped, or delivered where no shipping date is given.
    pub wanted_on: Option<Date>,
    /// Notes for people.
    pub notes: Vec<String>,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What is to be shipped.
    pub lines: Vec<DeliveryLine>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryLine {
    /// Its number.
    pub number: String,
    /// How much.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// Its description; may be empty.
    pub description: String,
}

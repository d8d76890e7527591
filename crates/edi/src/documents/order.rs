//! A purchase order, whichever standard brought it, and what the ERP's inbox makes an order of.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use super::{
    error::Error,
    party::Party,
    product::{ProductId, Scheme},
    unit::Unit,
};

/// A purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseOrder {
    /// The buyer's number.
    pub number: String,
    /// Its date.
    pub date: Date,
    /// When the goods are wanted.
    pub wanted_on: Option<Date>,
    /// Three letters.
    pub currency: Option<String>,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What is ordered.
    pub lines: Vec<OrderLine>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The buyer's number of the line; may be empty.
    pub number: String,
    /// How much.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
    /// Price of one unit.
    pub price: Option<Decimal>,
    /// The codes of the product.
    pub products: Vec<ProductId>,
    /// Its description; may be empty.
    pub description: String,
}

/// How orders of a partner become orders in the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The partner in the ERP: its reference or external id.
    pub partner: String,
    /// Code of the warehouse, where it is not the ERP's own choice.
    #[serde(default)]
    pub warehouse: Option<String>,
    /// Whether the order is confirmed at once. Left out of the message when unset.
    #[serde(default)]
    pub confirm: Option<bool>,
    /// By which codes products are found, best first.
    pub products: Vec<Scheme>,
    /// Units that are taken, each with how many of the ERP's unit it is. A unit that is not here is refused: a case
    /// taken for a piece ships a twelfth of what was ordered.
    pub units: Vec<TakenUnit>,
}

/// A unit that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenUnit {
    /// The partner's.
    pub unit: Unit,
    /// How many of the ERP's unit it is.
    pub factor: Decimal,
}

impl Mapping {
    /// Pieces only, found by the seller's code and then by one that both know.
    pub fn pieces(partner: impl Into<String>) -> Self {
        Self {
            partner: partner.into(),
            warehouse: None,
            confirm: None,
            products: vec![Scheme::Seller, Scheme::Sku],
            units: vec![TakenUnit {
                unit: Unit::Each,
                factor: Decimal::ONE,
            }],
        }
    }
}

/// Kind of the inbox message that creates an order.
pub const ORDER_CREATE: &str = "order.create";
/// The inbox takes so many lines.
const LINES_MAX: usize = 1000;
/// The inbox takes so much in one line.
const QUANTITY_MAX: u32 = 1_000_000;
/// JSON numbers are read as binary fractions by the ERP; decimals of so many digits survive that exactly.
const DIGITS_MAX: usize = 15;

impl PurchaseOrder {
    /// The payload of an [`ORDER_CREATE`] message: exactly the keys that the inbox knows.
    ///
    /// # Errors
    /// [`Error`] when a line cannot be mapped; nothing is left out silently.
    pub fn to_order_create(&self, mapping: &Mapping) -> Result<Value, Error> {
        super::error::fits("client_order_ref", &self.number, 256)?;
        if self.lines.is_empty() {
            return Err(Error::NoLines);
        }
        if self.lines.len() > LINES_MAX {
            return Err(Error::Value {
                place: "the number of lines",
                value: self.lines.len().to_string(),
                expected: "number up to 1000",
            });
        }
        let lines = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| line.to_json(index, mapping));
        let mut payload = json!({
            "client_order_ref": self.number,
            "partner": mapping.partner,
            "lines": lines.collect::<Result<Vec<Value>, Error>>()?,
        });
        if let Some(warehouse) = &mapping.warehouse {
            payload["warehouse"] = json!(warehouse);
        }
        if let Some(confirm) = mapping.confirm {
            payload["confirm"] = json!(confirm);
        }
        Ok(payload)
    }
}

impl OrderLine {
    fn to_json(&self, index: usize, mapping: &Mapping) -> Result<Value, Error> {
        let line = if self.number.is_empty() {
            (index + 1).to_string()
        } else {
            self.number.clone()
        };
        let found = mapping
            .products
            .iter()
            .find_map(|scheme| self.products.iter().find(|id| id.scheme == *scheme));
        let Some(product) = found.filter(|product| product.code.chars().count() <= 64) else {
            return Err(Error::NoSku { line });
        };
        let Some(taken) = mapping.units.iter().find(|taken| taken.unit == self.unit) else {
            return Err(Error::Unit {
                line,
                unit: self.unit.x12().to_owned(),
            });
        };
        let quantity = self
            .quantity
            .checked_mul(taken.factor)
            .and_then(|quantity| json_number(quantity.normalize()));
        let Some(quantity) = quantity else {
            return Err(Error::Quantity {
                line,
                quantity: self.quantity.to_string(),
            });
        };
        Ok(json!({ "sku": product.code, "quantity": quantity }))
    }
}

/// A quantity as a JSON number; nothing for one that the inbox refuses or that JSON cannot say exactly.
fn json_number(quantity: Decimal) -> Option<Number> {
    if quantity <= Decimal::ZERO || quantity > Decimal::from(QUANTITY_MAX) {
        return None;
    }
    let text = quantity.to_string();
    if quantity.scale() == 0 {
        return text.parse::<u32>().ok().map(Number::from);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_MAX {
        return None;
    }
    // Up to fifteen digits, the nearest binary fraction prints as the same decimal again.
    Number::from_f64(text.parse().ok()?)
}

//! Events of the ERP's outbox, as the addon writes them.

use serde::Deserialize;
use serde_json::{Number, Value};

/// A row of the outbox.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Its id, unique in all databases that ever were.
    pub event_id: String,
    /// What happened, such as `order.confirmed`.
    pub kind: String,
    /// All that is told of it.
    pub payload: Value,
}

/// `order.confirmed`
#[derive(Debug, Deserialize)]
pub struct Confirmed {
    /// Our number.
    pub order: String,
    /// The buyer's number.
    pub client_order_ref: Option<String>,
    /// The day that the buyer wrote on it.
    pub ordered_on: String,
    /// The day of the confirmation.
    pub confirmed_on: String,
    /// When it is to arrive.
    pub deliver_on: Option<String>,
    /// Three letters.
    pub currency: Option<String>,
    /// Where it goes.
    pub ship_to: Option<Address>,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// `shipment.done`
#[derive(Debug, Deserialize)]
pub struct Shipped {
    /// Our number of the shipment.
    pub shipment: String,
    /// The buyer's number of the order.
    pub client_order_ref: Option<String>,
    /// The day that the buyer wrote on it.
    pub ordered_on: Option<String>,
    /// The warehouse's code.
    pub warehouse: Option<String>,
    /// When it left.
    pub shipped_on: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking: Option<String>,
    /// Where it goes.
    pub ship_to: Option<Address>,
    /// What left, by order line.
    pub lines: Vec<Line>,
    /// The same, by package.
    #[serde(default)]
    pub packages: Vec<Package>,
}

/// `invoice.posted`
#[derive(Debug, Deserialize)]
pub struct Posted {
    /// Our number.
    pub invoice: String,
    /// `out_invoice`, or `out_refund` for a credit note.
    #[serde(rename = "type")]
    pub kind: String,
    /// The buyer's numbers of the orders.
    pub client_order_refs: Vec<String>,
    /// The days that the buyer wrote on them.
    #[serde(default)]
    pub ordered_on: Vec<String>,
    /// Its day.
    pub date: String,
    /// When it is to be paid.
    pub due_on: Option<String>,
    /// What is to be paid.
    pub amount_total: Number,
    /// Three letters.
    pub currency: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its taxes.
    #[serde(default)]
    pub taxes: Vec<Tax>,
}

/// `stock.reported`
#[derive(Debug, Deserialize)]
pub struct Reported {
    /// Number of the report.
    pub report: String,
    /// The day it speaks of.
    pub date: String,
    /// The warehouse's code.
    pub warehouse: Option<String>,
    /// What is there.
    pub lines: Vec<Line>,
}

/// A line of any of them; each event has those keys that mean something there.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// The buyer's number of the order line.
    pub line: Option<String>,
    /// Our code.
    pub sku: Option<String>,
    /// Its GTIN, if the barcode is one.
    pub gtin: Option<String>,
    /// How much.
    pub quantity: Option<Number>,
    /// How much was ordered.
    pub ordered: Option<Number>,
    /// Price of one.
    pub price: Option<Number>,
    /// What the line comes to.
    pub amount: Option<Number>,
    /// What is there.
    pub on_hand: Option<Number>,
    /// What of it can be sold.
    pub available: Option<Number>,
}

/// A package of a shipment.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// What its label says.
    pub name: Option<String>,
    /// What is in it.
    pub lines: Vec<Line>,
}

/// A tax of an invoice.
#[derive(Debug, Deserialize)]
pub struct Tax {
    /// Per cent.
    pub rate: Number,
    /// What it comes to.
    pub amount: Number,
}

/// An address.
#[derive(Debug, Deserialize)]
pub struct Address {
    /// Who lives there.
    pub name: Option<String>,
    /// Our name for it, which the partner may know.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Lines of the street.
    #[serde(default)]
    pub street: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Country, two letters.
    pub country: Option<String>,
}

//! Commands of the ERP's inbox, and what each may say: the same contract that the addon's handlers read by.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{code::Code, error::MapError};

/// What the inbox calls a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Creates a sale order.
    #[serde(rename = "order.create")]
    OrderCreate,
    /// Confirms one.
    #[serde(rename = "order.confirm")]
    OrderConfirm,
    /// Cancels one of which nothing was shipped.
    #[serde(rename = "order.cancel")]
    OrderCancel,
    /// What was ordered from a supplier has come in.
    #[serde(rename = "receipt.confirm")]
    ReceiptConfirm,
    /// A planning system orders from a supplier, as a draft.
    #[serde(rename = "purchase.create")]
    PurchaseCreate,
    /// A supplier says what it will deliver of a purchase order.
    #[serde(rename = "purchase.confirm")]
    PurchaseConfirm,
    /// Counted stock.
    #[serde(rename = "stock.adjust")]
    StockAdjust,
    /// Goods have left the warehouse.
    #[serde(rename = "shipment.confirm")]
    ShipmentConfirm,
    /// Invoices what can be invoiced of an order.
    #[serde(rename = "invoice.post")]
    InvoicePost,
    /// A supplier's invoice, as a draft bill.
    #[serde(rename = "bill.create")]
    BillCreate,
    /// A partner, by external id.
    #[serde(rename = "partner.upsert")]
    PartnerUpsert,
    /// A product, by external id.
    #[serde(rename = "product.upsert")]
    ProductUpsert,
}

/// What a key holds.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Flag,
    /// Above 0.
    Quantity,
    /// 0 or more.
    Count,
    /// `2026-11-21`.
    Date,
    Lines(&'static [Field]),
}

/// A key: its name, whether it must be there, what it holds.
type Field = (&'static str, bool, Shape);

const LINE: &[Field] = &[
    ("sku", true, Shape::Text),
    ("quantity", true, Shape::Quantity),
    ("line", false, Shape::Text),
];
const ORDER_LINE: &[Field] = &[
    ("sku", true, Shape::Text),
    ("quantity", true, Shape::Quantity),
    ("line", false, Shape::Text),
    ("price", false, Shape::Count),
];
const COUNT_LINE: &[Field] = &[("sku", true, Shape::Text), ("quantity", true, Shape::Count)];
const PURCHASE_LINE: &[Field] = &[
    ("sku", true, Shape::Text),
    ("quantity", true, Shape::Quantity),
    ("price", false, Shape::Count),
];
const BILL_LINE: &[Field] = &[
    ("sku", true, Shape::Text),
    ("quantity", true, Shape::Quantity),
    ("price", true, Shape::Count),
];
const ABOUT_ORDER: &[Field] = &[
    ("client_order_ref", true, Shape::Text),
    ("partner", false, Shape::Text),
];

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::OrderCreate,
        Self::OrderConfirm,
        Self::OrderCancel,
        Self::ReceiptConfirm,
        Self::PurchaseCreate,
        Self::PurchaseConfirm,
        Self::StockAdjust,
        Self::ShipmentConfirm,
        Self::InvoicePost,
        Self::BillCreate,
        Self::PartnerUpsert,
        Self::ProductUpsert,
    ];

    /// As the inbox calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderCreate => "order.create",
            Self::OrderConfirm => "order.confirm",
            Self::OrderCancel => "order.cancel",
            Self::ReceiptConfirm => "receipt.confirm",
            Self::PurchaseCreate => "purchase.create",
            Self::PurchaseConfirm => "purchase.confirm",
            Self::StockAdjust => "stock.adjust",
            Self::ShipmentConfirm => "shipment.confirm",
            Self::InvoicePost => "invoice.post",
            Self::BillCreate => "bill.create",
            Self::PartnerUpsert => "partner.upsert",
            Self::ProductUpsert => "product.upsert",
        }
    }

    const fn fields(self) -> &'static [Field] {
        match self {
            Self::OrderCreate => &[
                ("client_order_ref", true, Shape::Text),
                ("partner", true, Shape::Text),
                ("lines", true, Shape::Lines(ORDER_LINE)),
                ("confirm", false, Shape::Flag),
                ("warehouse", false, Shape::Text),
                ("ordered_on", false, Shape::Date),
                ("wanted_on", false, Shape::Date),
            ],
            Self::OrderConfirm | Self::OrderCancel | Self::InvoicePost => ABOUT_ORDER,
            Self::ShipmentConfirm => &[
                ("client_order_ref", true, Shape::Text),
                ("partner", false, Shape::Text),
                ("lines", false, Shape::Lines(LINE)),
                ("tracking", false, Shape::Text),
            ],
            Self::ReceiptConfirm => &[
                ("purchase_order", true, Shape::Text),
                // A supplier speaks for itself alone; the warehouse's own scanners receive for all.
                ("partner", false, Shape::Text),
                ("shipment", false, Shape::Text),
                ("lines", true, Shape::Lines(LINE)),
            ],
            Self::PurchaseCreate => &[
                ("reference", true, Shape::Text),
                ("partner", true, Shape::Text),
                ("lines", true, Shape::Lines(PURCHASE_LINE)),
            ],
            Self::PurchaseConfirm => &[
                ("purchase_order", true, Shape::Text),
                ("partner", true, Shape::Text),
                ("reference", false, Shape::Text),
                ("expected_on", false, Shape::Date),
            ],
            Self::StockAdjust => &[
                ("warehouse", true, Shape::Text),
                ("reference", true, Shape::Text),
                ("lines", true, Shape::Lines(COUNT_LINE)),
            ],
            Self::BillCreate => &[
                ("number", true, Shape::Text),
                ("partner", true, Shape::Text),
                ("date", true, Shape::Date),
                ("purchase_order", false, Shape::Text),
                ("lines", true, Shape::Lines(BILL_LINE)),
            ],
            Self::PartnerUpsert => &[
                ("external_id", true, Shape::Text),
                ("name", true, Shape::Text),
                ("ref", false, Shape::Text),
                ("email", false, Shape::Text),
                ("street", false, Shape::Text),
                ("city", false, Shape::Text),
                ("zip", false, Shape::Text),
                ("country", false, Shape::Text),
            ],
            Self::ProductUpsert => &[
                ("external_id", true, Shape::Text),
                ("sku", true, Shape::Text),
                ("name", true, Shape::Text),
                ("gtin", false, Shape::Text),
                ("price", false, Shape::Count),
                ("weight", false, Shape::Count),
            ],
        }
    }
}

/// A command for the inbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Command {
    /// What is to be done.
    pub kind: Kind,
    /// With what.
    pub payload: Value,
    /// Which mapping made it, with its version.
    pub mapping: String,
}

/// Whether a payload is what its command may say.
pub(crate) fn check(kind: Kind, payload: &Map<String, Value>) -> Result<(), MapError> {
    check_object(kind, kind.fields(), payload, "")
}

fn check_object(
    kind: Kind,
    fields: &[Field],
    object: &Map<String, Value>,
    above: &str,
) -> Result<(), MapError> {
    let place = kind.as_str();
    let key = |name: &str| {
        if above.is_empty() {
            name.to_owned()
        } else {
            format!("{above}.{name}")
        }
    };
    if let Some(name) = object
        .keys()
        .find(|name| !fields.iter().any(|(known, ..)| known == name))
    {
        let message = format!("`{place}` has no such key");
        return Err(MapError::new(Code::Command, key(name), place, message));
    }
    for (name, must, shape) in fields {
        match object.get(*name) {
            None if *must => return Err(MapError::new(Code::Command, key(name), place, "it must be there")),
            None => {}
            Some(value) => check_shape(kind, *shape, value, &key(name))?,
        }
    }
    Ok(())
}

fn check_shape(kind: Kind, shape: Shape, value: &Value, key: &str) -> Result<(), MapError> {
    let wrong = |what: &str| MapError::new(Code::Command, key, kind.as_str(), format!("it must be {what}"));
    let number = value.as_f64();
    match shape {
        Shape::Text if value.as_str().is_some_and(|text| !text.trim().is_empty()) => Ok(()),
        Shape::Text => Err(wrong("a text that is not empty")),
        Shape::Flag if value.is_boolean() => Ok(()),
        Shape::Flag => Err(wrong("true or false")),
        Shape::Quantity if number.is_some_and(|number| number > 0.0) => Ok(()),
        Shape::Quantity => Err(wrong("a number above 0")),
        Shape::Count if number.is_some_and(|number| number >= 0.0) => Ok(()),
        Shape::Count => Err(wrong("a number, 0 or more")),
        Shape::Date if value.as_str().is_some_and(is_date) => Ok(()),
        Shape::Date => Err(wrong("a date: say `as: date`")),
        Shape::Lines(fields) => match value.as_array() {
            Some(lines) if !lines.is_empty() => {
                let mut lines = lines.iter().enumerate();
                lines.try_for_each(|(index, line)| match line.as_object() {
                    Some(line) => check_object(kind, fields, line, &format!("{key}[{index}]")),
                    None => Err(wrong("a list of objects")),
                })
            }
            Some(_) | None => Err(wrong("a list that is not empty")),
        },
    }
}

fn is_date(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
}

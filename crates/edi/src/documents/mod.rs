//! Business documents: what partners' sets and messages mean, in words of ours.
//!
//! | comes in | becomes |
//! | --- | --- |
//! | 850, ORDERS | [`PurchaseOrder`], and of it the payload of `order.create` |
//! | 940 | [`DeliveryOrder`] |
//!
//! | goes out | of |
//! | --- | --- |
//! | 855, ORDRSP | [`OrderConfirmation`] |
//! | 856, DESADV | [`ShipNotice`] |
//! | 945 | [`WarehouseShipment`] |
//! | 810, INVOIC | [`Invoice`] |
//! | 846 | [`StockReport`] |
//!
//! An acknowledgement says that a document was understood as EDI; whether it makes sense is found out here, and is
//! answered by a business document or by a person, never by a 997.

mod confirmation;
mod delivery;
mod error;
mod gs1;
mod invoice;
mod lines;
pub mod number;
mod order;
mod party;
mod product;
mod read_edifact;
mod read_x12;
mod ship_notice;
mod stock;
mod unit;
mod warehouse;

pub use confirmation::{ConfirmedLine, OrderConfirmation, Outcome};
pub use delivery::{DeliveryLine, DeliveryOrder};
pub use error::Error;
pub use gs1::{Gtin, Sscc};
pub use invoice::{Invoice, InvoiceLine, Tax};
pub use order::{Mapping, ORDER_CREATE, OrderLine, PurchaseOrder, TakenUnit};
pub use party::{Party, Role};
pub use product::{ProductId, Scheme};
pub use read_edifact::read_orders;
pub use read_x12::{read_850, read_940};
pub use rust_decimal::Decimal;
pub use ship_notice::{Package, ShipNotice, ShippedLine};
pub use stock::{StockLine, StockReport};
pub use unit::Unit;
pub use warehouse::{WarehouseLine, WarehouseShipment};

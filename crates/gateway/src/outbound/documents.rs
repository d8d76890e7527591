//! From an event of the ERP to the segments of a document.

use edi::{
    documents::{
        self, ConfirmedLine, Decimal, Gtin, Invoice, InvoiceLine, OrderConfirmation, Package, Party,
        ProductId, Role, Scheme, ShipNotice, ShippedLine, Sscc, StockLine, StockReport, Tax, Unit,
        WarehouseLine, WarehouseShipment,
    },
    outgoing::Segment,
};
use jiff::civil::{Date, DateTime};
use serde::de::DeserializeOwned;
use serde_json::Number;
use types::settings::{EdiAddress, EdiDocument, EdiSettings, EdiStandard};

use super::events::{Address, Confirmed, Event, Line, Posted, Reported, Shipped};

/// Binary fractions of the ERP are decimals again at so many places; it rounds to fewer itself.
const PLACES: usize = 6;
/// Code list of an identification that one of the two has given (N103, 3055).
const LIST_BUYER: &str = "92";
const LIST_SELLER: &str = "91";

/// Why an event makes no document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event says too little, or something else than the addon writes.
    #[error("the ERP's event cannot be used: {0}")]
    Event(String),
    /// There is no such document.
    #[error("there is no {document} in {standard:?}")]
    NoSuchDocument {
        /// What.
        document: &'static str,
        /// Where.
        standard: EdiStandard,
    },
    /// A value does not fit.
    #[error(transparent)]
    Document(#[from] documents::Error),
}

/// What an event becomes: the document's id, its functional group in X12, what people know it by, its segments.
#[derive(Debug)]
pub struct Made {
    /// `855`, `ORDRSP`.
    pub id: &'static str,
    /// GS01; empty in EDIFACT.
    pub functional_id: &'static str,
    /// The number it is found by.
    pub reference: String,
    /// Between ST and SE, UNH and UNT.
    pub body: Vec<Segment>,
}

/// Documents that this partner gets of an event.
pub fn wanted(settings: &EdiSettings, kind: &str) -> Vec<EdiDocument> {
    let fitting = |document: &EdiDocument| match document {
        EdiDocument::OrderResponse => kind == "order.confirmed",
        EdiDocument::ShipNotice | EdiDocument::WarehouseShipment => kind == "shipment.done",
        EdiDocument::Invoice => kind == "invoice.posted",
        EdiDocument::StockReport => kind == "stock.reported",
    };
    settings.send.iter().copied().filter(fitting).collect()
}

/// Set or message, and functional group.
pub fn named(standard: EdiStandard, document: EdiDocument) -> Result<(&'static str, &'static str), Error> {
    let missing = |document| Err(Error::NoSuchDocument { document, standard });
    match (standard, document) {
        (EdiStandard::X12, EdiDocument::OrderResponse) => Ok(("855", "PR")),
        (EdiStandard::X12, EdiDocument::ShipNotice) => Ok(("856", "SH")),
        (EdiStandard::X12, EdiDocument::WarehouseShipment) => Ok(("945", "SW")),
        (EdiStandard::X12, EdiDocument::Invoice) => Ok(("810", "IN")),
        (EdiStandard::X12, EdiDocument::StockReport) => Ok(("846", "IB")),
        (EdiStandard::Edifact, EdiDocument::OrderResponse) => Ok(("ORDRSP", "")),
        (EdiStandard::Edifact, EdiDocument::ShipNotice) => Ok(("DESADV", "")),
        (EdiStandard::Edifact, EdiDocument::Invoice) => Ok(("INVOIC", "")),
        (EdiStandard::Edifact, EdiDocument::WarehouseShipment) => missing("warehouse shipment"),
        (EdiStandard::Edifact, EdiDocument::StockReport) => missing("stock report"),
    }
}

/// Makes a document of an event.
///
/// # Errors
/// [`Error`]; a person must look.
pub fn make(
    settings: &EdiSettings,
    event: &Event,
    document: EdiDocument,
    at: DateTime,
) -> Result<Made, Error> {
    let (id, functional_id) = named(settings.standard, document)?;
    let x12 = settings.standard == EdiStandard::X12;
    let (reference, body) = match document {
        EdiDocument::OrderResponse => {
            let made = confirmation(settings, payload(event)?)?;
            let body = if x12 { made.to_855() } else { made.to_ordrsp() }?;
            (made.order, body)
        }
        EdiDocument::ShipNotice => {
            let made = ship_notice(settings, payload(event)?, at)?;
            let body = if x12 { made.to_856() } else { made.to_desadv() }?;
            (made.shipment, body)
        }
        EdiDocument::WarehouseShipment => {
            let made = warehouse_shipment(settings, payload(event)?)?;
            let body = made.to_945()?;
            (made.shipment, body)
        }
        EdiDocument::Invoice => {
            let made = invoice(settings, payload(event)?)?;
            let body = if x12 { made.to_810() } else { made.to_invoic() }?;
            (made.number, body)
        }
        EdiDocument::StockReport => {
            let made = stock_report(settings, payload(event)?)?;
            let body = made.to_846()?;
            (made.number, body)
        }
    };
    Ok(Made {
        id,
        functional_id,
        reference,
        body,
    })
}

fn payload<T: DeserializeOwned>(event: &Event) -> Result<T, Error> {
    T::deserialize(&event.payload).map_err(|error| Error::Event(error.to_string()))
}

fn confirmation(settings: &EdiSettings, event: Confirmed) -> Result<OrderConfirmation, Error> {
    let deliver_on = event.deliver_on.as_deref().map(day).transpose()?;
    let lines = event.lines.iter().map(|line| {
        let quantity = decimal(line.quantity.as_ref(), "quantity")?;
        Ok(ConfirmedLine {
            number: text(line.line.as_ref()),
            products: products(line),
            ordered: quantity,
            confirmed: quantity,
            unit: Unit::Each,
            price: line
                .price
                .as_ref()
                .map(|price| decimal(Some(price), "price"))
                .transpose()?,
            deliver_on,
            rest_follows: false,
        })
    });
    Ok(OrderConfirmation {
        order: order(event.client_order_ref.as_ref())?,
        ordered_on: day(&event.ordered_on)?,
        our_number: event.order.clone(),
        answered_on: day(&event.confirmed_on)?,
        currency: event.currency.clone(),
        parties: parties(settings, event.ship_to.as_ref()),
        lines: lines.collect::<Result<_, Error>>()?,
    })
}

fn ship_notice(settings: &EdiSettings, event: Shipped, at: DateTime) -> Result<ShipNotice, Error> {
    let packages = event
        .packages
        .iter()
        .map(|package| (label(package.name.as_ref()), &package.lines));
    let packages: Vec<_> = if event.packages.is_empty() {
        vec![(None, &event.lines)]
    } else {
        packages.collect()
    };
    let packages = packages.into_iter().map(|(sscc, lines)| {
        Ok(Package {
            sscc,
            lines: lines.iter().map(shipped_line).collect::<Result<_, Error>>()?,
        })
    });
    Ok(ShipNotice {
        shipment: event.shipment.clone(),
        made_at: at,
        shipped_on: day(&event.shipped_on)?,
        expected_on: None,
        order: order(event.client_order_ref.as_ref())?,
        ordered_on: event.ordered_on.as_deref().map(day).transpose()?,
        carrier: text(event.carrier.as_ref()),
        tracking: text(event.tracking.as_ref()),
        parties: parties(settings, event.ship_to.as_ref()),
        packages: packages.collect::<Result<_, Error>>()?,
    })
}

fn shipped_line(line: &Line) -> Result<ShippedLine, Error> {
    Ok(ShippedLine {
        number: text(line.line.as_ref()),
        products: products(line),
        quantity: decimal(line.quantity.as_ref(), "quantity")?,
        unit: Unit::Each,
    })
}

fn warehouse_shipment(settings: &EdiSettings, event: Shipped) -> Result<WarehouseShipment, Error> {
    let lines = event.lines.iter().map(|line| {
        let shipped = decimal(line.quantity.as_ref(), "quantity")?;
        Ok(WarehouseLine {
            products: products(line),
            ordered: line
                .ordered
                .as_ref()
                .map_or(Ok(shipped), |ordered| decimal(Some(ordered), "ordered"))?,
            shipped,
            unit: Unit::Each,
            sscc: None,
        })
    });
    let lines = lines.collect::<Result<_, Error>>()?;
    let mut parties = parties(settings, event.ship_to.as_ref());
    parties.extend(warehouse(event.warehouse.as_ref()));
    Ok(WarehouseShipment {
        order: order(event.client_order_ref.as_ref())?,
        shipped_on: day(&event.shipped_on)?,
        shipment: event.shipment.clone(),
        purchase_order: String::new(),
        carrier: text(event.carrier.as_ref()),
        tracking: text(event.tracking.as_ref()),
        parties,
        lines,
    })
}

fn invoice(settings: &EdiSettings, event: Posted) -> Result<Invoice, Error> {
    if event.kind != "out_invoice" {
        return Err(Error::Event(format!(
            "{} is a credit note, which is not sent",
            event.invoice
        )));
    }
    let [reference] = &event.client_order_refs[..] else {
        let count = event.client_order_refs.len();
        return Err(Error::Event(format!(
            "{} is of {count} orders, and an invoice names one",
            event.invoice
        )));
    };
    let lines = event.lines.iter().map(|line| {
        Ok(InvoiceLine {
            number: text(line.line.as_ref()),
            products: products(line),
            quantity: decimal(line.quantity.as_ref(), "quantity")?,
            unit: Unit::Each,
            price: decimal(line.price.as_ref(), "price")?,
            amount: decimal(line.amount.as_ref(), "amount")?,
        })
    });
    let taxes = event.taxes.iter().map(|tax| {
        Ok(Tax {
            rate: decimal(Some(&tax.rate), "rate")?,
            amount: decimal(Some(&tax.amount), "amount")?,
        })
    });
    Ok(Invoice {
        number: event.invoice.clone(),
        date: day(&event.date)?,
        order: reference.clone(),
        ordered_on: event.ordered_on.first().map(|text| day(text)).transpose()?,
        currency: event.currency.clone(),
        due_on: event.due_on.as_deref().map(day).transpose()?,
        parties: parties(settings, None),
        lines: lines.collect::<Result<_, Error>>()?,
        taxes: taxes.collect::<Result<_, Error>>()?,
        total: decimal(Some(&event.amount_total), "amount_total")?,
    })
}

fn stock_report(settings: &EdiSettings, event: Reported) -> Result<StockReport, Error> {
    let lines = event.lines.iter().map(|line| {
        Ok(StockLine {
            products: products(line),
            on_hand: decimal(line.on_hand.as_ref(), "on_hand")?,
            available: line
                .available
                .as_ref()
                .map(|number| decimal(Some(number), "available"))
                .transpose()?,
            unit: Unit::Each,
        })
    });
    let lines = lines.collect::<Result<_, Error>>()?;
    let mut parties = parties(settings, None);
    parties.extend(warehouse(event.warehouse.as_ref()));
    Ok(StockReport {
        number: event.report.clone(),
        date: day(&event.date)?,
        parties,
        lines,
    })
}

fn order(reference: Option<&String>) -> Result<String, Error> {
    let reference = reference.filter(|text| !text.is_empty());
    reference
        .cloned()
        .ok_or_else(|| Error::Event("the order has no number of the partner".to_owned()))
}

fn text(found: Option<&String>) -> String {
    found.cloned().unwrap_or_default()
}

fn day(text: &str) -> Result<Date, Error> {
    text.parse()
        .map_err(|_| Error::Event(format!("`{text}` is no date")))
}

fn decimal(number: Option<&Number>, what: &str) -> Result<Decimal, Error> {
    let number = number.ok_or_else(|| Error::Event(format!("a line has no {what}")))?;
    let digits = match number.as_f64() {
        Some(value) if !number.is_i64() && !number.is_u64() => format!("{value:.*}", PLACES),
        _ => number.to_string(),
    };
    let parsed = Decimal::from_str_exact(&digits);
    parsed
        .map(|value| value.normalize())
        .map_err(|error| Error::Event(format!("{what} {digits}: {error}")))
}

/// A barcode need not be a GTIN; one that is not is left out.
fn products(line: &Line) -> Vec<ProductId> {
    let code = |scheme, code: &String| ProductId {
        scheme,
        code: code.clone(),
    };
    let sku = line.sku.as_ref().map(|sku| code(Scheme::Seller, sku));
    let gtin = line.gtin.as_ref().filter(|gtin| Gtin::new(gtin.as_str()).is_ok());
    sku.into_iter()
        .chain(gtin.map(|gtin| code(Scheme::Gtin, gtin)))
        .collect()
}

/// A package that has the name of a label.
fn label(name: Option<&String>) -> Option<Sscc> {
    name.and_then(|name| Sscc::new(name.as_str()).ok())
}

fn parties(settings: &EdiSettings, ship_to: Option<&Address>) -> Vec<Party> {
    let known = |role, address: &EdiAddress, list: &str| Party {
        id: address.id.clone(),
        id_list: list.to_owned(),
        ..Party::of(role)
    };
    let mut parties = vec![
        known(Role::Buyer, &settings.them, LIST_BUYER),
        known(Role::Seller, &settings.us, LIST_SELLER),
    ];
    parties.extend(ship_to.filter(|address| address.name.is_some()).map(place));
    parties
}

fn place(address: &Address) -> Party {
    let id = text(address.reference.as_ref());
    Party {
        role: Role::ShipTo,
        name: text(address.name.as_ref()),
        id_list: if id.is_empty() {
            String::new()
        } else {
            LIST_SELLER.to_owned()
        },
        id,
        street: address.street.clone(),
        city: text(address.city.as_ref()),
        region: text(address.region.as_ref()),
        postcode: text(address.zip.as_ref()),
        country: text(address.country.as_ref()),
    }
}

fn warehouse(code: Option<&String>) -> Option<Party> {
    code.map(|code| Party {
        id: code.clone(),
        id_list: LIST_SELLER.to_owned(),
        ..Party::of(Role::ShipFrom)
    })
}

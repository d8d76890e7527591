//! Business documents as the gateway will fill them: plainly examples.

use jiff::civil::{Date, date};
use plimsoll_edi::documents::{
    ConfirmedLine, Decimal, Invoice, InvoiceLine, OrderConfirmation, Package, Party, ProductId, Role, Scheme,
    ShipNotice, ShippedLine, Sscc, StockLine, StockReport, Tax, Unit, WarehouseLine, WarehouseShipment,
};

pub fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

pub fn today() -> Date {
    date(2026, 11, 21)
}

pub fn products(sku: &str) -> Vec<ProductId> {
    vec![
        ProductId {
            scheme: Scheme::Seller,
            code: sku.into(),
        },
        ProductId {
            scheme: Scheme::Gtin,
            code: "012345678905".into(),
        },
    ]
}

pub fn parties() -> Vec<Party> {
    vec![
        Party {
            name: "Example Buyer".into(),
            ..Party::of(Role::Buyer)
        },
        Party {
            name: "Example Store 12".into(),
            id: "STORE-12".into(),
            id_list: "92".into(),
            street: vec!["1 Example Street".into()],
            city: "Exampletown".into(),
            postcode: "12345".into(),
            country: "DE".into(),
            ..Party::of(Role::ShipTo)
        },
    ]
}

pub fn confirmation() -> OrderConfirmation {
    let line = |number: &str, sku: &str, ordered: &str, confirmed: &str, rest_follows| ConfirmedLine {
        number: number.into(),
        products: products(sku),
        ordered: decimal(ordered),
        confirmed: decimal(confirmed),
        unit: Unit::Each,
        price: Some(decimal("12.50")),
        deliver_on: Some(date(2026, 11, 28)),
        rest_follows,
    };
    OrderConfirmation {
        order: "PO-EXAMPLE-1".into(),
        ordered_on: today(),
        our_number: "S00042".into(),
        answered_on: today(),
        currency: Some("EUR".into()),
        parties: parties(),
        lines: vec![
            line("1", "TST-0001", "3", "3", false),
            line("2", "TST-0002", "5", "2", true),
            line("3", "TST-0003", "1", "0", false),
            line("4", "TST-0004", "10", "7.5", false),
        ],
    }
}

pub fn ship_notice() -> ShipNotice {
    let line = |number: &str, sku: &str, quantity: &str| ShippedLine {
        number: number.into(),
        products: products(sku),
        quantity: decimal(quantity),
        unit: Unit::Each,
    };
    ShipNotice {
        shipment: "WH/OUT/00007".into(),
        made_at: today().at(16, 30, 0, 0),
        shipped_on: today(),
        expected_on: Some(date(2026, 11, 24)),
        order: "PO-EXAMPLE-1".into(),
        ordered_on: Some(today()),
        carrier: "EXMP".into(),
        tracking: "TRACK-EXAMPLE-1".into(),
        parties: parties(),
        packages: vec![
            Package {
                sscc: Some(Sscc::new("340000010000000013").unwrap()),
                lines: vec![line("1", "TST-0001", "3"), line("2", "TST-0002", "1")],
            },
            Package {
                sscc: Some(Sscc::new("340000010000000020").unwrap()),
                lines: vec![line("2", "TST-0002", "1")],
            },
        ],
    }
}

pub fn warehouse_shipment() -> WarehouseShipment {
    WarehouseShipment {
        order: "DO-EXAMPLE-9".into(),
        shipped_on: today(),
        shipment: "WH/OUT/00009".into(),
        purchase_order: "PO-EXAMPLE-9".into(),
        carrier: "EXMP".into(),
        tracking: "TRACK-EXAMPLE-9".into(),
        parties: parties(),
        lines: vec![
            WarehouseLine {
                products: products("TST-0001"),
                ordered: decimal("12"),
                shipped: decimal("12"),
                unit: Unit::Each,
                sscc: Some(Sscc::new("340000010000000013").unwrap()),
            },
            WarehouseLine {
                products: products("TST-0002"),
                ordered: decimal("2"),
                shipped: decimal("1"),
                unit: Unit::Case,
                sscc: None,
            },
        ],
    }
}

pub fn invoice() -> Invoice {
    Invoice {
        number: "INV/2026/00011".into(),
        date: today(),
        order: "PO-EXAMPLE-1".into(),
        ordered_on: Some(today()),
        currency: "EUR".into(),
        due_on: Some(date(2026, 12, 21)),
        parties: parties(),
        lines: vec![
            InvoiceLine {
                number: "1".into(),
                products: products("TST-0001"),
                quantity: decimal("3"),
                unit: Unit::Each,
                price: decimal("12.50"),
                amount: decimal("37.50"),
            },
            InvoiceLine {
                number: "2".into(),
                products: products("TST-0002"),
                quantity: decimal("2"),
                unit: Unit::Each,
                price: decimal("7.005"),
                amount: decimal("14.01"),
            },
        ],
        taxes: vec![Tax {
            rate: decimal("19"),
            amount: decimal("9.79"),
        }],
        total: decimal("61.30"),
    }
}

pub fn stock_report() -> StockReport {
    let line = |sku: &str, on_hand: &str, available: Option<&str>| StockLine {
        products: products(sku),
        on_hand: decimal(on_hand),
        available: available.map(decimal),
        unit: Unit::Each,
    };
    StockReport {
        number: "STOCK-EXAMPLE-1".into(),
        date: today(),
        parties: vec![Party {
            id: "WH1".into(),
            id_list: "92".into(),
            ..Party::of(Role::ShipFrom)
        }],
        lines: vec![line("TST-0001", "97", Some("90")), line("TST-0002", "-3", None)],
    }
}

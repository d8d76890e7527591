//! Orders that come in, and what the ERP's inbox gets of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod support;

use jiff::civil::date;
use plimsoll_edi::{
    documents::{
        Decimal, DeliveryOrder, Error, Mapping, PurchaseOrder, Role, Scheme, TakenUnit, Unit, read_850,
        read_940, read_orders,
    },
    edifact, x12,
};
use serde_json::json;
use support::{DELIVERY, ORDER, ORDERS, spoilt};

fn orders_850(bytes: &[u8]) -> Vec<Result<PurchaseOrder, Error>> {
    let interchange = x12::read(bytes, &x12::Profile::everything()).unwrap();
    interchange
        .accepted()
        .map(|(_, set)| read_850(&interchange, set))
        .collect()
}

fn orders(bytes: &[u8]) -> Vec<Result<PurchaseOrder, Error>> {
    let source = edifact::Source::of(bytes).unwrap();
    let interchange = edifact::read(&source, &edifact::Profile::everything()).unwrap();
    interchange
        .accepted()
        .map(|message| read_orders(&interchange, message))
        .collect()
}

fn delivery(bytes: &[u8]) -> Result<DeliveryOrder, Error> {
    let interchange = x12::read(bytes, &x12::Profile::everything()).unwrap();
    let (_, set) = interchange.accepted().next().unwrap();
    read_940(&interchange, set)
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn mapping() -> Mapping {
    Mapping::pieces("BRIDGE-EXAMPLE")
}

#[test]
fn an_850_becomes_exactly_what_the_inbox_takes() {
    let orders: Vec<PurchaseOrder> = orders_850(ORDER.as_bytes())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let order = &orders[0];
    assert_eq!(
        (order.number.as_str(), order.date),
        ("PO-EXAMPLE-1", date(2026, 11, 21))
    );
    assert_eq!(order.wanted_on, Some(date(2026, 11, 28)));
    assert_eq!(order.currency.as_deref(), Some("EUR"));
    let ship_to = &order.parties[0];
    assert_eq!(
        (ship_to.role, ship_to.id.as_str(), ship_to.city.as_str()),
        (Role::ShipTo, "STORE-12", "Exampletown")
    );
    assert_eq!(order.lines[0].description, "Example widget, blue");
    assert_eq!(
        (order.lines[0].price, order.lines[1].price),
        (Some(decimal("12.50")), Some(decimal("7")))
    );
    assert_eq!(
        order.to_order_create(&mapping()).unwrap(),
        json!({
            "client_order_ref": "PO-EXAMPLE-1",
            "partner": "BRIDGE-EXAMPLE",
            "lines": [{"sku": "TST-0001", "quantity": 3}, {"sku": "TST-0002", "quantity": 2}],
        })
    );
    let mapping = Mapping {
        warehouse: Some("WH".into()),
        confirm: Some(true),
        ..mapping()
    };
    assert_eq!(
        orders[1].to_order_create(&mapping).unwrap().to_string(),
        json!({
            "client_order_ref": "PO-EXAMPLE-2",
            "partner": "BRIDGE-EXAMPLE",
            "lines": [{"sku": "TST-0003", "quantity": 1.5}],
            "warehouse": "WH",
            "confirm": true,
        })
        .to_string()
    );
}

#[test]
fn an_orders_means_the_same_as_an_850() {
    let from_x12 = orders_850(ORDER.as_bytes()).remove(0).unwrap();
    let from_edifact = orders(ORDERS.as_bytes()).remove(0).unwrap();
    assert_eq!(
        from_edifact.to_order_create(&mapping()).unwrap(),
        from_x12.to_order_create(&mapping()).unwrap()
    );
    assert_eq!(
        (from_edifact.date, from_edifact.wanted_on),
        (from_x12.date, from_x12.wanted_on)
    );
    assert_eq!(from_edifact.currency, from_x12.currency);
    let ship_to = from_edifact
        .parties
        .iter()
        .find(|party| party.role == Role::ShipTo)
        .unwrap();
    assert_eq!(
        (ship_to.name.as_str(), ship_to.id.as_str()),
        ("Example Store 12", "4000001000012")
    );
    assert_eq!(
        (ship_to.street[0].as_str(), ship_to.postcode.as_str()),
        ("1 Example Street", "12345")
    );
    assert_eq!(from_edifact.lines[0].price, Some(decimal("12.5")));
    assert_eq!(from_edifact.lines[0].description, "Example widget, blue");
    // D.01B, kilograms.
    assert_eq!(
        orders(ORDERS.as_bytes())[1].as_ref().unwrap().lines[0].unit,
        Unit::Kilogram
    );
}

#[test]
fn a_purchase_order_that_makes_no_sense_says_why() {
    for (from, to, expected) in [
        (
            "BEG*00*SA*PO-EXAMPLE-1",
            "BEG*01*SA*PO-EXAMPLE-1",
            Error::Purpose {
                place: "BEG01",
                code: "01".into(),
            },
        ),
        (
            "CTT*2*5",
            "CTT*3*5",
            Error::Total {
                place: "CTT01",
                declared: "3".into(),
                counted: "2".into(),
            },
        ),
        (
            "CTT*2*5",
            "CTT*2*6",
            Error::Total {
                place: "CTT02",
                declared: "6".into(),
                counted: "5".into(),
            },
        ),
        ("PO1*1*3*EA", "PO1*1**EA", Error::Missing { place: "PO102" }),
        ("PO1*1*3*EA", "PO1*1*3*", Error::Missing { place: "PO103" }),
        (
            "012345678905",
            "012345678906",
            Error::CheckDigit {
                what: "GTIN",
                value: "012345678906".into(),
            },
        ),
    ] {
        assert_eq!(orders_850(&spoilt(ORDER, from, to))[0], Err(expected), "{to}");
    }
    for (from, to, expected) in [
        (
            "PO-EXAMPLE-1+9",
            "PO-EXAMPLE-1+1",
            Error::Purpose {
                place: "BGM 1225",
                code: "1".into(),
            },
        ),
        (
            "CNT+2:2",
            "CNT+2:3",
            Error::Total {
                place: "CNT+2",
                declared: "3".into(),
                counted: "2".into(),
            },
        ),
        (
            "CNT+2:2",
            "CNT+1:9",
            Error::Total {
                place: "CNT+1",
                declared: "9".into(),
                counted: "5".into(),
            },
        ),
        ("QTY+21:3:PCE", "QTY+12:3:PCE", Error::Missing { place: "QTY+21" }),
        (
            "QTY+21:3:PCE",
            "QTY+21:x:PCE",
            Error::Value {
                place: "QTY 6060",
                value: "x".into(),
                expected: "number",
            },
        ),
        (
            "BGM+220+PO-EXAMPLE-1",
            "BGM+220+",
            Error::Missing { place: "BGM 1004" },
        ),
        (
            "DTM+137:20261121:102",
            "DTM+137:20261121:203",
            Error::Value {
                place: "DTM 2380",
                value: "20261121".into(),
                expected: "date in the format that is named",
            },
        ),
        (
            "4000001234561:EN",
            "4000001234569:EN",
            Error::CheckDigit {
                what: "GTIN",
                value: "4000001234569".into(),
            },
        ),
    ] {
        assert_eq!(orders(&spoilt(ORDERS, from, to))[0], Err(expected), "{to}");
    }
}

#[test]
fn what_cannot_be_mapped_is_never_left_out() {
    let order = orders_850(ORDER.as_bytes()).remove(0).unwrap();
    let attempt = |change: &dyn Fn(&mut PurchaseOrder)| {
        let mut order = order.clone();
        change(&mut order);
        order.to_order_create(&mapping()).unwrap_err()
    };
    assert_eq!(
        attempt(&|order| order.lines[1].products.clear()),
        Error::NoSku { line: "2".into() }
    );
    assert_eq!(
        attempt(&|order| order.lines[0].unit = Unit::Case),
        Error::Unit {
            line: "1".into(),
            unit: "CA".into()
        }
    );
    for bad in ["0", "-1", "1000001", "0.0000000000000001", "123456.7890123456789"] {
        let error = attempt(&|order| order.lines[0].quantity = decimal(bad));
        assert!(matches!(error, Error::Quantity { .. }), "{bad}: {error}");
    }
    assert_eq!(attempt(&|order| order.lines.clear()), Error::NoLines);
    assert!(matches!(
        attempt(&|order| order.lines = vec![order.lines[0].clone(); 1001]),
        Error::Value { .. }
    ));
    assert_eq!(
        attempt(&|order| order.number = " ".into()),
        Error::Missing {
            place: "client_order_ref"
        }
    );
    // Cases count twelve pieces where that was agreed on; the GTIN serves where that was.
    let mut order = order;
    order.lines[0].unit = Unit::Case;
    order.lines.truncate(1);
    let mut mapping = Mapping {
        products: vec![Scheme::Gtin, Scheme::Seller],
        ..mapping()
    };
    mapping.units.push(TakenUnit {
        unit: Unit::Case,
        factor: decimal("12"),
    });
    assert_eq!(
        order.to_order_create(&mapping).unwrap()["lines"],
        json!([{"sku": "012345678905", "quantity": 36}])
    );
}

#[test]
fn a_940_is_a_delivery_order() {
    let order = delivery(DELIVERY.as_bytes()).unwrap();
    assert_eq!(
        (order.number.as_str(), order.purchase_order.as_str()),
        ("DO-EXAMPLE-9", "PO-EXAMPLE-9")
    );
    assert_eq!(order.wanted_on, Some(date(2026, 11, 24)));
    assert_eq!(order.notes, ["Handle with care"]);
    assert_eq!(
        (order.parties[0].role, order.parties[0].region.as_str()),
        (Role::ShipTo, "CA")
    );
    assert_eq!(order.lines.len(), 2);
    assert_eq!(
        (order.lines[0].quantity, &order.lines[0].unit),
        (decimal("12"), &Unit::Each)
    );
    assert_eq!(
        (order.lines[1].number.as_str(), &order.lines[1].unit),
        ("2", &Unit::Case)
    );
    assert_eq!(order.lines[0].description, "Example widget");
    assert_eq!(order.lines[0].products.len(), 2);
    for (from, to, expected) in [
        (
            "W05*N",
            "W05*C",
            Error::Purpose {
                place: "W0501",
                code: "C".into(),
            },
        ),
        (
            "W76*14",
            "W76*15",
            Error::Total {
                place: "W7601",
                declared: "15".into(),
                counted: "14".into(),
            },
        ),
    ] {
        assert_eq!(delivery(&spoilt(DELIVERY, from, to)), Err(expected));
    }
    let stored = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<DeliveryOrder>(&stored).unwrap(), order);
}

//! Every built-in mapping, with a document that it takes and ways to spoil it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use plimsoll_mapping::{Command, Given, MapError, Mapping, Source, builtin, code::Code, map};
use serde_json::{Value, json};

const ORDER: &str = include_str!("../../edi/tests/samples/850-4010.edi");
const ORDERS: &str = include_str!("../../edi/tests/samples/orders-d96a.edi");
const DELIVERY: &str = include_str!("../../edi/tests/samples/940-5010.edi");

fn given() -> Given {
    Given::from([
        ("partner".to_owned(), json!("ACME")),
        ("warehouse".to_owned(), json!("NORTH")),
        ("confirm".to_owned(), json!(true)),
    ])
}

/// The first document of an interchange.
fn source(text: &str) -> Result<Source, MapError> {
    if text.starts_with("ISA") {
        let interchange = edi::x12::read(text.as_bytes(), &edi::x12::Profile::everything()).unwrap();
        let (_, set) = interchange
            .accepted()
            .next()
            .unwrap_or_else(|| panic!("{:?}", edi::x12::first_fault(&interchange)));
        Source::of_x12(&interchange, set)
    } else {
        let bytes = edi::edifact::Source::of(text.as_bytes()).unwrap();
        let interchange = edi::edifact::read(&bytes, &edi::edifact::Profile::everything()).unwrap();
        let message = interchange
            .accepted()
            .next()
            .unwrap_or_else(|| panic!("{:?}", edi::edifact::first_fault(&interchange)));
        Source::of_edifact(&interchange, message)
    }
}

fn mapped(text: &str) -> Result<Command, MapError> {
    map(&builtin().unwrap(), &source(text)?, &given())
}

/// One set in an envelope.
fn x12(id: &str, functional: &str, body: &str) -> String {
    let count = body.matches('~').count() + 2;
    format!(
        "ISA*00*          *00*          *ZZ*EXAMPLE3PL     *ZZ*EXAMPLEDIST    *261121*1030*U*00401*000000007*0*T*>~\
         GS*{functional}*EXAMPLE3PL*EXAMPLEDIST*20261121*1030*7*X*004010~ST*{id}*0001~{body}SE*{count}*0001~GE*1*7~IEA*1*000000007~"
    )
}

fn edifact(kind: &str, body: &str) -> String {
    let count = body.matches('\'').count() + 2;
    format!(
        "UNB+UNOC:3+EXAMPLE3PL:ZZ+EXAMPLEDIST:ZZ+261121:1030+7'UNH+1+{kind}:D:96A:UN'{body}UNT+{count}+1'UNZ+1+7'"
    )
}

fn spoilt(sample: &str, from: &str, to: &str) -> String {
    assert!(sample.contains(from), "the sample has no {from:?}");
    sample.replacen(from, to, 1)
}

#[test]
fn every_builtin_mapping_is_one() {
    let all = builtin().unwrap();
    let documents: std::collections::BTreeSet<String> =
        all.iter().map(|mapping| mapping.document().to_string()).collect();
    assert_eq!((documents.len(), all.len()), (13, 15), "{documents:?}");
}

#[test]
fn orders_of_both_standards_become_orders() {
    for sample in [ORDER, ORDERS] {
        let command = mapped(sample).unwrap();
        assert_eq!(command.kind.as_str(), "order.create");
        let payload = &command.payload;
        assert_eq!(
            (&payload["partner"], &payload["warehouse"], &payload["confirm"]),
            (&json!("ACME"), &json!("NORTH"), &json!(true))
        );
        // The typed reader, which knows nothing of mappings, sees the same lines.
        let lines = payload["lines"].as_array().unwrap();
        assert!(
            lines.iter().all(|line| line["quantity"].as_f64().unwrap() > 0.0),
            "{lines:?}"
        );
    }
    // A case taken for a piece would ship a twelfth: units that were not agreed on are refused.
    assert_eq!(mapped(DELIVERY).unwrap_err().code, Code::Unit);
    let command = mapped(&spoilt(DELIVERY, "*2*CA**", "*2*EA**")).unwrap();
    assert_eq!(
        (command.kind.as_str(), &command.payload["confirm"]),
        ("order.create", &json!(true))
    );
}

#[test]
fn warehouses_and_suppliers_are_understood() {
    let cases: [(String, &str, Value); 9] = [
        (
            x12(
                "945",
                "SW",
                "W06*N*PO-7*20261121*SH-1~N9*CN*1Z999~LX*1~W12*CC*3*3**EA**VN*PLS-0001~W03*3~",
            ),
            "shipment.confirm",
            json!({"client_order_ref": "PO-7", "tracking": "1Z999", "lines": [{"sku": "PLS-0001", "quantity": 3}]}),
        ),
        (
            x12(
                "846",
                "IB",
                "BIA*00*SI*RPT-1*20261121~LIN*1*VP*PLS-0001~QTY*33*12*EA~LIN*2*VP*PLS-0002~QTY*33*0*EA~CTT*2~",
            ),
            "stock.adjust",
            json!({"warehouse": "NORTH", "reference": "RPT-1", "lines": [
                {"sku": "PLS-0001", "quantity": 12}, {"sku": "PLS-0002", "quantity": 0}]}),
        ),
        (
            x12(
                "855",
                "PR",
                "BAK*00*AD*P00001*20261121****S-9*20261121~PO1*1*3*EA*2**VP*PLS-0001~ACK*IA*3*EA*067*20261201~CTT*1~",
            ),
            "purchase.confirm",
            json!({"purchase_order": "P00001", "partner": "ACME", "reference": "S-9", "expected_on": "2026-12-01"}),
        ),
        (
            x12(
                "856",
                "SH",
                "BSN*00*ASN-1*20261121*1030*0001~HL*1**S*1~HL*2*1*O*1~PRF*P00001~HL*3*2*I*0~LIN*1*VP*PLS-0001~SN1*1*3*EA~CTT*3~",
            ),
            "receipt.confirm",
            json!({"purchase_order": "P00001", "partner": "ACME", "shipment": "ASN-1",
                "lines": [{"sku": "PLS-0001", "quantity": 3}]}),
        ),
        (
            x12(
                "810",
                "IN",
                "BIG*20261121*INV-9**P00001~IT1*1*3*EA*2.5**VP*PLS-0001~TDS*750~CTT*1~",
            ),
            "bill.create",
            json!({"number": "INV-9", "date": "2026-11-21", "purchase_order": "P00001", "partner": "ACME",
                "lines": [{"sku": "PLS-0001", "quantity": 3, "price": 2.5}]}),
        ),
        (
            edifact(
                "ORDRSP",
                "BGM+231+S-9+29'DTM+137:20261121:102'RFF+ON:P00001'LIN+1+5+PLS-0001:SA'QTY+21:3'DTM+67:20261201:102'UNS+S'",
            ),
            "purchase.confirm",
            json!({"purchase_order": "P00001", "partner": "ACME", "reference": "S-9", "expected_on": "2026-12-01"}),
        ),
        (
            edifact(
                "DESADV",
                "BGM+351+ASN-1+9'DTM+137:20261121:102'RFF+ON:P00001'CPS+1'LIN+1++4000001234561:EN'PIA+1+PLS-0001:SA'QTY+12:3:PCE'",
            ),
            "receipt.confirm",
            json!({"purchase_order": "P00001", "partner": "ACME", "shipment": "ASN-1",
                "lines": [{"sku": "PLS-0001", "quantity": 3}]}),
        ),
        (
            edifact(
                "INVOIC",
                "BGM+380+INV-9+9'DTM+137:20261121:102'RFF+ON:P00001'LIN+1++PLS-0001:SA'QTY+47:3'PRI+AAA:2.5'UNS+S'MOA+77:7.5'",
            ),
            "bill.create",
            json!({"number": "INV-9", "date": "2026-11-21", "purchase_order": "P00001", "partner": "ACME",
                "lines": [{"sku": "PLS-0001", "quantity": 3, "price": 2.5}]}),
        ),
        (
            edifact(
                "INVRPT",
                "BGM+35+RPT-1+9'DTM+137:20261121:102'LIN+1++PLS-0001:SA'QTY+145:12'",
            ),
            "stock.adjust",
            json!({"warehouse": "NORTH", "reference": "RPT-1", "lines": [{"sku": "PLS-0001", "quantity": 12}]}),
        ),
    ];
    for (text, kind, payload) in cases {
        let command = mapped(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(
            (command.kind.as_str(), command.payload),
            (kind, payload),
            "{text}"
        );
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let po1 = ORDER
        .split('~')
        .find(|segment| segment.contains("PO1*"))
        .unwrap()
        .trim();
    let fields: Vec<&str> = po1.split('*').collect();
    let unit = fields[3];
    for (text, code) in [
        (spoilt(ORDER, &format!("*{unit}*"), "*ZZ*"), Code::Unit),
        (spoilt(ORDER, "BEG*00", "BEG*01"), Code::Document),
        (
            x12(
                "855",
                "PR",
                "BAK*00*RD*P00001*20261121~PO1*1*3*EA*2**VP*PLS-0001~ACK*IR*3*EA~CTT*1~",
            ),
            Code::NoMapping,
        ),
        (x12("860", "PC", "BCH*04*SA*PO-1***20261121~"), Code::NoMapping),
        (
            x12(
                "846",
                "IB",
                "BIA*00*SI*RPT-1*20261121~LIN*1*ZZ*PLS-0001~QTY*33*12*EA~CTT*1~",
            ),
            Code::Missing,
        ),
        (
            x12(
                "846",
                "IB",
                "BIA*00*SI*RPT-1*20261121~LIN*1*VP*PLS-0001~QTY*33*-1*EA~CTT*1~",
            ),
            Code::Command,
        ),
    ] {
        let error = mapped(&text).expect_err(&text);
        assert_eq!(error.code, code, "{error}");
        assert!(!error.place.is_empty(), "{error}");
    }
}

#[test]
fn json_is_mapped_by_pointers() {
    let mapping = Mapping::parse(
        r#"
format: plimsoll-mapping/1
name: web-shop
version: 3
from: { json: order }
to: order.create
zone: Europe/Amsterdam
set:
  client_order_ref: /order/number
  partner: { value: HOOLI }
  ordered_on: { path: /order/placed, as: date }
  confirm: { path: /order/paid, codes: { "true": true, "false": false } }
  lines:
    each: /order/items
    set:
      sku: /code
      quantity: { path: /amount, as: number }
"#,
    )
    .unwrap();
    let order = |paid: Value| {
        json!({"order": {"number": 17, "placed": "2026-11-21", "paid": paid,
            "items": [{"code": "PLS-0001", "amount": "2"}]}})
    };
    let command = map(
        [&mapping],
        &Source::of_json("order", order(json!(true))),
        &Given::new(),
    )
    .unwrap();
    assert_eq!(command.mapping, "web-shop v3");
    assert_eq!(
        command.payload,
        json!({"client_order_ref": "17", "partner": "HOOLI", "ordered_on": "2026-11-21", "confirm": true,
            "lines": [{"sku": "PLS-0001", "quantity": 2}]})
    );
    let unclear = Source::of_json("order", order(json!("perhaps")));
    assert_eq!(
        map([&mapping], &unclear, &Given::new()).unwrap_err().code,
        Code::NotAgreed
    );
}

#[test]
fn files_that_are_no_mappings_are_refused() {
    let good = "format: plimsoll-mapping/1\nname: n\nversion: 1\nfrom: { json: a }\nto: order.confirm\nset: { client_order_ref: /a }\n";
    assert!(Mapping::parse(good).is_ok());
    for (from, to) in [
        ("plimsoll-mapping/1", "plimsoll-mapping/2"),
        ("order.confirm", "order.explode"),
        ("version: 1", "version: one"),
        ("/a }", "BEG.3 }"),
        (
            "{ client_order_ref: /a }",
            "{ client_order_ref: { path: /a, value: b } }",
        ),
        ("{ client_order_ref: /a }", "{ client_order_ref: { each: /a } }"),
        ("set:", "zone: Mars/Olympus\nset:"),
        ("set:", "units: { EA: 0 }\nset:"),
        ("set:", "unknown: 1\nset:"),
    ] {
        let bad = spoilt(good, from, to);
        assert!(Mapping::parse(&bad).is_err(), "{bad}");
    }
}

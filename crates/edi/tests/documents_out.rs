//! Documents that go out: how they look, what is refused, and that what is written is valid in both standards.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

#[path = "support/documents.rs"]
mod documents;

use documents::{confirmation, decimal, invoice, ship_notice, stock_report, today, warehouse_shipment};
use plimsoll_edi::{
    Address, Usage,
    documents::{Error, Outcome, ProductId, Scheme},
    edifact,
    outgoing::Segment,
    x12,
};
use serde::{Serialize, de::DeserializeOwned};

fn x12_text(id: &str, functional_id: &str, version: x12::Version, body: Vec<Segment>) -> String {
    let address = |id: &str| Address {
        qualifier: "ZZ".into(),
        id: id.into(),
    };
    let envelope = x12::Envelope {
        sender: address("EXAMPLESELLER"),
        receiver: address("EXAMPLEBUYER"),
        written_at: today().at(17, 0, 0, 0),
        version,
        control: 1,
        ack_requested: false,
        usage: Usage::Test,
    };
    let set = x12::OutSet {
        id: id.into(),
        control: 1,
        implementation: None,
        body,
    };
    let group = x12::OutGroup {
        functional_id: functional_id.into(),
        sender: "EXAMPLESELLER".into(),
        receiver: "EXAMPLEBUYER".into(),
        control: 1,
        version_text: version.group_text().into(),
        sets: vec![set],
    };
    let bytes = x12::write(&envelope, &[], &[group]).unwrap();
    lines(&String::from_utf8(bytes).unwrap(), '~', 3, 3)
}

fn edifact_text(kind: &str, version: &str, body: Vec<Segment>) -> String {
    let address = |id: &str| Address {
        qualifier: "14".into(),
        id: id.into(),
    };
    let envelope = edifact::Envelope {
        sender: address("EXAMPLESELLER"),
        receiver: address("EXAMPLEBUYER"),
        written_at: today().at(17, 0, 0, 0),
        charset: edifact::Charset::C,
        control: 1,
        ack_requested: false,
        usage: Usage::Test,
    };
    let message = edifact::OutMessage {
        reference: 1,
        kind: kind.into(),
        version: version.into(),
        association: None,
        body,
    };
    let bytes = edifact::write(&envelope, &[message]).unwrap();
    lines(&String::from_utf8(bytes).unwrap(), '\'', 3, 2)
}

/// The inner segments, one a line.
fn lines(text: &str, terminator: char, before: usize, after: usize) -> String {
    let segments: Vec<&str> = text.split_terminator(terminator).collect();
    segments[before..segments.len() - after]
        .iter()
        .map(|segment| format!("{segment}\n"))
        .collect()
}

const BOTH: [x12::Version; 2] = [x12::Version::V4010, x12::Version::V5010];
const DIRECTORIES: [&str; 2] = ["D:96A:UN", "D:01B:UN"];

#[test]
fn a_confirmation_answers_line_by_line() {
    let outcomes: Vec<Outcome> = confirmation().lines.iter().map(|line| line.outcome()).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Accepted,
            Outcome::Backordered,
            Outcome::Rejected,
            Outcome::Changed
        ]
    );
    for version in BOTH {
        assert_eq!(
            x12_text("855", "PR", version, confirmation().to_855().unwrap()),
            "\
BAK*00*AC*PO-EXAMPLE-1*20261121****S00042*20261121
CUR*SE*EUR
N1*BY*Example Buyer
N1*ST*Example Store 12*92*STORE-12
N3*1 Example Street
N4*Exampletown**12345*DE
PO1*1*3*EA*12.5**VP*TST-0001*UP*012345678905
ACK*IA*3*EA*067*20261128
PO1*2*5*EA*12.5**VP*TST-0002*UP*012345678905
ACK*IQ*2*EA*067*20261128
ACK*IB*3*EA
PO1*3*1*EA*12.5**VP*TST-0003*UP*012345678905
ACK*IR*1*EA
PO1*4*10*EA*12.5**VP*TST-0004*UP*012345678905
ACK*IQ*7.5*EA*067*20261128
CTT*4
"
        );
    }
    for directory in DIRECTORIES {
        let text = edifact_text("ORDRSP", directory, confirmation().to_ordrsp().unwrap());
        assert!(
            text.starts_with(
                "BGM+231+S00042+4\nDTM+137:20261121:102\nRFF+ON:PO-EXAMPLE-1\nNAD+BY+++Example Buyer\n"
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "\
LIN+2+3+012345678905:EN
PIA+1+TST-0002:SA
QTY+21:5:PCE
QTY+113:2:PCE
QTY+83:3:PCE
DTM+67:20261128:102
PRI+AAA:12.5
"
            ),
            "{text}"
        );
    }
    let mut all = confirmation();
    all.lines.truncate(1);
    assert_eq!(all.to_855().unwrap()[0].elements[1], ["AD"]);
    assert_eq!(all.to_ordrsp().unwrap()[0].elements[2], ["29"]);
    all.lines[0].confirmed = decimal("0");
    assert_eq!(all.to_855().unwrap()[0].elements[1], ["RD"]);
    all.lines[0].confirmed = decimal("4");
    assert!(matches!(all.to_855(), Err(Error::Quantity { .. })));
}

#[test]
fn a_ship_notice_is_a_tree_with_labels() {
    for version in BOTH {
        assert_eq!(
            x12_text("856", "SH", version, ship_notice().to_856().unwrap()),
            "\
BSN*00*WH/OUT/00007*20261121*1630*0001
HL*1**S*1
TD1*CTN*2
TD5*B*2*EXMP
REF*CN*TRACK-EXAMPLE-1
DTM*011*20261121
DTM*017*20261124
N1*BY*Example Buyer
N1*ST*Example Store 12*92*STORE-12
N3*1 Example Street
N4*Exampletown**12345*DE
HL*2*1*O*1
PRF*PO-EXAMPLE-1***20261121
HL*3*2*P*1
MAN*GM*340000010000000013
HL*4*3*I*0
LIN*1*VP*TST-0001*UP*012345678905
SN1*1*3*EA
HL*5*3*I*0
LIN*2*VP*TST-0002*UP*012345678905
SN1*2*1*EA
HL*6*2*P*1
MAN*GM*340000010000000020
HL*7*6*I*0
LIN*2*VP*TST-0002*UP*012345678905
SN1*2*1*EA
CTT*7
"
        );
    }
    for directory in DIRECTORIES {
        let text = edifact_text("DESADV", directory, ship_notice().to_desadv().unwrap());
        assert!(
            text.contains(
                "\
CPS+1
PAC+2
CPS+2+1
PAC+1
PCI+33E
GIN+BJ+340000010000000013
LIN+1++012345678905:EN
PIA+1+TST-0001:SA
QTY+12:3:PCE
RFF+ON:PO-EXAMPLE-1:1
"
            ),
            "{text}"
        );
    }
    // Without labels, items hang below the order.
    let mut loose = ship_notice();
    loose.packages.iter_mut().for_each(|package| package.sscc = None);
    let text = x12_text("856", "SH", x12::Version::V4010, loose.to_856().unwrap());
    assert!(
        text.contains("*0004\n") && text.contains("HL*3*2*I*0\n") && !text.contains("MAN"),
        "{text}"
    );
    loose.packages[0].lines[0].quantity = decimal("0");
    assert!(matches!(loose.to_856(), Err(Error::Quantity { .. })));
    loose.packages.clear();
    assert_eq!(loose.to_desadv(), Err(Error::NoLines));
}

#[test]
fn a_warehouse_shipment_answers_a_delivery_order() {
    for version in BOTH {
        assert_eq!(
            x12_text("945", "SW", version, warehouse_shipment().to_945().unwrap()),
            "\
W06*N*DO-EXAMPLE-9*20261121*WH/OUT/00009**PO-EXAMPLE-9
N1*BY*Example Buyer
N1*ST*Example Store 12*92*STORE-12
N3*1 Example Street
N4*Exampletown**12345*DE
N9*CN*TRACK-EXAMPLE-9
G62*11*20261121
W27*M*EXMP
LX*1
MAN*GM*340000010000000013
W12*CC*12*12**EA**VP*TST-0001*********UP*012345678905
LX*2
W12*CP*2*1*1*CA**VP*TST-0002*********UP*012345678905
W03*13
"
        );
    }
}

#[test]
fn an_invoice_adds_up_or_is_not_sent() {
    for version in BOTH {
        let text = x12_text("810", "IN", version, invoice().to_810().unwrap());
        assert!(
            text.starts_with("BIG*20261121*INV/2026/00011*20261121*PO-EXAMPLE-1\nCUR*SE*EUR\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "\
ITD*01*3****20261221
IT1*1*3*EA*12.5**VP*TST-0001*UP*012345678905
IT1*2*2*EA*7.005**VP*TST-0002*UP*012345678905
TDS*6130
TXI*TX*9.79*19
CTT*2
"
            ),
            "{text}"
        );
    }
    for directory in DIRECTORIES {
        let text = edifact_text("INVOIC", directory, invoice().to_invoic().unwrap());
        assert!(
            text.contains("TAX+7+VAT+++:::19\nCUX+2:EUR:4\nPAT+3\nDTM+13:20261221:102\n"),
            "{text}"
        );
        assert!(
            text.ends_with("UNS+S\nMOA+79:51.51\nMOA+124:9.79\nMOA+77:61.3\nCNT+2:2\n"),
            "{text}"
        );
    }
    let mut wrong = invoice();
    wrong.total = decimal("61.31");
    assert!(matches!(
        wrong.to_810(),
        Err(Error::Total {
            place: "the invoice",
            ..
        })
    ));
    let mut wrong = invoice();
    wrong.lines[0].amount = decimal("38");
    assert!(matches!(
        wrong.to_invoic(),
        Err(Error::Total {
            place: "an invoice line",
            ..
        })
    ));
    wrong.lines[0].amount = decimal("-79228162514264337593543950335");
    assert!(wrong.to_810().is_err());
    wrong.lines[0].price = decimal("79228162514264337593543950335");
    assert!(wrong.to_810().is_err());
}

#[test]
fn a_stock_report_lists_what_is_there() {
    for version in BOTH {
        assert_eq!(
            x12_text("846", "IB", version, stock_report().to_846().unwrap()),
            "\
BIA*00*SI*STOCK-EXAMPLE-1*20261121
N1*SF**92*WH1
LIN*1*VP*TST-0001*UP*012345678905
QTY*33*97*EA
QTY*QA*90*EA
LIN*2*VP*TST-0002*UP*012345678905
QTY*33*0*EA
CTT*2
"
        );
    }
}

#[test]
fn what_does_not_fit_is_not_cut() {
    let mut long = confirmation();
    long.order = "X".repeat(23);
    assert!(matches!(
        long.to_855(),
        Err(Error::TooLong {
            place: "BAK03",
            length_max: 22,
            ..
        })
    ));
    let mut bad = confirmation();
    bad.lines[0].products = vec![ProductId {
        scheme: Scheme::Gtin,
        code: "012345678906".into(),
    }];
    assert!(matches!(bad.to_855(), Err(Error::CheckDigit { .. })));
    assert!(matches!(bad.to_ordrsp(), Err(Error::CheckDigit { .. })));
    bad.lines[0].products.clear();
    assert!(matches!(bad.to_855(), Err(Error::Missing { .. })));
    bad.lines.clear();
    assert_eq!(bad.to_855(), Err(Error::NoLines));
}

#[test]
fn documents_survive_json() {
    fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(document: T) {
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), document, "{json}");
        // Amounts are text, so that no reader takes them for binary fractions.
        assert!(!json.contains("12.50,") && !json.contains(":3,"), "{json}");
    }
    there_and_back(confirmation());
    there_and_back(ship_notice());
    there_and_back(warehouse_shipment());
    there_and_back(invoice());
    there_and_back(stock_report());
}

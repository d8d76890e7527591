//! JSON and back to the identical bytes.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod support;

use plimsoll_edi::{
    json::{Document, Element, Error},
    limits::Limits,
    text::Encoding,
};
use proptest::prelude::*;
use support::{ACKNOWLEDGEMENT, CONTRL, DELIVERY, ORDER, ORDERS, spoilt};

const LIMITS: Limits = Limits::PARTNER;

/// Through JSON as text, as it will be stored.
fn there_and_back(bytes: &[u8]) -> Document {
    let document = Document::from_bytes(bytes, &LIMITS).unwrap();
    let json = serde_json::to_string(&document).unwrap();
    let read: Document = serde_json::from_str(&json).unwrap();
    assert_eq!(read, document);
    assert_eq!(read.to_bytes(&LIMITS).unwrap(), bytes, "{json}");
    document
}

#[test]
fn samples_come_back_byte_for_byte() {
    for text in [ORDER, DELIVERY, ACKNOWLEDGEMENT, ORDERS, CONTRL] {
        let windows = text.replace('\n', "\r\n");
        let bare: String = text.lines().collect();
        for text in [
            text,
            &windows,
            &bare,
            &format!("\r\n {text}"),
            &format!("{text}\n\n"),
        ] {
            let document = there_and_back(text.as_bytes());
            assert!(
                document
                    .segments
                    .iter()
                    .all(|segment| segment.raw.is_none() || segment.tag == "UNA"),
                "{document:?}"
            );
        }
    }
}

#[test]
fn json_is_plain_to_read() {
    let json = serde_json::to_value(there_and_back(ORDER.as_bytes())).unwrap();
    assert_eq!(json["format"], "plimsoll-edi/1");
    assert_eq!(
        json["delimiters"],
        serde_json::json!({"element": "*", "component": ">", "terminator": "~"})
    );
    assert_eq!(json["line_end"], "\n");
    assert_eq!(
        json["segments"][3],
        serde_json::json!({"tag": "BEG", "elements": ["00", "SA", "PO-EXAMPLE-1", "", "20261121"]})
    );
    let json = serde_json::to_value(there_and_back(ORDERS.as_bytes())).unwrap();
    assert_eq!(
        json["segments"][6],
        serde_json::json!({"tag": "RFF", "elements": [["CT", "FRAME+WORK'S"]]})
    );
    let repeated = spoilt(DELIVERY, "N9*ZZ*GIFT", "N9*ZZ*a:b^c^:d");
    let document = there_and_back(&repeated);
    let n9 = document
        .segments
        .iter()
        .find(|segment| segment.tag == "N9")
        .unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        n9.elements[1],
        Element::Repeated(vec![texts(&["a", "b"]), texts(&["c"]), texts(&["", "d"])])
    );
}

#[test]
fn what_is_wrong_or_unusual_comes_back_too() {
    for bytes in [
        spoilt(ORDER, "IEA*1*000000077~\n", ""),
        spoilt(ORDER, "IEA*1*000000077~\n", "IEA*1*0000"),
        spoilt(ORDER, "CTT*2*5~\n", "~~~\r\n\n*~ \n"),
        spoilt(ORDER, "Example Store", "Ex\0mple\x07Store"),
        spoilt(ORDERS, "PO-EXAMPLE-1", "?P?O?-EXAMPLE?-1"),
        spoilt(ORDERS, "DTM+137", "dtm?+1'\n ''DTM+137"),
        spoilt(ORDERS, "UNZ+2+IC77'\n", "UNZ+2+IC"),
        spoilt(ORDERS, "BGM+220", "BGM++:::++220"),
        ORDERS.replace("Example Store", "Müller €").into_bytes(),
        ORDERS
            .replace("UNOC", "UNOY")
            .replace("Example Store", "Müller €")
            .into_bytes(),
    ] {
        there_and_back(&bytes);
    }
    let mut latin = ORDER.as_bytes().to_vec();
    let at = latin.windows(5).position(|window| window == b"Store").unwrap();
    latin[at] = 0xfc;
    assert_eq!(there_and_back(&latin).encoding, Encoding::Latin1);
}

#[test]
fn json_that_was_tampered_with_leads_to_no_bytes() {
    let good = Document::from_bytes(ORDERS.as_bytes(), &LIMITS).unwrap();
    let changes: [fn(&mut Document); 5] = [
        |document| document.delimiters.element = ':',
        |document| document.segments[2].raw = Some("UNH+9'".into()),
        |document| document.segments[0].raw = Some("UNA:+.?*'".into()),
        |document| document.segments[3].tag = "bgm".into(),
        |document| document.tail = "more".into(),
    ];
    for change in changes {
        let mut document = good.clone();
        change(&mut document);
        assert!(document.to_bytes(&LIMITS).is_err(), "{document:?}");
    }
    let mut changed = Document::from_bytes(ORDER.as_bytes(), &LIMITS).unwrap();
    changed.segments[3].elements[2] = Element::Simple("PO*1".into());
    assert_eq!(changed.to_bytes(&LIMITS), Err(Error::Inconsistent));
    assert!(serde_json::from_str::<Document>("{}").is_err());
}

#[test]
fn one_interchange_at_a_time() {
    let two = format!("{ORDER}{ORDER}");
    assert_eq!(
        Document::from_bytes(two.as_bytes(), &LIMITS),
        Err(Error::MoreFollows { at: ORDER.len() })
    );
    let two = format!("{ORDERS}{ORDERS}");
    assert_eq!(
        Document::from_bytes(two.as_bytes(), &LIMITS),
        Err(Error::MoreFollows { at: ORDERS.len() })
    );
    let mut tight = LIMITS;
    tight.segments_max = 3;
    for text in [ORDER, ORDERS] {
        assert_eq!(Document::from_bytes(text.as_bytes(), &tight), Err(Error::Limit));
    }
}

proptest! {
    #[test]
    fn whatever_is_converted_comes_back(
        sample in prop::sample::select(vec![ORDER, DELIVERY, ORDERS, CONTRL]),
        changes in proptest::collection::vec((0usize..2000, any::<u8>(), 0u8..3), 0..12),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at % bytes.len();
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(document) = Document::from_bytes(&bytes, &LIMITS) {
            let json = serde_json::to_string(&document).unwrap();
            let read: Document = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.to_bytes(&LIMITS), Ok(bytes));
        }
    }
}

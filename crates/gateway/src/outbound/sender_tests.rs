use serde_json::json;

use super::*;

fn sender(outbound: &serde_json::Value) -> Sender {
    let settings = json!({
        "name": "carrier", "proof": "unavailable", "secret_file": "none", "idempotency": { "header": "K" },
        "kind": "shipment.done", "body_max": "1KiB", "concurrency": 1, "outbound": outbound,
        "lane": { "retry": { "first": "1s", "longest": "1s", "give_up": "1s" }, "outage": "1s", "criticality": "critical" },
    });
    let opened = Sender::open(&serde_json::from_value(settings).unwrap());
    opened.unwrap().unwrap()
}

fn event(kind: &str, payload: Value) -> Event {
    Event {
        event_id: "e-1".to_owned(),
        kind: kind.to_owned(),
        payload,
    }
}

#[test]
fn an_event_leaves_as_it_is_or_as_its_template_says() {
    let template = "format: plimsoll-mapping/1\nname: carrier\nversion: 1\nfrom: { event: shipment.done }\nto: json\n\
        when: [{ path: /carrier, in: [Example] }]\nset: { id: { given: event }, number: /shipment }";
    let files = json!({ "files": { "to": "file:///tmp" } });
    let sender = sender(
        &json!({ "events": ["shipment.done", "order.confirmed"], "target": files, "templates": [template] }),
    );
    let text = |event: &Event| {
        let made = sender.make(event);
        made.map(|made| made.map(|one| (one.reference, String::from_utf8(one.bytes).unwrap())))
    };
    let shipped = |carrier: &str| {
        event(
            "shipment.done",
            json!({ "shipment": "OUT/7", "carrier": carrier }),
        )
    };
    let expected = ("OUT/7".to_owned(), r#"{"id":"e-1","number":"OUT/7"}"#.to_owned());
    assert_eq!(text(&shipped("Example")), Ok(Some(expected)));
    assert_eq!(text(&shipped("Other")), Ok(None), "it is not for this lane");
    let whole = r#"{"id":"e-1","kind":"order.confirmed","payload":{"order":"S1"}}"#;
    let confirmed = event("order.confirmed", json!({ "order": "S1" }));
    assert_eq!(text(&confirmed), Ok(Some(("S1".to_owned(), whole.to_owned()))));
    let large = event("order.confirmed", json!({ "order": "x".repeat(2_000) }));
    assert!(text(&large).unwrap_err().contains("at most 1024"));
    assert!(sender.wants("order.confirmed") && !sender.wants(LABEL));
}

#[test]
fn a_template_that_cannot_be_used_stops_its_lane_alone() {
    let files = json!({ "files": { "to": "file:///tmp" } });
    let outbound = json!({ "events": ["order.confirmed"], "target": files, "templates": ["format: plimsoll-mapping/1\n"] });
    let sender = sender(&outbound);
    assert!(sender.check().unwrap_err().to_string().contains("PL0760"));
    assert!(sender.make(&event("order.confirmed", json!({}))).is_err());
}

#[test]
fn a_printer_takes_labels_and_nothing_else_without_a_template() {
    let target =
        json!({ "raw-printer": { "address": "10.0.0.9:9100", "duplicates": "ask", "status": false } });
    let sender = sender(&json!({ "events": ["label.print"], "target": target }));
    let label = |format: &str, data: &str, copies: u32| {
        let payload =
            json!({ "printer": "p", "format": format, "data": data, "copies": copies, "reference": "OUT/7" });
        sender.make(&event(LABEL, payload))
    };
    let made = label("zpl", "XlhBXlha", 2).unwrap().unwrap();
    assert_eq!(
        (made.bytes.as_slice(), made.copies, made.reference.as_str()),
        (&b"^XA^XZ"[..], Some(2), "OUT/7")
    );
    for (format, data, copies, why) in [
        ("zpl", "XlhBXlha", 0, "copies"),
        ("zpl", "***", 1, "base64"),
        ("what", "XlhBXlha", 1, "media type"),
    ] {
        assert!(
            label(format, data, copies).unwrap_err().contains(why),
            "{format} {data} {copies}"
        );
    }
    assert!(sender.make(&event("shipment.done", json!({}))).is_err());
    assert_eq!(
        sender.subscribed(),
        Vec::<&str>::new(),
        "labels name their printer"
    );
}

//! What a document tells a partner, so that two of them can be compared: after the ERP has lost an effect, it may make
//! the same one anew, under another event and perhaps another number of its own.

use journal::body_hash;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{events::Event, sender::LABEL};

/// Where events of each kind have our number.
const NUMBERS: [(&str, &str); 3] = [
    ("order.confirmed", "order"),
    ("shipment.done", "shipment"),
    ("invoice.posted", "invoice"),
];
/// What counts of a line. Names and addresses do not: they are looked up anew and may have been changed.
const OF_A_LINE: [&str; 5] = ["line", "sku", "quantity", "price", "amount"];

/// What a document tells a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The partner's number of the order, or of several.
    pub order: String,
    /// Our number of the order, the shipment or the invoice.
    pub ours: String,
    /// Hash of lines and total.
    pub content: String,
}

impl Told {
    /// Of an event; nothing where it speaks of no order of the partner.
    pub fn of(event: &Event) -> Option<Self> {
        if event.kind == LABEL {
            return Self::of_label(&event.payload);
        }
        let (_, number) = NUMBERS.iter().find(|(kind, _)| *kind == event.kind)?;
        let payload = &event.payload;
        let order = match &payload["client_order_refs"] {
            Value::Array(all) => all
                .iter()
                .map(Value::as_str)
                .collect::<Option<Vec<_>>>()?
                .join(" "),
            _ => payload["client_order_ref"].as_str()?.to_owned(),
        };
        let lines: Vec<Vec<&Value>> = payload["lines"]
            .as_array()?
            .iter()
            .map(|line| OF_A_LINE.iter().map(|key| &line[*key]).collect())
            .collect();
        let content = json!([payload["type"], lines, payload["amount_total"]]).to_string();
        Some(Self {
            order,
            ours: payload[*number].as_str()?.to_owned(),
            content: hex::encode(body_hash(content.as_bytes())),
        })
    }

    /// A label tells what it looks like, of what its reference names.
    fn of_label(payload: &Value) -> Option<Self> {
        let reference = payload["reference"].as_str()?.to_owned();
        let content = json!([payload["format"], payload["data"], payload["copies"]]).to_string();
        Some(Self {
            order: reference.clone(),
            ours: reference,
            content: hex::encode(body_hash(content.as_bytes())),
        })
    }

    /// The same lines of the same order.
    pub fn is_like(&self, other: &Self) -> bool {
        self.order == other.order && self.content == other.content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, payload: Value) -> Event {
        Event {
            event_id: "e".to_owned(),
            kind: kind.to_owned(),
            payload,
        }
    }

    fn confirmed(ours: &str, day: &str, quantity: f64) -> Option<Told> {
        Told::of(&event(
            "order.confirmed",
            json!({ "order": ours, "client_order_ref": "PO-EXAMPLE-1", "confirmed_on": day,
                "lines": [{ "line": "1", "sku": "TST-0001", "name": "Example", "quantity": quantity }] }),
        ))
    }

    #[test]
    fn documents_are_alike_when_they_speak_of_the_same_lines_of_the_same_order() {
        let first = confirmed("S00042", "2026-11-20", 12.0).unwrap();
        assert_eq!(
            (first.order.as_str(), first.ours.as_str()),
            ("PO-EXAMPLE-1", "S00042")
        );
        assert_eq!(
            confirmed("S00042", "2026-11-21", 12.0),
            Some(first.clone()),
            "another day"
        );
        let numbered = confirmed("S00043", "2026-11-20", 12.0).unwrap();
        assert!(numbered.is_like(&first) && numbered != first);
        assert!(!confirmed("S00042", "2026-11-20", 11.0).unwrap().is_like(&first));
        let invoice = json!({ "invoice": "INV/1", "type": "out_invoice", "client_order_refs": ["A", "B"], "lines": [] });
        assert_eq!(Told::of(&event("invoice.posted", invoice)).unwrap().order, "A B");
        for (kind, payload) in [
            ("order.confirmed", json!({})),
            (
                "order.confirmed",
                json!({ "order": "S1", "client_order_ref": null, "lines": [] }),
            ),
            ("stock.reported", json!({ "report": "R1", "lines": [] })),
        ] {
            assert_eq!(Told::of(&event(kind, payload)), None, "{kind}");
        }
    }
}

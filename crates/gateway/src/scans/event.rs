//! One scan as an agent writes it: read, and checked for what orders and names it. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use api::{Problem, gateway::scans::Event};

/// Longer names are kept nowhere.
const NAME_BYTES_MAX: usize = 64;
/// Numbers that an event may name as those it comes after: one for its document, one for each of its places.
const AFTER_MAX: usize = 8;
/// Larger numbers are no counting.
const NUMBER_MAX: u64 = 1 << 53;

/// Reads a line.
///
/// # Errors
/// A bad request, when it is no event: its agent then says with a `void` of the same number that there is none.
pub fn read(line: &[u8]) -> Result<Event, Problem> {
    let event: Event = serde_json::from_slice(line)
        .map_err(|error| Problem::bad_request(format!("the line is no event: {error}")))?;
    for (what, text) in [
        ("incarnation", &event.incarnation),
        ("device", &event.device),
        ("kind", &event.kind),
    ] {
        // No slash: the incarnation is a part of the message's id.
        let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(fine) {
            let message = format!(
                "`{what}` must have 1 to {NAME_BYTES_MAX} letters, digits, dots, colons, hyphens or underscores"
            );
            return Err(Problem::bad_request(message));
        }
    }
    if !(1..=NUMBER_MAX).contains(&event.sequence) {
        return Err(Problem::bad_request("`sequence` is counted from 1"));
    }
    if event.after.as_ref().is_some_and(|after| after.len() > AFTER_MAX) {
        let message = format!("`after` may have at most {AFTER_MAX} numbers");
        return Err(Problem::bad_request(message));
    }
    if !(event.payload.is_object() || event.payload.is_null()) {
        return Err(Problem::bad_request("`payload` must be an object"));
    }
    Ok(event)
}

/// The id of its message: the idempotency key.
pub fn id(site: &str, incarnation: &str, sequence: u64) -> String {
    format!("{site}/{incarnation}/{sequence}")
}

/// What orders it: its document and its location, each by itself; else its device.
pub fn lines(event: &Event) -> Vec<u64> {
    let of = |what: &str| {
        let value = event.payload.get(what).filter(|value| !value.is_null())?;
        Some(hash(what, &value.to_string()))
    };
    let mut lines: Vec<u64> = ["document", "location"].into_iter().filter_map(of).collect();
    if lines.is_empty() {
        lines.push(hash("device", &event.device));
    }
    lines
}

/// Two with the same hash share a line, which costs time and nothing else.
fn hash(what: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (what, text).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(change: Value) -> Value {
        let mut event = json!({ "site": "north", "incarnation": "a-1", "sequence": 7, "device": "MC-12",
            "at": "2026-11-21T10:00:00Z", "kind": "pick", "payload": { "document": "SO-1", "location": "A-01" } });
        for (key, value) in change.as_object().unwrap() {
            event[key] = value.clone();
        }
        event
    }

    fn taken(change: Value) -> Option<Event> {
        read(event(change).to_string().as_bytes()).ok()
    }

    #[test]
    fn only_what_can_be_counted_and_named_is_taken() {
        assert_eq!(taken(json!({})).unwrap().sequence, 7);
        assert!(taken(json!({ "payload": null, "after": [6, 2], "later": 1 })).is_some());
        for wrong in [
            json!({ "site": "../north" }),
            json!({ "incarnation": "" }),
            json!({ "incarnation": "a/b" }),
            json!({ "device": "x".repeat(65) }),
            json!({ "kind": "pick\n" }),
            json!({ "sequence": 0 }),
            json!({ "sequence": -1 }),
            json!({ "sequence": u64::MAX }),
            json!({ "sequence": 1.5 }),
            json!({ "at": "yesterday" }),
            json!({ "payload": [1] }),
            json!({ "after": vec![1; 9] }),
        ] {
            assert_eq!(taken(wrong.clone()), None, "{wrong}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(deep.as_bytes()).is_err());
    }

    #[test]
    fn documents_and_locations_order_each_by_itself_and_devices_what_has_neither() {
        let of = |change| lines(&taken(change).unwrap());
        let both = of(json!({}));
        assert_eq!(both.len(), 2);
        let same_place = of(json!({ "payload": { "document": "SO-2", "location": "A-01" } }));
        assert_eq!(both[1], same_place[1]);
        assert_ne!(both[0], same_place[0]);
        let neither = of(json!({ "payload": {} }));
        assert_eq!(neither, of(json!({ "payload": { "sscc": "x" }, "sequence": 9 })));
        assert_ne!(neither, of(json!({ "payload": {}, "device": "MC-13" })));
    }
}

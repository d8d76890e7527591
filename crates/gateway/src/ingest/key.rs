//! Finding a message's idempotency key. Pure.

use api::Problem;
use axum::http::HeaderMap;
use types::settings::IdempotencySource;

use super::json;

/// Longer keys are refused: they are kept in the ERP and shown to people.
const KEY_BYTES_MAX: usize = 200;

/// The key of a message; also checks that the body is JSON, because it becomes the inbox's payload.
///
/// # Errors
/// A bad request, when the body is not JSON or there is no usable key.
pub fn find(source: &IdempotencySource, headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    let key = match source {
        IdempotencySource::Header(name) => {
            json::check(body).map_err(|error| json::refused(&error))?;
            let mut given = headers.get_all(name).iter();
            let first = given.next().and_then(|value| value.to_str().ok());
            if given.next().is_some() {
                // Which of them counts, others on the way may have seen otherwise.
                let message = format!("the header `{name}` is there more than once");
                return Err(Problem::bad_request(message));
            }
            first
                .map(ToOwned::to_owned)
                .ok_or_else(|| Problem::bad_request(format!("the header `{name}` is missing")))?
        }
        IdempotencySource::Pointer(pointer) => {
            let value: serde_json::Value =
                serde_json::from_slice(body).map_err(|error| json::refused(&error))?;
            match value.pointer(pointer) {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Number(number)) => number.to_string(),
                Some(_) | None => {
                    let message = format!("there is no text or number at `{pointer}` of the body");
                    return Err(Problem::bad_request(message));
                }
            }
        }
        // A files' task makes it; nobody posts to such an integration.
        IdempotencySource::File => {
            return Err(Problem::bad_request(
                "this integration takes files, and nothing else",
            ));
        }
        IdempotencySource::Sequence => {
            return Err(Problem::bad_request(
                "this integration takes the scans of a site: post them to `/in/NAME/events`",
            ));
        }
    };
    usable(key)
}

/// A key that can be kept and shown.
///
/// # Errors
/// A bad request, when it cannot.
pub fn usable(key: String) -> Result<String, Problem> {
    let printable = key.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    if key.trim().is_empty() || key.len() > KEY_BYTES_MAX || !printable {
        let message =
            format!("the idempotency key must have 1 to {KEY_BYTES_MAX} printable ASCII characters");
        return Err(Problem::bad_request(message));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_where_the_integration_says() {
        let header = IdempotencySource::Header("Idempotency-Key".to_owned());
        let pointer = IdempotencySource::Pointer("/order/number".to_owned());
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", "K-1".parse().unwrap());
        let mut twice = headers.clone();
        twice.append("idempotency-key", "K-2".parse().unwrap());
        let long = format!(r#"{{"order": {{"number": "{}"}}}}"#, "x".repeat(201));
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        for (source, headers, body, expected) in [
            (&header, &headers, deep.as_str(), None),
            (&pointer, &headers, deep.as_str(), None),
            (&header, &headers, r#"{"a": 1}"#, Some("K-1")),
            (&header, &HeaderMap::new(), r#"{"a": 1}"#, None),
            (&header, &twice, r#"{"a": 1}"#, None),
            (&header, &headers, "not json", None),
            (
                &pointer,
                &headers,
                r#"{"order": {"number": "PO 7"}}"#,
                Some("PO 7"),
            ),
            (&pointer, &headers, r#"{"order": {"number": 17}}"#, Some("17")),
            (&pointer, &headers, r#"{"order": {"number": ""}}"#, None),
            (&pointer, &headers, r#"{"order": {"number": "a\nb"}}"#, None),
            (&pointer, &headers, r#"{"order": {"number": null}}"#, None),
            (&pointer, &headers, r#"{"order": 3}"#, None),
            (&pointer, &headers, long.as_str(), None),
        ] {
            assert_eq!(
                find(source, headers, body.as_bytes()).ok().as_deref(),
                expected,
                "{body}"
            );
        }
    }
}

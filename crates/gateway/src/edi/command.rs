//! What stands in a lane for one document of a partner.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::outbound::Held;

/// A document as the lane delivers it: a command, or why there is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order<'a> {
    /// What it was, such as `X12 850`.
    pub document: String,
    /// The interchange it came in.
    pub interchange: String,
    /// Its inbox kind; empty for a dead letter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Which mapping made the command.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mapping: String,
    /// The command's payload.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<&'a RawValue>,
    /// Why it is a dead letter, with its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What a person may send again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

impl<'a> Order<'a> {
    /// Kind and payload, or why there is nothing to deliver.
    ///
    /// # Errors
    /// The reason.
    pub fn read(body: &'a [u8]) -> Result<(String, &'a RawValue), String> {
        let order: Self = serde_json::from_slice(body)
            .map_err(|error| format!("the journal's record is no order: {error}"))?;
        match (order.refused, order.payload) {
            (Some(why), _) => Err(why),
            (None, Some(payload)) => Ok((order.kind, payload)),
            (None, None) => Err("the journal's record has no command".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_command_or_a_reason() {
        let good = br#"{"document":"X12 850","interchange":"in/1","kind":"order.create","payload":{"a":1}}"#;
        let (kind, payload) = Order::read(good).unwrap();
        assert_eq!((kind.as_str(), payload.get()), ("order.create", r#"{"a":1}"#));
        let dead = br#"{"document":"X12 850","interchange":"in/1","refused":"PL0765: no such unit"}"#;
        assert_eq!(Order::read(dead).unwrap_err(), "PL0765: no such unit");
        assert!(Order::read(b"{}").is_err());
    }
}

//! Whether an interchange came before.
//!
//! The control number alone does not tell: ISA13 begins anew after nine nines, and partners reset it when they move
//! systems. Nor does the body alone: two orders may be equal word for word. Together they do.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    edifact,
    words::{Address, Standard},
    x12,
};

/// What makes an interchange the same: sender, receiver, control number and the hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// In which standard.
    pub standard: Standard,
    /// From whom.
    pub sender: Address,
    /// To whom.
    pub receiver: Address,
    /// ISA13 or 0020 of UNB, as sent.
    pub control: String,
    /// SHA-256 of the bytes from the header to the trailer, in hexadecimal digits. What surrounds them (white space,
    /// other interchanges) is not part of it.
    pub body: String,
}

impl Identity {
    /// Of an X12 interchange.
    pub fn of_x12(interchange: &x12::Interchange<'_>) -> Self {
        Self {
            standard: Standard::X12,
            sender: interchange.header.sender.clone(),
            receiver: interchange.header.receiver.clone(),
            control: interchange.header.control.clone(),
            body: hash(interchange.tokens.interchange_bytes()),
        }
    }

    /// Of an EDIFACT interchange.
    pub fn of_edifact(interchange: &edifact::Interchange<'_>) -> Self {
        Self {
            standard: Standard::Edifact,
            sender: interchange.header.sender.clone(),
            receiver: interchange.header.receiver.clone(),
            control: interchange.header.control.clone(),
            // The text decides as the bytes do: decoding loses nothing.
            body: hash(interchange.text().as_bytes()),
        }
    }

    /// Compares with an earlier interchange.
    pub fn compared_with(&self, earlier: &Self) -> Arrival {
        let same_number = self.standard == earlier.standard
            && self.sender == earlier.sender
            && self.receiver == earlier.receiver
            && self.control == earlier.control;
        match (same_number, self.body == earlier.body) {
            (true, true) => Arrival::Duplicate,
            (true, false) => Arrival::NumberReused,
            (false, _) => Arrival::New,
        }
    }
}

/// What an interchange is, compared with an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Another one.
    New,
    /// The same: nothing of it is used, and the stored acknowledgement is sent again, byte for byte.
    Duplicate,
    /// Other content under a number that was used: the partner's numbers began anew. It is used, and noted.
    NumberReused,
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

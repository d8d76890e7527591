//! One interchange that goes out: what it is, and its bytes, as one record of the journal.
//!
//! The record is a line of JSON and then the bytes as they leave: EDIFACT's are not UTF-8.

use bytes::Bytes;
use edi::{
    Standard,
    control_number::ControlNumber,
    outstanding::{Key, Sent},
};
use serde::{Deserialize, Serialize};
use types::{PartnerName, Timestamp, settings::EdiStandard};

use super::told::Told;

/// What an interchange is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// `855`, `ORDRSP`.
    pub document: String,
    /// The number that people know it by.
    pub reference: String,
    /// The event of the ERP that it tells.
    pub event: String,
    /// GS01; empty in EDIFACT.
    pub functional_id: String,
    /// ISA13, 0020 of UNB.
    pub interchange: ControlNumber,
    /// GS06; in EDIFACT that of the interchange.
    pub group: ControlNumber,
    /// ST02, 0062 of UNH.
    pub set: String,
    /// When it was written.
    pub at: Timestamp,
    /// What it tells, where that is of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

impl Letter {
    /// The body of its record.
    ///
    /// # Errors
    /// When JSON cannot be made of it.
    pub fn seal(&self, bytes: &[u8]) -> Result<Bytes, serde_json::Error> {
        let mut record = serde_json::to_vec(self)?;
        record.push(b'\n');
        record.extend_from_slice(bytes);
        Ok(record.into())
    }

    /// The letter, and its bytes.
    pub fn open(record: &Bytes) -> Option<(Self, Bytes)> {
        let end = record.iter().position(|byte| *byte == b'\n')?;
        let letter = serde_json::from_slice(&record[..end]).ok()?;
        Some((letter, record.slice(end + 1..)))
    }

    /// How acknowledgements name it.
    pub fn key(&self, partner: &PartnerName, standard: EdiStandard) -> Key {
        Key {
            partner: partner.clone(),
            standard: match standard {
                EdiStandard::X12 => Standard::X12,
                EdiStandard::Edifact => Standard::Edifact,
            },
            functional_id: self.functional_id.clone(),
            control: self.group,
        }
    }

    /// What is waited for.
    pub fn sent(&self) -> Sent {
        Sent {
            interchange: self.interchange,
            sets: vec![self.set.clone()],
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_keeps_its_bytes_whatever_they_are() {
        let number = ControlNumber::new(7).unwrap();
        let letter = Letter {
            document: "ORDRSP".to_owned(),
            reference: "PO-EXAMPLE-1".to_owned(),
            event: "e-1".to_owned(),
            functional_id: String::new(),
            interchange: number,
            group: number,
            set: "1".to_owned(),
            at: Timestamp::from_micros(5),
            told: None,
        };
        let bytes = b"UNB+\xe9\n\n'";
        let record = letter.seal(bytes).unwrap();
        assert_eq!(Letter::open(&record), Some((letter, Bytes::from_static(bytes))));
        assert_eq!(Letter::open(&Bytes::from_static(b"no letter")), None);
        assert_eq!(Letter::open(&Bytes::from_static(b"{}\nx")), None);
    }
}

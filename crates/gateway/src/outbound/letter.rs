//! One message that goes out: what it is, and its bytes, as one record of the journal.
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

/// What a letter is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// `855`, `ORDRSP`; the kind of the event, where it is no EDI.
    pub document: String,
    /// The number that people know it by.
    pub reference: String,
    /// The event of the ERP that it tells.
    pub event: String,
    /// Its numbers, where it is EDI.
    #[serde(flatten)]
    pub edi: Option<Envelope>,
    /// When it was written.
    pub at: Timestamp,
    /// What it tells, where that is of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// What its bytes are, where it is no EDI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// How often a label is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Letters with the same word leave in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

/// Numbers of an interchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// GS01; empty in EDIFACT.
    pub functional_id: String,
    /// ISA13, 0020 of UNB.
    pub interchange: ControlNumber,
    /// GS06; in EDIFACT that of the interchange.
    pub group: ControlNumber,
    /// ST02, 0062 of UNH.
    pub set: String,
}

impl Letter {
    /// As a record.
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

    /// How acknowledgements name it; nothing acknowledges what is no EDI.
    pub fn key(&self, partner: &PartnerName, standard: EdiStandard) -> Option<Key> {
        let edi = self.edi.as_ref()?;
        Some(Key {
            partner: partner.clone(),
            standard: match standard {
                EdiStandard::X12 => Standard::X12,
                EdiStandard::Edifact => Standard::Edifact,
            },
            functional_id: edi.functional_id.clone(),
            control: edi.group,
        })
    }

    /// What is waited for.
    pub fn sent(&self) -> Option<Sent> {
        let edi = self.edi.as_ref()?;
        Some(Sent {
            interchange: edi.interchange,
            sets: vec![edi.set.clone()],
            at: self.at,
        })
    }

    /// Its control number, as partners write it.
    pub fn control(&self) -> Option<String> {
        let edi = self.edi.as_ref()?;
        Some(format!("{:09}", edi.interchange.get()))
    }

    /// By this the other side knows it when it comes again.
    pub fn key_text(&self) -> String {
        match &self.edi {
            Some(edi) => edi.interchange.get().to_string(),
            None => self.event.clone(),
        }
    }

    /// The name of its file: always the same one for the same letter.
    pub fn file_name(&self) -> String {
        if let Some(control) = self.control() {
            return format!("{}-{control}.edi", self.document);
        }
        let word = |text: &str| -> String {
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            text.chars().map(|c| if fine(c) { c } else { '_' }).collect()
        };
        let media = self.media.as_deref().unwrap_or_default();
        let end = match media.split(';').next().unwrap_or_default() {
            "application/json" => "json",
            "text/csv" => "csv",
            "application/pdf" => "pdf",
            "application/vnd.zebra-zpl" => "zpl",
            _ => "bin",
        };
        format!("{}-{}.{end}", word(&self.document), word(&self.event))
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
            edi: Some(Envelope {
                functional_id: String::new(),
                interchange: number,
                group: number,
                set: "1".to_owned(),
            }),
            at: Timestamp::from_micros(5),
            told: None,
            media: None,
            copies: None,
            order: None,
        };
        let bytes = b"UNB+\xe9\n\n'";
        let record = letter.seal(bytes).unwrap();
        assert_eq!(Letter::open(&record), Some((letter, Bytes::from_static(bytes))));
        let shown = String::from_utf8_lossy(&record);
        assert!(shown.contains(r#""interchange":7"#), "as it always was: {shown}");
        assert_eq!(Letter::open(&Bytes::from_static(b"no letter")), None);
        assert_eq!(Letter::open(&Bytes::from_static(b"{}\nx")), None);
    }

    #[test]
    fn what_is_no_edi_has_no_numbers_and_a_file_of_its_own() {
        let line = br#"{"document":"shipment.done","reference":"OUT/7","event":"e/1","at":"2026-11-21T10:00:00Z","media":"text/csv; charset=utf-8"}
x"#;
        let (letter, bytes) = Letter::open(&Bytes::from_static(line)).unwrap();
        assert_eq!(
            (letter.edi.as_ref(), letter.control(), &bytes[..]),
            (None, None, &b"x"[..])
        );
        assert_eq!(letter.key_text(), "e/1");
        assert_eq!(letter.file_name(), "shipment.done-e_1.csv");
        assert_eq!(Letter::open(&letter.seal(b"x").unwrap()), Some((letter, bytes)));
    }
}

//! Writes interchanges with the usual service characters, and reads back what it wrote.
//!
//! EDIFACT escapes, so service characters need no choosing; what cannot be escaped is a character that the declared set
//! does not have, and that is an error: replacing it would change the data silently.

use edifact_rs::{Element, ServiceStringAdvice, Writer};
use jiff::civil::DateTime;

use super::{
    envelope::Interchange,
    read::{Profile, read},
    source::{Charset, Source},
};
use crate::{
    date,
    outgoing::Segment,
    words::{Address, CONTROL_MAX, Usage},
};

/// What goes around the messages.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// From whom.
    pub sender: Address,
    /// To whom.
    pub receiver: Address,
    /// When it was written, in the zone the partners agreed on.
    pub written_at: DateTime,
    /// The character set.
    pub charset: Charset,
    /// The control reference; numbers of ours, so that they can be counted forward.
    pub control: u32,
    /// 0031: whether a CONTRL is asked for.
    pub ack_requested: bool,
    /// 0035.
    pub usage: Usage,
}

/// A message to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutMessage {
    /// Its reference.
    pub reference: u32,
    /// Its type, such as `ORDRSP`.
    pub kind: String,
    /// Version, release and agency, such as `D:96A:UN`.
    pub version: String,
    /// The guide, such as `EAN005`.
    pub association: Option<String>,
    /// The segments between UNH and UNT.
    pub body: Vec<Segment>,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A character that the set does not have.
    #[error("{tag} contains `{}`, which {charset} does not have", .character.escape_default())]
    Character {
        /// The segment.
        tag: String,
        /// The character.
        character: char,
        /// The set.
        charset: &'static str,
    },
    /// A value that does not fit into the envelope.
    #[error("{what} does not fit: `{value}`")]
    DoesNotFit {
        /// What it is.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The library refuses to write a segment.
    #[error("{tag} cannot be written: {why}")]
    Segment {
        /// The segment.
        tag: String,
        /// Its words.
        why: String,
    },
    /// Reading back what was written found this, so a partner would refuse it.
    #[error("what would be sent is not valid: {what}")]
    Invalid {
        /// What was found first.
        what: String,
    },
}

/// Writes an interchange.
///
/// # Errors
/// [`WriteError`]; nothing that a careful partner would refuse is returned.
pub fn write(envelope: &Envelope, messages: &[OutMessage]) -> Result<Vec<u8>, WriteError> {
    check_envelope(envelope)?;
    let charset = envelope.charset.library();
    let advice = ServiceStringAdvice::default();
    let mut writer = Writer::with_una(Vec::new(), advice)
        .map_err(|error| refused("UNA", &error))?
        .with_charset(charset);
    let mut put = |segment: &Segment| put_segment(&mut writer, segment, envelope.charset);
    put(&unb(envelope))?;
    for message in messages {
        let (reference, version) = (
            message.reference.to_string(),
            message.version.split(':').collect::<Vec<_>>(),
        );
        let part = |index: usize| version.get(index).copied().unwrap_or_default();
        let association = message.association.as_deref().unwrap_or_default();
        put(&Segment::of("UNH", [&reference]).with_components([
            &message.kind,
            part(0),
            part(1),
            part(2),
            association,
        ]))?;
        for segment in &message.body {
            put(segment)?;
        }
        put(&Segment::of(
            "UNT",
            [&(message.body.len() + 2).to_string(), &reference],
        ))?;
    }
    put(&Segment::of(
        "UNZ",
        [&messages.len().to_string(), &envelope.control.to_string()],
    ))?;
    let bytes = writer.finish().map_err(|error| refused("UNZ", &error))?;
    check_written(&bytes)?;
    Ok(bytes)
}

fn unb(envelope: &Envelope) -> Segment {
    let written_at = envelope.written_at;
    let time = format!("{:02}{:02}", written_at.hour(), written_at.minute());
    let flag = |set: bool| if set { "1" } else { "" };
    Segment::of("UNB", [])
        .with_components([envelope.charset.identifier(), "3"])
        .with_components([&envelope.sender.id, &envelope.sender.qualifier])
        .with_components([&envelope.receiver.id, &envelope.receiver.qualifier])
        .with_components([&date::write_short(written_at.date()), &time])
        .with(envelope.control.to_string())
        .with("")
        .with("")
        .with("")
        .with(flag(envelope.ack_requested))
        .with("")
        .with(flag(envelope.usage == Usage::Test))
}

fn put_segment(writer: &mut Writer<Vec<u8>>, segment: &Segment, charset: Charset) -> Result<(), WriteError> {
    for text in segment.texts() {
        // What we send keeps to the standard's own repertoire, other than what we take.
        let outside = |character: &char| character.is_control() || !charset.library().permits(*character);
        if let Some(character) = text.chars().find(outside) {
            return Err(WriteError::Character {
                tag: segment.tag.clone(),
                character,
                charset: charset.identifier(),
            });
        }
    }
    let elements = segment.trimmed().map(|components| {
        if components.is_empty() {
            Element::of(&[""])
        } else {
            Element::of(components)
        }
    });
    let segment = edifact_rs::Segment::new(segment.tag.clone(), elements.collect());
    writer
        .write_segment(&segment)
        .map_err(|error| refused(&segment.tag, &error))
}

fn refused(tag: &str, error: &edifact_rs::EdifactError) -> WriteError {
    WriteError::Segment {
        tag: tag.to_owned(),
        why: error.to_string(),
    }
}

fn check_envelope(envelope: &Envelope) -> Result<(), WriteError> {
    let fits = |what: &'static str, value: &str, lengths: std::ops::RangeInclusive<usize>| {
        if lengths.contains(&value.chars().count()) && value.trim() == value {
            return Ok(());
        }
        Err(WriteError::DoesNotFit {
            what,
            value: value.to_owned(),
        })
    };
    fits("the sender", &envelope.sender.id, 1..=35)?;
    fits("the sender's qualifier", &envelope.sender.qualifier, 0..=4)?;
    fits("the receiver", &envelope.receiver.id, 1..=35)?;
    fits("the receiver's qualifier", &envelope.receiver.qualifier, 0..=4)?;
    match envelope.control {
        1..=CONTROL_MAX => Ok(()),
        control => Err(WriteError::DoesNotFit {
            what: "the control reference",
            value: control.to_string(),
        }),
    }
}

fn check_written(bytes: &[u8]) -> Result<(), WriteError> {
    let invalid = |what: String| Err(WriteError::Invalid { what });
    let source = match Source::of(bytes) {
        Ok(source) => source,
        Err(unreadable) => return invalid(unreadable.to_string()),
    };
    match read(&source, &Profile::everything()) {
        Err(unreadable) => invalid(unreadable.to_string()),
        Ok(interchange) => first_fault(&interchange).map_or(Ok(()), invalid),
    }
}

/// The first thing that is wrong anywhere in an interchange, in words.
pub fn first_fault(interchange: &Interchange<'_>) -> Option<String> {
    if let Some(found) = interchange.faults.first() {
        return Some(found.fault.to_string());
    }
    interchange.messages.iter().find_map(|message| {
        let of_message = message
            .faults
            .first()
            .map(|found| format!("{}: {}", message.kind, found.fault));
        of_message.or_else(|| {
            let report = message.reports.first()?;
            Some(format!(
                "{}: {} at segment {}: code {}",
                message.kind, report.tag, report.position, report.code
            ))
        })
    })
}

//! Writes interchanges: chooses delimiters that do not occur in the data, counts, and reads back what it wrote.
//!
//! X12 has no escape character: a value that contains a delimiter breaks the segment apart. The usual way out, replacing
//! such characters by spaces, changes the data silently; choosing other delimiters changes nothing.

use jiff::civil::DateTime;

use super::{
    check::has_control,
    delimiters::Delimiters,
    envelope::Interchange,
    fault::Version,
    read::{Profile, read},
};
use crate::{
    date,
    outgoing::Segment,
    words::{Address, CONTROL_MAX, Usage},
};

const ELEMENT: &[u8] = b"*|^!%&;";
const TERMINATOR: &[u8] = b"~`\x1c\n";
const COMPONENT: &[u8] = b">:<\\=@#";
const REPETITION: &[u8] = b"^!$\x1d{}[";

/// What goes around the groups.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// From whom.
    pub sender: Address,
    /// To whom.
    pub receiver: Address,
    /// When it was written, in the zone the partners agreed on.
    pub written_at: DateTime,
    /// Version of the controls.
    pub version: Version,
    /// ISA13.
    pub control: u32,
    /// ISA14: whether a TA1 is asked for.
    pub ack_requested: bool,
    /// ISA15.
    pub usage: Usage,
}

/// A functional group to be written.
#[derive(Clone, Debug)]
pub struct OutGroup {
    /// GS01.
    pub functional_id: String,
    /// GS02.
    pub sender: String,
    /// GS03.
    pub receiver: String,
    /// GS06.
    pub control: u32,
    /// GS08: the version, perhaps with an industry's guide behind it.
    pub version_text: String,
    /// Its sets.
    pub sets: Vec<OutSet>,
}

/// A transaction set to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutSet {
    /// ST01.
    pub id: String,
    /// ST02.
    pub control: u32,
    /// ST03.
    pub implementation: Option<String>,
    /// The segments between ST and SE.
    pub body: Vec<Segment>,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The data uses every character that could separate.
    #[error("the data contains every character that could serve as the {role}")]
    NoDelimiter {
        /// What it would have been for.
        role: &'static str,
    },
    /// A control character in the data.
    #[error("{tag} contains a control character")]
    ControlCharacter {
        /// The segment.
        tag: String,
    },
    /// A value that does not fit into the envelope.
    #[error("{what} does not fit: `{value}`")]
    DoesNotFit {
        /// What it is.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// Reading back what was written found this, so a partner would refuse it.
    #[error("what would be sent is not valid: {what}")]
    Invalid {
        /// What was found first.
        what: String,
    },
}

/// Writes an interchange. `answers` are TA1 segments, which stand before the groups.
///
/// # Errors
/// [`WriteError`]; nothing that a careful partner would refuse is returned.
pub fn write(envelope: &Envelope, answers: &[Segment], groups: &[OutGroup]) -> Result<Vec<u8>, WriteError> {
    check_values(envelope, answers, groups)?;
    let delimiters = choose_delimiters(envelope, answers, groups)?;
    let mut writer = Writer {
        delimiters,
        bytes: Vec::new(),
    };
    writer.isa(envelope);
    for answer in answers {
        writer.segment(answer);
    }
    for group in groups {
        writer.group(envelope, group);
    }
    let (count, control) = (groups.len().to_string(), format!("{:09}", envelope.control));
    writer.segment(&Segment::of("IEA", [&count, &control]));
    check_written(&writer.bytes)?;
    Ok(writer.bytes)
}

struct Writer {
    delimiters: Delimiters,
    bytes: Vec<u8>,
}

impl Writer {
    fn isa(&mut self, envelope: &Envelope) {
        let Delimiters {
            element,
            component,
            repetition,
            terminator,
        } = self.delimiters;
        let usage = match envelope.usage {
            Usage::Production => "P",
            Usage::Test => "T",
        };
        let written_at = envelope.written_at;
        let elements = [
            "00".to_owned(),
            " ".repeat(10),
            "00".to_owned(),
            " ".repeat(10),
            format!("{:2}", envelope.sender.qualifier),
            format!("{:15}", envelope.sender.id),
            format!("{:2}", envelope.receiver.qualifier),
            format!("{:15}", envelope.receiver.id),
            date::write_short(written_at.date()),
            format!("{:02}{:02}", written_at.hour(), written_at.minute()),
            char::from(repetition.unwrap_or(b'U')).to_string(),
            envelope.version.interchange_text().to_owned(),
            format!("{:09}", envelope.control),
            if envelope.ack_requested { "1" } else { "0" }.to_owned(),
            usage.to_owned(),
        ];
        self.bytes.extend_from_slice(b"ISA");
        for text in elements {
            self.bytes.push(element);
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.bytes.extend_from_slice(&[element, component, terminator]);
    }

    fn group(&mut self, envelope: &Envelope, group: &OutGroup) {
        let control = group.control.to_string();
        let (day, time) = (
            date::write_long(envelope.written_at.date()),
            format!(
                "{:02}{:02}",
                envelope.written_at.hour(),
                envelope.written_at.minute()
            ),
        );
        self.segment(&Segment::of(
            "GS",
            [
                &group.functional_id,
                &group.sender,
                &group.receiver,
                &day,
                &time,
                &control,
                "X",
                &group.version_text,
            ],
        ));
        for set in &group.sets {
            let control = format!("{:04}", set.control);
            let implementation = set.implementation.as_deref().unwrap_or_default();
            self.segment(&Segment::of("ST", [&set.id, &control, implementation]));
            for segment in &set.body {
                self.segment(segment);
            }
            let count = (set.body.len() + 2).to_string();
            self.segment(&Segment::of("SE", [&count, &control]));
        }
        let count = group.sets.len().to_string();
        self.segment(&Segment::of("GE", [&count, &control]));
    }

    fn segment(&mut self, segment: &Segment) {
        self.bytes.extend_from_slice(segment.tag.as_bytes());
        for components in segment.trimmed() {
            self.bytes.push(self.delimiters.element);
            for (index, text) in components.iter().enumerate() {
                if index > 0 {
                    self.bytes.push(self.delimiters.component);
                }
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
        self.bytes.push(self.delimiters.terminator);
    }
}

fn all_segments<'a>(answers: &'a [Segment], groups: &'a [OutGroup]) -> impl Iterator<Item = &'a Segment> {
    let sets = groups.iter().flat_map(|group| &group.sets);
    answers.iter().chain(sets.flat_map(|set| &set.body))
}

fn check_values(envelope: &Envelope, answers: &[Segment], groups: &[OutGroup]) -> Result<(), WriteError> {
    let fits = |what: &'static str, value: &str, length_max: usize| {
        let printable = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !value.is_empty() && value.len() <= length_max && printable {
            return Ok(());
        }
        Err(WriteError::DoesNotFit {
            what,
            value: value.to_owned(),
        })
    };
    let numbered = |what: &'static str, value: u32| match value {
        1..=CONTROL_MAX => Ok(()),
        _ => Err(WriteError::DoesNotFit {
            what,
            value: value.to_string(),
        }),
    };
    fits("the sender's qualifier", &envelope.sender.qualifier, 2)?;
    fits("the sender", &envelope.sender.id, 15)?;
    fits("the receiver's qualifier", &envelope.receiver.qualifier, 2)?;
    fits("the receiver", &envelope.receiver.id, 15)?;
    numbered("the control number of the interchange", envelope.control)?;
    for group in groups {
        fits("the functional identifier", &group.functional_id, 2)?;
        fits("the group's sender", &group.sender, 15)?;
        fits("the group's receiver", &group.receiver, 15)?;
        fits("the group's version", &group.version_text, 12)?;
        numbered("the control number of the group", group.control)?;
        for set in &group.sets {
            numbered("the control number of the set", set.control)?;
        }
    }
    for segment in all_segments(answers, groups) {
        if segment.texts().any(|text| has_control(text.as_bytes())) {
            return Err(WriteError::ControlCharacter {
                tag: segment.tag.clone(),
            });
        }
    }
    Ok(())
}

fn choose_delimiters(
    envelope: &Envelope,
    answers: &[Segment],
    groups: &[OutGroup],
) -> Result<Delimiters, WriteError> {
    let mut used = [false; 256];
    let mut mark = |text: &str| text.bytes().for_each(|byte| used[usize::from(byte)] = true);
    for segment in all_segments(answers, groups) {
        segment.texts().for_each(&mut mark);
        mark(&segment.tag);
    }
    for address in [&envelope.sender, &envelope.receiver] {
        mark(&address.id);
        mark(&address.qualifier);
    }
    for group in groups {
        [
            &group.functional_id,
            &group.sender,
            &group.receiver,
            &group.version_text,
        ]
        .into_iter()
        .for_each(|text| mark(text));
        group
            .sets
            .iter()
            .filter_map(|set| set.implementation.as_ref())
            .for_each(|text| mark(text));
    }
    let mut choose = |role: &'static str, candidates: &[u8]| {
        let free = candidates.iter().copied().find(|byte| !used[usize::from(*byte)]);
        let byte = free.ok_or(WriteError::NoDelimiter { role })?;
        used[usize::from(byte)] = true;
        Ok(byte)
    };
    let element = choose("element separator", ELEMENT)?;
    let terminator = choose("segment terminator", TERMINATOR)?;
    let component = choose("component separator", COMPONENT)?;
    let repetition = match envelope.version {
        Version::V4010 => None,
        Version::V5010 => Some(choose("repetition separator", REPETITION)?),
    };
    Ok(Delimiters {
        element,
        component,
        repetition,
        terminator,
    })
}

fn check_written(bytes: &[u8]) -> Result<(), WriteError> {
    let invalid = |what: String| Err(WriteError::Invalid { what });
    let interchange = match read(bytes, &Profile::everything()) {
        Ok(interchange) => interchange,
        Err(unreadable) => return invalid(unreadable.to_string()),
    };
    match first_fault(&interchange) {
        Some(what) => invalid(what),
        None => Ok(()),
    }
}

/// The first thing that is wrong anywhere in an interchange, in words.
pub fn first_fault(interchange: &Interchange<'_>) -> Option<String> {
    if let Some(found) = interchange.faults.first() {
        return Some(found.fault.to_string());
    }
    interchange.groups.iter().find_map(|group| {
        let of_group = group.faults.first().map(|found| found.fault.to_string());
        of_group.or_else(|| {
            group.sets.iter().find_map(|set| {
                let of_set = set
                    .faults
                    .first()
                    .map(|found| format!("set {}: {}", set.id, found.fault));
                of_set.or_else(|| {
                    let report = set.reports.first()?;
                    let element = report.elements.first();
                    Some(match element {
                        Some(element) => format!(
                            "set {}: {}{:02} at segment {}: {}",
                            set.id, report.tag, element.position, report.position, element.fault
                        ),
                        None => format!(
                            "set {}: {} at segment {}: {}",
                            set.id, report.tag, report.position, report.fault
                        ),
                    })
                })
            })
        })
    })
}

//! Reads an interchange: segments by `edifact-rs`, which recovers after a fault; the envelope by rules of our own.
//!
//! The library has rules for envelopes too. Ours answer message by message (partial acceptance), give each fault a type
//! that our callers match on, and take memory by our limits.

use std::collections::BTreeSet;

use edifact_rs::{
    ReaderConfig, RecoveryConfig, Segment, ServiceStringAdvice,
    contrl::{ReportingLevel, SyntaxError},
    recover::Scanned,
    scan_recovering,
};

use super::{
    envelope::{Header, Interchange, Message, Place},
    fault::{ElementReport, InterchangeFault, MessageFault, SegmentReport},
    source::{Charset, Source, Unreadable},
};
use crate::{
    date,
    limits::{Exceeded, Limits},
    words::{Address, Found},
};

/// Message types we take part in, each with the user segments it cannot be without.
pub const MESSAGES: &[(&str, &[&str])] = &[
    ("ORDERS", &["BGM", "LIN", "UNS"]),
    ("ORDRSP", &["BGM"]),
    ("DESADV", &["BGM"]),
    ("RECADV", &["BGM"]),
    ("INVOIC", &["BGM", "UNS"]),
    ("INVRPT", &["BGM"]),
    ("IFTSTA", &["BGM"]),
    ("CONTRL", &["UCI"]),
    ("APERAK", &["BGM"]),
];

/// Directories whose messages we read. CONTRL has versions of its own and is taken in any.
const VERSIONS: [&str; 2] = ["D:96A:UN", "D:01B:UN"];
/// References and control references have at most so many characters.
const REFERENCE_LENGTH_MAX: usize = 14;

/// What of a partner is taken, and at what cost.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Bounds.
    pub limits: Limits,
    /// The message types that are taken.
    pub messages: BTreeSet<String>,
}

impl Profile {
    /// Everything we know, within the limits for partners.
    pub fn everything() -> Self {
        Self {
            limits: Limits::PARTNER,
            messages: MESSAGES.iter().map(|(kind, _)| (*kind).to_owned()).collect(),
        }
    }
}

/// Reads the first interchange of a message.
///
/// # Errors
/// [`Unreadable`] when there is no UNB that could be read, and so nobody to answer.
pub fn read<'t>(source: &'t Source<'_>, profile: &Profile) -> Result<Interchange<'t>, Unreadable> {
    let text = source.text();
    let advice =
        ServiceStringAdvice::from_bytes(text.as_bytes()).map_err(|_| Unreadable::ServiceCharacters)?;
    let scan = scan(text, advice, &profile.limits);
    let first = scan
        .places
        .first()
        .filter(|place| place.fault.is_none() && &place.tag == b"UNB");
    let unb = first.and_then(|place| text.get(place.start as usize..place.end as usize));
    let unb = unb
        .and_then(|unb| super::envelope::parse_segment(unb, advice))
        .ok_or(Unreadable::Header)?;
    let header = header_of(&unb);
    let mut reader = Reader {
        profile,
        charset: source.charset().unwrap_or(Charset::C),
        interchange: Interchange {
            text,
            advice,
            places: scan.places,
            end: scan.end,
            faults: check_header(&unb, &header, source),
            header,
            messages: Vec::new(),
        },
        references: BTreeSet::new(),
        open: None,
    };
    if let Some(stopped) = scan.stopped {
        reader.fault(stopped, reader.interchange.places.len().saturating_sub(1));
    }
    if !matches!(scan.stopped, Some(InterchangeFault::Limit(_))) {
        reader.read_all();
    }
    Ok(reader.interchange)
}

struct Scan {
    places: Vec<Place>,
    end: usize,
    stopped: Option<InterchangeFault>,
}

/// Finds the segments up to UNZ.
fn scan(text: &str, advice: ServiceStringAdvice, limits: &Limits) -> Scan {
    let bytes_max = limits.interchange_bytes_max as usize;
    let window = &text[..text.floor_char_boundary(bytes_max)];
    let config = RecoveryConfig::new()
        .reader(
            ReaderConfig::default()
                .max_segment_bytes(limits.segment_bytes_max as usize)
                .max_segments(limits.segments_max as usize),
        )
        .max_faults(limits.faults_max as usize);
    let mut scan = Scan {
        places: Vec::new(),
        end: window.len(),
        stopped: Some(InterchangeFault::EndOfFile),
    };
    for item in scan_recovering(window.as_bytes(), &config) {
        let span = item.span();
        let tag = item
            .tag()
            .and_then(|tag| <[u8; 3]>::try_from(tag.as_bytes()).ok())
            .unwrap_or(*b"???");
        if matches!(&tag, b"UNB" | b"UNA") && !scan.places.is_empty() {
            // Another interchange begins and this one has not ended.
            scan.end = span.start;
            return scan;
        }
        let fault = match &item {
            Scanned::Fault(fault) if fault.is_terminal() => {
                scan.stopped = Some(terminal(fault.error(), window.len() < text.len()));
                return scan;
            }
            Scanned::Fault(fault) => Some(segment_code(fault.error())),
            _ => None,
        };
        let raw = window.as_bytes().get(span.start..span.end).unwrap_or(&[]);
        // Without a repetition separator its place holds a space, which is data.
        let repetition = if advice.is_repetition_active() {
            advice.repetition_sep
        } else {
            advice.component_sep
        };
        let separators = memchr::memchr3_iter(advice.element_sep, advice.component_sep, repetition, raw);
        if separators.take(limits.separators_max as usize + 1).count() > limits.separators_max as usize {
            scan.stopped = Some(InterchangeFault::Limit(Exceeded::Separators));
            return scan;
        }
        scan.places.push(Place {
            tag,
            start: u32::try_from(span.start).unwrap_or(u32::MAX),
            end: u32::try_from(span.end).unwrap_or(u32::MAX),
            fault,
        });
        if &tag == b"UNZ" {
            scan.end = span.end;
            scan.stopped = None;
            return scan;
        }
    }
    if window.len() < text.len() {
        scan.stopped = Some(InterchangeFault::Limit(Exceeded::InterchangeBytes));
    }
    scan
}

/// The code of what the library found, where annex A allows it for a segment.
fn segment_code(error: &edifact_rs::EdifactError) -> &'static str {
    let code = SyntaxError::for_error(error);
    let allowed = code.permitted_at(ReportingLevel::Segment);
    if allowed { code } else { SyntaxError::InvalidValue }.code()
}

fn terminal(error: &edifact_rs::EdifactError, was_cut: bool) -> InterchangeFault {
    match error {
        edifact_rs::EdifactError::SegmentTooLong { .. } => InterchangeFault::Limit(Exceeded::SegmentBytes),
        edifact_rs::EdifactError::LimitExceeded { .. } => InterchangeFault::Limit(Exceeded::Segments),
        _ if was_cut => InterchangeFault::Limit(Exceeded::InterchangeBytes),
        _ => InterchangeFault::EndOfFile,
    }
}

struct Reader<'p, 't> {
    profile: &'p Profile,
    charset: Charset,
    interchange: Interchange<'t>,
    references: BTreeSet<String>,
    open: Option<Open>,
}

struct Open {
    message: Message,
    mandatory: &'static [&'static str],
    seen: u32,
}

impl Reader<'_, '_> {
    fn read_all(&mut self) {
        for index in 1..self.interchange.places.len() {
            match &self.interchange.places[index].tag {
                b"UNH" => self.begin(index),
                b"UNT" => self.end(Some(index), index),
                b"UNZ" => {
                    self.end(None, index);
                    self.check_trailer(index);
                }
                b"UNG" | b"UNE" => self.fault(InterchangeFault::Groups, index),
                _ => self.inner(index),
            }
            if self.interchange.messages.len() > self.profile.limits.sets_max as usize {
                return self.fault(InterchangeFault::Limit(Exceeded::Sets), index);
            }
        }
        self.end(None, self.interchange.places.len());
        if self.interchange.messages.is_empty() {
            self.fault(InterchangeFault::Empty, 0);
        }
    }

    fn fault(&mut self, fault: InterchangeFault, index: usize) {
        let faults = &mut self.interchange.faults;
        if !faults.iter().any(|found| found.fault == fault) {
            faults.push(found(fault, index));
        }
    }

    fn begin(&mut self, index: usize) {
        self.end(None, index);
        let unh = self.interchange.segment(index);
        let text = |element: usize, component: usize| {
            let text = unh.as_ref().and_then(|unh| unh.component_str(element, component));
            text.unwrap_or_default().trim().to_owned()
        };
        let (reference, kind) = (text(0, 0), text(1, 0));
        let version = format!("{}:{}:{}", text(1, 1), text(1, 2), text(1, 3));
        let known = MESSAGES.iter().find(|(name, _)| *name == kind);
        let mut faults = Vec::new();
        if known.is_none() || !self.profile.messages.contains(&kind) {
            faults.push(found(MessageFault::Type, index));
        } else if kind != "CONTRL" && !VERSIONS.contains(&version.as_str()) {
            faults.push(found(MessageFault::Version, index));
        }
        if reference.is_empty() || reference.chars().count() > REFERENCE_LENGTH_MAX {
            faults.push(found(MessageFault::Reference, index));
        } else if !self.references.insert(reference.clone()) {
            faults.push(found(MessageFault::ReferenceRepeated, index));
        }
        let message = Message {
            reference,
            kind,
            version,
            association: text(1, 4),
            segments: index..index,
            faults,
            reports: Vec::new(),
        };
        self.open = Some(Open {
            message,
            mandatory: known.map_or(&[], |(_, mandatory)| mandatory),
            seen: 0,
        });
        self.check_segment(index);
    }

    fn inner(&mut self, index: usize) {
        let Some(open) = &mut self.open else {
            return self.fault(InterchangeFault::Structure, index);
        };
        let tag = self.interchange.places[index].tag;
        if let Some(place) = open.mandatory.iter().position(|wanted| wanted.as_bytes() == tag) {
            open.seen |= 1 << place;
        }
        self.check_segment(index);
    }

    fn end(&mut self, unt: Option<usize>, index: usize) {
        if unt.is_some() {
            self.check_segment(index);
        }
        let Some(Open {
            mut message,
            mandatory,
            seen,
        }) = self.open.take()
        else {
            if unt.is_some() {
                self.fault(InterchangeFault::Structure, index);
            }
            return;
        };
        let first = message.segments.start;
        message.segments.end = unt.map_or(index, |index| index + 1);
        match unt.and_then(|index| self.interchange.segment(index)) {
            None => message.faults.push(found(MessageFault::TrailerMissing, index)),
            Some(unt) => {
                let count = unt.element_str(0).and_then(number);
                if count != u32::try_from(index + 1 - first).ok() {
                    message.faults.push(found(MessageFault::Count, index));
                }
                if unt.element_str(1).map(str::trim) != Some(message.reference.as_str()) {
                    message.faults.push(found(MessageFault::ReferenceMismatch, index));
                }
                for (place, tag) in mandatory.iter().enumerate() {
                    if seen & (1 << place) == 0 {
                        message.reports.push(SegmentReport {
                            tag: (*tag).to_owned(),
                            position: position(index - first),
                            code: SyntaxError::Missing.code(),
                            elements: Vec::new(),
                        });
                    }
                }
            }
        }
        self.interchange.messages.push(message);
    }

    /// What the library could not read, and characters that the declared set does not have.
    fn check_segment(&mut self, index: usize) {
        let Some(open) = &mut self.open else {
            return;
        };
        if open.message.reports.len() >= self.profile.limits.faults_max as usize {
            return;
        }
        let place = self.interchange.places[index];
        let raw = self
            .interchange
            .text
            .get(place.start as usize..place.end as usize)
            .unwrap_or_default();
        let report = |code, elements| SegmentReport {
            tag: String::from_utf8_lossy(&place.tag).into_owned(),
            position: position(index - open.message.segments.start),
            code,
            elements,
        };
        if let Some(code) = place.fault {
            let report = report(code, Vec::new());
            open.message.reports.push(report);
        } else if raw.chars().any(|character| !self.charset.takes(character)) {
            // The terminator may itself be a character that the set does not have; then no element is named.
            let elements = self
                .interchange
                .segment(index)
                .map(|segment| bad_elements(&segment, self.charset));
            if let Some(elements) = elements.filter(|elements| !elements.is_empty()) {
                let report = report(SyntaxError::InvalidCharacters.code(), elements);
                open.message.reports.push(report);
            }
        }
    }

    fn check_trailer(&mut self, index: usize) {
        let Some(unz) = self.interchange.segment(index) else {
            return self.fault(InterchangeFault::EndOfFile, index);
        };
        if unz.element_str(0).and_then(number) != u32::try_from(self.interchange.messages.len()).ok() {
            self.fault(InterchangeFault::Count, index);
        }
        if unz.element_str(1).map(str::trim) != Some(self.interchange.header.control.as_str()) {
            self.fault(InterchangeFault::ControlMismatch, index);
        }
    }
}

/// Elements with characters that the set does not have; the first few say enough.
fn bad_elements(segment: &Segment<'_>, charset: Charset) -> Vec<ElementReport> {
    const REPORTED_MAX: usize = 5;
    let components = segment.elements.iter().enumerate().flat_map(|(element, value)| {
        value
            .components()
            .enumerate()
            .map(move |(component, text)| (element, component, text))
    });
    let bad = components.filter(|(_, _, text)| text.chars().any(|character| !charset.takes(character)));
    bad.take(REPORTED_MAX)
        .map(|(element, component, _)| ElementReport {
            code: SyntaxError::InvalidCharacters.code(),
            // 0098 counts the tag as the first.
            position: position(element + 1),
            component: position(component),
        })
        .collect()
}

fn header_of(unb: &Segment<'_>) -> Header {
    let text = |element: usize, component: usize| {
        unb.component_str(element, component)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    Header {
        syntax: text(0, 0),
        syntax_version: text(0, 1),
        sender: Address {
            id: text(1, 0),
            qualifier: text(1, 1),
        },
        receiver: Address {
            id: text(2, 0),
            qualifier: text(2, 1),
        },
        date: text(3, 0),
        time: text(3, 1),
        control: text(4, 0),
        ack_requested: text(8, 0) == "1",
        is_test: text(10, 0) == "1",
    }
}

fn check_header(unb: &Segment<'_>, header: &Header, source: &Source<'_>) -> Vec<Found<InterchangeFault>> {
    use InterchangeFault as Fault;
    let supported =
        source.charset().is_some() && matches!(header.syntax_version.as_str(), "1" | "2" | "3" | "4");
    let bad_characters = source.is_broken()
        || source
            .charset()
            .is_some_and(|charset| !bad_elements(unb, charset).is_empty());
    let date_ok = date::parse_short(&header.date)
        .or(date::parse_long(&header.date))
        .is_some();
    let checks = [
        (!supported, Fault::Syntax),
        (bad_characters, Fault::Characters),
        (header.sender.id.is_empty(), Fault::Sender),
        (header.receiver.id.is_empty(), Fault::Receiver),
        (
            header.control.is_empty() || header.control.chars().count() > REFERENCE_LENGTH_MAX,
            Fault::Control,
        ),
        (!date_ok || !date::is_time(&header.time), Fault::DateTime),
    ];
    checks
        .into_iter()
        .filter(|(bad, _)| *bad)
        .map(|(_, fault)| found(fault, 0))
        .collect()
}

fn found<F>(fault: F, index: usize) -> Found<F> {
    Found {
        fault,
        segment: position(index),
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

//! Acknowledgements of what was read: TA1 for the envelope, 997 or 999 for each functional group.
//!
//! Pure functions of the interchange. They are made once and stored; a duplicate gets the stored bytes again, because
//! an answer made anew would carry another control number, and to the partner be another answer.

use super::{
    envelope::{Group, Interchange, Set},
    fault::{ElementReport, SEGMENTS_IN_ERROR, SegmentReport, Version},
};
use crate::{outgoing::Segment, words::Verdict};

/// How many codes AK5 and AK9 have room for.
const CODES_MAX: usize = 5;
/// The guide of the 999, for ST03.
pub const GUIDE_999: &str = "005010X231A1";

/// Which functional acknowledgement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Form {
    /// 997, of 4010; some partners of 5010 want it too.
    #[serde(rename = "997")]
    F997,
    /// 999, of 5010.
    #[serde(rename = "999")]
    F999,
}

impl Form {
    /// What a group of this version is answered with unless agreed otherwise.
    pub fn usual(version: Option<Version>) -> Self {
        match version {
            Some(Version::V5010) => Self::F999,
            Some(Version::V4010) | None => Self::F997,
        }
    }

    /// ST01.
    pub fn set_id(self) -> &'static str {
        match self {
            Self::F997 => "997",
            Self::F999 => "999",
        }
    }
}

/// What is answered to an interchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The TA1, where one is due: it was asked for, or the envelope is at fault.
    pub interchange: Option<Segment>,
    /// A functional acknowledgement for each group that is due one.
    pub functional: Vec<Functional>,
}

/// The body of a 997 or 999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functional {
    /// Which of the two.
    pub form: Form,
    /// The version to send it in.
    pub version: Version,
    /// The segments between ST and SE.
    pub body: Vec<Segment>,
}

/// Answers an interchange. Where its envelope is rejected there is a TA1 and nothing else: nothing inside was used.
/// Acknowledgements are never acknowledged, or two gateways would never stop.
pub fn answer(interchange: &Interchange<'_>, form: Option<Form>) -> Answer {
    let due = interchange.header.ack_requested || !interchange.faults.is_empty();
    let functional = if interchange.is_rejected() {
        Vec::new()
    } else {
        let groups = interchange
            .groups
            .iter()
            .filter(|group| group.functional_id != "FA");
        groups.map(|group| functional(group, form)).collect()
    };
    let only_answers = interchange.groups.is_empty() && !interchange.answers.is_empty();
    Answer {
        interchange: (due && !only_answers).then(|| interchange_answer(interchange)),
        functional,
    }
}

/// The TA1 for an interchange.
pub fn interchange_answer(interchange: &Interchange<'_>) -> Segment {
    let faults = &interchange.faults;
    let fatal = faults.iter().find(|found| found.fault.rejects());
    let (code, note) = match (fatal, faults.first()) {
        (Some(found), _) => ("R", found.fault.note_code()),
        (None, Some(found)) => ("E", found.fault.note_code()),
        (None, None) => ("A", "000"),
    };
    let header = &interchange.header;
    Segment::of(
        "TA1",
        [
            &digits(&header.control, 9),
            &digits(&header.date, 6),
            &digits(&header.time, 4),
            code,
            note,
        ],
    )
}

/// The TA1 for an interchange that came before, where a partner wants to hear that instead of the stored answer.
pub fn duplicate_answer(interchange: &Interchange<'_>) -> Segment {
    let mut segment = interchange_answer(interchange);
    segment.elements.truncate(3);
    segment
        .with("R")
        .with(super::fault::InterchangeFault::Duplicate.note_code())
}

fn functional(group: &Group, form: Option<Form>) -> Functional {
    let form = form.unwrap_or(Form::usual(group.version));
    let version = match form {
        Form::F997 => group.version.unwrap_or(Version::V4010),
        Form::F999 => Version::V5010,
    };
    let mut ak1 = Segment::of(
        "AK1",
        [&code(&group.functional_id, 2..=2), &number(&group.control)],
    );
    if version == Version::V5010 {
        ak1 = ak1.with(printable(&group.version_text, 12));
    }
    let mut body = vec![ak1];
    for set in &group.sets {
        push_set(&mut body, group, set, form, version);
    }
    let letter = match group.verdict() {
        Verdict::Accepted => "A",
        Verdict::AcceptedWithErrors => "E",
        Verdict::PartiallyAccepted => "P",
        Verdict::Rejected => "R",
    };
    let received = group.sets.len();
    let declared = group.declared.map_or(received, |declared| declared as usize);
    let counts = [declared, received, group.accepted_count()].map(|count| count.min(999_999).to_string());
    let mut ak9 = Segment::of("AK9", [letter, &counts[0], &counts[1], &counts[2]]);
    for found in group.faults.iter().take(CODES_MAX) {
        ak9 = ak9.with(found.fault.code(version));
    }
    body.push(ak9);
    Functional { form, version, body }
}

fn push_set(body: &mut Vec<Segment>, group: &Group, set: &Set, form: Form, version: Version) {
    let mut ak2 = Segment::of("AK2", [&code(&set.id, 3..=3), &set_control(&set.control)]);
    if let Some(guide) = set.implementation.as_ref().filter(|_| version == Version::V5010) {
        ak2 = ak2.with(printable(guide, 35));
    }
    body.push(ak2);
    for report in &set.reports {
        push_report(body, report, form);
    }
    let tag = match form {
        Form::F997 => "AK5",
        Form::F999 => "IK5",
    };
    let rejected = !group.faults.is_empty() || set.verdict() == Verdict::Rejected;
    let letter = match set.verdict() {
        _ if rejected => "R",
        Verdict::AcceptedWithErrors => "E",
        Verdict::Accepted | Verdict::PartiallyAccepted | Verdict::Rejected => "A",
    };
    let in_error = (!set.reports.is_empty()).then_some(SEGMENTS_IN_ERROR);
    let codes = set
        .faults
        .iter()
        .map(|found| found.fault.code(version))
        .chain(in_error);
    let mut ak5 = Segment::of(tag, [letter]);
    for code in codes.take(CODES_MAX) {
        ak5 = ak5.with(code);
    }
    body.push(ak5);
}

fn push_report(body: &mut Vec<Segment>, report: &SegmentReport, form: Form) {
    let (segment, element) = match form {
        Form::F997 => ("AK3", "AK4"),
        Form::F999 => ("IK3", "IK4"),
    };
    let tag = code(&report.tag, 2..=3);
    body.push(Segment::of(
        segment,
        [&tag, &report.position.to_string(), "", report.fault.code()],
    ));
    let reported = report.elements.iter();
    body.extend(reported.map(|report| element_note(element, report)));
}

fn element_note(tag: &str, report: &ElementReport) -> Segment {
    // AK401 is a number of two digits; a segment with more elements than that has none of them described here.
    let position = report.position.min(99).to_string();
    let reference = report
        .reference
        .map(|number| number.to_string())
        .unwrap_or_default();
    Segment::of(tag, [&position, &reference, report.fault.code(), &report.copy])
}

/// A date, time or control number of the partner's that may not be one: never copied where it would break ours.
fn digits(text: &str, length: usize) -> String {
    if text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.to_owned()
    } else {
        "0".repeat(length)
    }
}

fn number(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(9).collect();
    if digits.is_empty() { "0".to_owned() } else { digits }
}

fn set_control(text: &str) -> String {
    let kept: String = text.chars().filter(char::is_ascii_alphanumeric).take(9).collect();
    format!("{kept:0>4}")
}

fn code(text: &str, lengths: std::ops::RangeInclusive<usize>) -> String {
    let kept: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(*lengths.end())
        .collect();
    // What is left of something that was no code would say something false.
    if lengths.contains(&kept.len()) {
        kept
    } else {
        "Z".repeat(*lengths.end())
    }
}

fn printable(text: &str, length: usize) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic())
        .take(length)
        .collect()
}

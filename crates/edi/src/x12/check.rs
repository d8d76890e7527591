//! Looks into the segments of a set for what an acknowledgement can point at.

use super::{
    dictionary::{ElementRule, Kind, SegmentRule, segment_rule},
    fault::{ElementFault, ElementReport, SegmentFault, SegmentReport},
    segment::{Segment, text_of},
};
use crate::date;

/// The longest copy of an element that AK404 can hold.
const COPY_CHARS_MAX: usize = 99;
/// So many elements of one segment are reported; a hundred would say nothing more.
const ELEMENTS_REPORTED_MAX: usize = 10;

/// Checks one segment.
pub(crate) fn check_segment(segment: Segment<'_>, position: u32) -> Option<SegmentReport> {
    let tag = segment.tag();
    let report = |fault, elements| {
        Some(SegmentReport {
            tag: text_of(tag).into_owned(),
            position,
            fault,
            elements,
        })
    };
    if !is_tag(tag) {
        return report(SegmentFault::Unrecognised, Vec::new());
    }
    let elements = match segment_rule(tag) {
        Some(rule) => check_elements(segment, rule),
        None => check_characters(segment),
    };
    if elements.is_empty() {
        None
    } else {
        report(SegmentFault::Elements, elements)
    }
}

/// Two or three upper-case letters or digits, a letter first.
fn is_tag(tag: &[u8]) -> bool {
    matches!(tag.len(), 2 | 3)
        && tag[0].is_ascii_uppercase()
        && tag
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn check_elements(segment: Segment<'_>, rule: &SegmentRule) -> Vec<ElementReport> {
    let mut reports = Vec::new();
    let mut present = 0_u64;
    let mut count = 0_u32;
    for (index, element) in segment.elements().enumerate() {
        count = count.saturating_add(1);
        let place = rule.elements.get(index);
        let fault = match place {
            _ if index >= usize::from(rule.width) => Some(ElementFault::TooMany),
            Some(place) => check_element(segment, element, place),
            None if has_control(element) => Some(ElementFault::Character),
            None => None,
        };
        if !element.is_empty() && index < 64 {
            present |= 1 << index;
        }
        if let Some(fault) = fault {
            if reports.len() < ELEMENTS_REPORTED_MAX {
                reports.push(report(index, place, fault, element));
            }
            if fault == ElementFault::TooMany {
                break;
            }
        }
    }
    let is_there = |number: u8| present & (1 << (number - 1)) != 0;
    for (index, place) in rule.elements.iter().enumerate().skip(count as usize) {
        if place.mandatory {
            reports.push(report(index, Some(place), ElementFault::Missing, b""));
        }
    }
    for (first, second) in rule.pairs {
        let missing = match (is_there(*first), is_there(*second)) {
            (true, false) => *second,
            (false, true) => *first,
            (true, true) | (false, false) => continue,
        };
        let index = usize::from(missing - 1);
        reports.push(report(
            index,
            rule.elements.get(index),
            ElementFault::PairMissing,
            b"",
        ));
    }
    reports
}

fn check_characters(segment: Segment<'_>) -> Vec<ElementReport> {
    let bad = segment
        .elements()
        .enumerate()
        .filter(|(_, element)| has_control(element));
    bad.take(ELEMENTS_REPORTED_MAX)
        .map(|(index, element)| report(index, None, ElementFault::Character, element))
        .collect()
}

fn check_element(segment: Segment<'_>, element: &[u8], place: &ElementRule) -> Option<ElementFault> {
    if element.is_empty() {
        return place.mandatory.then_some(ElementFault::Missing);
    }
    if has_control(element) {
        return Some(ElementFault::Character);
    }
    if place.kind == Kind::Composite {
        return None;
    }
    // A simple element that repeats is checked by its parts.
    segment
        .repetitions_of(element)
        .find_map(|part| check_simple(part, place))
}

fn check_simple(part: &[u8], place: &ElementRule) -> Option<ElementFault> {
    let text = text_of(part);
    let length = match place.kind {
        // Sign and point do not count.
        Kind::R | Kind::N => text.bytes().filter(u8::is_ascii_digit).count(),
        Kind::An | Kind::Id | Kind::Dt | Kind::Tm | Kind::Composite => text.chars().count(),
    };
    let malformed = match place.kind {
        Kind::Dt if date::parse_long(&text).is_none() => Some(ElementFault::Date),
        Kind::Tm if !date::is_time(&text) => Some(ElementFault::Time),
        Kind::N if !is_number(&text, Fraction::No) => Some(ElementFault::Character),
        Kind::R if !is_number(&text, Fraction::Yes) => Some(ElementFault::Character),
        Kind::An | Kind::Id | Kind::Dt | Kind::Tm | Kind::N | Kind::R | Kind::Composite => None,
    };
    malformed
        .or((length < usize::from(place.length_min)).then_some(ElementFault::TooShort))
        .or((length > usize::from(place.length_max)).then_some(ElementFault::TooLong))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fraction {
    Yes,
    No,
}

fn is_number(text: &str, fraction: Fraction) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let points = digits.bytes().filter(|byte| *byte == b'.').count();
    let points_max = usize::from(fraction == Fraction::Yes);
    points <= points_max
        && digits.len() > points
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Control characters are in none of the standard's character sets.
pub(crate) fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte < 0x20 || *byte == 0x7f)
}

fn report(index: usize, place: Option<&ElementRule>, fault: ElementFault, element: &[u8]) -> ElementReport {
    // A copy that contained the control character would make the acknowledgement wrong in the same way.
    let copy: String = if has_control(element) {
        String::new()
    } else {
        text_of(element)
            .chars()
            .filter(|c| !c.is_control())
            .take(COPY_CHARS_MAX)
            .collect()
    };
    let copy = copy.trim().to_owned();
    ElementReport {
        position: u32::try_from(index + 1).unwrap_or(u32::MAX),
        reference: place
            .map(|place| place.reference)
            .filter(|reference| *reference > 0),
        fault,
        copy,
    }
}

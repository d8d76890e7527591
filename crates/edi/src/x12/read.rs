//! Reads an interchange: every check of the envelope, each fault with its place, nothing given up at the first one.

use std::collections::BTreeSet;

use super::{
    check::{check_segment, has_control},
    delimiters::Unreadable,
    dictionary::{SETS, SetRule, set_rule},
    envelope::{Group, Header, Interchange, Set},
    fault::{GroupFault, InterchangeFault, SegmentFault, SegmentReport, SetFault, Version},
    segment::Segment,
    tokens::{Stopped, Tokens},
};
use crate::{
    date,
    limits::{Exceeded, Limits},
    words::{Address, Found},
};

/// Versions of the controls (ISA12) whose envelope is the one we read.
const CONTROLS: [&str; 3] = ["00400", "00401", "00501"];

/// What of a partner is taken, and at what cost.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Bounds.
    pub limits: Limits,
    /// The sets that are taken, such as `850`; another one is answered with "not supported".
    pub sets: BTreeSet<String>,
}

impl Profile {
    /// Everything we know, within the limits for partners.
    pub fn everything() -> Self {
        Self {
            limits: Limits::PARTNER,
            sets: SETS.iter().map(|rule| rule.id.to_owned()).collect(),
        }
    }
}

/// Reads the first interchange of `bytes`.
///
/// # Errors
/// [`Unreadable`] when there is no ISA segment that could be read, and so nobody to answer.
pub fn read<'a>(bytes: &'a [u8], profile: &Profile) -> Result<Interchange<'a>, Unreadable> {
    let tokens = Tokens::read(bytes, &profile.limits)?;
    let header = header_of(tokens.isa());
    let mut reader = Reader {
        profile,
        groups: Vec::new(),
        answers: Vec::new(),
        faults: check_header(tokens.isa(), &header),
        group: None,
        set: None,
        controls: BTreeSet::new(),
        count: 0,
    };
    let stopped = tokens.stopped().map(|why| match why {
        Stopped::EndOfFile | Stopped::AnotherHeader => InterchangeFault::EndOfFile,
        Stopped::Limit(exceeded) => InterchangeFault::Limit(exceeded),
    });
    // Of what a limit cut off nothing may be used, so nothing more is spent on it either.
    if !matches!(stopped, Some(InterchangeFault::Limit(_))) {
        reader.read_all(&tokens, &header);
    }
    if let Some(fault) = stopped {
        reader.fault(fault, tokens.len().saturating_sub(1));
    }
    let Reader {
        groups,
        answers,
        faults,
        ..
    } = reader;
    Ok(Interchange {
        tokens,
        header,
        groups,
        answers,
        faults,
    })
}

struct Reader<'p> {
    profile: &'p Profile,
    groups: Vec<Group>,
    answers: Vec<usize>,
    faults: Vec<Found<InterchangeFault>>,
    group: Option<OpenGroup>,
    set: Option<OpenSet>,
    /// GS06 of the groups so far, without leading zeros.
    controls: BTreeSet<String>,
    /// Groups and sets so far.
    count: u32,
}

struct OpenGroup {
    group: Group,
    controls: BTreeSet<String>,
}

struct OpenSet {
    set: Set,
    rule: Option<&'static SetRule>,
    /// Mandatory segments that have come, one bit for each.
    seen: u32,
}

impl Reader<'_> {
    fn read_all(&mut self, tokens: &Tokens<'_>, header: &Header) {
        for (index, segment) in tokens.segments().enumerate().skip(1) {
            match segment.tag() {
                b"GS" => self.begin_group(segment, index),
                b"ST" => self.begin_set(segment, index),
                b"SE" => self.end_set(Some(segment), index),
                b"GE" => self.end_group(Some(segment), index),
                b"IEA" => {
                    self.end_group(None, index);
                    self.check_trailer(segment, index, header);
                }
                b"TA1" if self.group.is_none() => self.answers.push(index),
                _ => self.inner(segment, index),
            }
            if self.count > self.profile.limits.sets_max {
                self.fault(InterchangeFault::Limit(Exceeded::Sets), index);
                return;
            }
        }
        self.end_group(None, tokens.len());
    }

    fn fault(&mut self, fault: InterchangeFault, index: usize) {
        // One of a kind is enough for an answer that has room for one.
        if !self.faults.iter().any(|found| found.fault == fault) {
            self.faults.push(found(fault, index));
        }
    }

    fn begin_group(&mut self, gs: Segment<'_>, index: usize) {
        self.end_group(None, index);
        self.count = self.count.saturating_add(1);
        let version_text = gs.text(8).into_owned();
        let mut group = Group {
            functional_id: gs.text(1).into_owned(),
            sender: gs.text(2).into_owned(),
            receiver: gs.text(3).into_owned(),
            control: gs.text(6).into_owned(),
            version: Version::of_group(&version_text),
            version_text,
            declared: None,
            sets: Vec::new(),
            faults: Vec::new(),
        };
        let mut fault = |fault| group.faults.push(found(fault, index));
        if !SETS.iter().any(|rule| rule.functional_id == group.functional_id) {
            fault(GroupFault::NotSupported);
        }
        if group.version.is_none() {
            fault(GroupFault::Version);
        }
        if !is_digits(&group.control, 1..=9) {
            fault(GroupFault::Control);
        } else if !self.controls.insert(trimmed(&group.control).to_owned()) {
            fault(GroupFault::ControlRepeated);
        }
        let header_ok = !group.sender.is_empty()
            && !group.receiver.is_empty()
            && date::parse_long(&gs.text(4)).is_some()
            && date::is_time(&gs.text(5))
            && gs.element(7) == b"X"
            && !has_control(gs.bytes());
        if !header_ok {
            self.fault(InterchangeFault::GroupHeader, index);
        }
        self.group = Some(OpenGroup {
            group,
            controls: BTreeSet::new(),
        });
    }

    fn end_group(&mut self, ge: Option<Segment<'_>>, index: usize) {
        self.end_set(None, index);
        let Some(OpenGroup { mut group, .. }) = self.group.take() else {
            if ge.is_some() {
                self.fault(InterchangeFault::Structure, index);
            }
            return;
        };
        match ge {
            None => group.faults.push(found(GroupFault::TrailerMissing, index)),
            Some(ge) => {
                group.declared = number(&ge.text(1), 1..=6);
                if group.declared != u32::try_from(group.sets.len()).ok() {
                    group.faults.push(found(GroupFault::Count, index));
                }
                if !same_number(&group.control, &ge.text(2)) {
                    group.faults.push(found(GroupFault::ControlMismatch, index));
                }
            }
        }
        self.groups.push(group);
    }

    fn begin_set(&mut self, st: Segment<'_>, index: usize) {
        self.end_set(None, index);
        let Some(open) = &mut self.group else {
            return self.fault(InterchangeFault::Structure, index);
        };
        self.count = self.count.saturating_add(1);
        let (id, control) = (st.text(1).into_owned(), st.text(2).into_owned());
        let rule = set_rule(&id);
        let mut faults = Vec::new();
        let mut fault = |fault| faults.push(found(fault, index));
        match rule {
            _ if id.is_empty() => fault(SetFault::Identifier),
            None => fault(SetFault::NotSupported),
            Some(_) if !self.profile.sets.contains(&id) => fault(SetFault::NotSupported),
            Some(rule) if rule.functional_id != open.group.functional_id => fault(SetFault::Identifier),
            Some(_) => {}
        }
        let control_ok =
            (4..=9).contains(&control.len()) && control.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !control_ok {
            fault(SetFault::Control);
        } else if !open.controls.insert(control.clone()) {
            fault(SetFault::ControlRepeated);
        }
        let implementation = Some(st.text(3).into_owned()).filter(|text| !text.is_empty());
        let set = Set {
            id,
            control,
            implementation,
            segments: index..index,
            faults,
            reports: Vec::new(),
        };
        self.set = Some(OpenSet { set, rule, seen: 0 });
    }

    fn inner(&mut self, segment: Segment<'_>, index: usize) {
        let faults_max = self.profile.limits.faults_max as usize;
        let Some(open) = &mut self.set else {
            return self.fault(InterchangeFault::Structure, index);
        };
        let tag = segment.tag();
        let mandatory = open.rule.map_or(&[][..], |rule| rule.mandatory);
        if let Some(place) = mandatory.iter().position(|wanted| wanted.as_bytes() == tag) {
            open.seen |= 1 << place;
        }
        // What a set is called decides what its segments mean: one we do not know is not looked into.
        if open.rule.is_some() && open.set.reports.len() < faults_max {
            let position = position(index - open.set.segments.start);
            open.set.reports.extend(check_segment(segment, position));
        }
    }

    fn end_set(&mut self, se: Option<Segment<'_>>, index: usize) {
        let Some(OpenSet { mut set, rule, seen }) = self.set.take() else {
            if se.is_some() {
                self.fault(InterchangeFault::Structure, index);
            }
            return;
        };
        let first = set.segments.start;
        match se {
            None => {
                set.segments.end = index;
                set.faults.push(found(SetFault::TrailerMissing, index));
            }
            Some(se) => {
                set.segments.end = index + 1;
                if number(&se.text(1), 1..=10) != u32::try_from(index + 1 - first).ok() {
                    set.faults.push(found(SetFault::Count, index));
                }
                if se.text(2) != set.control {
                    set.faults.push(found(SetFault::ControlMismatch, index));
                }
                for (place, tag) in rule.map_or(&[][..], |rule| rule.mandatory).iter().enumerate() {
                    if seen & (1 << place) == 0 {
                        set.reports.push(SegmentReport {
                            tag: (*tag).to_owned(),
                            position: position(index - first),
                            fault: SegmentFault::Missing,
                            elements: Vec::new(),
                        });
                    }
                }
            }
        }
        if let Some(open) = &mut self.group {
            open.group.sets.push(set);
        }
    }

    fn check_trailer(&mut self, iea: Segment<'_>, index: usize, header: &Header) {
        if number(&iea.text(1), 1..=5) != u32::try_from(self.groups.len()).ok() {
            self.fault(InterchangeFault::GroupCount, index);
        }
        if !same_number(&header.control, &iea.text(2)) {
            self.fault(InterchangeFault::ControlMismatch, index);
        }
    }
}

fn header_of(isa: &[u8]) -> Header {
    let text = |range: std::ops::Range<usize>| super::segment::text_of(&isa[range]).into_owned();
    Header {
        sender: Address {
            qualifier: text(32..34),
            id: text(35..50),
        },
        receiver: Address {
            qualifier: text(51..53),
            id: text(54..69),
        },
        date: text(70..76),
        time: text(77..81),
        version: text(84..89),
        control: text(90..99),
        ack_requested: isa[100] == b'1',
        usage: text(102..103),
    }
}

fn check_header(isa: &[u8], header: &Header) -> Vec<Found<InterchangeFault>> {
    use InterchangeFault as Fault;
    let bad_address = |id: &str, range: std::ops::Range<usize>| id.is_empty() || has_control(&isa[range]);
    let five = header.version.as_str() >= "00402";
    let separator_ok = if five {
        isa[82] != b'U' && !isa[82].is_ascii_alphanumeric()
    } else {
        isa[82] == b'U'
    };
    let checks: [(bool, Fault); 12] = [
        (header.sender.qualifier.is_empty(), Fault::SenderQualifier),
        (bad_address(&header.sender.id, 35..50), Fault::Sender),
        (header.receiver.qualifier.is_empty(), Fault::ReceiverQualifier),
        (bad_address(&header.receiver.id, 54..69), Fault::Receiver),
        (!CONTROLS.contains(&header.version.as_str()), Fault::Version),
        (!separator_ok, Fault::Standard),
        (number(&header.control, 9..=9).unwrap_or(0) == 0, Fault::Control),
        (!matches!(isa[102], b'P' | b'T' | b'I'), Fault::Usage),
        (has_control(&isa[4..32]), Fault::Structure),
        (date::parse_short(&header.date).is_none(), Fault::Date),
        (!date::is_time(&header.time), Fault::Time),
        (!matches!(isa[100], b'0' | b'1'), Fault::AckRequested),
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

/// People and acknowledgements count from one.
fn position(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    if is_digits(text, lengths) {
        text.parse().ok()
    } else {
        None
    }
}

/// Equal as numbers where they are numbers: `0001` is `1`, as the standard has it for numeric elements.
pub(crate) fn same_number(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && trimmed(one) == trimmed(other)
}

fn trimmed(number: &str) -> &str {
    if is_digits(number, 1..=9) {
        number.trim_start_matches('0')
    } else {
        number
    }
}

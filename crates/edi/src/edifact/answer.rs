//! CONTRL: what is answered to an interchange, message by message.

use super::{
    envelope::{Interchange, Message},
    fault::InterchangeFault,
};
use crate::{outgoing::Segment, words::Verdict};

/// The version of CONTRL that goes with syntax versions 1 to 3, in which we write.
pub const CONTRL_VERSION: &str = "D:3:UN";

const ACKNOWLEDGED: &str = "7";
const REJECTED: &str = "4";

/// The segments of a CONTRL between UNH and UNT. Nothing where the interchange brings a CONTRL itself, or two gateways
/// would never stop answering each other.
pub fn answer(interchange: &Interchange<'_>) -> Option<Vec<Segment>> {
    if interchange
        .messages
        .iter()
        .any(|message| message.kind == "CONTRL")
    {
        return None;
    }
    if let Some(found) = interchange.faults.iter().find(|found| found.fault.rejects()) {
        return Some(vec![rejection(interchange, found.fault)]);
    }
    let mut body = vec![subject(interchange).with(ACKNOWLEDGED)];
    for message in &interchange.messages {
        push_message(&mut body, message);
    }
    Some(body)
}

/// The CONTRL for an interchange that came before, where a partner wants to hear that instead of the stored answer.
pub fn duplicate_answer(interchange: &Interchange<'_>) -> Vec<Segment> {
    vec![rejection(interchange, InterchangeFault::Duplicate)]
}

fn rejection(interchange: &Interchange<'_>, fault: InterchangeFault) -> Segment {
    let (code, segment) = fault.code();
    subject(interchange).with(REJECTED).with(code).with(segment)
}

/// UCI names the interchange by *its* sender and receiver, not by those of the CONTRL.
fn subject(interchange: &Interchange<'_>) -> Segment {
    let header = &interchange.header;
    let address = |address: &crate::words::Address| [clip(&address.id, 35), clip(&address.qualifier, 4)];
    let ([sender, sender_qualifier], [receiver, receiver_qualifier]) =
        (address(&header.sender), address(&header.receiver));
    Segment::of("UCI", [&clip(&header.control, 14)])
        .with_components([&sender, &sender_qualifier])
        .with_components([&receiver, &receiver_qualifier])
}

fn push_message(body: &mut Vec<Segment>, message: &Message) {
    let version: Vec<String> = message.version.split(':').map(|part| clip(part, 3)).collect();
    let part = |index: usize| version.get(index).map_or("", String::as_str);
    let ucm = Segment::of("UCM", [&clip(&message.reference, 14)]).with_components([
        &clip(&message.kind, 6),
        part(0),
        part(1),
        part(2),
    ]);
    if message.verdict() == Verdict::Accepted {
        body.push(ucm.with(ACKNOWLEDGED));
        return;
    }
    let (code, segment) = match (message.faults.first(), message.reports.first()) {
        (Some(found), _) => found.fault.code(),
        (None, Some(report)) => (report.code, ""),
        (None, None) => ("", ""),
    };
    body.push(ucm.with(REJECTED).with(code).with(segment));
    for report in &message.reports {
        body.push(Segment::of("UCS", [&report.position.to_string(), report.code]));
        body.extend(report.elements.iter().map(|element| {
            let (position, component) = (element.position.to_string(), element.component.to_string());
            Segment::of("UCD", [element.code]).with_components([&position, &component])
        }));
    }
}

/// What is said again must fit and be printable in any character set; what a broken message says may be neither.
fn clip(text: &str, length: usize) -> String {
    text.chars()
        .filter(|character| (' '..='~').contains(character))
        .take(length)
        .collect()
}

//! What is accepted of an EDIFACT interchange, what is not, what the sender is told, and what we write.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

#[path = "edifact/reports.rs"]
mod reports;
mod support;

use jiff::civil::date;
use plimsoll_edi::{
    Address, Usage, Verdict,
    edifact::{
        CONTRL_VERSION, Charset, Envelope, InterchangeFault, MessageFault, OutMessage, Profile, Source,
        Unreadable, WriteError, answer, duplicate_answer, read, write,
    },
    limits::{Exceeded, Limits},
    outgoing::Segment,
};
use proptest::prelude::*;
use support::{CONTRL, ORDERS, spoilt};

fn profile() -> Profile {
    Profile::everything()
}

fn envelope(charset: Charset) -> Envelope {
    Envelope {
        sender: Address {
            qualifier: "14".into(),
            id: "EXAMPLESELLER".into(),
        },
        receiver: Address {
            qualifier: "14".into(),
            id: "EXAMPLEBUYER".into(),
        },
        written_at: date(2026, 11, 21).at(11, 5, 0, 0),
        charset,
        control: 501,
        ack_requested: true,
        usage: Usage::Test,
    }
}

fn message(kind: &str, version: &str, body: Vec<Segment>) -> OutMessage {
    OutMessage {
        reference: 1,
        kind: kind.into(),
        version: version.into(),
        association: None,
        body,
    }
}

/// The CONTRL for these bytes, one line for each segment.
fn answered(bytes: &[u8]) -> Vec<String> {
    let source = Source::of(bytes).unwrap();
    let interchange = read(&source, &profile()).unwrap();
    answer(&interchange)
        .unwrap_or_default()
        .iter()
        .map(line)
        .collect()
}

fn line(segment: &Segment) -> String {
    let elements: Vec<String> = segment
        .elements
        .iter()
        .map(|components| components.join(":"))
        .collect();
    format!("{}+{}", segment.tag, elements.join("+"))
        .trim_end_matches('+')
        .to_owned()
}

#[test]
fn a_good_interchange_is_accepted_whole() {
    let source = Source::of(ORDERS.as_bytes()).unwrap();
    let interchange = read(&source, &profile()).unwrap();
    assert_eq!(interchange.faults, []);
    assert_eq!(interchange.accepted().count(), 2);
    assert_eq!(interchange.header.control, "IC77");
    assert!(interchange.header.ack_requested && interchange.header.is_test);
    let rff = interchange
        .segments_of(&interchange.messages[0])
        .find(|segment| segment.tag == "RFF")
        .unwrap();
    assert_eq!(rff.component_str(0, 1), Some("FRAME+WORK'S"));
    assert_eq!(
        answered(ORDERS.as_bytes()),
        [
            "UCI+IC77+EXAMPLEBUYER:14+EXAMPLESELLER:14+7",
            "UCM+1+ORDERS:D:96A:UN+7",
            "UCM+2+ORDERS:D:01B:UN+7",
        ]
    );
    // A CONTRL is never answered.
    assert_eq!(answered(CONTRL.as_bytes()), [""; 0]);
}

#[test]
fn what_is_no_interchange_says_why() {
    for (text, expected) in [
        ("", Unreadable::Empty),
        ("\r\n ", Unreadable::Empty),
        ("ISA*00*", Unreadable::NotAnInterchange),
        ("UNA::.? 'UNB+UNOC:3", Unreadable::ServiceCharacters),
        ("UNA:+.? 'UNH+1'", Unreadable::Header),
        ("UNBE+UNOC'", Unreadable::Header),
        ("UNB+UNOC:3+A+B", Unreadable::Header),
    ] {
        let result = Source::of(text.as_bytes()).and_then(|source| read(&source, &profile()).map(|_| ()));
        assert_eq!(result, Err(expected), "{text}");
    }
}

#[test]
fn every_fault_of_the_interchange_is_told_by_uci() {
    use InterchangeFault as Fault;
    for (from, to, fault, uci) in [
        ("UNOC:3", "UNOX:3", Fault::Syntax, "+4+2+UNB"),
        ("UNOC:3", "UNOE:3", Fault::Syntax, "+4+2+UNB"),
        ("UNOC:3", "UNOC:9", Fault::Syntax, "+4+2+UNB"),
        ("+EXAMPLEBUYER:14", "+:14", Fault::Sender, "+4+13+UNB"),
        ("+EXAMPLESELLER:14", "+:14", Fault::Receiver, "+4+13+UNB"),
        ("+IC77++O", "+++O", Fault::Control, "+4+13+UNB"),
        ("261121:1030", "261321:1030", Fault::DateTime, "+7"),
        ("UNZ+2", "UNZ+3", Fault::Count, "+4+29+UNZ"),
        ("UNZ+2+IC77", "UNZ+2+IC78", Fault::ControlMismatch, "+4+28+UNZ"),
        ("UNZ+2+IC77'", "", Fault::EndOfFile, "+4+13+UNZ"),
        ("UNZ+2+IC77'", "UNZ+2+I", Fault::EndOfFile, "+4+13+UNZ"),
        ("UNZ+2", "BGM+1'UNZ+2", Fault::Structure, "+4+33"),
        ("UNH+2", "UNG+1'UNH+2", Fault::Groups, "+4+15+UNG"),
    ] {
        let bytes = spoilt(ORDERS, from, to);
        let source = Source::of(&bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        assert!(
            interchange.faults.iter().any(|found| found.fault == fault),
            "{to}: {:?}",
            interchange.faults
        );
        let lines = answered(&bytes);
        assert!(lines[0].ends_with(uci), "{to}: {lines:?}");
        assert_eq!(lines.len() == 1, fault.rejects());
        assert_eq!(
            interchange.accepted().count(),
            if fault.rejects() { 0 } else { 2 },
            "{to}"
        );
    }
    let header = ORDERS.split_once("UNH").unwrap().0;
    assert!(answered(format!("{header}UNZ+0+IC77'").as_bytes())[0].ends_with("+4+32"));
    let source = Source::of(ORDERS.as_bytes()).unwrap();
    let interchange = read(&source, &profile()).unwrap();
    assert!(line(&duplicate_answer(&interchange)[0]).ends_with("+4+26+UNB"));
}

#[test]
fn an_interchange_that_was_cut_anywhere_is_never_accepted() {
    for length in 0..ORDERS.trim_end().len() {
        let Ok(source) = Source::of(&ORDERS.as_bytes()[..length]) else {
            continue;
        };
        if let Ok(interchange) = read(&source, &profile()) {
            assert_eq!(interchange.accepted().count(), 0, "cut at {length}");
            assert!(answer(&interchange).is_some());
        }
    }
}

#[test]
fn every_fault_of_a_message_rejects_that_message_alone() {
    use MessageFault as Fault;
    for (from, to, fault, ucm) in [
        (
            "UNH+2+ORDERS",
            "UNH+2+PAXLST",
            Fault::Type,
            "UCM+2+PAXLST:D:01B:UN+4+14+UNH",
        ),
        (
            "ORDERS:D:01B",
            "ORDERS:D:05B",
            Fault::Version,
            "UCM+2+ORDERS:D:05B:UN+4+14+UNH",
        ),
        ("UNH+2", "UNH+", Fault::Reference, "UCM++ORDERS:D:01B:UN+4+13+UNH"),
        (
            "UNH+2",
            "UNH+1",
            Fault::ReferenceRepeated,
            "UCM+1+ORDERS:D:01B:UN+4+26+UNH",
        ),
        (
            "UNT+9+2'",
            "",
            Fault::TrailerMissing,
            "UCM+2+ORDERS:D:01B:UN+4+13+UNT",
        ),
        (
            "UNT+9+2",
            "UNT+9+3",
            Fault::ReferenceMismatch,
            "UCM+2+ORDERS:D:01B:UN+4+28+UNT",
        ),
        (
            "UNT+9+2",
            "UNT+8+2",
            Fault::Count,
            "UCM+2+ORDERS:D:01B:UN+4+29+UNT",
        ),
    ] {
        let bytes = spoilt(ORDERS, from, to);
        let source = Source::of(&bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        let [good, bad] = &interchange.messages[..] else {
            panic!("{to}")
        };
        assert!(
            bad.faults.iter().any(|found| found.fault == fault),
            "{to}: {:?}",
            bad.faults
        );
        assert_eq!(
            (good.verdict(), bad.verdict()),
            (Verdict::Accepted, Verdict::Rejected)
        );
        assert_eq!(interchange.accepted().count(), 1);
        let lines = answered(&bytes);
        assert_eq!(lines[1], "UCM+1+ORDERS:D:96A:UN+7");
        assert_eq!(lines[2], ucm, "{to}");
    }
}

#[test]
fn errors_in_segments_are_told_with_their_place() {
    for (from, to, expected) in [
        (
            "BGM+220+PO-EXAMPLE-2+9'\n",
            "",
            &["UCM+2+ORDERS:D:01B:UN+4+29+UNT", "UCS+8+13"][..],
        ),
        (
            "DTM+137:20261121:102'\nNAD+BY+4000001000005::9'\nLIN",
            "dtm+1'\nNAD+BY+4000001000005::9'\nLIN",
            &["UCM+2+ORDERS:D:01B:UN+4+12", "UCS+3+12"],
        ),
        (
            "PO-EXAMPLE-2",
            "PO\x07EXAMPLE-2",
            &["UCM+2+ORDERS:D:01B:UN+4+21", "UCS+2+21", "UCD+21+3:1"],
        ),
    ] {
        assert_eq!(answered(&spoilt(ORDERS, from, to))[2..], *expected, "{to:?}");
    }
}

#[test]
fn the_declared_character_set_is_held() {
    let with = |charset: &str, name: &[u8]| {
        let text = ORDERS.replace("UNOC", charset);
        let (before, after) = text.split_once("Example Store 12").unwrap();
        [before.as_bytes(), name, after.as_bytes()].concat()
    };
    let name_of = |bytes: &[u8]| {
        let source = Source::of(bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        let message = interchange.accepted().find(|message| message.reference == "1")?;
        let nad = interchange
            .segments_of(message)
            .filter(|segment| segment.tag == "NAD")
            .nth(1)
            .unwrap();
        Some(nad.component_str(3, 0).unwrap().to_owned())
    };
    assert_eq!(name_of(&with("UNOC", b"M\xfcller")).as_deref(), Some("Müller"));
    assert_eq!(
        name_of(&with("UNOY", "Müller €".as_bytes())).as_deref(),
        Some("Müller €")
    );
    // UTF-8 where ISO 8859-1 was declared is read as declared.
    assert_eq!(name_of(&with("UNOC", "Mü".as_bytes())).as_deref(), Some("MÃ¼"));
    assert_eq!(name_of(&with("UNOB", b"M\xfcller")), None);
    assert_eq!(name_of(&with("UNOA", b"M\xfcller")), None);
    assert_eq!(
        name_of(&with("UNOB", b"sales@example")).as_deref(),
        Some("sales@example")
    );
    let lines = answered(&with("UNOB", b"M\xfcller"));
    assert_eq!(
        lines[1..4],
        ["UCM+1+ORDERS:D:96A:UN+4+21", "UCS+7+21", "UCD+21+5:1"]
    );
    assert!(answered(&with("UNOY", b"M\xfcller"))[0].ends_with("+4+21+UNB"));
}

#[test]
fn limits_bound_what_is_read_and_the_sender_is_told() {
    let tight = |change: fn(&mut Limits)| {
        let mut profile = profile();
        change(&mut profile.limits);
        profile
    };
    for (profile, exceeded) in [
        (
            tight(|limits| limits.interchange_bytes_max = 300),
            Exceeded::InterchangeBytes,
        ),
        (tight(|limits| limits.segments_max = 10), Exceeded::Segments),
        (
            tight(|limits| limits.segment_bytes_max = 78),
            Exceeded::SegmentBytes,
        ),
        (tight(|limits| limits.separators_max = 20), Exceeded::Separators),
        (tight(|limits| limits.sets_max = 1), Exceeded::Sets),
    ] {
        let long = ORDERS
            .replace("Example widget, blue", &"x".repeat(90))
            .replace("12.5'", "12.5+++++++++++++++++++++'");
        let long = if exceeded == Exceeded::Sets {
            ORDERS.to_owned()
        } else {
            long
        };
        let source = Source::of(long.as_bytes()).unwrap();
        let interchange = read(&source, &profile).unwrap();
        let fault = InterchangeFault::Limit(exceeded);
        assert!(
            interchange.faults.iter().any(|found| found.fault == fault),
            "{exceeded}: {:?}",
            interchange.faults
        );
        assert_eq!(interchange.accepted().count(), 0);
        assert!(line(&answer(&interchange).unwrap()[0]).ends_with("+4+18"));
    }
}

#[test]
fn other_service_characters_and_what_follows_are_read() {
    let bare: String = ORDERS.lines().collect();
    let default = bare.replacen("UNA:+.? '", "", 1);
    let mark = format!("\u{feff}{bare}");
    let exotic = bare.replace('+', "|");
    for text in [
        &bare,
        &default,
        &mark,
        &exotic.replace("?|", "?+").replace("FRAME?+", "FRAME+"),
    ] {
        let source = Source::of(text.as_bytes()).unwrap();
        assert_eq!(read(&source, &profile()).unwrap().accepted().count(), 2, "{text}");
    }
    let two = format!("{ORDERS}{CONTRL}");
    let source = Source::of(two.as_bytes()).unwrap();
    let first = read(&source, &profile()).unwrap();
    let rest = &two.as_bytes()[source.bytes_of(first.text().len())..];
    let source = Source::of(rest).unwrap();
    assert_eq!(read(&source, &profile()).unwrap().accepted().count(), 1);
}

#[test]
fn an_interchange_looks_as_the_standard_has_it() {
    let body = vec![
        Segment::of("BGM", ["231", "OR-1", "29"]),
        Segment::of("FTX", ["AAI", "", ""]).with_components(["50 + 1: what? 'Müller'", ""]),
    ];
    let bytes = write(&envelope(Charset::C), &[message("ORDRSP", "D:96A:UN", body)]).unwrap();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    assert_eq!(
        text.replace("'U", "'\nU")
            .replace("'B", "'\nB")
            .replace("'F", "'\nF"),
        "\
UNA:+.? '
UNB+UNOC:3+EXAMPLESELLER:14+EXAMPLEBUYER:14+261121:1105+501++++1++1'
UNH+1+ORDRSP:D:96A:UN'
BGM+231+OR-1+29'
FTX+AAI+++50 ?+ 1?: what?? ?'Müller?''
UNT+4+1'
UNZ+1+501'"
    );
}

#[test]
fn what_a_partner_would_refuse_is_not_written() {
    let attempt = |envelope: &Envelope, message: OutMessage| write(envelope, &[message]).unwrap_err();
    let body = |text: &str| vec![Segment::of("BGM", ["231", text, "29"])];
    for (charset, text) in [
        (Charset::A, "small"),
        (Charset::B, "Müller"),
        (Charset::C, "5 €"),
        (Charset::Y, "a\nb"),
    ] {
        let error = attempt(&envelope(charset), message("ORDRSP", "D:96A:UN", body(text)));
        assert!(matches!(error, WriteError::Character { .. }), "{error}");
    }
    let mut long = envelope(Charset::C);
    long.sender.id = "X".repeat(36);
    assert!(matches!(
        attempt(&long, message("ORDRSP", "D:96A:UN", body("1"))),
        WriteError::DoesNotFit { .. }
    ));
    for (kind, version) in [
        ("ORDRSP", "D:05A:UN"),
        ("PAXLST", "D:96A:UN"),
        ("INVOIC", "D:96A:UN"),
    ] {
        let error = attempt(&envelope(Charset::C), message(kind, version, body("1")));
        assert!(matches!(error, WriteError::Invalid { .. }), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_of_the_character_set_survives(texts in proptest::collection::vec("[ -~\u{a0}-\u{ff}]{1,40}", 1..6)) {
        let body: Vec<Segment> = std::iter::once(Segment::of("BGM", ["231"]))
            .chain(texts.iter().map(|text| Segment::of("FTX", [text.as_str()]).with_components(["", text.as_str()])))
            .collect();
        let bytes = write(&envelope(Charset::C), &[message("ORDRSP", "D:96A:UN", body)]).unwrap();
        let source = Source::of(&bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        let read_back: Vec<String> = interchange.segments_of(&interchange.messages[0])
            .filter(|segment| segment.tag == "FTX")
            .map(|segment| segment.component_str(1, 1).unwrap().to_owned()).collect();
        prop_assert_eq!(read_back, texts);
    }

    #[test]
    fn nothing_a_partner_sends_makes_us_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0usize..1100) {
        let mut text = ORDERS.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes.iter().copied());
        for input in [&bytes, &text] {
            let Ok(source) = Source::of(input) else { continue };
            let Ok(interchange) = read(&source, &profile()) else { continue };
            if let Some(body) = answer(&interchange) {
                // Whatever came in, our answer to it is valid.
                let written = write(&envelope(Charset::C), &[message("CONTRL", CONTRL_VERSION, body)]);
                prop_assert!(written.is_ok(), "{:?}", written);
            }
        }
    }
}

//! What is accepted of an X12 interchange, what is not, and what the sender is told.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod support;

use plimsoll_edi::{
    Verdict,
    limits::{Exceeded, Limits},
    x12::{
        ElementFault, Form, GroupFault, InterchangeFault, Profile, SegmentFault, SetFault, Unreadable,
        answer, duplicate_answer, read,
    },
};
use support::{ACKNOWLEDGEMENT, DELIVERY, ORDER, spoilt};

fn profile() -> Profile {
    Profile::everything()
}

/// The acknowledgement of a text, one line for each segment.
fn answered(bytes: &[u8], form: Option<Form>) -> Vec<String> {
    let interchange = read(bytes, &profile()).unwrap();
    let answer = answer(&interchange, form);
    let bodies = answer.functional.iter().flat_map(|functional| &functional.body);
    answer.interchange.iter().chain(bodies).map(line).collect()
}

fn line(segment: &plimsoll_edi::outgoing::Segment) -> String {
    let mut elements: Vec<String> = segment
        .elements
        .iter()
        .map(|components| components.join(">"))
        .collect();
    while elements.last().is_some_and(String::is_empty) {
        elements.pop();
    }
    format!("{}*{}", segment.tag, elements.join("*"))
}

#[test]
fn good_interchanges_are_accepted_whole() {
    for (text, sets) in [(ORDER, 2), (DELIVERY, 1), (ACKNOWLEDGEMENT, 1)] {
        let interchange = read(text.as_bytes(), &profile()).unwrap();
        assert_eq!(interchange.faults, []);
        assert_eq!(interchange.accepted().count(), sets);
        assert!(interchange.accepted().all(|(group, set)| {
            group.verdict() == Verdict::Accepted && set.verdict() == Verdict::Accepted
        }));
        assert_eq!(interchange.tokens.interchange_bytes(), text.trim_end().as_bytes());
    }
    assert_eq!(
        answered(ORDER.as_bytes(), None),
        [
            "TA1*000000077*261121*1030*A*000",
            "AK1*PO*77",
            "AK2*850*0001",
            "AK5*A",
            "AK2*850*0002",
            "AK5*A",
            "AK9*A*2*2*2"
        ]
    );
    // No TA1 was asked for, and a 5010 group is answered with a 999.
    assert_eq!(
        answered(DELIVERY.as_bytes(), None),
        ["AK1*OW*940*005010", "AK2*940*0001", "IK5*A", "AK9*A*1*1*1"]
    );
    // Acknowledgements are not acknowledged.
    assert_eq!(answered(ACKNOWLEDGEMENT.as_bytes(), None), [""; 0]);
}

#[test]
fn what_is_no_interchange_says_why() {
    for (bytes, expected) in [
        (&b""[..], Unreadable::Empty),
        (b" \r\n", Unreadable::Empty),
        (b"{\"order\": 1}", Unreadable::NotAnInterchange),
        (b"ISA*00*  ", Unreadable::HeaderTruncated),
        (
            &spoilt(ORDER, "*ZZ*EXAMPLEBUYER  ", "*ZZ*EXAMPLEBUYER"),
            Unreadable::HeaderWidth { element: 6 },
        ),
        (&spoilt(ORDER, "*T*>~", "*T**~"), Unreadable::Delimiters),
        (&spoilt(ORDER, "*T*>~", "*T*A~"), Unreadable::Delimiters),
    ] {
        assert_eq!(
            read(bytes, &profile()).unwrap_err(),
            expected,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn every_fault_of_the_envelope_is_told_by_a_ta1() {
    use InterchangeFault as Fault;
    for (from, to, fault, code) in [
        (
            "IEA*1*000000077",
            "IEA*1*000000078",
            Fault::ControlMismatch,
            "R*001",
        ),
        (
            "*ZZ*EXAMPLEBUYER ",
            "*  *EXAMPLEBUYER ",
            Fault::SenderQualifier,
            "R*005",
        ),
        ("EXAMPLEBUYER   *ZZ", "               *ZZ", Fault::Sender, "R*006"),
        (
            "*ZZ*EXAMPLESELLER ",
            "*  *EXAMPLESELLER ",
            Fault::ReceiverQualifier,
            "R*007",
        ),
        ("EXAMPLESELLER  *2", "               *2", Fault::Receiver, "R*008"),
        ("*261121*1030*U", "*261321*1030*U", Fault::Date, "E*014"),
        ("*261121*1030*U", "*261121*2530*U", Fault::Time, "E*015"),
        ("*1030*U*", "*1030*Y*", Fault::Standard, "R*016"),
        ("*00401*", "*00305*", Fault::Version, "R*017"),
        ("*00401*000000077", "*00401*00000007X", Fault::Control, "R*018"),
        ("*000000077*1*T", "*000000077*7*T", Fault::AckRequested, "E*019"),
        ("*1*T*", "*1*Q*", Fault::Usage, "R*020"),
        ("IEA*1*", "IEA*2*", Fault::GroupCount, "R*021"),
        ("GS*PO", "XX*1~\nGS*PO", Fault::Structure, "R*022"),
        ("IEA*1*000000077~", "", Fault::EndOfFile, "R*023"),
        ("IEA*1*000000077~", "IEA*1*0000", Fault::EndOfFile, "R*023"),
        (
            "*20261121*1030*77*X",
            "*20261131*1030*77*X",
            Fault::GroupHeader,
            "E*024",
        ),
    ] {
        let bytes = spoilt(ORDER, from, to);
        let interchange = read(&bytes, &profile()).unwrap();
        assert!(
            interchange.faults.iter().any(|found| found.fault == fault),
            "{to}: {:?}",
            interchange.faults
        );
        let lines = answered(&bytes, None);
        assert!(
            lines[0].starts_with("TA1*") && lines[0].ends_with(code),
            "{to}: {lines:?}"
        );
        // A rejected interchange has no functional answer, and nothing of it is used.
        assert_eq!(lines.len() == 1, fault.rejects());
        assert_eq!(
            interchange.accepted().count(),
            if fault.rejects() { 0 } else { 2 },
            "{to}"
        );
    }
}

#[test]
fn an_interchange_that_was_cut_anywhere_is_never_accepted() {
    for length in 0..ORDER.trim_end().len() {
        if let Ok(interchange) = read(&ORDER.as_bytes()[..length], &profile()) {
            assert!(interchange.is_rejected(), "cut at {length}");
            assert_eq!(interchange.accepted().count(), 0);
            assert!(answer(&interchange, None).interchange.is_some());
        }
    }
}

#[test]
fn every_fault_of_a_group_rejects_the_group() {
    use GroupFault as Fault;
    for (from, to, fault, last) in [
        ("GS*PO", "GS*QQ", Fault::NotSupported, "AK9*R*2*2*0*1"),
        ("*X*004010", "*X*003060", Fault::Version, "AK9*R*2*2*0*2"),
        ("GE*2*77~\n", "", Fault::TrailerMissing, "AK9*R*2*2*0*3"),
        ("GE*2*77", "GE*2*78", Fault::ControlMismatch, "AK9*R*2*2*0*4"),
        ("GE*2*77", "GE*3*77", Fault::Count, "AK9*R*3*2*0*5"),
        ("*1030*77*X", "*1030*7A*X", Fault::Control, "AK9*R*2*2*0*6*4"),
    ] {
        let bytes = spoilt(ORDER, from, to);
        let interchange = read(&bytes, &profile()).unwrap();
        assert!(!interchange.is_rejected(), "{to}");
        assert!(
            interchange.groups[0]
                .faults
                .iter()
                .any(|found| found.fault == fault),
            "{to}"
        );
        assert_eq!(interchange.accepted().count(), 0);
        let lines = answered(&bytes, None);
        assert_eq!(lines.last().map(String::as_str), Some(last), "{to}");
        assert!(
            lines
                .iter()
                .filter(|line| line.starts_with("AK5"))
                .all(|line| line.starts_with("AK5*R"))
        );
    }
    let group = ORDER.split_once("GS*").unwrap().1.rsplit_once("IEA").unwrap().0;
    let twice = ORDER.replace("IEA*1*", &format!("GS*{group}IEA*2*"));
    let interchange = read(twice.as_bytes(), &profile()).unwrap();
    assert_eq!(interchange.groups[1].faults[0].fault, Fault::ControlRepeated);
    assert_eq!(interchange.accepted().count(), 2);
}

#[test]
fn every_fault_of_a_set_rejects_that_set_alone() {
    use SetFault as Fault;
    for (from, to, fault, code) in [
        ("ST*850*0002", "ST*880*0002", Fault::NotSupported, "AK5*R*1"),
        ("SE*5*0002~\n", "", Fault::TrailerMissing, "AK5*R*2"),
        ("SE*5*0002", "SE*5*0003", Fault::ControlMismatch, "AK5*R*3"),
        ("SE*5*0002", "SE*6*0002", Fault::Count, "AK5*R*4"),
        ("ST*850*0002", "ST*810*0002", Fault::Identifier, "AK5*R*6*5"),
        ("ST*850*0002", "ST*850*2", Fault::Control, "AK5*R*7*3"),
        ("ST*850*0002", "ST*850*0001", Fault::ControlRepeated, "AK5*R*7*3"),
    ] {
        let bytes = spoilt(ORDER, from, to);
        let interchange = read(&bytes, &profile()).unwrap();
        let [good, bad] = &interchange.groups[0].sets[..] else {
            panic!("{to}")
        };
        assert!(
            bad.faults.iter().any(|found| found.fault == fault),
            "{to}: {:?}",
            bad.faults
        );
        assert_eq!(good.verdict(), Verdict::Accepted);
        assert_eq!(
            interchange
                .accepted()
                .map(|(_, set)| set.control.as_str())
                .collect::<Vec<_>>(),
            ["0001"]
        );
        let lines = answered(&bytes, None);
        assert_eq!(lines[lines.len() - 2..], [code, "AK9*P*2*2*1"], "{to}");
    }
}

#[test]
fn errors_in_segments_are_told_with_their_place() {
    for (from, to, expected) in [
        (
            "*PO-EXAMPLE-1**20261121",
            "*PO-EXAMPLE-1**20261131",
            &["AK3*BEG*2**8", "AK4*5*373*8*20261131", "AK5*R*5"][..],
        ),
        (
            "*PO-EXAMPLE-1**20261121",
            "***20261121",
            &["AK3*BEG*2**8", "AK4*3*324*1", "AK5*R*5"],
        ),
        (
            "PO1*1*3*EA",
            "PO1*1*three*EA",
            &["AK3*PO1*9**8", "AK4*2*330*6*three", "AK5*R*5"],
        ),
        (
            "**VP*TST-0001*UP",
            "**VP**UP",
            &["AK3*PO1*9**8", "AK4*7*234*2", "AK5*R*5"],
        ),
        (
            "CUR*BY*EUR",
            "CUR*BY",
            &["AK3*CUR*3**8", "AK4*2*100*1", "AK5*R*5"],
        ),
        // Too long is noted, and the order is used all the same.
        (
            "N1*ST*Example Store 12",
            &format!("N1*ST*{}", "X".repeat(61)),
            &[
                "AK3*N1*6**8",
                &format!("AK4*2*93*5*{}", "X".repeat(61)),
                "AK5*E*5",
            ],
        ),
        ("REF*DP*DEPT-7", "refdp*1", &["AK3*ref*4**1", "AK5*R*5"]),
        // A control character is not said again.
        (
            "*DEPT-7",
            "*DEPT\x077",
            &["AK3*REF*4**8", "AK4*2*127*6", "AK5*R*5"],
        ),
        (
            "CTT*2*5~",
            "CTT*2*5~\nN3*1*2*3~",
            &["AK3*N3*13**8", "AK4*3**3*3", "AK5*R*4*5"],
        ),
    ] {
        let lines = answered(&spoilt(ORDER, from, to), None);
        assert_eq!(lines[3..3 + expected.len()], *expected, "{to}");
    }
    let without_lines = "ST*850*0001~\nBEG*00*SA*PO-EXAMPLE-1**20261121~\nSE*3*0001~\n";
    let set = ORDER
        .split_once("ST*850*0001")
        .unwrap()
        .1
        .split_once("ST*850*0002")
        .unwrap()
        .0;
    let lines = answered(&spoilt(ORDER, &format!("ST*850*0001{set}"), without_lines), None);
    assert_eq!(lines[3..5], ["AK3*PO1*3**3", "AK5*R*5"]);
    // The same in the words of 5010.
    let lines = answered(&spoilt(DELIVERY, "G62*10*20261124", "G62*10*20261199"), None);
    assert_eq!(lines[2..5], ["IK3*G62*7**8", "IK4*2*373*8*20261199", "IK5*R*5"]);
    let interchange = read(&spoilt(DELIVERY, "G62*10*2026", "G62*10*x026"), &profile())
        .map(|_| ())
        .err();
    assert_eq!(interchange, None);
    assert_eq!(SegmentFault::Missing.code(), "3");
    assert!(!ElementFault::TooLong.rejects());
}

#[test]
fn limits_bound_what_is_read_and_the_sender_is_told() {
    let tight = |change: fn(&mut Limits)| {
        let mut profile = profile();
        change(&mut profile.limits);
        profile
    };
    let profiles = [
        (
            tight(|limits| limits.interchange_bytes_max = 300),
            Exceeded::InterchangeBytes,
        ),
        (tight(|limits| limits.segments_max = 10), Exceeded::Segments),
        (
            tight(|limits| limits.segment_bytes_max = 110),
            Exceeded::SegmentBytes,
        ),
        (tight(|limits| limits.separators_max = 16), Exceeded::Separators),
        (tight(|limits| limits.sets_max = 2), Exceeded::Sets),
    ];
    let long = ORDER
        .replace("widget, blue", &"x".repeat(120))
        .replace("CTT*2*5", "CTT*2*5**************************");
    for (profile, exceeded) in &profiles {
        let interchange = read(long.as_bytes(), profile).unwrap();
        let fault = InterchangeFault::Limit(*exceeded);
        assert!(
            interchange.faults.iter().any(|found| found.fault == fault),
            "{exceeded}: {:?}",
            interchange.faults
        );
        assert_eq!(interchange.accepted().count(), 0);
        let answer = answer(&interchange, None);
        assert!(answer.functional.is_empty());
        assert_eq!(
            line(&answer.interchange.unwrap()),
            "TA1*000000077*261121*1030*R*024"
        );
    }
}

#[test]
fn other_delimiters_line_ends_and_what_follows_are_read() {
    let bare: String = ORDER.lines().collect();
    let windows = ORDER.replace('\n', "\r\n");
    let by_line = ORDER.replace("~\n", "\n");
    let exotic = bare.replace('*', "|").replace('~', "\x1c").replace("T|>", "T|:");
    let before = format!("\r\n {bare}");
    for text in [&bare, &windows, &by_line, &exotic, &before] {
        let interchange = read(text.as_bytes(), &profile()).unwrap();
        assert_eq!(interchange.accepted().count(), 2, "{text}");
    }
    // Two interchanges in one message: the first ends where the second begins.
    let two = format!("{ORDER}{DELIVERY}");
    let first = read(two.as_bytes(), &profile()).unwrap();
    let second = read(&two.as_bytes()[first.tokens.range().end..], &profile()).unwrap();
    assert_eq!((first.accepted().count(), second.accepted().count()), (2, 1));
    // The first one cut: it is rejected, the second one is fine.
    let cut = spoilt(&two, "IEA*1*000000077~\n", "");
    let first = read(&cut, &profile()).unwrap();
    assert!(first.is_rejected());
    let second = read(&cut[first.tokens.range().end..], &profile()).unwrap();
    assert_eq!(second.accepted().count(), 1);
}

#[test]
fn a_set_that_the_partner_may_not_send_is_not_supported() {
    let mut profile = profile();
    profile.sets.remove("850");
    let interchange = read(ORDER.as_bytes(), &profile).unwrap();
    assert_eq!(
        interchange.groups[0].sets[0].faults[0].fault,
        SetFault::NotSupported
    );
    assert_eq!(
        line(&duplicate_answer(&interchange)),
        "TA1*000000077*261121*1030*R*025"
    );
}

#[test]
fn national_characters_pass_in_utf_8_and_latin_1() {
    let utf8 = ORDER.replace("Example Store 12", "Müller & Søn");
    let latin: Vec<u8> = utf8
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    for bytes in [utf8.as_bytes(), &latin] {
        let interchange = read(bytes, &profile()).unwrap();
        assert_eq!(interchange.accepted().count(), 2);
        let n1 = interchange
            .tokens
            .segments()
            .find(|segment| segment.is("N1"))
            .unwrap();
        assert_eq!(n1.text(2), "Müller & Søn");
    }
}

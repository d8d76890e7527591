//! What is written can be read, whatever is in it; and acknowledgements say the same on both sides.

mod support;

use jiff::civil::date;
use plimsoll_edi::{
    Address, Usage, Verdict,
    outgoing::Segment,
    x12::{
        AnswerError, Envelope, Form, FunctionalAnswer, GUIDE_999, InterchangeAnswer, OutGroup, OutSet,
        Profile, Version, WriteError, answer, read, write,
    },
};
use proptest::prelude::*;
use support::{ACKNOWLEDGEMENT, DELIVERY, ORDER, spoilt};

type Change = dyn Fn(&mut Envelope, &mut OutGroup);

fn envelope(version: Version) -> Envelope {
    Envelope {
        sender: Address {
            qualifier: "ZZ".into(),
            id: "EXAMPLESELLER".into(),
        },
        receiver: Address {
            qualifier: "ZZ".into(),
            id: "EXAMPLEBUYER".into(),
        },
        written_at: date(2026, 11, 21).at(11, 5, 0, 0),
        version,
        control: 501,
        ack_requested: true,
        usage: Usage::Test,
    }
}

fn group(functional_id: &str, version: Version, sets: Vec<OutSet>) -> OutGroup {
    OutGroup {
        functional_id: functional_id.into(),
        sender: "EXAMPLESELLER".into(),
        receiver: "EXAMPLEBUYER".into(),
        control: 77,
        version_text: version.group_text().into(),
        sets,
    }
}

fn note(text: &str) -> OutSet {
    let body = vec![
        Segment::of("BAK", ["00", "AD", "PO-EXAMPLE-1", "20261121"]),
        Segment::of("N9", ["ZZ", "1", text]),
        Segment::of("SLN", ["1"]).with_components(["a", text]),
    ];
    OutSet {
        id: "855".into(),
        control: 1,
        implementation: None,
        body,
    }
}

#[test]
fn an_interchange_looks_as_the_standard_has_it() {
    let bytes = write(
        &envelope(Version::V4010),
        &[],
        &[group("PR", Version::V4010, vec![note("x")])],
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap().replace('~', "~\n"),
        "\
ISA*00*          *00*          *ZZ*EXAMPLESELLER  *ZZ*EXAMPLEBUYER   *261121*1105*U*00401*000000501*1*T*>~
GS*PR*EXAMPLESELLER*EXAMPLEBUYER*20261121*1105*77*X*004010~
ST*855*0001~
BAK*00*AD*PO-EXAMPLE-1*20261121~
N9*ZZ*1*x~
SLN*1*a>x~
SE*5*0001~
GE*1*77~
IEA*1*000000501~
"
    );
}

#[test]
fn delimiters_that_occur_in_the_data_are_not_used() {
    for version in [Version::V4010, Version::V5010] {
        let text = "5*3 ~ 2>1 ^ : | `";
        let bytes = write(&envelope(version), &[], &[group("PR", version, vec![note(text)])]).unwrap();
        let interchange = read(&bytes, &Profile::everything()).unwrap();
        let sln = interchange
            .tokens
            .segments()
            .find(|segment| segment.is("SLN"))
            .unwrap();
        assert_eq!(sln.component(2, 2), text.as_bytes());
        assert_eq!(interchange.accepted().count(), 1);
    }
    let every = "*|^!%&;";
    let error = write(
        &envelope(Version::V4010),
        &[],
        &[group("PR", Version::V4010, vec![note(every)])],
    );
    assert_eq!(
        error,
        Err(WriteError::NoDelimiter {
            role: "element separator"
        })
    );
}

#[test]
fn what_a_partner_would_refuse_is_not_written() {
    let version = Version::V4010;
    let attempt = |change: &Change| {
        let (mut envelope, mut group) = (envelope(version), group("PR", version, vec![note("x")]));
        change(&mut envelope, &mut group);
        write(&envelope, &[], &[group]).unwrap_err()
    };
    let does_not_fit = |error: WriteError| matches!(error, WriteError::DoesNotFit { .. });
    assert!(does_not_fit(attempt(
        &|envelope, _| envelope.sender.id = "X".repeat(16)
    )));
    assert!(does_not_fit(attempt(
        &|envelope, _| envelope.receiver.id = "Mü".into()
    )));
    assert!(does_not_fit(attempt(&|envelope, _| envelope.control = 0)));
    assert!(does_not_fit(attempt(&|_, group| group.control = 1_000_000_000)));
    assert!(matches!(
        attempt(&|_, group| group.sets[0].body[1] = Segment::of("N9", ["ZZ", "a\nb"])),
        WriteError::ControlCharacter { .. }
    ));
    let changes: [&Change; 6] = [
        &|_, group| group.functional_id = "PO".into(),
        &|_, group| group.version_text = "003040".into(),
        &|_, group| group.sets[0].id = "885".into(),
        &|_, group| group.sets.push(note("x")),
        &|_, group| group.sets[0].body[1] = Segment::of("N9", ["ZZ", &"x".repeat(51)]),
        &|_, group| drop(group.sets[0].body.remove(0)),
    ];
    for change in changes {
        assert!(matches!(attempt(change), WriteError::Invalid { .. }));
    }
}

#[test]
fn an_acknowledgement_is_understood_by_the_reader_of_acknowledgements() {
    for (sample, form, version) in [
        (ORDER, Form::F997, Version::V4010),
        (DELIVERY, Form::F999, Version::V5010),
    ] {
        for (from, to, verdict) in [
            ("GS*", "GS*", Verdict::Accepted),
            ("G62*10*2026", "G62*10*20261", Verdict::Rejected),
            ("PO-EXAMPLE-2**2026", "PO-EXAMPLE-2**", Verdict::PartiallyAccepted),
        ] {
            if !sample.contains(from) {
                continue;
            }
            let received = spoilt(sample, from, to);
            let received = read(&received, &Profile::everything()).unwrap();
            let answer = answer(&received, None);
            let functional = answer.functional.into_iter().next().unwrap();
            assert_eq!((functional.form, functional.version), (form, version));
            let set = OutSet {
                id: form.set_id().into(),
                control: 1,
                implementation: (form == Form::F999).then(|| GUIDE_999.to_owned()),
                body: functional.body,
            };
            let ta1s: Vec<Segment> = answer.interchange.into_iter().collect();
            let bytes = write(&envelope(version), &ta1s, &[group("FA", version, vec![set])]).unwrap();

            let theirs = read(&bytes, &Profile::everything()).unwrap();
            let (_, set) = theirs.accepted().next().unwrap();
            let understood = FunctionalAnswer::read(&theirs, set).unwrap();
            assert_eq!(understood.verdict, verdict);
            assert_eq!(understood.sets.len(), received.groups[0].sets.len());
            assert_eq!(understood.control.to_string(), received.groups[0].control);
        }
    }
}

#[test]
fn acknowledgements_of_partners_are_read() {
    let interchange = read(ACKNOWLEDGEMENT.as_bytes(), &Profile::everything()).unwrap();
    let ta1 = interchange.tokens.segment(interchange.answers[0]).unwrap();
    assert_eq!(
        InterchangeAnswer::read(ta1).unwrap(),
        InterchangeAnswer {
            control: 501,
            verdict: Verdict::Accepted,
            note_code: "000".into()
        }
    );
    let (_, set) = interchange.accepted().next().unwrap();
    let answer = FunctionalAnswer::read(&interchange, set).unwrap();
    assert_eq!(
        (answer.functional_id.as_str(), answer.control, answer.counts),
        ("PR", 501, [2, 2, 1])
    );
    assert_eq!(answer.verdict, Verdict::PartiallyAccepted);
    assert_eq!(answer.sets[0].verdict, Verdict::Accepted);
    assert_eq!(answer.sets[1].codes, ["5"]);
    assert_eq!(answer.sets[1].notes.len(), 2);
    assert_eq!(answer.sets[1].notes[1].element.as_deref(), Some("3"));
}

#[test]
fn an_acknowledgement_that_cannot_be_followed_is_none() {
    for (from, to, expected) in [
        (
            "AK9*P",
            "AK9*A",
            AnswerError::Contradiction {
                group: Verdict::Accepted,
                rejected: 1,
            },
        ),
        (
            "AK5*R*5",
            "AK5*A",
            AnswerError::Contradiction {
                group: Verdict::PartiallyAccepted,
                rejected: 0,
            },
        ),
        (
            "AK5*A",
            "AK5*Q",
            AnswerError::Value {
                place: "AK501",
                value: "Q".into(),
            },
        ),
        ("AK5*R*5", "N9*ZZ*1", AnswerError::Missing { tag: "AK5" }),
    ] {
        let bytes = spoilt(ACKNOWLEDGEMENT, from, to);
        let interchange = read(&bytes, &Profile::everything()).unwrap();
        let (_, set) = interchange.accepted().next().unwrap();
        assert_eq!(FunctionalAnswer::read(&interchange, set), Err(expected), "{to}");
    }
    let order = read(ORDER.as_bytes(), &Profile::everything()).unwrap();
    let (_, set) = order.accepted().next().unwrap();
    assert_eq!(
        FunctionalAnswer::read(&order, set),
        Err(AnswerError::NotOne { id: "850".into() })
    );
}

proptest! {
    #[test]
    fn any_text_without_control_characters_survives(texts in proptest::collection::vec("[^\\p{Cc}]{1,40}", 1..6)) {
        let body: Vec<Segment> = std::iter::once(Segment::of("BAK", ["00", "AD", "PO-1", "20261121"]))
            .chain(texts.iter().map(|text| Segment::of("MSG", [text.as_str()]).with_components(["", text.as_str()])))
            .collect();
        let set = OutSet { id: "855".into(), control: 1, implementation: None, body };
        match write(&envelope(Version::V5010), &[], &[group("PR", Version::V5010, vec![set])]) {
            Ok(bytes) => {
                let interchange = read(&bytes, &Profile::everything()).unwrap();
                let read_back: Vec<String> = interchange.tokens.segments().filter(|segment| segment.is("MSG"))
                    .map(|segment| String::from_utf8(segment.component(2, 2).to_vec()).unwrap()).collect();
                prop_assert_eq!(read_back, texts);
            }
            Err(error) => prop_assert!(matches!(error, WriteError::NoDelimiter { .. }), "{}", error),
        }
    }

    #[test]
    fn nothing_a_partner_sends_makes_us_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0usize..1000) {
        let _ = read(&bytes, &Profile::everything());
        // Behind a sound header, so that the rest of the reader sees it too.
        let mut text = ORDER.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        if let Ok(interchange) = read(&text, &Profile::everything()) {
            let answer = answer(&interchange, None);
            let sets: Vec<OutSet> = answer.functional.into_iter().map(|functional| OutSet {
                id: functional.form.set_id().into(), control: 1, implementation: None, body: functional.body,
            }).collect();
            // Whatever came in, our answer to it is valid.
            for set in sets {
                let version = if set.id == "999" { Version::V5010 } else { Version::V4010 };
                let answers: Vec<Segment> = answer.interchange.iter().cloned().collect();
                let written = write(&envelope(version), &answers, &[group("FA", version, vec![set])]);
                prop_assert!(matches!(written, Ok(_) | Err(WriteError::NoDelimiter { .. })), "{:?}", written);
            }
        }
    }
}

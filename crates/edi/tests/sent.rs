//! What becomes of what we sent, and whether what came in came before.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod support;

use plimsoll_edi::{
    Standard, Verdict,
    control_number::ControlNumber,
    duplicate::{Arrival, Identity},
    edifact,
    outstanding::{Book, Event, Illegal, Key, RejectedSet, Sent, State, Unmatched},
    x12::{self, FunctionalAnswer, InterchangeAnswer},
};
use support::{ACKNOWLEDGEMENT, CONTRL, ORDER, ORDERS, spoilt};
use types::{PartnerName, Timestamp};

fn partner() -> PartnerName {
    PartnerName::new("example-buyer").unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn key(standard: Standard, functional_id: &str) -> Key {
    Key {
        partner: partner(),
        standard,
        functional_id: functional_id.into(),
        control: ControlNumber::new(501).unwrap(),
    }
}

fn book(standard: Standard, functional_id: &str, sets: &[&str]) -> Book {
    let mut book = Book::new();
    let sent = Sent {
        interchange: ControlNumber::new(501).unwrap(),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        at: at(100),
    };
    book.note(key(standard, functional_id), sent, at(200));
    book
}

fn functional(text: &[u8]) -> FunctionalAnswer {
    let interchange = x12::read(text, &x12::Profile::everything()).unwrap();
    FunctionalAnswer::read(&interchange, &interchange.groups[0].sets[0]).unwrap()
}

#[test]
fn a_functional_acknowledgement_settles_its_group() {
    let mut book = book(Standard::X12, "PR", &["0001", "0002"]);
    let answer = functional(ACKNOWLEDGEMENT.as_bytes());
    let (key, event) = book.decide_functional(&partner(), &answer).unwrap();
    let rejected = vec![RejectedSet {
        control: "0002".into(),
        codes: vec!["5".into()],
    }];
    let settled = State::Settled {
        verdict: Verdict::PartiallyAccepted,
        rejected,
    };
    assert_eq!(book.apply(&key, &event), Ok(&settled));
    // The same again changes nothing, something else is refused.
    assert_eq!(book.apply(&key, &event), Ok(&settled));
    let other = Event::Answered {
        verdict: Verdict::Accepted,
        rejected: vec![],
    };
    assert_eq!(
        book.apply(&key, &other),
        Err(Some(Illegal::AnsweredOtherwise {
            before: Verdict::PartiallyAccepted,
            now: Verdict::Accepted
        }))
    );
    assert_eq!(book.decide_alarms(at(1000)), []);
}

#[test]
fn an_acknowledgement_of_what_we_did_not_send_is_told() {
    let answer = functional(ACKNOWLEDGEMENT.as_bytes());
    for (book, expected) in [
        (
            Book::new(),
            Unmatched::Unknown {
                what: "group",
                control: "501".into(),
            },
        ),
        (
            book(Standard::X12, "SH", &["0001", "0002"]),
            Unmatched::Unknown {
                what: "group",
                control: "501".into(),
            },
        ),
        (
            book(Standard::X12, "PR", &["0001"]),
            Unmatched::UnknownSet {
                control: "0002".into(),
            },
        ),
    ] {
        assert_eq!(book.decide_functional(&partner(), &answer), Err(expected));
    }
    let book = book(Standard::X12, "PR", &["0001", "0002"]);
    let stranger = PartnerName::new("example-stranger").unwrap();
    assert!(book.decide_functional(&stranger, &answer).is_err());
}

#[test]
fn a_rejected_group_rejects_every_set_of_it() {
    let book = book(Standard::X12, "PR", &["0001", "0002", "0003"]);
    let answer = functional(&spoilt(ACKNOWLEDGEMENT, "AK9*P*2*2*1", "AK9*R*2*2*0*5"));
    let (_, event) = book.decide_functional(&partner(), &answer).unwrap();
    let Event::Answered {
        verdict: Verdict::Rejected,
        rejected,
    } = event
    else {
        panic!("{event:?}")
    };
    assert_eq!(
        rejected
            .iter()
            .map(|set| set.control.as_str())
            .collect::<Vec<_>>(),
        ["0001", "0002", "0003"]
    );
    assert_eq!(rejected[2].codes, ["5"]);
}

#[test]
fn a_ta1_says_that_it_came_in_or_rejects_all() {
    let mut book = book(Standard::X12, "PR", &["0001"]);
    let mut answer = InterchangeAnswer {
        control: 501,
        verdict: Verdict::Accepted,
        note_code: "000".into(),
    };
    let [(key, event)] = &book.decide_interchange(&partner(), &answer)[..] else {
        panic!()
    };
    assert_eq!(
        book.apply(key, event),
        Ok(&State::Waiting {
            deadline: at(200),
            received: true
        })
    );
    // A copy that came after the first one says no more than that.
    answer = InterchangeAnswer {
        verdict: Verdict::Rejected,
        note_code: "025".into(),
        ..answer
    };
    let [(_, event)] = &book.decide_interchange(&partner(), &answer)[..] else {
        panic!()
    };
    assert_eq!(event, &Event::Received);
    answer = InterchangeAnswer {
        note_code: "021".into(),
        ..answer
    };
    let [(key, event)] = &book.decide_interchange(&partner(), &answer)[..] else {
        panic!()
    };
    let rejected = vec![RejectedSet {
        control: "0001".into(),
        codes: vec!["021".into()],
    }];
    assert_eq!(
        book.apply(key, event),
        Ok(&State::Settled {
            verdict: Verdict::Rejected,
            rejected
        })
    );
    // What is settled is not asked again.
    assert_eq!(book.decide_interchange(&partner(), &answer), []);
}

#[test]
fn silence_becomes_an_alarm_that_stands_until_somebody_acts() {
    let mut book = book(Standard::X12, "PR", &["0001"]);
    let key = key(Standard::X12, "PR");
    assert_eq!(book.decide_alarms(at(199)), []);
    assert_eq!(
        book.apply(&key, &Event::DeadlinePassed { at: at(199) }),
        Err(Some(Illegal::TooEarly {
            at: at(199),
            deadline: at(200)
        }))
    );
    let alarms = book.decide_alarms(at(201));
    assert_eq!(alarms, [(key.clone(), Event::DeadlinePassed { at: at(201) })]);
    book.apply(&key, &alarms[0].1).unwrap();
    // One alarm, not one each time somebody looks.
    assert_eq!(book.decide_alarms(at(300)), []);
    assert_eq!(book.overdue(), [(&key, at(201))]);
    book.apply(&key, &Event::SentAgain { deadline: at(400) }).unwrap();
    assert_eq!(book.overdue(), []);
    assert_eq!(book.decide_alarms(at(400)).len(), 1);
    assert_eq!(
        book.apply(&key, &Event::SetAside { by: " ".into() }),
        Err(Some(Illegal::Nobody))
    );
    book.apply(
        &key,
        &Event::SetAside {
            by: "Example Person".into(),
        },
    )
    .unwrap();
    assert_eq!(
        book.apply(&key, &Event::SentAgain { deadline: at(500) }),
        Err(Some(Illegal::Over))
    );
    // An answer that comes after all is taken.
    let late = Event::Answered {
        verdict: Verdict::Accepted,
        rejected: vec![],
    };
    assert!(matches!(book.apply(&key, &late), Ok(State::Settled { .. })));
    book.forget(at(99));
    assert!(book.get(&key).is_some());
    book.forget(at(101));
    assert!(book.get(&key).is_none());
}

#[test]
fn a_syntax_report_settles_its_interchange() {
    let read = |text: &[u8]| {
        let source = edifact::Source::of(text).unwrap();
        let interchange = edifact::read(&source, &edifact::Profile::everything()).unwrap();
        edifact::SyntaxReport::read(&interchange, &interchange.messages[0]).unwrap()
    };
    let book = book(Standard::Edifact, "", &["1", "2"]);
    let (_, event) = book
        .decide_syntax_report(&partner(), &read(CONTRL.as_bytes()))
        .unwrap();
    let rejected = vec![RejectedSet {
        control: "2".into(),
        codes: vec!["12".into()],
    }];
    assert_eq!(
        event,
        Event::Answered {
            verdict: Verdict::PartiallyAccepted,
            rejected
        }
    );
    let both = spoilt(CONTRL, "UCM+1+ORDRSP:D:96A:UN+7", "UCM+1+ORDRSP:D:96A:UN+4+13");
    let (_, event) = book.decide_syntax_report(&partner(), &read(&both)).unwrap();
    assert!(matches!(
        event,
        Event::Answered {
            verdict: Verdict::Rejected,
            ..
        }
    ));
    let only =
        "UNB+UNOC:3+B:14+S:14+261121:1100+IC78'UNH+1+CONTRL:D:3:UN'UCI+501+S:14+B:14+8'UNT+3+1'UNZ+1+IC78'";
    let (_, event) = book
        .decide_syntax_report(&partner(), &read(only.as_bytes()))
        .unwrap();
    assert_eq!(event, Event::Received);
    let again = "UNB+UNOC:3+B:14+S:14+261121:1100+IC79'UNH+1+CONTRL:D:3:UN'UCI+501+S:14+B:14+4+26+UNB'UNT+3+1'UNZ+1+IC79'";
    let (_, event) = book
        .decide_syntax_report(&partner(), &read(again.as_bytes()))
        .unwrap();
    assert_eq!(event, Event::Received);
    let other = spoilt(CONTRL, "UCI+501", "UCI+50X");
    assert!(book.decide_syntax_report(&partner(), &read(&other)).is_err());
}

#[test]
fn states_survive_being_stored() {
    for state in [
        State::sent(at(1)),
        State::Overdue { since: at(2) },
        State::Settled {
            verdict: Verdict::PartiallyAccepted,
            rejected: vec![RejectedSet {
                control: "0001".into(),
                codes: vec!["5".into()],
            }],
        },
        State::SetAside {
            by: "Example Person".into(),
        },
    ] {
        let stored = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), state);
    }
}

#[test]
fn a_duplicate_is_the_same_number_and_the_same_bytes() {
    let x12 = |text: &[u8]| Identity::of_x12(&x12::read(text, &x12::Profile::everything()).unwrap());
    let first = x12(ORDER.as_bytes());
    assert_eq!(x12(ORDER.as_bytes()).compared_with(&first), Arrival::Duplicate);
    assert_eq!(
        x12(format!("\r\n{ORDER}\r\n").as_bytes()).compared_with(&first),
        Arrival::Duplicate
    );
    assert_eq!(
        x12(&spoilt(ORDER, "1*3*EA", "1*4*EA")).compared_with(&first),
        Arrival::NumberReused
    );
    assert_eq!(
        x12(ORDER.replace("000000077", "000000078").as_bytes()).compared_with(&first),
        Arrival::New
    );
    assert_eq!(
        x12(ORDER.replace("EXAMPLEBUYER ", "EXAMPLEBUYER2").as_bytes()).compared_with(&first),
        Arrival::New
    );

    let edifact = |text: &[u8]| {
        let source = edifact::Source::of(text).unwrap();
        Identity::of_edifact(&edifact::read(&source, &edifact::Profile::everything()).unwrap())
    };
    let first = edifact(ORDERS.as_bytes());
    assert_eq!(
        edifact(ORDERS.as_bytes()).compared_with(&first),
        Arrival::Duplicate
    );
    assert_eq!(
        edifact(&spoilt(ORDERS, "QTY+21:3", "QTY+21:4")).compared_with(&first),
        Arrival::NumberReused
    );
    assert_eq!(first.body.len(), 64);
}

//! Reports (CONTRL): a partner's are read, and ours can be.

use plimsoll_edi::{
    Verdict,
    edifact::{Action, CONTRL_VERSION, Charset, ReportError, Source, SyntaxReport, answer, read, write},
};

use super::{
    envelope, message, profile,
    support::{CONTRL, ORDERS, spoilt},
};

#[test]
fn reports_of_partners_are_read() {
    let source = Source::of(CONTRL.as_bytes()).unwrap();
    let interchange = read(&source, &profile()).unwrap();
    let report = SyntaxReport::read(&interchange, &interchange.messages[0]).unwrap();
    assert_eq!(
        (report.control.as_str(), report.action),
        ("501", Action::Acknowledged)
    );
    assert_eq!(report.verdict(), Some(Verdict::PartiallyAccepted));
    assert_eq!(report.messages[1].code.as_deref(), Some("12"));
    assert_eq!(report.messages[1].segments, [("3".to_owned(), "12".to_owned())]);
    let noted = spoilt(CONTRL, "ORDRSP:D:96A:UN+4+12", "ORDRSP:D:96A:UN+7+12");
    let source = Source::of(&noted).unwrap();
    let interchange = read(&source, &profile()).unwrap();
    let report = SyntaxReport::read(&interchange, &interchange.messages[0]).unwrap();
    assert_eq!(report.verdict(), Some(Verdict::AcceptedWithErrors));
    for (from, to, expected) in [
        ("UCI+501", "UCX+501", None),
        (
            "EXAMPLEBUYER:14+7'",
            "EXAMPLEBUYER:14+9'",
            Some(ReportError::Action {
                tag: "UCI",
                action: "9".into(),
            }),
        ),
    ] {
        let bytes = spoilt(CONTRL, from, to);
        let source = Source::of(&bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        match expected {
            None => assert_eq!(interchange.accepted().count(), 0),
            Some(error) => assert_eq!(
                SyntaxReport::read(&interchange, &interchange.messages[0]),
                Err(error)
            ),
        }
    }
}

#[test]
fn our_report_is_understood_by_the_reader_of_reports() {
    for (from, to, verdict) in [
        ("UNT+9", "UNT+9", Verdict::Accepted),
        ("UNT+9", "UNT+8", Verdict::PartiallyAccepted),
        ("UNZ+2", "UNZ+3", Verdict::Rejected),
    ] {
        let received = spoilt(ORDERS, from, to);
        let source = Source::of(&received).unwrap();
        let body = answer(&read(&source, &profile()).unwrap()).unwrap();
        let bytes = write(&envelope(Charset::C), &[message("CONTRL", CONTRL_VERSION, body)]).unwrap();
        let source = Source::of(&bytes).unwrap();
        let interchange = read(&source, &profile()).unwrap();
        let report = SyntaxReport::read(&interchange, &interchange.messages[0]).unwrap();
        assert_eq!(
            (report.control.as_str(), report.verdict()),
            ("IC77", Some(verdict))
        );
    }
}

//! One partner's lane rests under load: its orders are stored, somebody is told, other lanes go on, and all of them are
//! applied later, once and in their order.

use plimsoll_tests::{Drill, TestEstate};

#[test]
fn what_cannot_be_delivered_is_stored_told_of_and_applied_in_its_order() {
    // All of a partner's orders keep their order.
    let (passage, ordered) = (
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n",
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n      ordering: /partner\n",
    );
    let estate = TestEstate::up_with("outage", passage, ordered);
    let drill = Drill::measured(
        &estate,
        "integration-outage",
        &[
            "--outage",
            "lane-paused",
            "--away",
            "12s",
            "--rate",
            "2",
            "--kill-after-max",
            "3s",
        ],
    );
    drill.recount(&estate);
    let run = &drill.runs()[0];
    let findings = run["disturbed"]["findings"].as_array().unwrap();
    for finding in findings {
        assert_eq!(finding["held"], true, "{finding}");
    }
    for (what, seen) in [
        ("other lanes go on", "was applied"),
        ("messages were applied in their order", "0 of them were overtaken"),
        (
            "the owner is told: by the lane, and by the capability",
            "paused by drill",
        ),
    ] {
        let finding = findings.iter().find(|finding| finding["what"] == what).unwrap();
        assert!(finding["seen"].as_str().unwrap().contains(seen), "{finding}");
    }
}

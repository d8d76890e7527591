//! What the gateway promises about documents that left and that the ERP's database has lost: they are named, what the
//! ERP makes anew is not sent beside them unless a person says so, and what a person says is known in both regions.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use api::gateway::{
    lanes::HoldRequest,
    reconciliation::{DecisionRequest, Phantom, PhantomKind, ReconciliationReport, Verdict},
};
use serde_json::{Value, json};
use types::{Generation, IntegrationName, Span};
use world::{
    Node, PATIENCE,
    partner::{Partner, confirmed, invoiced, world},
};

const LANE: &str = "acme-x12";

async fn checked(node: &Node, generation: u64) -> ReconciliationReport {
    node.until(|status| {
        let report = status.reconciliation.as_ref();
        report.is_some_and(|one| one.checked.is_some() && one.generation == Generation::new(generation))
    })
    .await;
    report(node).await
}

async fn report(node: &Node) -> ReconciliationReport {
    let report = node.operator().reconciliation().await;
    report.expect("an answer").expect("a report")
}

/// Waits until a phantom is as wanted.
async fn phantom(node: &Node, id: &str, wanted: impl Fn(&Phantom) -> bool) -> Phantom {
    let began = Instant::now();
    loop {
        let listed = report(node).await.phantoms;
        let found = listed.into_iter().find(|one| one.id == id).expect("it is listed");
        if wanted(&found) {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{found:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn decide(node: &Node, lane: &str, id: &str, verdict: Verdict) -> Result<Phantom, (u16, String)> {
    let request = DecisionRequest {
        integration: IntegrationName::new(lane).unwrap(),
        id: id.to_owned(),
        verdict,
        by: "example".to_owned(),
        why: "asked the partner".to_owned(),
    };
    let decided = node.operator().decide(&request).await;
    decided.map_err(|error| {
        let problem = error.problem().expect("a refusal");
        (problem.status, problem.code.clone())
    })
}

/// The same event under another id, with another number of the order.
fn numbered(id: &str, reference: &str, number: &str) -> Value {
    let mut event = confirmed(id, LANE, reference);
    event["payload"]["order"] = json!(number);
    event
}

fn about<'a>(got: &'a [String], text: &str) -> Vec<&'a String> {
    got.iter().filter(|document| document.contains(text)).collect()
}

fn control(document: &str) -> String {
    document[90..99].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_and_was_lost_is_named_and_not_sent_again_beside_what_the_partner_has() {
    let partner = Partner::default();
    let mut world = world(&partner, Span::from_secs(60)).await.synchronised().await;
    let send = |event: Value| world.west_erp.inbox().events.push(event);
    send(confirmed("e-1", LANE, "PO-EXAMPLE-1"));
    send(confirmed("e-2", LANE, "PO-EXAMPLE-2"));
    send(confirmed("e-3", LANE, "PO-EXAMPLE-3"));
    send(invoiced("e-4", 47.12));
    let got = partner.has(4).await;
    world
        .west
        .until(|status| status.lanes[2].documents.unwrap().unacknowledged == 4)
        .await;

    let forgotten = BTreeSet::from(["e-1", "e-2", "e-4"].map(str::to_owned));
    world.west_erp.inbox().forgotten = forgotten.clone();
    world.west.lead(2, false).await;
    let found = checked(&world.west, 2).await;
    let listed: Vec<_> = found.phantoms.iter().collect();
    assert_eq!((found.summary.phantoms, found.open(), listed.len()), (3, 3, 3));
    for (phantom, (id, document, reference)) in listed.iter().zip([
        ("e-1/855", "855", "PO-EXAMPLE-1"),
        ("e-2/855", "855", "PO-EXAMPLE-2"),
        ("e-4/810", "810", "INV/2026/00007"),
    ]) {
        assert_eq!((phantom.kind, phantom.id.as_str()), (PhantomKind::NotInErp, id));
        assert_eq!(phantom.partner.as_deref(), Some("acme"));
        assert_eq!(phantom.document.as_deref(), Some(document));
        assert_eq!(phantom.reference.as_deref(), Some(reference));
        let left = about(&got, reference)
            .into_iter()
            .find(|one| one.contains(&format!("ST*{document}")));
        assert_eq!(phantom.control_number, left.map(|one| control(one)));
        assert!(phantom.sent.is_some() && phantom.again.is_none() && phantom.decision.is_none());
    }

    let metrics = world.west.operator().0.get_bytes("/metrics").await.unwrap();
    let metrics = String::from_utf8(metrics).unwrap();
    let line = format!("plimsoll_gateway_phantoms{{lane=\"{LANE}\"}} 3");
    assert!(metrics.contains(&line), "{metrics}");

    // The ERP makes them anew: the first as it was, the second under another number.
    send(numbered("n-1", "PO-EXAMPLE-1", "S00042"));
    send(numbered("n-2", "PO-EXAMPLE-2", "S00043"));
    send(confirmed("n-9", LANE, "PO-EXAMPLE-9"));
    let settled = phantom(&world.west, "e-1/855", |one| !one.is_open()).await;
    assert_eq!(settled.again.unwrap().event, "n-1");
    let held = phantom(&world.west, "e-2/855", |one| one.again.is_some()).await;
    let again = held.again.unwrap();
    assert_eq!(
        (
            again.event.as_str(),
            again.number.as_str(),
            again.same,
            again.settles
        ),
        ("n-2", "S00043", true, false)
    );
    world
        .west
        .until(|_| world.west_erp.inbox().published.contains(&"n-1".to_owned()))
        .await;
    assert!(!world.west_erp.inbox().published.contains(&"n-2".to_owned()));

    // Nothing goes out while something is undecided, unless a person opens the lane.
    let shut = world
        .west
        .until(|status| status.lanes[2].documents.unwrap().unsent == 1)
        .await;
    assert!(shut.lanes[2].documents.unwrap().held);
    assert_eq!(partner.got().len(), 4);
    let lane = IntegrationName::new(LANE).unwrap();
    let opens = HoldRequest {
        by: "example".to_owned(),
        why: "a trial".to_owned(),
    };
    world.west.operator().resume(&lane, &opens).await.unwrap();
    let got = partner.has(5).await;
    assert!(got[4].contains("PO-EXAMPLE-9"), "{}", got[4]);

    let unknown = decide(&world.west, LANE, "e-3/855", Verdict::Accept).await;
    assert_eq!(unknown, Err((404, "PL0609".to_owned())));
    let settled = decide(&world.west, LANE, "e-1/855", Verdict::Cancel).await;
    assert_eq!(settled, Err((409, "PL0610".to_owned())));
    decide(&world.west, LANE, "e-2/855", Verdict::Accept)
        .await
        .unwrap();
    world
        .west
        .until(|_| world.west_erp.inbox().published.contains(&"n-2".to_owned()))
        .await;
    decide(&world.west, LANE, "e-4/810", Verdict::Cancel)
        .await
        .unwrap();
    decide(&world.west, LANE, "e-4/810", Verdict::Cancel)
        .await
        .expect("the same again changes nothing");
    let otherwise = decide(&world.west, LANE, "e-4/810", Verdict::Accept).await;
    assert_eq!(otherwise, Err((409, "PL0610".to_owned())));
    send(invoiced("n-4", 47.12));
    let got = partner.has(6).await;
    assert!(
        got[5].contains("INV/2026/00007"),
        "what was cancelled is sent anew: {}",
        got[5]
    );
    assert_eq!(report(&world.west).await.open(), 0);

    // The other region knows all that.
    world.east_erp.inbox().forgotten = forgotten;
    world
        .east_erp
        .inbox()
        .events
        .push(numbered("n-2", "PO-EXAMPLE-2", "S00043"));
    world.west.kill();
    world.east.lead(3, true).await;
    let found = checked(&world.east, 3).await;
    let listed: Vec<_> = found.phantoms.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(listed, ["e-4/810"], "the others stand for what was made anew");
    assert_eq!(found.open(), 0);
    assert_eq!(
        found.phantoms[0].decision.as_ref().unwrap().verdict,
        Verdict::Cancel
    );
    world
        .east
        .until(|_| world.east_erp.inbox().events.is_empty())
        .await;
    assert_eq!(partner.got().len(), 6, "{:#?}", partner.got());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_left_when_it_was_lost_waits_for_a_person() {
    let partner = Partner::default();
    *partner.answers_lost.lock().unwrap() = u32::MAX;
    let world = world(&partner, Span::from_secs(60)).await;
    world.west.lead(1, true).await;
    world.west_erp.inbox().events.extend([
        confirmed("e-1", LANE, "PO-EXAMPLE-1"),
        confirmed("e-2", LANE, "PO-EXAMPLE-2"),
    ]);
    world
        .west
        .until(|status| status.lanes[2].documents.unwrap().unsent == 2)
        .await;
    world.west_erp.inbox().forgotten = BTreeSet::from(["e-1", "e-2"].map(str::to_owned));
    world.west.lead(2, true).await;
    let found = checked(&world.west, 2).await;
    assert_eq!(found.open(), 2);
    assert!(found.phantoms.iter().all(|one| one.sent.is_none()));
    let tried = partner.got().len();
    *partner.answers_lost.lock().unwrap() = 0;
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-9", LANE, "PO-EXAMPLE-9"));
    let got = partner.has(tried + 1).await;
    assert!(
        got[tried].contains("PO-EXAMPLE-9"),
        "nothing else goes out: {}",
        got[tried]
    );

    decide(&world.west, LANE, "e-1/855", Verdict::Accept)
        .await
        .unwrap();
    let got = partner.has(tried + 2).await;
    assert!(got[tried + 1].contains("PO-EXAMPLE-1"), "{}", got[tried + 1]);
    phantom(&world.west, "e-1/855", |one| one.sent.is_some()).await;
    decide(&world.west, LANE, "e-2/855", Verdict::Cancel)
        .await
        .unwrap();
    world
        .west
        .until(|status| status.lanes[2].documents.unwrap().unsent == 0)
        .await;
    // What the ERP makes anew is news to the partner then.
    world
        .west_erp
        .inbox()
        .events
        .push(numbered("n-2", "PO-EXAMPLE-2", "S00043"));
    let got = partner.has(tried + 3).await;
    assert!(got[tried + 2].contains("S00043"), "{}", got[tried + 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_what_came_in_is_known_to_the_next_comparison() {
    let world = world(&Partner::default(), Span::from_secs(60)).await;
    {
        let mut inbox = world.west_erp.inbox();
        inbox.rows.insert("PO-LOST".to_owned(), "ab".repeat(32));
        inbox
            .places
            .insert("PO-LOST".to_owned(), ("acme-edi".to_owned(), 11));
    }
    world.west.lead(1, true).await;
    assert_eq!(checked(&world.west, 1).await.open(), 1);
    let decided = decide(&world.west, "acme-edi", "PO-LOST", Verdict::Accept)
        .await
        .unwrap();
    assert_eq!(decided.decision.unwrap().by, "example");
    assert_eq!(report(&world.west).await.open(), 0);
    world.west.lead(2, true).await;
    let found = checked(&world.west, 2).await;
    assert_eq!((found.summary.phantoms, found.open()), (1, 0));
}

//! What the gateway promises after the ERP's database was changed under it: what that lacks is delivered, exactly that,
//! and what it has beyond the journal is named.

mod world;

use std::collections::BTreeSet;

use api::{
    gateway::{
        LeadRequest, OldEnd,
        reconciliation::{PhantomKind, ReconciliationReport},
    },
    site::LogPosition,
};
use serde_json::{Value, json};
use types::Generation;
use world::{INCARNATION, World, numbers, order};

async fn checked(world: &World) -> ReconciliationReport {
    world
        .west
        .until(|status| {
            let report = status.reconciliation.as_ref();
            report.is_some_and(|report| report.checked.is_some() && report.generation == Generation::new(2))
        })
        .await;
    let report = world.west.operator().reconciliation().await;
    report.expect("an answer").expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_taken_back_gets_exactly_what_it_lost_and_the_report_outlives_the_process() {
    let mut world = World::start().await;
    world.west.lead(1, true).await;
    world.west.orders(numbers(1..=50)).await;
    world.west.until(|status| status.lanes[0].delivered == 50).await;
    let (rows, places) = {
        let inbox = world.west_erp.inbox();
        (inbox.rows.clone(), inbox.places.clone())
    };
    world.west.orders(numbers(51..=90)).await;
    world.west.until(|status| status.lanes[0].delivered == 90).await;
    {
        let mut inbox = world.west_erp.inbox();
        (inbox.rows, inbox.places) = (rows, places);
        inbox.calls.clear();
    }
    world.west.lead(2, true).await;
    let report = checked(&world).await;
    let lane = &report.lanes[0];
    assert_eq!((lane.present, lane.lacking, lane.lost_by_erp), (50, 40, 40));
    assert_eq!((lane.replayed, lane.refused, lane.differing), (40, 0, 1));
    let check = lane.check.unwrap();
    assert_eq!((check.present, check.lacking), (90, 0));
    assert_eq!((report.summary.phantoms, report.phantoms.len()), (0, 0));
    {
        let inbox = world.west_erp.inbox();
        let lost: BTreeSet<_> = numbers(51..=90).into_iter().collect();
        assert_eq!(inbox.calls.len(), 40, "only what lacked was sent");
        assert_eq!(inbox.calls.iter().cloned().collect::<BTreeSet<_>>(), lost);
        assert_eq!(inbox.rows.len(), 90);
    }
    world.west.kill();
    world.west.start().await;
    let kept = world.west.operator().reconciliation().await.unwrap();
    assert_eq!(kept, Some(report));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_erp_knows_is_listed_and_what_has_another_place_is_not_sent_again() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    world.west.orders(numbers(1..=10)).await;
    world.west.until(|status| status.lanes[0].delivered == 10).await;
    {
        let mut inbox = world.west_erp.inbox();
        let place = |at: u64| ("acme-edi".to_owned(), at);
        // Applied in a reign whose journal was lost with its region.
        inbox.rows.insert("PO-LOST".to_owned(), "ab".repeat(32));
        inbox.places.insert("PO-LOST".to_owned(), place(11));
        // The journal of that reign had it elsewhere, one beyond the end of ours.
        inbox.places.insert("PO-00003".to_owned(), place(900_000));
        inbox.places.insert("PO-00004".to_owned(), place(5_000));
        // Nobody knows where it was.
        inbox.places.remove("PO-00005");
        inbox.rows.insert("PO-00006".to_owned(), "cd".repeat(32));
        inbox.calls.clear();
    }
    world.west.lead(2, true).await;
    let report = checked(&world).await;
    let phantoms: Vec<_> = report
        .phantoms
        .iter()
        .map(|one| (one.kind, one.id.as_str()))
        .collect();
    assert_eq!(
        phantoms,
        [
            (PhantomKind::OtherBody, "PO-00006"),
            (PhantomKind::NotInJournal, "PO-LOST")
        ]
    );
    let lane = &report.lanes[0];
    assert_eq!((lane.unplaced, lane.lost_by_erp), (1, 0));
    assert!(
        world.west_erp.inbox().calls.is_empty(),
        "the ERP has all ids: {:?}",
        world.west_erp.inbox().calls
    );
    // Whoever posts it now is told what it was then.
    let (status, _) = world.west.post(order("PO-00003", 1)).await.unwrap();
    assert!(status.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_left_out_and_holds_is_told_and_jobs_run_when_nothing_lacks() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    world.west.orders(numbers(1..=3)).await;
    world.west.until(|status| status.lanes[0].delivered == 3).await;
    let job = |name: &str, class: &str| json!({ "name": name, "title": "Example", "class": class });
    {
        let mut inbox = world.west_erp.inbox();
        assert!(inbox.released.is_empty(), "nothing was held");
        inbox.rows.clear();
        inbox.places.clear();
        inbox.aftermath = Some(json!({
            "incarnation": "a", "predecessor": "b", "generation": 2, "began_at": "2026-11-21T10:00:00Z",
            "newest_at": null, "window_s": 3600, "lost_s": 0, "safety_percent": 200,
            "numbers": [{
                "kind": "invoice", "name": "Example journal", "issued": 4, "first": "INV/2026/00005",
                "last": "INV/2026/00024", "count": 20, "gapless": true, "problem": null,
            }],
            "jobs": [job("example.post", "needs-key"), job("example.mail", "never")],
        }));
    }
    let lead = |generation, old_end| LeadRequest {
        generation: Generation::new(generation),
        incarnation: INCARNATION.to_owned(),
        peer_gone: true,
        old_end: Some(old_end),
    };
    let unknown = OldEnd::Unknown {
        why: "east does not answer".to_owned(),
    };
    world.west.control.lead(&lead(2, unknown)).await.unwrap();
    let report = checked(&world).await;
    let aftermath = report.aftermath.as_ref().expect("the ERP told it");
    assert_eq!(aftermath.numbers[0].last, "INV/2026/00024");
    let held: Vec<_> = aftermath.held().map(|job| job.name.as_str()).collect();
    assert_eq!(held, ["example.mail"], "a person releases that one");
    assert_eq!((report.summary.burned, report.summary.held_jobs), (1, 1));
    let released = world.west_erp.inbox().released.clone();
    assert_eq!(released.len(), 1);
    assert_eq!(released[0]["job_class"], "needs-key");
    assert_eq!(report.lanes[0].replayed, 3, "it had lost all of them");

    let end = LogPosition {
        timeline: 1,
        position: "16/B374D849".parse().unwrap(),
    };
    world
        .west
        .control
        .lead(&lead(3, OldEnd::Known(end)))
        .await
        .unwrap();
    world
        .west
        .until(|status| {
            let report = status.reconciliation.as_ref();
            report
                .is_some_and(|report| report.first_write.is_some() && report.generation == Generation::new(3))
        })
        .await;
    let told = [
        Value::Null,
        json!({ "unknown": "east does not answer" }),
        json!({ "position": "16/B374D849" }),
    ];
    assert_eq!(world.west_erp.inbox().old_ends, told);
}

//! What the gateway promises about documents that go to partners.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use api::gateway::{
    GatewayStatus,
    lanes::{Documents, HoldRequest},
};
use serde_json::json;
use types::Span;
use world::partner::{Partner, confirmed, invoiced, world};

const X12: usize = 2;
const EDIFACT: usize = 3;

/// The partner's 997 about a document of ours; `number` is that of its interchange.
fn acknowledgement(document: &str, verdict: &str, number: u32) -> String {
    let group = document.split("GS*").nth(1).unwrap().split('~').next().unwrap();
    let group: Vec<&str> = group.split('*').collect();
    let set = document.split("ST*").nth(1).unwrap().split('~').next().unwrap();
    format!(
        "ISA*00*          *00*          *ZZ*EXAMPLEBUYER   *ZZ*EXAMPLESELLER  *261121*1100*U*00401*{number:09}*0*T*>~\
         GS*FA*EXAMPLEBUYER*EXAMPLESELLER*20261121*1100*{number}*X*004010~ST*997*0001~AK1*{}*{}~AK2*{set}~AK5*{verdict}~\
         AK9*{verdict}*1*1*{}~SE*6*0001~GE*1*{number}~IEA*1*{number:09}~",
        group[0],
        group[5],
        u32::from(verdict == "A")
    )
}

fn documents(status: &GatewayStatus, lane: usize) -> (u64, u64, u64) {
    let Documents {
        unsent,
        unacknowledged,
        overdue,
        ..
    } = status.lanes[lane].documents.unwrap();
    (unsent, unacknowledged, overdue)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_has_one_number_and_the_same_bytes_whatever_fails() {
    let partner = Partner::default();
    *partner.answers_lost.lock().unwrap() = 2;
    let mut world = world(&partner, Span::from_secs(60)).await.synchronised().await;
    {
        let mut inbox = world.west_erp.inbox();
        inbox.marks_lost = true;
        inbox.events.push(confirmed("e-1", "acme-x12", "PO-EXAMPLE-1"));
    }
    let got = partner.has(3).await;
    assert!(
        got[0].contains("ST*855*0001~BAK*00*AD*PO-EXAMPLE-1*20261120****S00042*20261121~"),
        "{}",
        got[0]
    );
    assert!(
        got[0].contains("PO1*1*12*EA*3.3**VP*TST-0001*UP*012345678905~ACK*IA*12*EA~"),
        "{}",
        got[0]
    );
    assert!(got[1] == got[0] && got[2] == got[0], "the same bytes: {got:#?}");
    world
        .west
        .until(|status| documents(status, X12) == (0, 1, 0))
        .await;
    // The event waits on in the ERP, and is looked at again and again.
    let again = world.west_erp.inbox().published.len() + 2;
    world
        .west
        .until(|_| world.west_erp.inbox().published.len() >= again)
        .await;

    // The other region's ERP knows the event too, and has never heard that it was told.
    world
        .east_erp
        .inbox()
        .events
        .push(confirmed("e-1", "acme-x12", "PO-EXAMPLE-1"));
    world
        .east_erp
        .inbox()
        .events
        .push(confirmed("e-2", "acme-x12", "PO-EXAMPLE-2"));
    world.west.kill();
    world.east.lead(2, true).await;
    let got = partner.has(4).await;
    assert!(got[3].contains("PO-EXAMPLE-2"), "{}", got[3]);
    world
        .east
        .until(|_| world.east_erp.inbox().events.is_empty())
        .await;
    let control = |text: &str| text[90..99].parse::<u32>().unwrap();
    assert!(control(&got[3]) > control(&got[0]), "{got:#?}");

    // What one region sent, the other settles.
    world
        .east
        .until(|status| documents(status, X12) == (0, 2, 0))
        .await;
    for (number, document) in [(78, &got[0]), (79, &got[3])] {
        let answer = world
            .east
            .interchange("acme-x12", acknowledgement(document, "A", number).as_bytes())
            .await;
        assert_eq!(
            (answer.0, answer.2.as_str()),
            (204, ""),
            "an acknowledgement is acknowledged by nothing"
        );
    }
    world
        .east
        .until(|status| documents(status, X12) == (0, 0, 0))
        .await;
    assert_eq!(partner.got().len(), 4, "{:#?}", partner.got());
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_raises_an_alarm_and_an_answer_ends_it() {
    let partner = Partner::default();
    let world = world(&partner, Span::from_millis(1500)).await;
    world.west.lead(1, true).await;
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-1", "acme-x12", "PO-EXAMPLE-1"));
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-2", "acme-edifact", "PO-EXAMPLE-2"));
    let got = partner.has(2).await;
    let of = |word: &str| got.iter().find(|text| text.contains(word)).unwrap().clone();
    world
        .west
        .until(|status| documents(status, X12) == (0, 1, 1))
        .await;
    world
        .west
        .until(|status| documents(status, EDIFACT) == (0, 1, 1))
        .await;

    // A rejection ends the waiting too, and is a person's business from then on.
    let answer = acknowledgement(&of("ST*855"), "R", 90);
    assert_eq!(world.west.interchange("acme-x12", answer.as_bytes()).await.0, 204);
    let status = world.west.until(|status| status.lanes[X12].rejected == 1).await;
    assert_eq!(documents(&status, X12), (0, 0, 0));

    let order = of("ORDRSP:D:96A:UN");
    assert!(
        order.contains("BGM+231+S00042+29'") && order.contains("RFF+ON:PO-EXAMPLE-2'"),
        "{order}"
    );
    let control = order
        .split("UNZ+1+")
        .nth(1)
        .unwrap()
        .trim_end_matches(['\'', '\n']);
    let answer = format!(
        "UNB+UNOC:3+EXAMPLEBUYER:14+EXAMPLESELLER:14+261121:1100+C1++++++1'UNH+1+CONTRL:D:3:UN'\
         UCI+{control}+EXAMPLESELLER:14+EXAMPLEBUYER:14+7'UNT+3+1'UNZ+1+C1'"
    );
    let (status, _, said) = world.west.interchange("acme-edifact", answer.as_bytes()).await;
    assert_eq!(status, 204, "{said}");
    world
        .west
        .until(|status| documents(status, EDIFACT) == (0, 0, 0))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lane_sends_nothing_and_a_bad_event_stops_nobody() {
    let partner = Partner::default();
    let world = world(&partner, Span::from_secs(60)).await;
    world.west.lead(1, true).await;
    let lane = "acme-x12".parse().unwrap();
    let hold = HoldRequest {
        by: "example".to_owned(),
        why: "a trial".to_owned(),
    };
    world.west.operator().pause(&lane, &hold).await.unwrap();
    {
        let mut inbox = world.west_erp.inbox();
        // Lines and taxes do not come to this total.
        inbox.events.push(invoiced("e-1", 50.0));
        inbox.events.push(invoiced("e-2", 47.12));
        inbox.events.push(
            json!({ "event_id": "e-3", "kind": "order.confirmed", "source": "acme-x12", "payload": {} }),
        );
        inbox
            .events
            .push(confirmed("e-4", "acme-edifact", "PO-EXAMPLE-2"));
    }
    // The other lane goes on.
    assert!(partner.has(1).await[0].contains("ORDRSP"));
    assert_eq!(world.west_erp.inbox().published, ["e-4"]);
    world.west.operator().resume(&lane, &hold).await.unwrap();
    let got = partner.has(2).await;
    assert!(
        got[1].contains("BIG*20261121*INV/2026/00007*20261120*PO-EXAMPLE-1~"),
        "{}",
        got[1]
    );
    assert!(got[1].contains("TDS*4712~"), "{}", got[1]);
    world.west.until(|status| status.lanes[X12].rejected == 2).await;
    assert_eq!(partner.got().len(), 2);
}

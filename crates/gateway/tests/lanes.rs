//! What operators do with lanes, and that one lane's trouble is nobody else's.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use api::gateway::{
    GatewayStatus, MessageState, code,
    lanes::{Attempt, AttemptOutcome, DeadCause, Delivery, HoldRequest, ReplayRequest, ReplayWhich, Reveal},
};
use types::IntegrationName;
use world::{World, hasty, numbers, order};

const EDI: usize = 0;
const SHOP: usize = 1;

fn lane(name: &str) -> IntegrationName {
    IntegrationName::new(name).unwrap()
}

fn hold() -> HoldRequest {
    HoldRequest {
        by: "an operator".to_owned(),
        why: "the partner moves house".to_owned(),
    }
}

/// An order of a customer, whose orders keep their order.
fn shop_order(customer: &str, number: &str) -> String {
    format!(r#"{{"number": "{number}", "customer": "{customer}"}}"#)
}

fn is_paused(status: &GatewayStatus, lane: usize) -> bool {
    matches!(&status.lanes[lane].delivery, Delivery::Paused(hold) if hold.by == "an operator")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_lane_stores_and_stays_paused_after_a_restart_and_after_a_failover() {
    let mut world = World::in_sync().await;
    let (operator, edi) = (world.west.operator(), lane("acme-edi"));
    world.west.order("PO-1").await;
    world.west.until(|status| status.lanes[EDI].delivered == 1).await;
    // A person waits two seconds for the other region, which a busy machine may exceed, and asks again.
    let mut answer = operator.pause(&edi, &hold()).await.unwrap();
    while answer.copies < 2 {
        answer = operator.pause(&edi, &hold()).await.unwrap();
    }
    assert!(
        matches!(answer.delivery, Delivery::Paused(_)),
        "both regions know it"
    );
    assert_eq!(world.west.order("PO-2").await.copies, 2, "it goes on storing");

    // West is started anew and leads again.
    world.west.kill();
    world.west.start().await;
    world.west.lead(1, false).await;
    let status = world
        .west
        .until(|status| is_paused(status, EDI) && status.lanes[EDI].delivered == 1)
        .await;
    assert_eq!(status.lanes[EDI].pending, 1);

    // West is lost, and east knows that a person paused the lane.
    world
        .west
        .until(|status| status.peer.state == api::gateway::PeerState::InSync)
        .await;
    world.west.kill();
    world.east_erp.inbox().rows = world.west_erp.inbox().rows.clone();
    world.east.lead(2, true).await;
    world.east.order("PO-3").await;
    let status = world
        .east
        .until(|status| {
            let compared = status
                .reconciliation
                .as_ref()
                .is_some_and(|report| report.first_write.is_some() && report.compared >= 2);
            compared && is_paused(status, EDI)
        })
        .await;
    assert_eq!(status.lanes[EDI].pending, 2);
    assert!(world.east_erp.inbox().calls.is_empty(), "nothing was delivered");
    let operator = world.east.operator();
    let answer = operator.resume(&edi, &hold()).await.unwrap();
    assert_eq!(answer.copies, 1, "the other region is gone");
    world
        .east
        .until(|status| status.lanes[EDI].pending == 0 && status.lanes[EDI].delivery == Delivery::Closed)
        .await;
    assert_eq!(world.east_erp.inbox().effects.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_lane_delays_no_other() {
    let world = World::start_with(hasty).await;
    world
        .west_erp
        .inbox()
        .hanging_sources
        .insert("web-shop".to_owned());
    world.west.lead(1, true).await;
    for number in 0..50 {
        let body = shop_order(&format!("C-{number}"), &format!("WS-{number}"));
        assert_eq!(world.west.post_to("web-shop", body).await.unwrap().0, 202);
    }
    world.west.orders(numbers(1..=300)).await;
    let status = world
        .west
        .until(|status| status.lanes[EDI].delivered == 300)
        .await;
    assert_eq!(
        (status.lanes[SHOP].pending, status.lanes[SHOP].delivered),
        (50, 0),
        "it hangs all the while"
    );
    // And the hanging one tells why, and who stopped it.
    let status = world
        .west
        .until(|status| {
            matches!(
                status.lanes[SHOP].delivery,
                Delivery::Open { .. } | Delivery::Probation { .. }
            )
        })
        .await;
    assert_eq!(
        (status.lanes[SHOP].pending, status.lanes[SHOP].delivered),
        (50, 0)
    );
    world.west_erp.inbox().hanging_sources.clear();
    world
        .west
        .until(|status| status.lanes[SHOP].delivered == 50)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_key_stops_its_own_orders_and_no_others_and_each_keeps_its_order() {
    let world = World::start_with(hasty).await;
    world.west_erp.inbox().hangs.insert("A-1".to_owned());
    world.west.lead(1, true).await;
    for round in 1..=10 {
        for customer in ["A", "B", "C"] {
            let body = shop_order(customer, &format!("{customer}-{round}"));
            assert_eq!(world.west.post_to("web-shop", body).await.unwrap().0, 202);
        }
    }
    world
        .west
        .until(|status| status.lanes[SHOP].delivered == 20)
        .await;
    let of = |effects: &[String], customer: &str| -> Vec<String> {
        effects
            .iter()
            .filter(|id| id.starts_with(customer))
            .cloned()
            .collect()
    };
    let rounds =
        |customer: &str| -> Vec<String> { (1..=10).map(|round| format!("{customer}-{round}")).collect() };
    let effects = world.west_erp.inbox().effects.clone();
    assert_eq!(of(&effects, "A"), Vec::<String>::new());
    assert_eq!((of(&effects, "B"), of(&effects, "C")), (rounds("B"), rounds("C")));
    world.west_erp.inbox().hangs.clear();
    world
        .west
        .until(|status| status.lanes[SHOP].delivered == 30)
        .await;
    assert_eq!(of(&world.west_erp.inbox().effects, "A"), rounds("A"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_listed_traced_kept_through_a_restart_and_delivered_again() {
    let mut world = World::start().await;
    world.west_erp.inbox().refused.insert("PO-1".to_owned());
    world.west.lead(1, true).await;
    for number in ["PO-1", "PO-2"] {
        world.west.order(number).await;
    }
    let dead = |status: &GatewayStatus| status.lanes[EDI].rejected == 1;
    world.west.until(dead).await;
    let (operator, edi) = (world.west.operator(), lane("acme-edi"));
    let letters = operator.dead_letters(None).await.unwrap();
    assert_eq!((letters.all, letters.letters.len()), (1, 1));
    let letter = &letters.letters[0];
    assert_eq!(
        (letter.message_id.as_str(), letter.cause, letter.why.as_str()),
        ("PO-1", DeadCause::Refused, "no such product")
    );
    assert!(letter.attempts > 1, "it was tried while the ERP came up");
    let trace = operator.trace(&edi, "PO-1", Reveal::Shape).await.unwrap();
    assert_eq!((trace.state, trace.in_erp), (MessageState::Rejected, Some(false)));
    assert_eq!(trace.attempts.last().unwrap().outcome, AttemptOutcome::Refused);
    assert_eq!(trace.body["lines"][0]["quantity"], "(number)");
    let refused = operator.trace(&edi, "PO-1", Reveal::Body).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().code, code::NOT_SHOWN, "by default");

    // Written a moment later; without it the message would be tried once more, and be dead again.
    let register = world.west.settings.directory.join("lanes.json");
    let written = || std::fs::read_to_string(&register).is_ok_and(|text| text.contains("no such product"));
    world.west.until(|_| written()).await;
    world.west.kill();
    world.west.start().await;
    let refused = operator.dead_letters(None).await.unwrap_err();
    assert_eq!(
        refused.problem().unwrap().code,
        code::NO_LEADER,
        "it was not told to lead yet"
    );
    world.west.lead(1, true).await;
    world.west.until(dead).await;
    assert_eq!(
        operator.dead_letters(Some(&edi)).await.unwrap().letters,
        letters.letters
    );

    world.west_erp.inbox().refused.clear();
    let which = ReplayWhich::Messages(vec![
        (edi.clone(), "PO-1".to_owned()),
        (edi.clone(), "PO-2".to_owned()),
    ]);
    let by = "an operator".to_owned();
    let answer = operator.replay(&ReplayRequest { by, which }).await.unwrap();
    assert_eq!(answer.replayed, ["acme-edi/PO-1"]);
    assert_eq!(answer.left.len(), 1, "PO-2 was applied: {:?}", answer.left);
    world
        .west
        .until(|status| status.lanes[EDI].delivered == 2 && status.lanes[EDI].rejected == 0)
        .await;
    assert_eq!(operator.dead_letters(None).await.unwrap().all, 0);
    let trace = operator.trace(&edi, "PO-1", Reveal::Shape).await.unwrap();
    assert_eq!((trace.state, trace.in_erp), (MessageState::Applied, Some(true)));
    // The comparison that follows a start may find that it lacks, and deliver it beside the person: the ERP knows it then.
    let applied = |one: &&Attempt| one.outcome == AttemptOutcome::Applied;
    assert_eq!(trace.attempts.iter().filter(applied).count(), 1, "{trace:?}");
    let effects = world.west_erp.inbox().effects.clone();
    assert_eq!(effects.iter().filter(|id| *id == "PO-1").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_person_at_the_command_line_steers_lanes() {
    let world = World::in_sync().await;
    let edi = lane("acme-edi");
    let refused = world.west.control.pause(&edi, &hold()).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().status, 403, "the controller does not");
    let operator = world.west.operator();
    let code_of = |error: api::client::Error| error.problem().unwrap().code.clone();
    let unknown = operator.pause(&lane("nobody"), &hold()).await.unwrap_err();
    assert_eq!(code_of(unknown), code::UNKNOWN_LANE);
    let nameless = HoldRequest {
        why: " ".to_owned(),
        ..hold()
    };
    let silent = operator.pause(&edi, &nameless).await.unwrap_err();
    assert_eq!(silent.problem().unwrap().status, 400, "a pause has a reason");
    let follower = world.east.operator().pause(&edi, &hold()).await.unwrap_err();
    assert_eq!(code_of(follower), code::NO_LEADER);
    let missing = operator.trace(&edi, "PO/9 ?", Reveal::Shape).await.unwrap_err();
    assert_eq!(code_of(missing), code::UNKNOWN_MESSAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_the_names_that_are_documented() {
    let world = World::in_sync().await;
    for _ in 0..2 {
        world.west.order("PO-1").await;
    }
    world.west.post(order("PO-1", 9)).await.unwrap();
    world.west.until(|status| status.lanes[EDI].delivered == 1).await;
    let text = world.west.operator().0.get_bytes("/metrics").await.unwrap();
    let text = String::from_utf8(text).unwrap();
    for line in [
        "plimsoll_gateway_messages_accepted_total{lane=\"acme-edi\"} 1",
        "plimsoll_gateway_messages_delivered_total{lane=\"acme-edi\"} 1",
        "plimsoll_gateway_messages_duplicate_total{lane=\"acme-edi\"} 1",
        "plimsoll_gateway_messages_conflict_total{lane=\"acme-edi\"} 1",
        "plimsoll_gateway_attempts_total{lane=\"acme-edi\",result=\"applied\"} 1",
        "plimsoll_gateway_acknowledge_duration_seconds_count 3",
        "plimsoll_gateway_journal_sync_duration_seconds_count 2",
        "plimsoll_gateway_quarantined{lane=\"acme-edi\"} 1",
        "plimsoll_gateway_breaker_open{lane=\"web-shop\"} 0",
        "plimsoll_gateway_journal_copies{tenant=\"example\"} 2",
        "plimsoll_gateway_journal_poisoned 0",
    ] {
        assert!(text.lines().any(|one| one == line), "`{line}` is not in\n{text}");
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/monitoring.md");
    let page = std::fs::read_to_string(page).unwrap();
    let section = page
        .split("### Gateway")
        .nth(1)
        .unwrap()
        .split("\n### ")
        .next()
        .unwrap();
    let mut documented: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `plimsoll_"))
        .filter(|line| !line.contains("not exported yet"))
        .filter_map(|line| line.split(['{', '`']).next())
        .map(|name| name.trim_end_matches("_bucket").trim_end_matches("_total"))
        .collect();
    let mut exported: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE plimsoll_")?.split(' ').next())
        .collect();
    documented.sort_unstable();
    exported.sort_unstable();
    assert_eq!(documented, exported);
}

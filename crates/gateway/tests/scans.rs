//! What the agent of a site is promised, and what its scans become.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use api::gateway::{
    PeerState,
    lanes::HoldRequest,
    personal::SearchRequest,
    scans::{EventStatus, Gap, SiteStatus, Taken},
};
use reqwest::Method;
use serde_json::{Value, json};
use types::{
    IntegrationName, Span,
    settings::{GatewaySettings, IdempotencySource, IntegrationSettings, RetentionSettings, ScannerSettings},
};
use world::{Node, PATIENCE, TOKEN, World, numbers};

const LANE: &str = "north-scans";
const AGENT: &str = "agent-1";
/// Longer than any test.
const LONG: Span = Span::from_hours(1);

fn scanning(settings: &mut GatewaySettings, wait_for_gap: Span) {
    let like = settings.integrations[0].clone();
    settings.integrations.push(IntegrationSettings {
        name: IntegrationName::new(LANE).unwrap(),
        idempotency: IdempotencySource::Sequence,
        scanner: Some(ScannerSettings {
            site: "north".parse().unwrap(),
            wait_for_gap,
            warehouse: Some("NORTH".to_owned()),
            mappings: Vec::new(),
        }),
        ..like
    });
}

async fn in_sync(wait_for_gap: Span) -> World {
    let world = World::start_with(|settings| scanning(settings, wait_for_gap)).await;
    world.synchronised().await
}

/// A receipt of three pieces.
fn event(number: u64, document: &str) -> Value {
    json!({
        "site": "north", "incarnation": AGENT, "sequence": number, "device": "MC-12",
        "at": "2026-11-21T10:00:00Z", "kind": "receive",
        "payload": { "document": document, "lines": [{ "gtin": "4000001234561", "quantity": 3 }] },
    })
}

fn with(mut event: Value, change: Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

async fn send(node: &Node, body: String) -> (u16, Value) {
    let request = node.request(Method::POST, &format!("/in/{LANE}/events"));
    let response = request.bearer_auth(TOKEN).body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn post(node: &Node, events: &[Value]) -> Taken {
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    let (status, answer) = send(node, lines).await;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_value(answer).unwrap()
}

async fn ask(node: &Node, incarnation: &str) -> Taken {
    let request = node.request(Method::GET, &format!("/in/{LANE}/events/{incarnation}"));
    let response = request.bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn site(node: &Node) -> SiteStatus {
    let mut sites = node.operator().sites().await.unwrap();
    assert_eq!(sites.len(), 1);
    sites.remove(0)
}

fn statuses(taken: &Taken) -> Vec<EventStatus> {
    taken.events.iter().map(|one| one.status).collect()
}

/// Numbers of the scans that the ERP took, in the order in which it did.
fn applied(world: &World) -> Vec<u64> {
    let inbox = world.west_erp.inbox();
    let of = |id: &String| id.strip_prefix("north/agent-1/")?.parse().ok();
    inbox.effects.iter().filter_map(of).collect()
}

async fn until_applied(world: &World, count: usize) -> Vec<u64> {
    let lane = |status: &api::gateway::GatewayStatus| {
        let mut lanes = status.lanes.iter();
        lanes
            .find(|lane| lane.integration.as_str() == LANE)
            .unwrap()
            .delivered
    };
    world.west.until(|status| lane(status) == count as u64).await;
    applied(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_what_it_may_forget_and_what_lacks() {
    let world = in_sync(LONG).await;
    let taken = post(
        &world.west,
        &[event(1, "PO-1"), event(2, "PO-2"), event(4, "PO-4")],
    )
    .await;
    assert_eq!(statuses(&taken), [EventStatus::Accepted; 3]);
    assert_eq!((taken.stored, taken.durable, taken.highest), (2, 2, 4));
    assert_eq!(taken.lacking, [Gap { from: 3, to: 3 }]);

    // The answer was lost: sent again, with what lacked and another scan under a number that was used.
    let again = [event(1, "PO-1"), event(3, "PO-3"), event(4, "PO-9")];
    let taken = post(&world.west, &again).await;
    let expected = [
        EventStatus::Duplicate,
        EventStatus::Accepted,
        EventStatus::Conflict,
    ];
    assert_eq!(statuses(&taken), expected);
    assert_eq!(taken.events[2].code.as_deref(), Some("PL0604"));
    assert_eq!((taken.stored, taken.durable, taken.lacking.len()), (4, 4, 0));
    assert_eq!(ask(&world.west, AGENT).await.durable, 4);
    assert_eq!(until_applied(&world, 4).await.len(), 4);

    let told = site(&world.west).await;
    assert_eq!((told.stored, told.durable, told.lacking, told.held), (4, 4, 0, 0));
    assert_eq!((told.incarnations, told.incarnation.as_deref()), (1, Some(AGENT)));
    let last = told.last.unwrap();
    assert_eq!((last.sequence, last.device.as_str()), (3, "MC-12"));
    let inbox = world.west_erp.inbox();
    assert_eq!(inbox.kinds["north/agent-1/4"], "receipt.confirm");
    let expected = json!({ "purchase_order": "PO-4", "lines": [{ "sku": "4000001234561", "quantity": 3 }] });
    assert_eq!(inbox.payloads["north/agent-1/4"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_of_a_document_reach_the_erp_in_their_order_however_they_came() {
    let world = in_sync(LONG).await;
    for number in [5, 3, 4, 2] {
        post(&world.west, &[event(number, "PO-1")]).await;
    }
    // What says that it comes after nothing that lacks is not held back.
    post(&world.west, &[with(event(6, "PO-6"), json!({ "after": [] }))]).await;
    assert_eq!(until_applied(&world, 1).await, [6]);
    assert_eq!(site(&world.west).await.held, 4);
    post(&world.west, &[event(1, "PO-1")]).await;
    assert_eq!(until_applied(&world, 6).await, [6, 1, 2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_long_enough_goes_without_what_lacks_and_that_is_delivered_late() {
    let world = in_sync(Span::from_millis(300)).await;
    post(
        &world.west,
        &[event(1, "PO-1"), event(3, "PO-1"), event(4, "PO-4")],
    )
    .await;
    let applied = until_applied(&world, 3).await;
    assert_eq!(applied[0], 1);
    let told = site(&world.west).await;
    assert_eq!((told.passed, told.lacking, told.stored), (1, 1, 1));
    assert_eq!(told.gaps, [Gap { from: 2, to: 2 }]);
    post(&world.west, &[event(2, "PO-1")]).await;
    assert_eq!(until_applied(&world, 4).await[3], 2);
    let told = site(&world.west).await;
    assert_eq!((told.passed, told.lacking, told.stored), (0, 0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_forgets_nothing_that_was_counted() {
    let mut world = in_sync(LONG).await;
    let first: Vec<Value> = (1..=1500)
        .map(|number| event(number, &format!("PO-{number}")))
        .collect();
    assert_eq!(post(&world.west, &first).await.durable, 1500);
    post(&world.west, &[event(1502, "PO-1")]).await;
    world.west.kill();
    world.west.start().await;
    world.west.lead(1, false).await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    let told = ask(&world.west, AGENT).await;
    assert_eq!((told.stored, told.durable, told.highest), (1500, 1500, 1502));
    assert_eq!(told.lacking, [Gap { from: 1501, to: 1501 }]);
    assert_eq!(site(&world.west).await.last.unwrap().sequence, 1502);
    let taken = post(&world.west, &[event(1501, "PO-1"), event(1502, "PO-1")]).await;
    assert_eq!(statuses(&taken), [EventStatus::Accepted, EventStatus::Duplicate]);
    assert_eq!(taken.durable, 1502);
    let applied = until_applied(&world, 1502).await;
    let place = |number| applied.iter().position(|one| *one == number);
    assert!(
        place(1) < place(1501) && place(1501) < place(1502),
        "the order of PO-1 holds"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_that_came_backwards_is_delivered_in_its_order_by_whoever_leads_next() {
    let mut world = in_sync(LONG).await;
    let (lane, hold) = (
        IntegrationName::new(LANE).unwrap(),
        HoldRequest {
            by: "an operator".to_owned(),
            why: "the ERP is being moved".to_owned(),
        },
    );
    world.west.operator().pause(&lane, &hold).await.unwrap();
    let backwards: Vec<Value> = (1..=200).rev().map(|number| event(number, "PO-1")).collect();
    assert_eq!(post(&world.west, &backwards).await.stored, 200);
    world.west.kill();
    world.west.start().await;
    world.west.lead(1, false).await;
    let compared = |status: &api::gateway::GatewayStatus| {
        let report = status.reconciliation.as_ref();
        report.is_some_and(|report| report.lacking == 200)
    };
    world.west.until(compared).await;
    world.west.operator().resume(&lane, &hold).await.unwrap();
    let expected: Vec<u64> = (1..=200).collect();
    assert_eq!(until_applied(&world, 200).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_one_region_has_yet_lets_nothing_go_that_comes_after_it() {
    let world = World::start_with(|settings| {
        scanning(settings, LONG);
        // The other region is waited for as long as this test takes.
        settings.peer.as_mut().unwrap().degrade_after = LONG;
    })
    .await
    .synchronised()
    .await;
    post(&world.west, &[event(1, "PO-1"), event(3, "PO-1")]).await;
    assert_eq!(until_applied(&world, 1).await, [1]);
    world.east.signal("STOP");
    let second = world.west.request(Method::POST, &format!("/in/{LANE}/events"));
    let second = tokio::spawn(
        second
            .bearer_auth(TOKEN)
            .body(event(2, "PO-1").to_string())
            .send(),
    );
    world
        .west
        .until(|status| status.journal.synced > status.peer.synced)
        .await;
    let told = ask(&world.west, AGENT).await;
    assert_eq!((told.stored, told.lacking), (1, vec![Gap { from: 2, to: 2 }]));
    world.east.signal("CONT");
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
    assert_eq!(until_applied(&world, 3).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_scans_are_durable_is_written_down_before_their_keys_are_forgotten() {
    let world = World::start_with(|settings| {
        scanning(settings, LONG);
        settings.journal.retention = Some(RetentionSettings {
            messages: Span::from_millis(1),
            lanes: std::collections::BTreeMap::new(),
            keys: Span::from_millis(1),
            every: Span::from_millis(40),
        });
    })
    .await
    .synchronised()
    .await;
    post(&world.west, &[event(1, "PO-1"), event(2, "PO-2")]).await;
    for number in numbers(1..=90) {
        let large = json!({ "number": number, "note": "x".repeat(15_000) });
        assert_eq!(world.west.post(large.to_string()).await.unwrap().0, 202);
    }
    let record = SearchRequest {
        integration: IntegrationName::new(LANE).unwrap(),
        messages: vec!["counted/1/1".to_owned()],
        text: None,
        after: 0,
    };
    let began = std::time::Instant::now();
    let found = loop {
        let mut found = world
            .west
            .operator()
            .search_personal(&record)
            .await
            .unwrap()
            .found;
        match found.pop() {
            Some(found) => break found,
            None => assert!(began.elapsed() < PATIENCE, "it is not written"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(found.body, json!({ "durable": 2, "passed": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_region_counts_the_same_and_an_agent_that_begins_anew_is_told() {
    let mut world = in_sync(LONG).await;
    post(
        &world.west,
        &[event(1, "PO-1"), event(2, "PO-2"), event(4, "PO-4")],
    )
    .await;
    world.west.kill();
    world.east.lead(2, true).await;
    let told = ask(&world.east, AGENT).await;
    // One region alone has it now: nothing may be forgotten that was not told before.
    assert_eq!((told.stored, told.durable, told.highest), (2, 0, 4));
    assert_eq!(told.lacking, [Gap { from: 3, to: 3 }]);
    let taken = post(&world.east, &[event(2, "PO-2"), event(3, "PO-3")]).await;
    assert_eq!(statuses(&taken), [EventStatus::Duplicate, EventStatus::Accepted]);
    assert_eq!((taken.stored, taken.durable), (4, 0));

    // The agent's machine was replaced.
    let anew = with(event(1, "PO-5"), json!({ "incarnation": "agent-2" }));
    let taken = post(&world.east, std::slice::from_ref(&anew)).await;
    assert_eq!((taken.incarnation.as_str(), taken.stored), ("agent-2", 1));
    let told = site(&world.east).await;
    assert_eq!(
        (told.incarnations, told.incarnation.as_deref()),
        (2, Some("agent-2"))
    );
    // What the old one still had is taken too.
    assert_eq!(post(&world.east, &[event(5, "PO-5")]).await.stored, 5);
    world
        .east
        .until(|status| {
            status
                .lanes
                .iter()
                .any(|lane| lane.integration.as_str() == LANE && lane.delivered == 6)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_speaks_for_itself_and_nothing_hostile_is_stored() {
    let world = in_sync(LONG).await;
    let other = with(event(2, "PO-2"), json!({ "site": "south" }));
    let (status, problem) = send(&world.west, format!("{}\n{other}\n", event(1, "PO-1"))).await;
    assert_eq!((status, problem["code"].as_str()), (403, Some("PL0626")));
    let (status, problem) = send(&world.west, "\n".to_owned()).await;
    assert_eq!(status, 400, "{problem}");
    assert_eq!(send(&world.west, "{}\n".repeat(4097)).await.0, 413);
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    assert_eq!(send(&world.west, deep.clone()).await.0, 400);
    let unknown = world.west.request(Method::POST, &format!("/in/{LANE}/events"));
    assert_eq!(
        unknown
            .bearer_auth("another")
            .body("{}")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let elsewhere = world.west.request(Method::POST, "/in/acme-edi/events");
    let response = elsewhere.bearer_auth(TOKEN).body("{}").send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "PL0629");
    let (status, _) = world
        .west
        .post_to(LANE, event(1, "PO-1").to_string())
        .await
        .unwrap();
    assert_eq!(status, 400, "scans have an entrance of their own");
    assert_eq!(
        site(&world.west).await.incarnations,
        0,
        "nothing of all that was stored"
    );

    // Beside what is wrong, what is right is taken; a number that has no scan any more closes its gap.
    let far = with(event(1 << 40, "PO-1"), json!({}));
    let large = with(event(3, "PO-1"), json!({ "device": "x".repeat(17 << 10) }));
    let void = with(
        event(2, "PO-1"),
        json!({ "kind": "void", "payload": { "why": "unreadable on disk" } }),
    );
    let lines = [
        event(1, "PO-1").to_string(),
        far.to_string(),
        deep,
        large.to_string(),
        void.to_string(),
    ];
    let (status, answer) = send(&world.west, lines.join("\n")).await;
    assert_eq!(status, 200, "{answer}");
    let taken: Taken = serde_json::from_value(answer).unwrap();
    let expected = [
        EventStatus::Accepted,
        EventStatus::NotStored,
        EventStatus::Refused,
        EventStatus::Refused,
        EventStatus::Accepted,
    ];
    assert_eq!(statuses(&taken), expected);
    assert_eq!(taken.events[1].code.as_deref(), Some("PL0627"));
    assert_eq!((taken.stored, taken.highest), (2, 2));
}

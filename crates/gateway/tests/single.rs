//! What one gateway promises partners and the ERP.

mod world;

use api::gateway::{GatewayRole, MessageState, lanes::MessageTrace};
use reqwest::Method;
use world::{TOKEN, World, order};

#[tokio::test(flavor = "multi_thread")]
async fn partners_are_told_what_is_wrong() {
    let world = World::start().await;
    let health = async || world.west.request(Method::GET, "/healthz").send().await.unwrap();
    let waiting = health().await;
    assert_eq!(
        (
            waiting.status().as_u16(),
            waiting.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "1")
    );
    let (status, _) = world.west.post(order("PO-1", 1)).await.unwrap();
    assert_eq!(status, 503, "it was not told to lead");
    world.west.lead(1, true).await;
    assert_eq!(health().await.status(), 200);

    let send = async |path: &str, token: Option<&str>, body: String| {
        let mut request = world.west.request(Method::POST, path).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let good = || order("PO-1", 1);
    assert_eq!(send("/in/nobody", Some(TOKEN), good()).await, 404);
    assert_eq!(send("/in/acme-edi", None, good()).await, 401);
    assert_eq!(send("/in/acme-edi", Some("wrong"), good()).await, 401);
    assert_eq!(send("/in/acme-edi", Some(TOKEN), "x".repeat(17 << 10)).await, 413);
    assert_eq!(
        send("/in/acme-edi", Some(TOKEN), "not json".to_owned()).await,
        400
    );
    assert_eq!(send("/in/acme-edi", Some(TOKEN), "{}".to_owned()).await, 400);
    assert_eq!(send("/in/acme-edi", Some(TOKEN), good()).await, 202);
    assert_eq!(send("/in/acme-edi", Some(TOKEN), good()).await, 200);
    assert_eq!(world.west.ids().await, ["PO-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_tried_again_with_the_same_id() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    world.west_erp.inbox().down = true;
    world.west.order("PO-1").await;
    world
        .west
        .until(|status| {
            status.lanes[0]
                .detail
                .as_ref()
                .is_some_and(|why| why.contains("404"))
        })
        .await;
    {
        let mut inbox = world.west_erp.inbox();
        inbox.down = false;
        inbox.answers_lost = 1;
    }
    world.west.until(|status| status.lanes[0].delivered == 1).await;
    let inbox = world.west_erp.inbox();
    assert_eq!(inbox.effects, ["PO-1"]);
    assert_eq!(inbox.calls, ["PO-1", "PO-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_error_becomes_a_dead_letter_but_not_right_after_a_failover() {
    let world = World::start().await;
    world.west_erp.inbox().refused.insert("PO-1".to_owned());
    let began = std::time::Instant::now();
    world.west.lead(1, true).await;
    world.west.order("PO-1").await;
    world.west.order("PO-2").await;
    let status = world.west.until(|status| status.lanes[0].delivered == 1).await;
    assert!(status.lanes[0].rejected == 0 || began.elapsed().as_secs() >= 10);
    let status = world.west.until(|status| status.lanes[0].rejected == 1).await;
    assert!(began.elapsed().as_secs() >= 10);
    assert_eq!(status.lanes[0].pending, 0);
    let trace: MessageTrace = world
        .west
        .control
        .0
        .get("/v1/messages/acme-edi/PO-1")
        .await
        .unwrap();
    assert_eq!(trace.state, MessageState::Rejected);
    assert_eq!(trace.answer.as_deref(), Some("no such product"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_gateway_stops_delivering_until_it_is_told_anew() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    world.west.order("PO-1").await;
    world.west.until(|status| status.lanes[0].delivered == 1).await;
    world.west_erp.inbox().fence.0 = 7;
    world.west.order("PO-2").await;
    let fenced = |status: &api::gateway::GatewayStatus| {
        status.lanes[0]
            .detail
            .as_ref()
            .is_some_and(|why| why.contains("generation 7"))
    };
    world.west.until(fenced).await;
    world.west.lead(8, true).await;
    world.west.until(|status| status.lanes[0].delivered == 2).await;
    assert_eq!(world.west_erp.inbox().effects, ["PO-1", "PO-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_knows_everything_it_acknowledged_and_waits_to_be_told() {
    let mut world = World::start().await;
    world.west.lead(1, true).await;
    world.west.orders(world::numbers(1..=200)).await;
    world.west.kill();
    world.west.start().await;
    let status = world.west.until(|_| true).await;
    assert_eq!((status.role, status.generation.get()), (GatewayRole::Waiting, 1));
    assert_eq!(world.west.ids().await.len(), 200);
    world.west.lead(1, true).await;
    assert_eq!(
        world.west.order("PO-00007").await.status,
        api::gateway::AcceptedStatus::Duplicate
    );
    world.west.until(|status| status.lanes[0].delivered == 200).await;
    assert_eq!(world.west_erp.inbox().effects.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_ends_cleanly() {
    let mut world = World::start().await;
    world.west.lead(1, true).await;
    world.west.order("PO-1").await;
    world.west.control.stop().await.unwrap();
    assert!(world.west.ended().await.success());
}

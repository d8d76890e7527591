//! What the gateway promises partners that speak EDI.

mod world;

use world::{World, region};

const ORDER: &str = include_str!("../../edi/tests/samples/850-4010.edi");
const ORDERS: &str = include_str!("../../edi/tests/samples/orders-d96a.edi");

fn spoilt(sample: &str, from: &str, to: &str) -> String {
    assert!(sample.contains(from), "the sample has no {from:?}");
    sample.replacen(from, to, 1)
}

async fn settled(world: &World, lane: usize, delivered: u64, rejected: u64) {
    world
        .west
        .until(|status| (status.lanes[lane].delivered, status.lanes[lane].rejected) == (delivered, rejected))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_850_becomes_orders_and_is_answered_the_same_way_ever_after() {
    let mut world = World::in_sync().await;
    let (status, arrival, answer) = world.west.interchange("acme-x12", ORDER.as_bytes()).await;
    assert_eq!((status, arrival.as_str()), (200, "new"), "{answer}");
    assert!(
        answer.contains("TA1*000000077*") && answer.contains("AK9*A*2*2*2"),
        "{answer}"
    );
    settled(&world, 2, 2, 0).await;
    {
        let inbox = world.west_erp.inbox();
        let first = inbox.payloads.values().next().unwrap();
        assert_eq!(first["client_order_ref"], "PO-EXAMPLE-1");
        assert_eq!(
            (&first["partner"], &first["confirm"]),
            (&"ACME".into(), &true.into())
        );
        assert_eq!(first["lines"][0]["sku"], "TST-0001");
    }
    let again = world.west.interchange("acme-x12", ORDER.as_bytes()).await;
    assert_eq!(again, (200, "duplicate".to_owned(), answer.clone()));

    // The other region has everything that was answered: it answers the same bytes, and never the same numbers.
    world.west.kill();
    world.east.lead(2, true).await;
    let there = world.east.interchange("acme-x12", ORDER.as_bytes()).await;
    assert_eq!(there, (200, "duplicate".to_owned(), answer.clone()));
    let other = spoilt(ORDER, "PO-EXAMPLE-1", "PO-EXAMPLE-9");
    let (_, arrival, later) = world.east.interchange("acme-x12", other.as_bytes()).await;
    assert_eq!(
        arrival, "new",
        "the number was used for other content: that is another interchange"
    );
    let control = |answer: &str| answer[90..99].parse::<u32>().unwrap();
    assert!(control(&later) > control(&answer) + 1000, "{later}");
    world
        .east
        .until(|status| status.region == region("east") && status.lanes[2].delivered == 4)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_partly_bad_interchange_the_good_part_is_used() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    let bad_count = spoilt(ORDER, "SE*5*0002", "SE*6*0002");
    let (status, _, answer) = world.west.interchange("acme-x12", bad_count.as_bytes()).await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("AK5*R*4") && answer.contains("AK9*P*2*2*1"),
        "{answer}"
    );
    // Sound as EDI, and nothing that we could order: a positive acknowledgement, and a dead letter.
    let bad_unit = spoilt(
        &spoilt(ORDER, "*1.5*EA*", "*1.5*ZZ*"),
        "000000077*1*T",
        "000000078*1*T",
    );
    let bad_unit = spoilt(&bad_unit, "IEA*1*000000077", "IEA*1*000000078");
    let (_, _, answer) = world.west.interchange("acme-x12", bad_unit.as_bytes()).await;
    assert!(answer.contains("AK9*A*2*2*2"), "{answer}");
    settled(&world, 2, 2, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_answered_by_contrl() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    let (status, _, answer) = world.west.interchange("acme-edifact", ORDERS.as_bytes()).await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("UCI+IC77+") && answer.contains("UCM+1+ORDERS:D:96A:UN+7"),
        "{answer}"
    );
    // The second message orders kilograms, which nobody agreed on.
    settled(&world, 3, 1, 1).await;
    let again = world.west.interchange("acme-edifact", ORDERS.as_bytes()).await;
    assert_eq!(again, (200, "duplicate".to_owned(), answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_the_right_answer_and_costs_little() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    let post = async |integration: &str, bytes: &[u8]| world.west.interchange(integration, bytes).await;
    let large = [ORDER.as_bytes(), &vec![b' '; 17 << 10]].concat();
    let foreign = spoilt(ORDER, "EXAMPLEBUYER   ", "EXAMPLESTRANGER");
    let two = format!("{ORDER}{ORDER}");
    for (integration, bytes, status, code) in [
        ("acme-x12", &b"hello"[..], 400, "PL0701"),
        ("acme-x12", b"", 400, "PL0701"),
        ("acme-x12", &[0xff; 300], 400, "PL0701"),
        ("acme-x12", ORDERS.as_bytes(), 400, "PL0701"),
        ("acme-edifact", ORDER.as_bytes(), 400, "PL0701"),
        ("acme-x12", &large, 413, "PL0603"),
        ("acme-x12", foreign.as_bytes(), 422, "PL0705"),
        ("acme-x12", two.as_bytes(), 400, "PL0705"),
    ] {
        let (found, _, answer) = post(integration, bytes).await;
        assert_eq!(found, status, "{answer}");
        assert!(answer.contains(code), "{answer}");
    }
    let cut = ORDER.split("SE*13").next().unwrap();
    let (status, _, answer) = post("acme-x12", cut.as_bytes()).await;
    assert!(status == 200 && answer.contains("*R*023~"), "{answer}");
    let characters = spoilt(ORDERS, "UNB+UNOC:3", "UNB+UNOZ:3");
    let (status, _, answer) = post("acme-edifact", characters.as_bytes()).await;
    assert!(status == 200 && answer.contains("+4+2+UNB"), "{answer}");
    let none = world.west_erp.inbox().effects.clone();
    assert_eq!(none, Vec::<String>::new());
}

//! What an operator does on a bad day: pauses a lane, sees that messages are stored, resumes it, finds a poisoned
//! message among the dead letters, has its cause put right, delivers it again, and traces what became of it.

use std::time::Duration;

use plimsoll_tests::{TestEstate, wait_for};
use serde_json::{Value, json};
use types::RegionName;

const LANE: &str = "acme-edi";

/// What the site's agent posts to.
const SCANS: &str = "
    - name: north-scans
      tenant: distributor
      protocol: scanner
      kind: stock.scan
      idempotency: sequence
      scanner: { site: warehouse-north, waitForGap: 1h, warehouse: NORTH }
";

fn order(reference: &str, sku: &str) -> Value {
    json!({ "partner": "ACME", "client_order_ref": reference, "lines": [{ "sku": sku, "quantity": 1 }] })
}

fn post(estate: &TestEstate, key: &str, body: &Value) -> Value {
    let reply = estate.post(
        LANE,
        &[&format!("Idempotency-Key: {key}")],
        body.to_string().as_bytes(),
    );
    assert!((200..300).contains(&reply.status), "{key}: {reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}

fn ask(estate: &TestEstate, arguments: &[&str]) -> Value {
    let mut all = vec!["gateway"];
    all.extend(arguments);
    all.extend(["--output", "json"]);
    let answer = estate.plimsoll(&all);
    assert_eq!(answer.code, 0, "{all:?}: {}", answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}

fn lane(estate: &TestEstate) -> Value {
    ask(estate, &["show", LANE])["status"].clone()
}

#[test]
fn a_paused_lane_stores_and_a_poisoned_message_is_found_and_delivered_again() {
    // All of a partner's orders keep their order.
    let (passage, ordered) = (
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n",
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n      ordering: /partner\n",
    );
    let sites = "\n  sites:\n    - name: warehouse-north\n";
    let scanned = format!("{SCANS}{sites}");
    let estate = TestEstate::up_with_all("lanes", &[(passage, ordered), (sites, &scanned)]);
    let active = estate.active();
    let limit = Duration::from_secs(180);
    let orders = || {
        estate.sql(
            &active,
            "SELECT string_agg(client_order_ref, ' ' ORDER BY id) FROM sale_order WHERE client_order_ref LIKE 'LANE-%'",
        )
    };
    post(&estate, "LANE-1", &order("LANE-1", "PLS-0001"));
    wait_for("the first order", limit, || (orders() == "LANE-1").then_some(()));

    estate.wait_until_protected();
    let paused = wait_for("both regions to know of the pause", limit, || {
        let paused = ask(&estate, &["pause", LANE, "--reason", "a trial"]);
        (paused["copies"] == 2).then_some(paused)
    });
    assert_eq!(paused["delivery"]["state"], "paused");
    for number in 2..=6 {
        let key = format!("LANE-{number}");
        post(&estate, &key, &order(&key, "PLS-0001"));
        // At once, but where the other region is too busy to answer within a second.
        wait_for("a paused lane to store in both regions", limit, || {
            (ask(&estate, &["trace", &key])["copies"] == 2).then_some(())
        });
        if number == 3 {
            post(&estate, "LANE-POISON", &order("LANE-POISON", "NOT-YET"));
        }
    }
    let status = lane(&estate);
    assert_eq!((&status["pending"], &status["delivered"]), (&json!(6), &json!(1)));
    assert_eq!(status["delivery"]["why"], "a trial");
    assert_eq!(orders(), "LANE-1");

    ask(&estate, &["resume", LANE]);
    wait_for("the stored orders", limit, || {
        (lane(&estate)["delivered"] == 6).then_some(())
    });
    assert_eq!(
        orders(),
        "LANE-1 LANE-2 LANE-3 LANE-4 LANE-5 LANE-6",
        "in their order, and the poisoned one stops nobody"
    );

    let letters = wait_for("the poisoned message to be given up", limit, || {
        let letters = ask(&estate, &["dead-letters", LANE]);
        (letters["all"] == 1).then_some(letters)
    });
    let letter = &letters["letters"][0];
    assert_eq!(
        (&letter["message_id"], &letter["cause"]),
        (&json!("LANE-POISON"), &json!("refused"))
    );
    assert!(letter["why"].as_str().unwrap().contains("NOT-YET"), "{letter}");
    let trace = ask(&estate, &["trace", "LANE-POISON"]);
    assert_eq!(
        (&trace["state"], &trace["in_erp"], &trace["copies"]),
        (&json!("rejected"), &json!(false), &json!(2))
    );
    assert_eq!(
        trace["body"]["lines"][0]["sku"], "(text of 7)",
        "redacted: {trace}"
    );

    // The product gets the number that the partner uses.
    estate.sql(
        &active,
        "UPDATE product_product SET default_code = 'NOT-YET' WHERE default_code = 'PLS-0009'",
    );
    let answer = ask(&estate, &["replay", "LANE-POISON"]);
    assert_eq!(answer["replayed"], json!(["acme-edi/LANE-POISON"]));
    wait_for("the message to be applied", limit, || {
        (lane(&estate)["delivered"] == 7).then_some(())
    });
    let trace = ask(&estate, &["trace", "acme-edi/LANE-POISON"]);
    assert_eq!(
        (&trace["state"], &trace["in_erp"]),
        (&json!("applied"), &json!(true))
    );
    let last = trace["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(last["outcome"], "applied");
    assert!(
        last["said"].as_str().unwrap().contains("LANE-POISON"),
        "the order's reference: {last}"
    );
    let again = estate.plimsoll(&["gateway", "replay", "LANE-POISON"]);
    assert_eq!(
        again.code, 1,
        "there is nothing to deliver again\n{}",
        again.stderr
    );
    count_stock(&estate, &active);
}

/// A site's scans reach the ERP in the order of their numbers: the count that came first, and is the later one, holds.
fn count_stock(estate: &TestEstate, active: &RegionName) {
    let limit = Duration::from_secs(180);
    estate.sql(
        active,
        "UPDATE product_product SET barcode = '4000001234561' WHERE default_code = 'PLS-0001'",
    );
    let count = |number: u64, pieces: u32| {
        let event = json!({
            "site": "warehouse-north", "incarnation": "e2e", "sequence": number, "device": "MC-12",
            "at": "2026-11-21T10:00:00Z", "kind": "count",
            "payload": { "document": "COUNT-E2E", "lines": [{ "gtin": "04000001234561", "quantity": pieces }] },
        });
        let reply = estate
            .door("north-scans")
            .below("events")
            .post(&[], event.to_string().as_bytes());
        assert_eq!(reply.status, 200, "{reply:?}");
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        answer
    };
    let answer = count(2, 40);
    assert_eq!(
        (&answer["stored"], &answer["lacking"]),
        (&json!(0), &json!([{ "from": 1, "to": 1 }]))
    );
    // The agent of a site asks until both regions have it, too.
    let answer = wait_for("the scans to be durable", limit, || {
        let answer = count(1, 41);
        (answer["durable"] == 2).then_some(answer)
    });
    assert_eq!(answer["lacking"], json!([]));
    wait_for("the scans to be applied", limit, || {
        let lane = ask(estate, &["show", "north-scans"])["status"].clone();
        (lane["delivered"] == 2).then_some(())
    });
    let there = estate.sql(
        active,
        "SELECT sum(q.quantity)::int FROM stock_quant q JOIN product_product p ON p.id = q.product_id
         JOIN stock_warehouse w ON w.lot_stock_id = q.location_id
         WHERE p.default_code = 'PLS-0001' AND w.code = 'NORTH'",
    );
    assert_eq!(there, "40");
    let sites = ask(estate, &["sites"]);
    assert_eq!(
        (&sites[0]["site"], &sites[0]["durable"]),
        (&json!("warehouse-north"), &json!(2))
    );
}

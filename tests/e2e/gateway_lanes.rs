//! What an operator does on a bad day: pauses a lane, sees that messages are stored, resumes it, finds a poisoned
//! message among the dead letters, has its cause put right, delivers it again, and traces what became of it.

use std::time::Duration;

use plimsoll_tests::{TestEstate, wait_for};
use serde_json::{Value, json};

const LANE: &str = "acme-edi";

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
    let estate = TestEstate::up_with("lanes", passage, ordered);
    let active = estate.active();
    let limit = Duration::from_secs(60);
    let orders = || {
        estate.sql(
            &active,
            "SELECT string_agg(client_order_ref, ' ' ORDER BY id) FROM sale_order WHERE client_order_ref LIKE 'LANE-%'",
        )
    };
    post(&estate, "LANE-1", &order("LANE-1", "PLS-0001"));
    wait_for("the first order", limit, || (orders() == "LANE-1").then_some(()));

    let paused = ask(&estate, &["pause", LANE, "--reason", "a trial"]);
    assert_eq!(
        (paused["delivery"]["state"].as_str(), paused["copies"].as_u64()),
        (Some("paused"), Some(2))
    );
    for number in 2..=6 {
        let key = format!("LANE-{number}");
        let accepted = post(&estate, &key, &order(&key, "PLS-0001"));
        assert_eq!(
            accepted["copies"], 2,
            "a paused lane stores in both regions: {accepted}"
        );
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
}

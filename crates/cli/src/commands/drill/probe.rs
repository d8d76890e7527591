//! Real business transactions, one kind per capability: accepted, and read back through the public address.

use std::time::Duration;

use serde_json::{Value, json};
use types::{Timestamp, settings::Probe};

use super::{
    load::{Watch, now},
    public::{Outcome, Public},
};

/// Pause between two tries of a probe; small against the times that are measured.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// Source of the probes' messages in the ERP's inbox.
const SOURCE: &str = "plimsoll-drill";

/// Waits until a transaction of this kind, begun after `since`, is accepted and read back; returns when.
///
/// Runs until it succeeds; the caller limits it.
pub async fn accepted(probe: Probe, public: &Public, load: &Watch, since: Timestamp, id: &str) -> Timestamp {
    match probe {
        Probe::OrderCapture => order_capture(public, load, since).await,
        Probe::Receiving => receipt(public, &format!("{id}-buy")).await,
        Probe::Picking => pick_list(public, &format!("{id}-pick")).await,
        Probe::ShipmentConfirmation => shipment(public, &format!("{id}-ship")).await,
        Probe::Invoicing => invoice(public, &format!("{id}-bill")).await,
        Probe::WebLogin => {
            while !matches!(public.login_page().await, Outcome::Answered(())) {
                pause().await;
            }
            now()
        }
    }
}

/// The first order that a partner began to post after the fault, acknowledged by the gateway and read from the ERP.
async fn order_capture(public: &Public, load: &Watch, since: Timestamp) -> Timestamp {
    loop {
        let acknowledged = load
            .orders()
            .into_iter()
            .filter(|order| order.posted >= since && order.acknowledged.is_some());
        let references: Vec<String> = acknowledged.map(|order| order.reference).take(50).collect();
        if !references.is_empty()
            && let Outcome::Answered(counts) = public.count_orders(&references).await
            && counts.values().any(|count| *count > 0)
        {
            return now();
        }
        pause().await;
    }
}

/// A purchase ordered and confirmed, its receipt validated, and the receipt read back as done.
async fn receipt(public: &Public, id: &str) -> Timestamp {
    let lines = json!([{"sku": "PLS-0003", "quantity": 1}]);
    let order = json!({"reference": id, "partner": "INITECH", "lines": lines});
    let made = apply(public, id, "purchase.create", &order).await;
    let number = &made["purchase"]["name"];
    let about = json!({"purchase_order": number, "partner": "INITECH"});
    apply(public, &format!("{id}-confirmed"), "purchase.confirm", &about).await;
    let came = json!({"purchase_order": number, "partner": "INITECH", "lines": lines});
    let done = apply(public, &format!("{id}-received"), "receipt.confirm", &came).await;
    read_back(public, "stock.picking", &done["receipts"], "done").await
}

/// An order created and confirmed, and its pick list read back with the goods reserved.
async fn pick_list(public: &Public, id: &str) -> Timestamp {
    let made = apply(public, id, "order.create", &confirmed_order(id)).await;
    read_back(public, "stock.picking", &made["deliveries"], "assigned").await
}

/// An order created and confirmed, its delivery validated, and the delivery read back as done.
async fn shipment(public: &Public, id: &str) -> Timestamp {
    apply(public, id, "order.create", &confirmed_order(id)).await;
    let done = apply(
        public,
        &format!("{id}-shipped"),
        "shipment.confirm",
        &json!({"client_order_ref": id}),
    )
    .await;
    read_back(public, "stock.picking", &done["shipments"], "done").await
}

/// An order created, confirmed and shipped, its invoice posted, and the invoice read back as posted.
async fn invoice(public: &Public, id: &str) -> Timestamp {
    apply(public, id, "order.create", &confirmed_order(id)).await;
    apply(
        public,
        &format!("{id}-shipped"),
        "shipment.confirm",
        &json!({"client_order_ref": id}),
    )
    .await;
    let posted = apply(
        public,
        &format!("{id}-posted"),
        "invoice.post",
        &json!({"client_order_ref": id}),
    )
    .await;
    read_back(public, "account.move", &posted["invoices"], "posted").await
}

/// An order created and confirmed, in one try.
pub async fn confirm_order(public: &Public, id: &str) -> Option<Value> {
    try_apply(public, id, "order.create", &confirmed_order(id)).await
}

fn confirmed_order(id: &str) -> Value {
    json!({"client_order_ref": id, "partner": "GLOBEX", "confirm": true, "lines": [{"sku": "PLS-0003", "quantity": 1}]})
}

/// Applies one message exactly once, however often it must be sent; returns its result.
async fn apply(public: &Public, message_id: &str, kind: &str, payload: &Value) -> Value {
    loop {
        if let Some(result) = try_apply(public, message_id, kind, payload).await {
            return result;
        }
        pause().await;
    }
}

pub async fn try_apply(public: &Public, message_id: &str, kind: &str, payload: &Value) -> Option<Value> {
    // The fence of the moment: a drill is no partner, it speaks for whoever leads now.
    let Outcome::Answered(fence) = public.call("plimsoll.fence", "read_fence", &json!({})).await else {
        return None;
    };
    let message = json!({
        "source": SOURCE, "message_id": message_id, "body_hash": "0", "kind": kind, "payload": payload,
        "generation": fence["generation"],
    });
    let Outcome::Answered(mut answer) = public.call("plimsoll.inbox", "process_message", &message).await
    else {
        return None;
    };
    let applied = matches!(answer["status"].as_str(), Some("done" | "duplicate"));
    applied.then(|| answer["result"].take())
}

/// Waits until the first of these documents is read in the given state.
async fn read_back(public: &Public, model: &str, documents: &Value, state: &str) -> Timestamp {
    let arguments = json!({"domain": [["id", "=", documents[0]["id"]], ["state", "=", state]]});
    loop {
        let count = public.call(model, "search_count", &arguments).await;
        if matches!(count, Outcome::Answered(count) if count.as_u64() == Some(1)) {
            return now();
        }
        pause().await;
    }
}

async fn pause() {
    tokio::time::sleep(TRY_EVERY).await;
}

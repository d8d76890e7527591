//! A partner that documents are sent to, and events that make them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};
use types::{
    PartnerName, Span,
    settings::{EdiDocument, GatewaySettings},
};

use super::{PATIENCE, World};

/// A partner that takes documents.
#[derive(Clone, Default)]
pub struct Partner {
    pub got: Arc<Mutex<Vec<String>>>,
    /// So many are taken, and answered as if they were not.
    pub answers_lost: Arc<Mutex<u32>>,
}

impl Partner {
    pub async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/edi", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    pub async fn has(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        while self.got().len() < count {
            assert!(began.elapsed() < PATIENCE, "only {:#?}", self.got());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.got()
    }
}

async fn take(State(partner): State<Partner>, body: Bytes) -> StatusCode {
    partner
        .got
        .lock()
        .unwrap()
        .push(String::from_utf8(body.to_vec()).unwrap());
    let mut lost = partner.answers_lost.lock().unwrap();
    if *lost > 0 {
        *lost -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}

/// Two gateways that send their documents to a partner.
pub async fn world(partner: &Partner, answer_within: Span) -> World {
    let address = partner.start().await;
    World::start_with(|settings: &mut GatewaySettings| {
        for edi in settings
            .integrations
            .iter_mut()
            .filter_map(|one| one.edi.as_mut())
        {
            edi.to = Some(format!("http://{address}/edi"));
            edi.send = vec![
                EdiDocument::OrderResponse,
                EdiDocument::ShipNotice,
                EdiDocument::Invoice,
            ];
            edi.answer_within = answer_within;
        }
        for one in &mut settings.integrations {
            one.lane.partner = Some(PartnerName::new("acme").unwrap());
        }
    })
    .await
}

/// An event of the ERP.
pub fn confirmed(id: &str, source: &str, reference: &str) -> Value {
    json!({
        "event_id": id, "kind": "order.confirmed", "source": source, "generation": 1,
        "payload": {
            "order": "S00042", "client_order_ref": reference, "partner": "ACME",
            "ordered_on": "2026-11-20", "confirmed_on": "2026-11-21", "deliver_on": null, "currency": "EUR",
            "warehouse": "WH", "ship_to": { "name": "Example Buyer", "ref": "ACME", "street": ["1 Example Street"],
                "city": "Exampletown", "region": null, "zip": "12345", "country": "DE" },
            "lines": [{ "line": "1", "sku": "TST-0001", "gtin": "012345678905", "name": "Example", "quantity": 12.0, "price": 3.3 }],
        },
    })
}

/// Another one.
pub fn invoiced(id: &str, total: f64) -> Value {
    json!({
        "event_id": id, "kind": "invoice.posted", "source": "acme-x12", "generation": 1,
        "payload": {
            "invoice": "INV/2026/00007", "type": "out_invoice", "orders": ["S00042"], "client_order_refs": ["PO-EXAMPLE-1"],
            "ordered_on": ["2026-11-20"], "partner": "ACME", "date": "2026-11-21", "due_on": "2026-12-21",
            "amount_untaxed": 39.6, "amount_tax": 7.52, "amount_total": total, "currency": "EUR",
            "lines": [{ "line": "1", "sku": "TST-0001", "gtin": null, "name": "Example", "quantity": 12.0, "price": 3.3, "amount": 39.6 }],
            "taxes": [{ "rate": 19.0, "amount": 7.52 }],
        },
    })
}

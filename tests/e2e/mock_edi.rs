//! A partner of its own make buys from us, from the order to the invoice, in X12 and in EDIFACT: PostgreSQL, Odoo and
//! the gateway on our side, mock-edi on the other, and what both believe afterwards.

use std::time::Duration;

use plimsoll_tests::{Carried, Counterparty, TestEstate, wait_for};
use serde_json::{Value, json};
use types::RegionName;

/// For one step of a cycle; the machine may be slow, and a partner that fails is asked again later.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is ordered: products of the example data at the prices that it gives them.
const LINES: [(&str, u32, &str); 2] = [("PLS-0001", 12, "6.50"), ("PLS-0003", 3, "9.50")];

/// One standard, between us and one partner of the example data.
struct Dialect {
    /// Of the estate file.
    protocol: &'static str,
    /// The partner in the ERP.
    erp_partner: &'static str,
    /// How the counterparty knows us: code list, and address.
    us: (&'static str, &'static str),
    /// What the counterparty must know of us besides.
    known: fn() -> Value,
    /// Order, acknowledgement, response, ship notice, invoice.
    codes: [&'static str; 5],
}

const X12: Dialect = Dialect {
    protocol: "x12",
    erp_partner: "ACME",
    us: ("ZZ", "EXAMPLEDIST"),
    known: || json!({ "dialect": "X12" }),
    codes: ["850", "997", "855", "856", "810"],
};
const EDIFACT: Dialect = Dialect {
    protocol: "edifact",
    erp_partner: "GLOBEX",
    us: ("14", "EXAMPLEDISTEU"),
    known: || json!({ "dialect": "EDIFACT", "version": "D:96A:UN" }),
    codes: ["ORDERS", "CONTRL", "ORDRSP", "DESADV", "INVOIC"],
};

/// An estate with a lane for each dialect to each counterparty, and one from the warehouse and one from accounting.
struct World {
    estate: TestEstate,
    active: RegionName,
}

/// One purchase of a counterparty.
struct Trade<'a> {
    world: &'a World,
    mock: &'a Counterparty,
    dialect: &'a Dialect,
    /// The lane that it comes through.
    lane: String,
    /// The buyer's number of it.
    number: String,
}

fn lane_name(dialect: &Dialect, which: &str) -> String {
    format!("{which}-{}", dialect.protocol)
}

impl World {
    fn up(test: &str, counterparties: &[(&str, &Counterparty)]) -> Self {
        let mut integrations = String::from("  integrations:\n");
        for (which, mock) in counterparties {
            for dialect in [&X12, &EDIFACT] {
                integrations.push_str(&edi_lane(&lane_name(dialect, which), dialect, mock));
                let mut known = (dialect.known)();
                known["id"] = dialect.us.1.into();
                known["qualifier"] = dialect.us.0.into();
                known["role"] = "supplier".into();
                mock.know_supplier(&known);
            }
        }
        for (name, kind) in [("warehouse", "shipment.confirm"), ("accounting", "invoice.post")] {
            integrations.push_str(&format!(
                "    - {{ name: {name}, tenant: distributor, kind: {kind}, idempotency: {{ header: Idempotency-Key }} }}\n"
            ));
        }
        let estate = TestEstate::up_with(test, "  integrations:\n", &integrations);
        let active = estate.active();
        Self { estate, active }
    }

    fn sql(&self, query: &str) -> String {
        self.estate.sql(&self.active, query)
    }

    fn status(&self, lane: &str) -> Value {
        let shown = self
            .estate
            .plimsoll(&["gateway", "show", lane, "--output", "json"]);
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        serde_json::from_str::<Value>(&shown.stdout).unwrap()["status"].clone()
    }
}

fn edi_lane(name: &str, dialect: &Dialect, mock: &Counterparty) -> String {
    let Dialect {
        protocol,
        erp_partner,
        us,
        ..
    } = dialect;
    let (list, address, to) = (us.0, us.1, mock.address());
    format!(
        r#"    - name: {name}
      tenant: distributor
      protocol: {protocol}
      kind: order.create
      idempotency: {{ header: Idempotency-Key }}
      retry: {{ first: 1s, longest: 2s }}
      edi:
        us: "{list}:{address}"
        them: "ZZ:MOCKEDI"
        erpPartner: {erp_partner}
        confirm: true
        send: [order-response, ship-notice, invoice]
        to: "{to}"
"#
    )
}

impl<'a> Trade<'a> {
    /// The counterparty places an order with us.
    fn place(
        world: &'a World,
        mock: &'a Counterparty,
        which: &str,
        dialect: &'a Dialect,
        number: &str,
    ) -> Self {
        let lines = LINES.map(
            |(sku, quantity, price)| json!({ "sku": sku, "quantity": quantity.to_string(), "price": price }),
        );
        let currency =
            world.sql("SELECT c.name FROM res_company o JOIN res_currency c ON c.id = o.currency_id LIMIT 1");
        mock.tell(
            "purchase",
            &json!({ "partner": dialect.us.1, "po_number": number, "currency": currency, "lines": lines }),
        );
        Self {
            world,
            mock,
            dialect,
            lane: lane_name(dialect, which),
            number: number.to_owned(),
        }
    }

    fn carry(&self) -> Vec<Carried> {
        self.mock.carry(self.dialect.us.1, &self.world.estate, &self.lane)
    }

    /// The counterparty's record of the order.
    fn seen(&self) -> Value {
        self.mock
            .look(&format!("orders/{}?partner={}", self.number, self.dialect.us.1))
    }

    /// Whether the counterparty believes of each line that all of it was `confirmed`, `shipped` or `billed`.
    fn all(&self, what: &str) -> bool {
        let seen = self.seen();
        let lines = seen["reconciliation"].as_array().unwrap();
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        lines.len() == LINES.len()
            && lines
                .iter()
                .all(|line| (number(&line[what]) - number(&line["ordered"])).abs() < f64::EPSILON)
    }

    /// Carries documents until the counterparty believes it.
    fn until(&self, what: &str) {
        wait_for(
            &format!("{} to be {what} at mock-edi", self.number),
            PATIENCE,
            || {
                self.carry();
                self.all(what).then_some(())
            },
        );
    }

    /// What happens to an order in the house, told by the systems that do it.
    fn ours(&self, lane: &str) {
        let body = json!({ "client_order_ref": self.number, "partner": self.dialect.erp_partner });
        let key = format!("Idempotency-Key: {}", self.number);
        self.world
            .estate
            .deliver(lane, &[&key], body.to_string().as_bytes());
    }

    /// Everything after the order has come in.
    fn finish(&self) {
        self.until("confirmed");
        self.ours("warehouse");
        self.until("shipped");
        self.ours("accounting");
        self.until("billed");
        wait_for(&format!("{} to be acknowledged", self.lane), PATIENCE, || {
            self.carry();
            let documents = &self.world.status(&self.lane)["documents"];
            (documents["unsent"] == 0 && documents["unacknowledged"] == 0).then_some(())
        });
    }

    /// What the ERP has of it, as one line.
    fn in_erp(&self) -> String {
        let reference = &self.number;
        self.world.sql(&format!(
            "SELECT count(*) || ' orders, ' || string_agg(o.state, ' ') || '; ' ||
               (SELECT count(*) || ' shipped' FROM stock_picking p JOIN sale_order s ON s.id = p.sale_id
                 WHERE s.client_order_ref = '{reference}' AND p.state = 'done') || '; ' ||
               (SELECT count(DISTINCT m.id) || ' invoiced' FROM account_move m
                 JOIN account_move_line l ON l.move_id = m.id
                 JOIN sale_order_line_invoice_rel r ON r.invoice_line_id = l.id
                 JOIN sale_order_line sl ON sl.id = r.order_line_id JOIN sale_order s ON s.id = sl.order_id
                 WHERE s.client_order_ref = '{reference}' AND m.state = 'posted')
             FROM sale_order o WHERE o.client_order_ref = '{reference}'"
        ))
    }

    /// Both sides agree, and nothing is there twice.
    fn check(&self) {
        assert_eq!(
            self.in_erp(),
            "1 orders, sale; 1 shipped; 1 invoiced",
            "{}",
            self.number
        );
        let seen = self.seen();
        assert_eq!(seen["disagreements"], json!([]), "{seen:#}");
        let timeline = self.mock.look(&format!(
            "orders/{}/timeline?partner={}",
            self.number, self.dialect.us.1
        ));
        let events = timeline["events"].as_array().unwrap();
        let received = events.iter().filter(|event| event["event"] == "received");
        let received: Vec<_> = received
            .map(|event| (event["code"].as_str().unwrap(), event["accepted"] == true))
            .filter(|(code, _)| *code != self.dialect.codes[1])
            .collect();
        let [.., response, notice, invoice] = self.dialect.codes;
        assert_eq!(
            received,
            [(response, true), (notice, true), (invoice, true)],
            "{timeline:#}"
        );
    }
}

#[test]
fn a_partner_buys_in_x12_and_in_edifact_from_order_to_invoice() {
    let mock = Counterparty::start(&[]);
    let world = World::up("trade", &[("calm", &mock)]);
    for dialect in [&X12, &EDIFACT] {
        let [order, acknowledgement, ..] = dialect.codes;
        let trade = Trade::place(&world, &mock, "calm", dialect, &format!("CALM-{order}"));
        let carried = trade.carry();
        let [placed] = &carried[..] else {
            panic!("{carried:?}")
        };
        assert_eq!(
            (placed.code.as_str(), placed.reply.arrival.as_str()),
            (order, "new")
        );
        assert_eq!(placed.reply.status, 200);
        let answer = String::from_utf8_lossy(&placed.reply.body).into_owned();
        assert!(answer.contains(acknowledgement), "{answer}");
        trade.finish();
        trade.check();
        assert_eq!(world.status(&trade.lane)["rejected"], 0);
    }
}

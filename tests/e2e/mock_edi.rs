//! A partner of its own make buys from us, from the order to the invoice, in X12 and in EDIFACT: PostgreSQL, Odoo and
//! the gateway on our side, mock-edi on the other, and what both believe afterwards.

use std::{collections::BTreeMap, time::Duration};

use plimsoll_tests::{Carried, Counterparty, LossyRoad, TestEstate, wait_for};
use serde_json::{Value, json};
use types::RegionName;

/// For one step of a cycle; the machine may be slow, and a partner that fails is asked again later.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is ordered: products of the example data at the prices that it gives them.
const LINES: [(&str, u32, &str); 2] = [("PLS-0001", 12, "6.50"), ("PLS-0003", 3, "9.50")];

/// Lanes of systems of ours, and what they tell the ERP.
const OURS: [(&str, &str); 3] = [
    ("sales", "order.confirm"),
    ("warehouse", "shipment.confirm"),
    ("accounting", "invoice.post"),
];

/// So many orders of each dialect where the partner is unruly.
const ORDERS: usize = 2;

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

/// An estate with a lane for each dialect, and lanes for what happens in the house.
struct World {
    mock: Counterparty,
    estate: TestEstate,
    active: RegionName,
}

/// One purchase of the counterparty.
struct Trade<'a> {
    world: &'a World,
    dialect: &'a Dialect,
    /// The buyer's number of it.
    number: String,
}

impl World {
    /// What the counterparty is sent goes to `host:port`; orders are confirmed at once, or wait to be.
    fn up(test: &str, mock: Counterparty, to: &str, confirm: bool) -> Self {
        let mut integrations = String::from("  integrations:\n");
        for dialect in [&X12, &EDIFACT] {
            integrations.push_str(&dialect.lane(to, confirm));
            let mut known = (dialect.known)();
            known["id"] = dialect.us.1.into();
            known["qualifier"] = dialect.us.0.into();
            known["role"] = "supplier".into();
            mock.know_supplier(&known);
        }
        for (name, kind) in OURS {
            integrations.push_str(&format!(
                "    - {{ name: {name}, tenant: distributor, kind: {kind}, idempotency: {{ header: Idempotency-Key }} }}\n"
            ));
        }
        let estate = TestEstate::up_with(test, "  integrations:\n", &integrations);
        let active = estate.active();
        Self { mock, estate, active }
    }

    fn sql(&self, query: &str) -> String {
        self.estate.sql(&self.active, query)
    }

    fn ask(&self, command: &str, dialect: &Dialect) -> Value {
        let shown = self
            .estate
            .plimsoll(&["gateway", command, dialect.protocol, "--output", "json"]);
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// Brings what lies in the mailbox, and the answers back.
    fn carry(&self, dialect: &Dialect) -> Vec<Carried> {
        self.mock.carry(dialect.us.1, &self.estate, dialect.protocol)
    }

    /// How many messages of a lane are not delivered any more, and why.
    fn dead(&self, dialect: &Dialect) -> Vec<String> {
        let letters = self.ask("dead-letters", dialect);
        let letters = letters["letters"].as_array().unwrap();
        letters
            .iter()
            .map(|letter| letter["why"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Changes how the counterparty behaves towards us.
    fn behave(&self, dialect: &Dialect, behaviour: &str) {
        let path = format!("partners/{}", dialect.us.1);
        self.mock.change(&path, &json!({ "behaviour": behaviour }));
    }

    /// Waits until everything has left, and carries until all of it is acknowledged; what was carried.
    fn settle(&self, dialect: &Dialect) -> Vec<String> {
        let documents = || self.ask("show", dialect)["status"]["documents"].clone();
        let name = dialect.protocol;
        wait_for(&format!("{name} to have sent all"), PATIENCE, || {
            (documents()["unsent"] == 0).then_some(())
        });
        let mut carried = Vec::new();
        wait_for(&format!("{name} to be acknowledged"), PATIENCE, || {
            carried.extend(self.carry(dialect).into_iter().map(|one| one.code));
            (documents()["unacknowledged"] == 0).then_some(())
        });
        carried
    }
}

impl Dialect {
    /// Its lane, named like itself.
    fn lane(&self, to: &str, confirm: bool) -> String {
        let Self {
            protocol,
            erp_partner,
            us: (list, address),
            ..
        } = self;
        format!(
            r#"    - name: {protocol}
      tenant: distributor
      protocol: {protocol}
      kind: order.create
      idempotency: {{ header: Idempotency-Key }}
      retry: {{ first: 1s, longest: 2s }}
      edi:
        us: "{list}:{address}"
        them: "ZZ:MOCKEDI"
        erpPartner: {erp_partner}
        confirm: {confirm}
        send: [order-response, ship-notice, invoice]
        to: "http://{to}/edi"
"#
        )
    }
}

impl<'a> Trade<'a> {
    /// The counterparty places an order with us.
    fn place(world: &'a World, dialect: &'a Dialect, number: &str) -> Self {
        let lines = LINES.map(
            |(sku, quantity, price)| json!({ "sku": sku, "quantity": quantity.to_string(), "price": price }),
        );
        let currency =
            world.sql("SELECT c.name FROM res_company o JOIN res_currency c ON c.id = o.currency_id LIMIT 1");
        world.mock.tell(
            "purchase",
            &json!({ "partner": dialect.us.1, "po_number": number, "currency": currency, "lines": lines }),
        );
        Self {
            world,
            dialect,
            number: number.to_owned(),
        }
    }

    /// The counterparty's record of the order.
    fn seen(&self) -> Value {
        self.world
            .mock
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

    /// Waits until the counterparty believes it.
    fn until(&self, what: &str) {
        let waited = format!("{} to be {what} at mock-edi", self.number);
        wait_for(&waited, PATIENCE, || self.all(what).then_some(()));
    }

    /// What happens to an order in the house, told by the systems that do it.
    fn ours(&self, lane: &str) {
        let body = json!({ "client_order_ref": self.number, "partner": self.dialect.erp_partner });
        let key = format!("Idempotency-Key: {}", self.number);
        self.world
            .estate
            .deliver(lane, &[&key], body.to_string().as_bytes());
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
        let timeline = self.world.mock.look(&format!(
            "orders/{}/timeline?partner={}",
            self.number, self.dialect.us.1
        ));
        let events = timeline["events"].as_array().unwrap();
        // Copies are refused, and shown.
        let taken = events
            .iter()
            .filter(|event| event["event"] == "received" && event["accepted"] == true);
        let taken: Vec<_> = taken
            .map(|event| event["code"].as_str().unwrap())
            .filter(|code| *code != self.dialect.codes[1])
            .collect();
        assert_eq!(taken, self.dialect.codes[2..], "{timeline:#}");
    }
}

/// Everything after the orders have been confirmed in the house.
fn finish(trades: &[Trade<'_>]) {
    for (lane, seen) in [
        (None, "confirmed"),
        (Some("warehouse"), "shipped"),
        (Some("accounting"), "billed"),
    ] {
        for trade in trades {
            lane.iter().for_each(|lane| trade.ours(lane));
        }
        trades.iter().for_each(|trade| trade.until(seen));
    }
}

#[test]
fn a_partner_buys_in_x12_and_in_edifact_from_order_to_invoice() {
    let mock = Counterparty::start(&[]);
    let to = mock.listens().to_owned();
    let world = World::up("trade", mock, &to, true);
    for dialect in [&X12, &EDIFACT] {
        let [order, acknowledgement, ..] = dialect.codes;
        let trades = [Trade::place(&world, dialect, &format!("CALM-{order}"))];
        let (placed, verdict) = carry_one(&world, dialect);
        assert_eq!((placed.code.as_str(), verdict.as_str()), (order, "accepted"));
        let answer = String::from_utf8_lossy(&placed.reply.body).into_owned();
        assert!(answer.contains(acknowledgement), "{answer}");
        finish(&trades);
        assert_eq!(world.settle(dialect), [acknowledgement; 3]);
        trades[0].check();
        assert_eq!(world.dead(dialect), [""; 0]);
        check_faults(&world, dialect);
    }
}

/// A document that a partner spoils, and one of ours that a partner does not use, are told to people.
fn check_faults(world: &World, dialect: &Dialect) {
    world.behave(dialect, "corrupt");
    let spoilt = Trade::place(world, dialect, &format!("SPOILT-{}", dialect.protocol));
    let (_, verdict) = carry_one(world, dialect);
    assert_eq!(verdict, "rejected");
    world.behave(dialect, "reject-ack");
    let unused = Trade::place(world, dialect, &format!("UNUSED-{}", dialect.protocol));
    let (_, verdict) = carry_one(world, dialect);
    assert_eq!(verdict, "accepted");
    let waited = format!("{} to be answered", unused.number);
    wait_for(&waited, PATIENCE, || {
        world.carry(dialect);
        (world.dead(dialect).len() == 2).then_some(())
    });
    let mut dead = world.dead(dialect);
    dead.sort_unstable_by_key(|why| why.contains("PL0715"));
    assert!(
        dead[0].contains("PL07") && !dead[0].contains("PL0715"),
        "{dead:?}"
    );
    assert!(
        dead[1].contains(dialect.codes[2]) && dead[1].contains(&unused.number),
        "{dead:?}"
    );
    assert_eq!((spoilt.in_erp(), spoilt.all("confirmed")), (String::new(), false));
    assert_eq!(unused.in_erp(), "1 orders, sale; 0 shipped; 0 invoiced");
    assert!(!unused.all("confirmed"));
}

/// The one document that lies in the mailbox, and what the partner makes of its acknowledgement.
fn carry_one(world: &World, dialect: &Dialect) -> (Carried, String) {
    let carried = world.carry(dialect);
    let [one] = &carried[..] else {
        panic!("{carried:?}")
    };
    assert_eq!((one.reply.status, one.reply.arrival.as_str()), (200, "new"));
    let verdict = one.heard["acknowledged"][0]["status"].as_str();
    (one.clone(), verdict.expect("an acknowledgement").to_owned())
}

#[test]
fn nothing_is_lost_or_doubled_when_a_partner_fails_repeats_itself_and_takes_its_time() {
    let mock = Counterparty::start(&["--latency-ms", "150", "--error-rate", "0.3", "--seed", "7"]);
    let road = LossyRoad::to(mock.listens());
    let world = World::up("unruly", mock, &road.begins(), false);
    let dialects = [&X12, &EDIFACT];
    let mut trades = Vec::new();
    for dialect in dialects {
        // Every order is sent under two control numbers.
        world.behave(dialect, "duplicate-order");
        let number = |index| format!("ROUGH-{index}-{}", dialect.protocol);
        trades.extend((0..ORDERS).map(|index| Trade::place(&world, dialect, &number(index))));
    }
    world.mock.tell("advance?all", &json!({}));
    for dialect in dialects {
        come_in(&world, dialect);
    }
    trades.iter().for_each(|trade| trade.ours("sales"));
    finish(&trades);
    for dialect in dialects {
        check_acknowledged(&world, dialect);
        let dead = world.dead(dialect);
        assert_eq!(dead.len(), ORDERS, "{dead:?}");
        assert!(
            dead.iter().all(|why| why.contains("is already order")),
            "{dead:?}"
        );
    }
    trades.iter().for_each(Trade::check);
    assert_eq!(
        road.lost(),
        3 * trades.len(),
        "the first answer to every document"
    );
}

/// Every order comes in twice, and each of these again word for word.
fn come_in(world: &World, dialect: &Dialect) {
    let first = world.carry(dialect);
    assert_eq!(first.len(), 2 * ORDERS);
    let mut answers = BTreeMap::new();
    for one in &first {
        assert_eq!(
            (one.reply.status, one.reply.arrival.as_str()),
            (200, "new"),
            "{one:?}"
        );
        answers.insert(one.id, one);
    }
    for id in answers.keys() {
        world.mock.tell(&format!("outbox/{id}/resend"), &json!({}));
    }
    let again = world.carry(dialect);
    assert_eq!(again.len(), first.len());
    for one in &again {
        let before = answers[&one.id];
        assert_eq!(one.interchange, before.interchange);
        assert_eq!(
            (one.reply.arrival.as_str(), &one.reply.body),
            ("duplicate", &before.reply.body)
        );
    }
    let waited = format!("{} to be applied or refused", dialect.protocol);
    wait_for(&waited, PATIENCE, || {
        let status = &world.ask("show", dialect)["status"];
        let ended = status["delivered"].as_u64()? + status["rejected"].as_u64()?;
        (ended >= first.len() as u64).then_some(())
    });
}

/// One acknowledgement of each document, and a refusal of each copy that went out because an answer was lost. X12 refuses
/// the acknowledgements of orders that came twice besides; to a CONTRL nobody answers.
fn check_acknowledged(world: &World, dialect: &Dialect) {
    let [_, acknowledgement, ..] = dialect.codes;
    let carried = world.settle(dialect);
    let found = |code: &str| carried.iter().filter(|one| *one == code).count();
    let (documents, copies) = (3 * ORDERS, 3 * ORDERS);
    // A machine that is slow enough makes more copies of its own.
    if acknowledgement == "997" {
        assert_eq!(found("997"), documents, "{carried:?}");
        assert!(found("TA1") >= copies + 2 * ORDERS, "{carried:?}");
    } else {
        assert!(found("CONTRL") >= documents + copies, "{carried:?}");
    }
}

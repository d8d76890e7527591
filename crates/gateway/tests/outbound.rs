//! What the gateway promises about messages that leave the ERP and are no EDI: posts by template, labels, files.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use api::gateway::{
    lanes::{HoldRequest, ReplayRequest, ReplayWhich},
    reconciliation::{DecisionRequest, Verdict},
};
use journal::body_hash;
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
use types::{
    IntegrationName,
    settings::{ProofSettings, SignatureScheme},
};
use world::{
    Node, World, carrier::Carrier, identities, leaving::OURS, leaving::sending, partner::confirmed,
    printers::IppPrinter, printers::Job, printers::Mood, printers::RawPrinter, printers::label, tls,
};

const TEMPLATE: &str = "format: plimsoll-mapping/1
name: carrier
version: 2
from: { event: order.confirmed }
to: json
set: { reference: /client_order_ref, order: /order, event: { given: event } }
";

async fn posting(carrier: &Carrier) -> World {
    let address = carrier.start().await;
    World::start_with(|settings| {
        let to = format!("http://{address}/hook");
        let outbound = json!({ "events": ["order.confirmed"], "target": { "post": { "to": to } }, "templates": [TEMPLATE] });
        let lane = sending(settings, "carrier", outbound);
        lane.lane.ordering = Some("/client_order_ref".to_owned());
        lane.proof = ProofSettings::Signature {
            header: "webhook-signature".to_owned(),
            scheme: SignatureScheme::StandardWebhooks,
        };
    })
    .await
}

async fn printing(address: &str, duplicates: &str, status: bool) -> World {
    World::start_with(|settings| {
        let target =
            json!({ "raw-printer": { "address": address, "duplicates": duplicates, "status": status } });
        sending(
            settings,
            "zebra",
            json!({ "events": ["label.print"], "target": target }),
        );
    })
    .await
}

fn by_example() -> HoldRequest {
    HoldRequest {
        by: "example".to_owned(),
        why: "a trial".to_owned(),
    }
}

/// Waits for the lane's only dead letter; what is known of it, and its name.
async fn dead(node: &Node) -> (String, String) {
    node.until(|status| status.lanes[OURS].rejected == 1).await;
    let letters = node.operator().dead_letters(None).await.unwrap().letters;
    assert_eq!(letters.len(), 1, "{letters:#?}");
    (letters[0].why.clone(), letters[0].message_id.clone())
}

async fn replay(node: &Node, lane: &str, id: &str) {
    let which = ReplayWhich::Messages(vec![(IntegrationName::new(lane).unwrap(), id.to_owned())]);
    let by = "example".to_owned();
    let answer = node
        .operator()
        .replay(&ReplayRequest { which, by })
        .await
        .unwrap();
    assert_eq!((answer.replayed.len(), answer.left.len()), (1, 0), "{answer:?}");
    assert_eq!(node.operator().dead_letters(None).await.unwrap().letters, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_posted_by_template_under_one_key_whatever_fails() {
    let carrier = Carrier::default();
    carrier.refuse("PO-EXAMPLE-1", 503);
    let mut world = posting(&carrier).await.synchronised().await;
    let send = |id: &str, reference: &str| {
        world
            .west_erp
            .inbox()
            .events
            .push(confirmed(id, "carrier", reference));
    };
    send("e-1", "PO-EXAMPLE-1");
    send("e-2", "PO-EXAMPLE-1");
    send("e-3", "PO-EXAMPLE-3");
    let got = carrier
        .until(|got| got.len() >= 4 && got.iter().any(|one| one.answered == 200))
        .await;
    let first = r#"{"event":"e-1","order":"S00042","reference":"PO-EXAMPLE-1"}"#;
    assert_eq!(
        carrier.taken(),
        [r#"{"event":"e-3","order":"S00042","reference":"PO-EXAMPLE-3"}"#]
    );
    for one in got.iter().filter(|one| one.answered != 200) {
        assert_eq!(one.body, first, "what stands behind it under its key waits");
        assert_eq!(
            (&one.headers["idempotency-key"], &one.headers["webhook-id"]),
            (&"e-1".parse().unwrap(), &"e-1".parse().unwrap())
        );
        assert!(
            one.headers["webhook-signature"]
                .to_str()
                .unwrap()
                .starts_with("v1,")
        );
        assert_eq!(one.headers["content-type"], "application/json");
    }
    assert_eq!(world.west_erp.inbox().subscribed["carrier"], ["order.confirmed"]);

    // The other region goes on with the same letter, and the ERP tells it again what it had told.
    world
        .east_erp
        .inbox()
        .events
        .push(confirmed("e-3", "carrier", "PO-EXAMPLE-3"));
    world.west.kill();
    carrier.refuses.lock().unwrap().clear();
    world.east.lead(2, true).await;
    carrier
        .until(|got| got.iter().filter(|one| one.answered == 200).count() >= 3)
        .await;
    world
        .east
        .until(|_| world.east_erp.inbox().events.is_empty())
        .await;
    let mut taken = carrier.taken();
    // One of west that was under way when it was killed arrives too, under the same key.
    taken.dedup_by(|next, one| next == one && one == first);
    assert_eq!(taken.len(), 3, "{taken:#?}");
    assert!(
        taken[1] == first && taken[2].contains("e-2"),
        "in their order: {taken:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partner_refuses_for_good_waits_for_a_person_who_sends_it_again() {
    let carrier = Carrier::default();
    carrier.refuse("PO-EXAMPLE-1", 422);
    let world = posting(&carrier).await;
    world.west.lead(1, true).await;
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-1", "carrier", "PO-EXAMPLE-1"));
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-2", "carrier", "PO-EXAMPLE-1"));
    carrier.until(|got| got.len() >= 2).await;
    world.west.until(|status| status.lanes[OURS].rejected == 2).await;
    let letters = world.west.operator().dead_letters(None).await.unwrap().letters;
    let first = letters
        .iter()
        .find(|one| one.message_id == "order.confirmed/e-1")
        .unwrap();
    assert!(
        first.why.contains("PL0781") && first.why.contains("422"),
        "{}",
        first.why
    );
    assert_eq!(carrier.got().len(), 2, "it is not tried again by itself");
    carrier.refuses.lock().unwrap().clear();
    let lane = IntegrationName::new("carrier").unwrap();
    let request = ReplayRequest {
        which: ReplayWhich::AllOf(lane),
        by: "example".to_owned(),
    };
    let answer = world.west.operator().replay(&request).await.unwrap();
    assert_eq!((answer.replayed.len(), answer.left.len()), (2, 0), "{answer:?}");
    carrier
        .until(|got| got.iter().filter(|one| one.answered == 200).count() == 2)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_and_lost_is_listed_and_the_lane_stays_shut_until_somebody_says_so() {
    let carrier = Carrier::default();
    let world = posting(&carrier).await.synchronised().await;
    let send = |event: Value| world.west_erp.inbox().events.push(event);
    send(confirmed("e-1", "carrier", "PO-EXAMPLE-1"));
    send(confirmed("e-2", "carrier", "PO-EXAMPLE-2"));
    carrier.until(|got| got.len() == 2).await;
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 0)
        .await;
    world.west_erp.inbox().forgotten = ["e-1", "e-2"].map(str::to_owned).into();
    world.west.lead(2, false).await;
    let status = world
        .west
        .until(|status| {
            status
                .reconciliation
                .as_ref()
                .is_some_and(|one| one.checked.is_some() && one.phantoms == 2)
        })
        .await;
    assert!(status.lanes[OURS].documents.unwrap().held);
    let report = world.west.operator().reconciliation().await.unwrap().unwrap();
    let phantom = &report.phantoms[0];
    assert_eq!(phantom.id, "e-1/order.confirmed");
    assert_eq!(phantom.document.as_deref(), Some("order.confirmed"));
    assert_eq!(phantom.reference.as_deref(), Some("S00042"));
    assert_eq!(
        (phantom.partner.as_deref(), phantom.control_number.as_deref()),
        (Some("carrier"), None)
    );
    assert!(phantom.sent.is_some());

    // Made anew as it was, it is not sent; what is new is written, and waits.
    send(confirmed("n-1", "carrier", "PO-EXAMPLE-1"));
    send(confirmed("n-9", "carrier", "PO-EXAMPLE-9"));
    world
        .west
        .until(|_| world.west_erp.inbox().events.is_empty())
        .await;
    let status = world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 1)
        .await;
    assert!(
        status.lanes[OURS].documents.unwrap().held,
        "the second one is undecided"
    );
    assert_eq!(carrier.got().len(), 2);
    let request = DecisionRequest {
        integration: IntegrationName::new("carrier").unwrap(),
        id: "e-2/order.confirmed".to_owned(),
        verdict: Verdict::Accept,
        by: "example".to_owned(),
        why: "asked the partner".to_owned(),
    };
    world.west.operator().decide(&request).await.unwrap();
    let got = carrier.until(|got| got.len() == 3).await;
    assert!(got[2].body.contains("PO-EXAMPLE-9"), "{got:#?}");

    // Lost again, a person opens the lane without deciding.
    world.west_erp.inbox().forgotten = ["n-9"].map(str::to_owned).into();
    world.west.lead(3, false).await;
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().held)
        .await;
    send(confirmed("n-10", "carrier", "PO-EXAMPLE-10"));
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 1)
        .await;
    let lane = IntegrationName::new("carrier").unwrap();
    world.west.operator().resume(&lane, &by_example()).await.unwrap();
    let got = carrier.until(|got| got.len() == 4).await;
    assert!(got[3].body.contains("PO-EXAMPLE-10"), "{got:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_of_which_nobody_knows_is_printed_again_only_when_a_person_says_so() {
    let printer = RawPrinter::default();
    let address = printer.start().await;
    let mut world = printing(&address.to_string(), "ask", true).await;
    world.west.lead(1, true).await;
    world.west_erp.inbox().events.push(label("e-1", "OUT/1", 2));
    printer.until(|state| state.printed.len() == 1).await;
    assert_eq!(printer.state().printed, ["^XA^FDOUT/1^FS^XZ".repeat(2)]);

    printer.state().mood = Mood::PaperOut;
    world.west_erp.inbox().events.push(label("e-2", "OUT/2", 1));
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 1)
        .await;
    assert_eq!(
        printer.state().begun,
        1,
        "it is not sent to a printer without paper"
    );
    printer.state().mood = Mood::Hangs;
    printer.until(|state| state.begun == 2).await;
    // The gateway is lost while the printer is silent: nobody knows.
    world.west.kill();
    printer.state().mood = Mood::Well;
    world.west.start().await;
    world.west.lead(2, true).await;
    let (why, id) = dead(&world.west).await;
    assert!(why.contains("PL0782") && why.contains("nobody knows"), "{why}");
    assert_eq!(printer.state().begun, 2, "not printed a second time by itself");
    replay(&world.west, "zebra", &id).await;
    printer.until(|state| state.printed.len() == 2).await;
    assert_eq!(printer.state().printed[1], "^XA^FDOUT/2^FS^XZ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_is_off_or_breaks_keeps_back_nobody_else() {
    let (breaking, off, well) = (
        RawPrinter::default(),
        RawPrinter::default(),
        RawPrinter::default(),
    );
    breaking.state().mood = Mood::Breaks;
    let (first, third) = (breaking.start().await, well.start().await);
    let second = world::free_address();
    let world = World::start_with(|settings| {
        for (name, address, duplicates) in
            [("zebra", first, "print-again"), ("off", second, "ask"), ("well", third, "ask")]
        {
            let target = json!({ "raw-printer": { "address": address.to_string(), "duplicates": duplicates, "status": false } });
            sending(settings, name, json!({ "events": ["label.print"], "target": target }));
        }
    })
    .await;
    world.west.lead(1, true).await;
    for (name, id) in [("zebra", "e-1"), ("off", "e-2"), ("well", "e-3")] {
        let mut event = label(id, &format!("OUT/{name}"), 1);
        event["source"] = json!(name);
        world.west_erp.inbox().events.push(event);
    }
    well.until(|state| state.printed == ["^XA^FDOUT/well^FS^XZ"])
        .await;
    breaking.until(|state| state.begun >= 2).await;
    breaking.state().mood = Mood::Well;
    breaking.until(|state| state.printed.len() == 1).await;
    off.serve(tokio::net::TcpListener::bind(second).await.unwrap());
    off.until(|state| state.printed == ["^XA^FDOUT/off^FS^XZ"]).await;
    assert_eq!(well.state().begun, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_answers_for_its_jobs_prints_each_label_once() {
    let (printer, place) = (IppPrinter::default(), tempfile::tempdir().unwrap());
    identities(place.path(), &["printer"]);
    let files = tls(place.path(), "printer");
    let address = printer.start(&files).await;
    let certificate = CertificateDer::from_pem_file(&files.certificate).unwrap();
    let pin = hex::encode_upper(body_hash(&certificate));
    let to = format!("https://{address}/ipp/print");
    prints_each_label_once(&printer, json!({ "to": to, "certificates": [pin] })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_without_tls_prints_each_label_once_too() {
    let printer = IppPrinter::default();
    let address = printer.start_plainly().await;
    let to = format!("http://{address}/ipp/print");
    prints_each_label_once(&printer, json!({ "to": to })).await;
}

/// Also when an answer of the printer is lost, and beside a document that it does not take.
async fn prints_each_label_once(printer: &IppPrinter, target: Value) {
    printer.state().answers_lost = 1;
    printer.state().refused.push("application/pdf".to_owned());
    // As many as a print server remembers.
    let others = 500;
    printer.state().jobs = (0..others)
        .map(|number| Job {
            name: format!("somebody's document with a name of its own, page {number:010}"),
            format: "application/pdf".to_owned(),
            copies: 1,
            data: String::new(),
            left: 0,
        })
        .collect();
    let world = World::start_with(|settings| {
        let target = json!({ "ipp-printer": target });
        sending(
            settings,
            "zebra",
            json!({ "events": ["label.print"], "target": target }),
        );
    })
    .await;
    world.west.lead(1, true).await;
    world.west_erp.inbox().events.push(label("e-1", "OUT/1", 3));
    world.west_erp.inbox().events.push(label("e-2", "OUT/2", 1));
    let mut paper = label("e-3", "OUT/3", 1);
    paper["payload"]["format"] = json!("pdf");
    world.west_erp.inbox().events.push(paper);
    let (why, _) = dead(&world.west).await;
    assert!(
        why.contains("PL0781") && why.contains("DocumentFormatNotSupported"),
        "{why}"
    );
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 0)
        .await;
    let jobs = printer.state().jobs.clone().split_off(others);
    let formats: Vec<_> = jobs.iter().map(|job| job.format.as_str()).collect();
    let jobs: Vec<_> = jobs
        .iter()
        .map(|job| (job.name.as_str(), job.copies, job.data.as_str()))
        .collect();
    assert_eq!(
        jobs,
        [("e-1", 3, "^XA^FDOUT/1^FS^XZ"), ("e-2", 1, "^XA^FDOUT/2^FS^XZ")]
    );
    assert_eq!(formats, ["application/vnd.zebra-zpl"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_dropped_whole_under_a_name_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let template = "format: plimsoll-mapping/1\nname: table\nversion: 1\nfrom: { event: order.confirmed }\nto: csv\n\
        columns: [order, sku, pieces]\nset: { rows: { each: /lines, set: { order: ^/client_order_ref, sku: /sku, pieces: /quantity } } }";
    let to = format!("file://{}", directory.path().display());
    let world = World::start_with(|settings| {
        let outbound = json!({ "events": ["order.confirmed"], "target": { "files": { "to": to } }, "templates": [template] });
        sending(settings, "table", outbound);
    })
    .await;
    world.west.lead(1, true).await;
    world
        .west_erp
        .inbox()
        .events
        .push(confirmed("e-1", "table", "PO-EXAMPLE-1"));
    world
        .west
        .until(|_| directory.path().join("order.confirmed-e-1.csv").exists())
        .await;
    let table = std::fs::read_to_string(directory.path().join("order.confirmed-e-1.csv")).unwrap();
    assert_eq!(table, "order,sku,pieces\r\nPO-EXAMPLE-1,TST-0001,12.0\r\n");
    world
        .west
        .until(|status| status.lanes[OURS].documents.unwrap().unsent == 0)
        .await;
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

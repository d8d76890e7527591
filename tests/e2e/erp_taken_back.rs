//! The ERP's database is taken back under load: a copy made with PostgreSQL's own tools takes its place. What it lacks
//! is delivered again, every order is there exactly once, and what only one side knows is named: what the ERP has and the
//! journal lacks, and what the partner was sent and the ERP has lost, which is not sent again beside it.
//!
//! "Ten minutes back" is what the copy lacks, not a time to wait for: ten minutes of a partner's orders are a dozen here.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use plimsoll_tests::{Door, TestEstate, wait_for};
use serde_json::{Value, json};

const LANE: &str = "acme-edi";
const EDI: &str = "acme-x12";
/// Where streams are added to the example.
const STREAMS: &str = "  integrations:";
/// Orders before the copy, and those that it lacks.
const BEFORE: u32 = 5;
const LOST: u32 = 8;
/// Between two orders.
const ORDER_EVERY: Duration = Duration::from_millis(700);
/// No failover is decided meanwhile: to a slow machine a database that is being copied looks like one that is gone.
const AUTHORITY: (&str, &str) = (
    "authority: automatic",
    "authority: one-person\n        authorisedBy: [Ines Almeida, Piet Vermeer]",
);
const LIMIT: Duration = Duration::from_secs(180);

fn order(reference: &str) -> Value {
    json!({ "partner": "ACME", "client_order_ref": reference, "lines": [{ "sku": "PLS-0001", "quantity": 1 }] })
}

/// Runs statements one by one in the region that leads, beside the tenant's database.
fn sql(estate: &TestEstate, statements: &[String]) {
    let settings = estate.database(&estate.active());
    let mut psql = Command::new(settings.bin_dir.join("psql"));
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres"])
        .args(["-U", &settings.superuser, "-p", &settings.port.to_string(), "-h"])
        .arg(&settings.socket_dir)
        .env(
            "PGPASSWORD",
            std::fs::read_to_string(&settings.superuser_password_file).unwrap(),
        );
    for statement in statements {
        psql.args(["-c", statement]);
    }
    let output = psql.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statements:?}: {said}");
}

/// A second database as the tenant's is now. Copying its files costs a slow machine seconds, a dump and its restoring
/// minutes; nobody may be connected meanwhile, so the ERP is away for as long, and partners do not notice.
fn copy(estate: &TestEstate, tenant: &str) {
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()";
    let owner = estate.sql(&estate.active(), owner);
    sql(
        estate,
        &[
            format!("ALTER DATABASE \"{tenant}\" WITH ALLOW_CONNECTIONS false"),
            format!(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{tenant}'"
            ),
            format!(
                "CREATE DATABASE taken_back WITH TEMPLATE \"{tenant}\" OWNER \"{owner}\" STRATEGY FILE_COPY"
            ),
            format!("ALTER DATABASE \"{tenant}\" WITH ALLOW_CONNECTIONS true"),
        ],
    );
}

/// The copy takes the place of the live database, under everybody's feet.
fn take_back(estate: &TestEstate, tenant: &str) {
    sql(
        estate,
        &[
            format!("ALTER DATABASE \"{tenant}\" WITH ALLOW_CONNECTIONS false"),
            format!(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{tenant}'"
            ),
            format!("ALTER DATABASE \"{tenant}\" RENAME TO lost"),
            format!("ALTER DATABASE taken_back RENAME TO \"{tenant}\""),
        ],
    );
}

/// Posts order after order, also while there is no database; goes on with the same one until that is accepted.
fn load(door: &Door, next: &AtomicU32, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        let key = format!("BACK-{:04}", next.load(Ordering::SeqCst) + 1);
        let reply = door.post(
            &[&format!("Idempotency-Key: {key}")],
            order(&key).to_string().as_bytes(),
        );
        if (200..300).contains(&reply.status) {
            next.fetch_add(1, Ordering::SeqCst);
        }
        #[expect(clippy::disallowed_methods, reason = "a partner sends an order now and then")]
        std::thread::sleep(ORDER_EVERY);
    }
}

/// The estate's file with a partner that speaks X12 and gets its documents into a directory, and a warehouse that says
/// what has left.
fn streams(directory: &Path) -> String {
    format!(
        "{STREAMS}
    - name: acme-x12
      tenant: distributor
      partner: acme
      protocol: x12
      kind: order.create
      idempotency: {{ header: Idempotency-Key }}
      edi:
        us: ZZ:EXAMPLESELLER
        them: ZZ:EXAMPLEBUYER
        erpPartner: ACME
        confirm: true
        send: [order-response, ship-notice, invoice]
        to: file://{}
    - name: floor
      tenant: distributor
      kind: shipment.confirm
      idempotency: {{ header: Idempotency-Key }}
",
        directory.display()
    )
}

/// A purchase order, as the partner sends it.
fn purchase_order(number: u32, reference: &str) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*EXAMPLEBUYER   *ZZ*EXAMPLESELLER  *261121*1030*U*00401*{number:09}*0*T*>~\
         GS*PO*EXAMPLEBUYER*EXAMPLESELLER*20261121*1030*{number}*X*004010~ST*850*0001~BEG*00*SA*{reference}**20261121~\
         PO1*1*1*EA*12.50**VP*PLS-0001~CTT*1~SE*5*0001~GE*1*{number}~IEA*1*{number:09}~"
    )
}

/// An invoice that somebody posts by a click: no message of the journal makes it anew. Written as our addon does.
fn invoice_by_hand(estate: &TestEstate) {
    let payload = json!({
        "invoice": "INV/EXAMPLE/1", "type": "out_invoice", "client_order_refs": ["BY-HAND-1"], "date": "2026-11-21",
        "due_on": null, "amount_total": 12.5, "currency": "EUR",
        "lines": [{ "line": "1", "sku": "PLS-0001", "gtin": null, "quantity": 1.0, "price": 12.5, "amount": 12.5 }],
    });
    let event = format!(
        "INSERT INTO plimsoll_outbox (event_id, kind, res_model, res_id, payload, generation, source, created_at)
         VALUES ('by-hand-1', 'invoice.posted', 'account.move', 1, '{payload}', 1, '{EDI}', now())"
    );
    estate.sql(&estate.active(), &event);
}

/// Names of the documents that the partner got, with what is in them.
fn documents(directory: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    let whole = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "edi"));
    let mut found: Vec<_> = whole
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// Waits until the partner has so many documents, and the gateway knows it.
fn wait_for_documents(estate: &TestEstate, directory: &Path, count: usize) {
    wait_for("documents for the partner", LIMIT, || {
        let shown = estate.plimsoll(&["gateway", "show", EDI, "--output", "json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).ok()?;
        let noted = shown["status"]["documents"]["unacknowledged"] == count;
        (noted && documents(directory).len() == count).then_some(())
    });
}

fn decide(estate: &TestEstate, phantom: &Value, verdict: &str) {
    let name = format!(
        "{}/{}",
        phantom["integration"].as_str().unwrap(),
        phantom["id"].as_str().unwrap()
    );
    let decided = estate.plimsoll(&[
        "gateway",
        "decide",
        &name,
        verdict,
        "--reason",
        "asked the partner",
    ]);
    assert_eq!(decided.code, 0, "{name}: {decided:?}");
}

#[test]
fn a_database_taken_back_under_load_lacks_nothing_in_the_end_and_phantoms_are_named() {
    let out = tempfile::tempdir().unwrap();
    // The gateway has a user of its own where this test runs as root.
    std::fs::set_permissions(out.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let estate = TestEstate::up_with_all("taken-back", &[AUTHORITY, (STREAMS, &streams(out.path()))]);
    let active = estate.active();
    let tenant = estate.database(&active).tenant_database;
    let door = estate.door(LANE);
    let (next, ended) = (AtomicU32::new(0), AtomicBool::new(false));
    let orders = |what: &str| -> u32 {
        let query = format!("SELECT count({what}) FROM sale_order WHERE client_order_ref LIKE 'BACK-%'");
        estate.sql(&active, &query).parse().unwrap()
    };
    let (begun, told) = std::thread::scope(|scope| {
        let _stop = Stop(&ended);
        scope.spawn(|| load(&door, &next, &ended));
        estate.deliver(EDI, &[], purchase_order(1, "PO-EXAMPLE-1").as_bytes());
        wait_for_documents(&estate, out.path(), 1);
        wait_for("the first orders", LIMIT, || {
            (orders("*") >= BEFORE).then_some(())
        });
        copy(&estate, &tenant);
        let copied = next.load(Ordering::SeqCst);
        // What the copy lacks: orders, one of them confirmed to the partner; a shipment; and what no message tells of.
        estate.deliver(EDI, &[], purchase_order(2, "PO-EXAMPLE-2").as_bytes());
        let left = json!({ "client_order_ref": "PO-EXAMPLE-1" }).to_string();
        estate.deliver("floor", &["Idempotency-Key: LEFT-1"], left.as_bytes());
        invoice_by_hand(&estate);
        wait_for_documents(&estate, out.path(), 4);
        wait_for("orders that are lost", LIMIT, || {
            (orders("*") >= copied + LOST).then_some(())
        });
        let told = documents(out.path());
        take_back(&estate, &tenant);
        // What a journal that was lost with its region had delivered.
        let hash = "ab".repeat(32);
        let ghost = format!(
            "INSERT INTO plimsoll_inbox (source, message_id, body_hash, kind, generation, place, fingerprint, received_at, state)
             VALUES ('{LANE}', 'GHOST-1', '{hash}', 'order.create', 1, 999999, 7, now(), 'done')"
        );
        estate.sql(&active, &ghost);
        let reason = ["--reason", "taken back for a trial"];
        let mut command = vec![
            "gateway",
            "reconcile",
            "--yes",
            "--timeout",
            "5m",
            "--output",
            "json",
        ];
        command.extend(reason);
        (estate.plimsoll(&command), told)
    });
    assert_eq!(begun.code, 1, "phantoms are left for a person: {begun:?}");
    let made: Value = serde_json::from_str(&begun.stdout).unwrap_or_else(|_| panic!("{begun:?}"));
    let accepted = next.load(Ordering::SeqCst);
    check_what_came_in(&made);
    wait_for("the last orders", LIMIT, || {
        (orders("*") >= accepted).then_some(())
    });
    assert_eq!(
        (orders("*"), orders("DISTINCT client_order_ref")),
        (accepted, accepted)
    );
    check_what_went_out(&estate, &made, &told);
    check_numbers_and_jobs(&estate, &made);
    let events =
        format!("SELECT count(*) FROM plimsoll_outbox WHERE source = '{EDI}' AND published_at IS NULL");
    wait_for("what was made anew to be settled", LIMIT, || {
        (estate.sql(&active, &events) == "0").then_some(())
    });
    let confirmed = "SELECT count(*) FROM plimsoll_outbox WHERE kind = 'order.confirmed'";
    assert_eq!(
        estate.sql(&active, confirmed),
        "2",
        "the replay confirmed the lost order again"
    );
    assert_eq!(documents(out.path()), told, "nothing was sent twice");

    let signed = estate.plimsoll(&["gateway", "reconciliation", "--sign"]);
    assert_eq!(signed.code, 0, "everything is decided: {signed:?}");
    let verified = estate.plimsoll(&["evidence", "verify"]);
    assert_eq!(verified.code, 0, "both reports are signed: {verified:?}");
    println!("{accepted} orders accepted, all there once: {}", made["summary"]);
    estate.wait_until_protected();
}

/// What the database lacked is there, and what only it has is named.
fn check_what_came_in(made: &Value) {
    let summary = &made["summary"];
    assert_eq!(summary["generation"], 2, "{made}");
    assert!(summary["checked"].is_string(), "{made}");
    // Orders of the one partner, an order of the other one, a shipment.
    assert!(
        summary["lacking"].as_u64().unwrap() >= u64::from(LOST) + 2,
        "{made}"
    );
    assert_eq!(summary["lacking"], summary["replayed"], "{made}");
    for lane in made["lanes"].as_array().unwrap() {
        assert_eq!(lane["check"]["lacking"], 0, "{made}");
    }
    let ghosts = phantoms(made, "not-in-journal");
    assert_eq!(ghosts.len(), 1, "{made}");
    assert_eq!(ghosts[0]["id"], "GHOST-1");
}

/// What the partner has and the database lost is named, and a person decides about what nobody else can.
fn check_what_went_out(estate: &TestEstate, made: &Value, told: &[(String, String)]) {
    let lost = phantoms(made, "not-in-erp");
    let of = |document: &str| {
        let found = lost.iter().find(|one| one["document"] == document);
        (*found.unwrap_or_else(|| panic!("no {document}: {made}"))).clone()
    };
    assert_eq!(lost.len(), 3, "{made}");
    let (confirmation, notice, invoice) = (of("855"), of("856"), of("810"));
    for one in [&confirmation, &notice, &invoice] {
        assert_eq!(
            (&one["partner"], &one["integration"]),
            (&json!("acme"), &json!(EDI))
        );
        let control = one["control_number"].as_str().unwrap();
        let file = format!("{}-{control}.edi", one["document"].as_str().unwrap());
        let (_, text) = told
            .iter()
            .find(|(name, _)| *name == file)
            .expect("it was sent under that number");
        assert!(text.contains(one["reference"].as_str().unwrap()), "{one} {text}");
        assert!(one["sent"].is_string(), "{one}");
    }
    assert_eq!(confirmation["reference"], "PO-EXAMPLE-2");
    // Shipped again, it has the number that it had: the order was there before the copy was made.
    assert_eq!(notice["again"]["settles"], true, "{notice}");
    assert_eq!(invoice["reference"], "INV/EXAMPLE/1");
    assert!(invoice["again"].is_null(), "{invoice}");
    decide(estate, &invoice, "re-import");
    decide(estate, phantoms(made, "not-in-journal")[0], "accept");
    // Ordered again, it may have got another number of ours, as orders come in while it is replayed.
    assert_eq!(confirmation["again"]["same"], true, "{confirmation}");
    if confirmation["again"]["settles"] == false {
        decide(estate, &confirmation, "accept");
    }
}

/// Numbers that partners may have seen are given to nobody, the gap in invoices is signed, and jobs wait by their class.
fn check_numbers_and_jobs(estate: &TestEstate, made: &Value) {
    let aftermath = &made["aftermath"];
    let numbers = aftermath["numbers"]
        .as_array()
        .unwrap_or_else(|| panic!("{made}"));
    assert!(numbers.iter().all(|one| one["problem"].is_null()), "{made}");
    let orders = numbers.iter().find(|one| one["kind"] == "order").unwrap();
    assert!(orders["count"].as_u64().unwrap() >= 20, "{orders}");
    let (first, last) = (
        orders["first"].as_str().unwrap(),
        orders["last"].as_str().unwrap(),
    );
    let count = |condition: &str| {
        let query = format!("SELECT count(*) FROM sale_order WHERE {condition}");
        estate.sql(&estate.active(), &query).parse::<u64>().unwrap()
    };
    assert_eq!(
        count(&format!("name BETWEEN '{first}' AND '{last}'")),
        0,
        "{orders}"
    );
    // What was lost came back behind the gap, in the first write's own transaction: not one is before it.
    assert!(count(&format!("name > '{last}'")) >= u64::from(LOST), "{orders}");
    for kind in ["transfer", "package", "label", "purchase"] {
        assert!(numbers.iter().any(|one| one["kind"] == kind), "{kind}: {made}");
    }
    let job = |name: &str| {
        let jobs = aftermath["jobs"].as_array().unwrap();
        jobs.iter().find(|one| one["name"] == name).cloned()
    };
    let post = job("account.ir_cron_auto_post_draft_entry").unwrap();
    assert_eq!(post["released_by"], "reconciliation", "{post}");
    assert!(job("stock.ir_cron_scheduler_action").is_none(), "it is safe");
    let mail = "mail.ir_cron_mail_scheduler_action";
    assert!(job(mail).unwrap()["released_at"].is_null(), "{made}");
    let listed = estate.plimsoll(&["jobs", "list"]);
    assert!(listed.code == 1 && listed.stdout.contains(mail), "{listed:?}");
    let released = estate.plimsoll(&["jobs", "release", mail, "--reason", "looked through the queue"]);
    assert_eq!(released.code, 0, "{released:?}");
    let listed = estate.plimsoll(&["jobs", "list"]);
    assert!(!listed.stdout.contains(mail), "{listed:?}");
}

fn phantoms<'a>(made: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = made["phantoms"].as_array().unwrap();
    all.iter().filter(|one| one["kind"] == kind).collect()
}

/// Ends the load also when the test fails, or nobody would ever hear of it.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

//! What the batch endpoint promises partners.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use api::gateway::LeadRequest;
use reqwest::Method;
use serde_json::{Value, json};
use world::{INCARNATION, PATIENCE, TOKEN, World, free_address, order};

async fn post(world: &World, body: impl Into<reqwest::Body>) -> (u16, Vec<Value>) {
    let request = world.west.request(Method::POST, "/in/acme-edi/batch");
    let response = request.bearer_auth(TOKEN).body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (status, lines.collect())
}

fn line(number: &str, quantity: u32) -> String {
    format!("{{\"body\":{}}}\n", order(number, quantity))
}

fn statuses(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_a_batch_gets_its_own_answer_in_order() {
    let world = World::in_sync().await;
    world.west.order("PO-1").await;
    let batch = [
        line("PO-2", 1),
        // Stored by itself before, and here once more.
        line("PO-1", 1),
        // The same key twice, then with another body.
        line("PO-2", 1),
        line("PO-2", 7),
        "not json\n".to_owned(),
        "{\"body\":{\"number\":\"\"}}\n".to_owned(),
        format!(
            "{{\"body\":{{\"number\":\"PO-9\",\"note\":\"{}\"}}}}\n",
            "x".repeat(17 << 10)
        ),
        "{\"id\":\"PO-8\",\"body\":{\"number\":\"PO-8\"}}\n".to_owned(),
        "\r\n".to_owned(),
        // Without a line end.
        line("PO-3", 1).trim_end().to_owned(),
    ];
    let (status, lines) = post(&world, batch.concat()).await;
    assert_eq!(status, 200);
    assert_eq!(
        statuses(&lines),
        [
            "accepted",
            "duplicate",
            "duplicate",
            "conflict",
            "refused",
            "refused",
            "refused",
            "refused",
            "accepted"
        ]
    );
    assert_eq!(lines[0]["copies"], json!(2));
    assert_eq!(lines[0]["sequence"], lines[2]["sequence"]);
    assert_eq!(lines[3]["code"], json!("PL0604"));
    assert_eq!(lines[6]["code"], json!("PL0603"));
    assert_eq!(lines[8]["message_id"], json!("PO-3"));
    // Sent again as it was, because the answer was lost: the same numbers.
    let (_, again) = post(&world, batch.concat()).await;
    assert_eq!(
        statuses(&again),
        [
            "duplicate",
            "duplicate",
            "duplicate",
            "conflict",
            "refused",
            "refused",
            "refused",
            "refused",
            "duplicate"
        ]
    );
    assert_eq!(again[8]["sequence"], lines[8]["sequence"]);
    // What went through the batch is delivered like everything else, the conflict is not.
    let status = world.west.until(|status| status.lanes[0].delivered == 3).await;
    assert_eq!((status.lanes[0].accepted, status.lanes[0].quarantined), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_the_whole_batch_refuses_it_and_stores_nothing() {
    let world = World::start().await;
    assert_eq!(post(&world, line("PO-1", 1)).await.0, 503, "it does not lead");
    world.west.lead(1, true).await;
    assert_eq!(post(&world, "\n").await.0, 400);
    let many: String = (0..4097).map(|number| line(&format!("PO-{number}"), 1)).collect();
    assert_eq!(post(&world, many).await.0, 413);
    assert_eq!(post(&world, vec![b' '; (8 << 20) + 1]).await.0, 413);
    let unauthorised = world.west.request(Method::POST, "/in/acme-edi/batch");
    let response = unauthorised.body(line("PO-1", 1)).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let wrong = world
        .west
        .request(Method::GET, "/in/acme-edi/batch")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.headers()["allow"], "POST");
    assert_eq!(world.west.ids().await, Vec::<String>::new());
}

/// Sends a head, waits until its refusal has come, sends the whole body nevertheless, and reads the status after that,
/// like clients that do not read before they have written everything.
fn post_slowly(stream: &mut std::net::TcpStream, path: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1, "the refusal is there");
    stream.write_all(body).unwrap();
    let mut answer = BufReader::new(&*stream);
    let mut status = String::new();
    answer.read_line(&mut status).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    answer.read_exact(&mut vec![0; length]).unwrap();
    status.trim().to_owned()
}

/// A world that leads, and where it can be spoken to without TLS.
async fn world_without_tls() -> (World, std::net::SocketAddr) {
    let address = free_address();
    let world = World::start_with(|settings| {
        if settings.region.as_str() == "west" {
            settings.ingest_loopback = Some(address);
        }
    })
    .await;
    world.west.lead(1, true).await;
    (world, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_said_everything_waits_for_the_answer_all_the_same() {
    let (world, address) = world_without_tls().await;
    let talk = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = order("PO-1", 1);
        let length = body.len();
        let request = format!(
            "POST /in/acme-edi HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = talk.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    assert_eq!(world.west.ids().await, ["PO-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_who_is_still_writing_and_the_connection_goes_on() {
    let (_world, address) = world_without_tls().await;
    let talk = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // More than the buffers of both sides hold.
        let much = vec![b' '; 24 << 20];
        [
            post_slowly(&mut stream, "/in/acme-edi/batch", &much),
            post_slowly(&mut stream, "/nowhere", &much),
            post_slowly(&mut stream, "/in/acme-edi", b"{}"),
        ]
    });
    assert_eq!(
        talk.await.unwrap(),
        [
            "HTTP/1.1 401 Unauthorized",
            "HTTP/1.1 404 Not Found",
            "HTTP/1.1 401 Unauthorized"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_batch_survives_a_kill() {
    let mut world = World::start().await;
    world.west.lead(1, true).await;
    let batch: String = (0..4096).map(|number| line(&format!("PO-{number}"), 1)).collect();
    let (status, lines) = post(&world, batch.clone()).await;
    assert_eq!((status, lines.len()), (200, 4096));
    assert!(statuses(&lines).iter().all(|status| *status == "accepted"));
    world.west.kill();
    world.west.start().await;
    let request = LeadRequest {
        generation: types::Generation::new(2),
        incarnation: INCARNATION.to_owned(),
        peer_gone: true,
        old_end: None,
    };
    world.west.control.lead(&request).await.unwrap();
    let (_, again) = post(&world, batch).await;
    assert!(statuses(&again).iter().all(|status| *status == "duplicate"));
    assert_eq!(world.west.ids().await.len(), 4096);
}

//! Partners that prove themselves by a client certificate: to the gateway, or to its ingress.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use types::settings::{CertificateDoorSettings, ProofSettings, TlsFiles};
use world::{TOKEN, World, free_address, identities, order, tls};

/// As somebody whose identity is in that directory, trusting the estate.
fn client(estate: &Path, own: &Path, name: &str) -> reqwest::Client {
    let files = TlsFiles {
        ca: estate.join("ca.pem"),
        ..tls(own, name)
    };
    let tls = api::tls::mutual_client(&files).unwrap();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .build()
        .unwrap()
}

/// As the ingress tells of a certificate.
fn header(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: String = text.lines().filter(|line| !line.starts_with("---")).collect();
    assert!(STANDARD.decode(&lines).is_ok());
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_partners_certificate_opens_its_door_and_only_our_ingress_tells_of_one() {
    let partner = tempfile::tempdir().unwrap();
    identities(partner.path(), &["acme", "west-ingress"]);
    let (own, authority) = (partner.path(), partner.path().join("ca.pem"));
    let world = World::start_with(|settings| {
        let one = &mut settings.integrations[0];
        one.proof = ProofSettings::MutualTls;
        one.secret_file = authority.clone();
        let pinned = &mut settings.integrations[1];
        pinned.proof = ProofSettings::MutualTls;
        pinned.secret_file = own.join("acme.pem");
        let unset = &mut settings.integrations[2];
        unset.proof = ProofSettings::MutualTls;
    })
    .await;
    world.west.lead(1, true).await;
    let estate = world.directory.path();
    let (acme, false_ingress) = (client(estate, own, "acme"), client(estate, own, "west-ingress"));
    let (ingress, cli) = (
        client(estate, estate, "west-ingress"),
        client(estate, estate, "cli"),
    );
    let told = header(&own.join("acme.pem"));
    let post = async |http: &reqwest::Client, lane: &str, told: Option<&str>| {
        let mut request = http
            .post(world.west.ingest(&format!("/in/{lane}")))
            .bearer_auth(TOKEN);
        if let Some(told) = told {
            request = request.header("x-forwarded-tls-client-cert", told);
        }
        request
            .body(order("PO-1", 1))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for (who, http, lane, told, expected) in [
        ("the partner", &acme, "acme-edi", None, 202),
        ("the partner, pinned", &acme, "web-shop", None, 202),
        (
            "another of its authority, where one is pinned",
            &false_ingress,
            "web-shop",
            None,
            401,
        ),
        ("the ingress without a partner", &ingress, "acme-edi", None, 401),
        (
            "the ingress with the partner",
            &ingress,
            "acme-edi",
            Some(told.as_str()),
            200,
        ),
        ("the ingress after the partner", &ingress, "acme-edi", None, 401),
        (
            "the ingress with rubbish",
            &ingress,
            "acme-edi",
            Some("rubbish"),
            401,
        ),
        (
            "another program of ours that tells of it",
            &cli,
            "acme-edi",
            Some(told.as_str()),
            401,
        ),
        (
            "somebody who calls itself the ingress",
            &false_ingress,
            "web-shop",
            Some(told.as_str()),
            401,
        ),
        (
            "where nobody said whose certificate counts",
            &acme,
            "acme-x12",
            None,
            401,
        ),
    ] {
        assert_eq!(post(http, lane, told).await, expected, "{who}");
    }
    let (status, _) = world.west.post(order("PO-2", 1)).await.unwrap();
    assert_eq!(status, 401, "a token is no certificate");
    assert_eq!(world.west.ids().await, ["PO-1"]);
}

/// Two regions whose first integration is proved by a certificate of the partner's authority, at a door past every ingress
/// with that certificate of ours.
async fn with_door(partner: &Path, ours: impl Fn(TlsFiles) -> TlsFiles) -> World {
    World::start_with(|settings| {
        settings.integrations[0].proof = ProofSettings::MutualTls;
        settings.integrations[0].secret_file = partner.join("ca.pem");
        settings.certificates = Some(CertificateDoorSettings {
            listen: free_address(),
            tls: ours(settings.tls.clone()),
        });
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn past_every_ingress_a_certificate_alone_opens_and_nothing_that_is_told_of_one() {
    let partner = tempfile::tempdir().unwrap();
    identities(partner.path(), &["acme"]);
    let own = partner.path();
    let world = with_door(own, |tls| TlsFiles {
        certificate: own.join("late.pem"),
        ..tls
    })
    .await;
    let estate = world.directory.path();
    let (acme, ingress) = (
        client(estate, own, "acme"),
        client(estate, estate, "west-ingress"),
    );
    let told = header(&own.join("acme.pem"));
    let door = world.west.settings.certificates.as_ref().unwrap().listen.port();
    let url = |path: &str| format!("https://localhost:{door}{path}");
    assert!(
        ingress.get(url("/healthz")).send().await.is_err(),
        "no certificate of ours yet"
    );
    std::fs::copy(&world.west.settings.tls.certificate, own.join("late.pem")).unwrap();
    // It is looked at once a second.
    while ingress.get(url("/healthz")).send().await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let health = async || {
        ingress
            .get(url("/healthz"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(health().await, 503, "who leads is found by it");
    world.west.lead(1, true).await;
    assert_eq!(health().await, 200);
    let post = async |http: &reqwest::Client, lane: &str| {
        let request = http.post(url(&format!("/in/{lane}"))).bearer_auth(TOKEN);
        let request = request.header("x-forwarded-tls-client-cert", &told);
        let sent = request.body(order("PO-1", 1)).send().await.unwrap();
        sent.status().as_u16()
    };
    for (who, http, lane, expected) in [
        ("the partner", &acme, "acme-edi", 202),
        (
            "our ingress, which has no business here",
            &ingress,
            "acme-edi",
            401,
        ),
        ("a token, although it is right", &acme, "web-shop", 401),
    ] {
        assert_eq!(post(http, lane).await, expected, "{who}");
    }
    let (status, _) = world.west.post(order("PO-2", 1)).await.unwrap();
    assert_eq!(
        status, 401,
        "the other door knows no certificate of somebody without one"
    );
}

/// Speaks as that client over a socket of its own, and leaves it open.
async fn connect(files: &TlsFiles, port: u16) -> std::io::Result<TlsStream<TcpStream>> {
    let tls = api::tls::mutual_client(files).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    TlsConnector::from(Arc::new(tls))
        .connect("localhost".try_into().unwrap(), stream)
        .await
}

/// One request; the status of its answer, or nothing when the connection was closed.
async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> Option<u16> {
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    // Answers are small: the head says how long the body is.
    loop {
        let mut some = [0; 1024];
        match stream.read(&mut some).await.ok()? {
            0 => return None,
            read => answer.extend_from_slice(&some[..read]),
        }
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return head.split(' ').nth(1)?.parse().ok();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_the_door_have_few_places_and_little_time_and_partners_have_both() {
    let partner = tempfile::tempdir().unwrap();
    identities(partner.path(), &["acme"]);
    let own = partner.path();
    let world = with_door(own, |tls| tls).await;
    world.west.lead(1, true).await;
    let door = world.west.settings.certificates.as_ref().unwrap().listen.port();
    let estate = world.directory.path();
    let partner = TlsFiles {
        ca: estate.join("ca.pem"),
        ..tls(own, "acme")
    };
    let stranger = tls(estate, "cli");
    let health = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let body = order("PO-1", 1);
    let post = format!(
        "POST /in/acme-edi HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // The partner came first, so whatever ends connections by time alone ends its own first.
    let mut known = connect(&partner, door).await.unwrap();
    assert_eq!(ask(&mut known, &post).await, Some(202));
    let mut silent = connect(&stranger, door).await.unwrap();
    let mut busy = connect(&stranger, door).await.unwrap();
    assert_eq!(ask(&mut busy, health).await, Some(200));
    while ask(&mut busy, health).await.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0, "closed");
    assert_eq!(
        ask(&mut known, &post).await,
        Some(200),
        "the partner's is open still"
    );

    // A source has so many places, whoever it is; those that are in are not put out for others.
    let mut open = vec![known];
    while open.len() < 64 {
        // Those of the strangers are free again in a moment.
        let Ok(mut one) = connect(&partner, door).await else {
            continue;
        };
        if ask(&mut one, &post).await == Some(200) {
            open.push(one);
        }
    }
    for _ in 0..16 {
        assert!(
            connect(&partner, door).await.is_err(),
            "closed before the handshake"
        );
    }
    for one in &mut open {
        assert_eq!(ask(one, &post).await, Some(200));
    }
    drop(open);
    while connect(&stranger, door).await.is_err() {
        tokio::task::yield_now().await;
    }
}

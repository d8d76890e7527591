//! Partners that prove themselves by a client certificate: to the gateway, or to its ingress.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
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

#[tokio::test(flavor = "multi_thread")]
async fn past_every_ingress_a_certificate_alone_opens_and_nothing_that_is_told_of_one() {
    let partner = tempfile::tempdir().unwrap();
    identities(partner.path(), &["acme"]);
    let own = partner.path();
    let world = World::start_with(|settings| {
        settings.integrations[0].proof = ProofSettings::MutualTls;
        settings.integrations[0].secret_file = own.join("ca.pem");
        settings.certificates = Some(CertificateDoorSettings {
            listen: free_address(),
            tls: TlsFiles {
                certificate: own.join("late.pem"),
                ..settings.tls.clone()
            },
        });
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

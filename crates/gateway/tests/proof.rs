//! Partners that sign what they send, or have a name and a password.

mod world;

use aws_lc_rs::hmac;
use reqwest::Method;
use types::settings::{IdempotencySource, ProofSettings, SignatureScheme};
use world::{PATIENCE, TOKEN, World, order};

async fn world_of(proof: ProofSettings) -> World {
    let world = World::start_with(|settings| {
        let signed = &mut settings.integrations[0];
        signed.proof = proof.clone();
        signed.idempotency = IdempotencySource::Header("X-Delivery".to_owned());
    })
    .await;
    world.west.lead(1, true).await;
    world
}

fn signature(body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, TOKEN.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body.as_bytes())))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_its_partner_signed_is_stored() {
    let world = world_of(ProofSettings::Signature {
        header: "X-Signature".to_owned(),
        scheme: SignatureScheme::Body,
    })
    .await;
    let post = async |path: &str, id: &str, signature: Option<String>, body: &str| {
        let mut request = world.west.request(Method::POST, path).header("X-Delivery", id);
        if let Some(signature) = signature {
            request = request.header("X-Signature", signature);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        answer.status().as_u16()
    };
    let (good, batch) = (
        order("PO-1", 1),
        format!("{{\"id\":\"3\",\"body\":{}}}\n", order("PO-3", 1)),
    );
    assert_eq!(
        post("/in/acme-edi", "1", Some(signature(&good)), &good).await,
        202
    );
    assert_eq!(
        post("/in/acme-edi", "1", Some(signature(&good)), &good).await,
        200,
        "sent again"
    );
    assert_eq!(
        post("/in/acme-edi", "2", Some(signature(&good)), &order("PO-2", 1)).await,
        401
    );
    assert_eq!(post("/in/acme-edi", "2", None, &good).await, 401);
    assert_eq!(
        post("/in/acme-edi/batch", "", Some(signature(&good)), &batch).await,
        401
    );
    assert_eq!(
        post("/in/acme-edi/batch", "", Some(signature(&batch)), &batch).await,
        200
    );
    assert_eq!(
        post("/in/web-shop", "1", Some(signature(&good)), &good).await,
        401,
        "that partner has a token"
    );
    assert_eq!(world.west.ids().await, ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_changes_its_token_under_load_without_a_restart() {
    let world = World::start_with(|_| ()).await;
    world.west.lead(1, true).await;
    let file = &world.west.settings.integrations[0].secret_file;
    let stop = tokio_util::sync::CancellationToken::new();
    let load = world.west.load("PO", stop.clone());
    // One connection that is known to be right must not stay so.
    let status = async |token: &str| {
        let request = world
            .west
            .request(Method::POST, "/in/acme-edi")
            .bearer_auth(token);
        let body = order("PO-probe", 1);
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!((status(TOKEN).await, status("the-next-one").await), (202, 401));
    std::fs::write(file, format!("{TOKEN}\nthe-next-one\n")).unwrap();
    until(async || status("the-next-one").await == 200).await;
    assert_eq!(status(TOKEN).await, 200, "both hold");
    stop.cancel();
    assert!(!load.await.unwrap().is_empty());
    std::fs::write(file, "the-next-one\n").unwrap();
    until(async || status(TOKEN).await == 401).await;
    assert_eq!(status("the-next-one").await, 200);
    let name = world.west.settings.integrations[0].name.clone();
    let secrets = world.west.operator().lane(&name).await.unwrap().secrets.unwrap();
    assert_eq!((secrets.secrets, secrets.trouble), (1, None));
    std::fs::write(file, "\n").unwrap();
    let stale = async || {
        let lane = world.west.operator().lane(&name).await.unwrap();
        lane.secrets
            .unwrap()
            .trouble
            .is_some_and(|why| why.starts_with("PL0785"))
    };
    until(stale).await;
    assert_eq!(status("the-next-one").await, 200, "what held goes on holding");
}

/// Asks until it is so.
async fn until(so: impl AsyncFn() -> bool) {
    let began = std::time::Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_password_let_a_partner_in() {
    let world = world_of(ProofSettings::Basic).await;
    let post = async |name: &str, password: &str| {
        let request = world
            .west
            .request(Method::POST, "/in/acme-edi")
            .header("X-Delivery", "1");
        let request = request.basic_auth(name, Some(password)).body(order("PO-1", 1));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("acme-edi", "wrong").await, 401);
    assert_eq!(post("web-shop", TOKEN).await, 401);
    assert_eq!(post("acme-edi", TOKEN).await, 202);
}

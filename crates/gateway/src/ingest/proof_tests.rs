//! Signatures were made with Python's `hmac`, independently of this code.

use axum::http::HeaderValue;
use types::IntegrationName;

use super::*;

const BODY: &[u8] = b"{\"order\":1}";
const KEY: &str = "a shared key";
const NOW: Timestamp = Timestamp::from_micros(1_760_000_000_000_000);
const HEX: &str = "a704a0de2764ad1849294884c4fbcfae2aae66230d2dffb8f9b9c8ac5f05b886";
const BASE64: &str = "pwSg3idkrRhJKUiExPvPriquZiMNLf+4+bnIrF8FuIY=";

fn proof(settings: ProofSettings, secrets: &str) -> Result<Proof, &'static str> {
    let name = IntegrationName::new("acme").unwrap();
    let kind = serde_json::to_value(settings).unwrap();
    let rest = serde_json::json!({
        "name": name, "proof": kind, "secret_file": "secret", "idempotency": { "header": "K" }, "kind": "order.create",
        "body_max": "1MiB", "concurrency": 1,
        "lane": { "retry": { "first": "1s", "longest": "1s", "give_up": "1s" }, "outage": "1s", "criticality": "critical" },
    });
    Proof::open(&serde_json::from_value(rest).unwrap(), secrets.as_bytes())
}

fn signed(scheme: SignatureScheme, header: &str) -> ProofSettings {
    let header = header.to_owned();
    ProofSettings::Signature { header, scheme }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    pairs.collect()
}

/// The status, 200 for what is let in.
fn asked(proof: &Proof, pairs: &[(&'static str, &str)], body: &[u8], now: Timestamp) -> u16 {
    let headers = headers(pairs);
    let checked = proof
        .check_head(&headers)
        .and_then(|()| proof.check_body(&headers, body, now));
    checked.map_or_else(|problem| problem.status, |()| 200)
}

#[test]
fn a_token_is_taken_with_its_scheme_and_each_of_several_holds() {
    let proof = proof(ProofSettings::Bearer, "old-token\nnew-token\n").unwrap();
    for (value, expected) in [
        ("Bearer old-token", 200),
        ("bearer new-token", 200),
        ("Bearer", 401),
        ("Basic old-token", 401),
        ("Bearer old", 401),
        ("Bearer ", 401),
    ] {
        assert_eq!(
            asked(&proof, &[("authorization", value)], b"", NOW),
            expected,
            "{value}"
        );
    }
    assert_eq!(asked(&proof, &[], b"", NOW), 401);
}

#[test]
fn a_name_and_password_are_taken_by_the_scheme_of_browsers() {
    let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let named = proof(ProofSettings::Basic, "partner:secret").unwrap();
    let unnamed = proof(ProofSettings::Basic, "secret").unwrap();
    for (proof, given, expected) in [
        (&named, encoded("partner:secret"), 200),
        (&named, encoded("partner:other"), 401),
        (&named, "Basic partner:secret".to_owned(), 401),
        (&unnamed, encoded("acme:secret"), 200),
        (&unnamed, encoded("secret"), 401),
    ] {
        assert_eq!(
            asked(proof, &[("authorization", &given)], b"", NOW),
            expected,
            "{given}"
        );
    }
}

#[test]
fn a_signature_of_the_body_is_taken_however_it_is_written() {
    let proof = proof(
        signed(SignatureScheme::Body, "X-Signature"),
        "another\na shared key",
    )
    .unwrap();
    for (given, expected) in [
        (HEX.to_owned(), 200),
        (HEX.to_uppercase(), 200),
        (format!("sha256={HEX}"), 200),
        (format!("hmac-sha256-hex={HEX}"), 200),
        (BASE64.to_owned(), 200),
        (format!("sha256={BASE64}"), 200),
        (format!("x{HEX}"), 401),
        (HEX[1..].to_owned(), 401),
        (HEX.replacen('a', "b", 1), 401),
        (String::new(), 401),
    ] {
        assert_eq!(
            asked(&proof, &[("x-signature", &given)], BODY, NOW),
            expected,
            "{given}"
        );
    }
    assert_eq!(asked(&proof, &[("x-signature", HEX)], b"{\"order\":2}", NOW), 401);
    assert_eq!(
        asked(&proof, &[("authorization", "Bearer a shared key")], BODY, NOW),
        401
    );
}

#[test]
fn a_signature_with_a_time_is_taken_for_some_minutes() {
    const SIGNED: &str = "d09f21ca7a4d576c33948972f0405e845dffbf371e716875bc0dd75201ccd107";
    let proof = proof(signed(SignatureScheme::Timestamped, "X-Signature"), KEY).unwrap();
    let at = |seconds: i64| Timestamp::from_micros(NOW.as_micros() + seconds * 1_000_000);
    for (given, now, expected) in [
        (format!("t=1760000000,v1={SIGNED}"), NOW, 200),
        (format!("t=1760000000, v1={HEX}, v1={SIGNED}, v0=x"), at(300), 200),
        (format!("t=1760000000,v1={SIGNED}"), at(301), 401),
        (format!("t=1760000000,v1={SIGNED}"), at(-301), 401),
        (format!("t=1760000001,v1={SIGNED}"), NOW, 401),
        (format!("v1={SIGNED}"), NOW, 401),
        (format!("t=9223372036854775807,v1={SIGNED}"), NOW, 401),
        (SIGNED.to_owned(), NOW, 401),
    ] {
        assert_eq!(
            asked(&proof, &[("x-signature", &given)], BODY, now),
            expected,
            "{given}"
        );
    }
}

#[test]
fn standard_webhooks_sign_their_id_and_time_too() {
    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    const SIGNED: &str = "v1,1IvtaKTMrQCxS4e2eS7C1A9uFposSgyPkeXbxq4IPnA=";
    let scheme = SignatureScheme::StandardWebhooks;
    let proof_of = |secret: &str, header: &str| proof(signed(scheme, header), secret);
    let proof = proof_of(SECRET, "Webhook-Signature").unwrap();
    let ask = |id: &str, time: &str, given: &str| {
        let pairs = [
            ("webhook-id", id),
            ("webhook-timestamp", time),
            ("webhook-signature", given),
        ];
        asked(&proof, &pairs, BODY, NOW)
    };
    assert_eq!(ask("msg_1", "1760000000", SIGNED), 200);
    assert_eq!(
        ask("msg_1", "1760000000", &format!("v1,{BASE64} v1a,x {SIGNED}")),
        200
    );
    assert_eq!(ask("msg_2", "1760000000", SIGNED), 401);
    assert_eq!(ask("msg_1", "1760000001", SIGNED), 401);
    assert_eq!(ask("msg_1", "1759990000", SIGNED), 401);
    assert_eq!(ask("msg_1", "1760000000", SIGNED.trim_start_matches("v1,")), 401);
    assert!(proof_of("whsec_not base64", "Webhook-Signature").is_err());
    assert!(proof_of(SECRET, "X-Hash").is_err());
}

#[test]
fn what_cannot_be_checked_lets_nobody_in_and_an_empty_secret_does_not_start() {
    let unavailable = proof(ProofSettings::Unavailable, "").unwrap();
    assert_eq!(
        asked(&unavailable, &[("authorization", "Bearer ")], b"", NOW),
        401
    );
    assert!(proof(ProofSettings::Bearer, " \n\n").is_err());
    assert!(proof(signed(SignatureScheme::Body, "not a header"), KEY).is_err());
}

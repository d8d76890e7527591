//! What people are shown of messages is what the estate says of their integration, whoever asks.

mod world;

use api::gateway::{
    code,
    lanes::{Delivery, Reveal},
};
use serde_json::json;
use types::{
    IntegrationName,
    settings::{GatewaySettings, IdempotencySource, IntegrationSettings, PayloadSettings, Payloads},
};
use world::{
    World,
    carrier::Carrier,
    leaving::{OURS, sending},
    partner::confirmed,
};

fn by_policy(settings: &mut GatewaySettings) {
    settings.integrations[0].payloads = PayloadSettings {
        show: Payloads::Visible,
        masked: vec!["/customer/name".to_owned(), "/lines/*/sku".to_owned()],
    };
    settings.integrations[1].payloads.show = Payloads::Hidden;
}

fn body(number: &str) -> String {
    format!(
        r#"{{"number": "{number}", "customer": {{"name": "Ann Example"}}, "lines": [{{"sku": "A-1", "quantity": 3}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_shown_without_what_is_masked_and_of_a_hidden_one_nothing_is_told_anywhere() {
    let world = World::start_with(by_policy).await;
    // What the ERP says is as if it quoted the message.
    world
        .west_erp
        .inbox()
        .refused
        .extend(["PO-1", "WS-1"].map(ToOwned::to_owned));
    world.west.lead(1, true).await;
    assert_eq!(world.west.post(body("PO-1")).await.unwrap().0, 202);
    assert_eq!(world.west.post_to("web-shop", body("WS-1")).await.unwrap().0, 202);
    world
        .west
        .until(|status| status.lanes[0].rejected == 1 && status.lanes[1].rejected == 1)
        .await;
    let operator = world.west.operator();
    let (edi, shop): (IntegrationName, IntegrationName) =
        ("acme-edi".parse().unwrap(), "web-shop".parse().unwrap());

    let shape = operator.trace(&edi, "PO-1", Reveal::Shape).await.unwrap();
    assert_eq!(shape.body["customer"]["name"], "(text of 11)");
    let seen = operator.trace(&edi, "PO-1", Reveal::Body).await.unwrap();
    assert_eq!(
        seen.body,
        serde_json::json!({
            "number": "PO-1",
            "customer": { "name": "(masked)" },
            "lines": [{ "sku": "(masked)", "quantity": 3 }],
        })
    );
    assert_eq!(seen.answer.as_deref(), Some("no such product"));

    let hidden = operator.trace(&shop, "WS-1", Reveal::Shape).await.unwrap();
    assert_eq!((hidden.body, hidden.in_erp), ("(hidden)".into(), Some(false)));
    assert_eq!(hidden.answer.as_deref(), Some("(hidden)"));
    assert!(hidden.attempts.iter().all(|one| one.said == "(hidden)"));
    assert_eq!(hidden.dead.unwrap().why, "(hidden)");
    let refused = operator.trace(&shop, "WS-1", Reveal::Body).await.unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (403, code::NOT_SHOWN));
    let letters = operator.dead_letters(None).await.unwrap().letters;
    let why: Vec<(&str, &str)> = letters
        .iter()
        .map(|one| (one.message_id.as_str(), one.why.as_str()))
        .collect();
    assert!(
        why.contains(&("PO-1", "no such product")) && why.contains(&("WS-1", "(hidden)")),
        "{why:?}"
    );
    let log = std::fs::read_to_string(world.directory.path().join("west.log")).unwrap();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("WS-1")).collect();
    assert!(
        !told.is_empty() && told.iter().all(|line| !line.contains("no such product")),
        "{told:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partner_says_of_a_hidden_message_is_in_no_log() {
    let carrier = Carrier::default();
    carrier.refuse("PO-EXAMPLE-1", 422);
    let address = carrier.start().await;
    let world = World::start_with(|settings| {
        let like = settings.integrations[0].clone();
        let outbound = serde_json::json!({
            "events": ["order.confirmed"], "target": { "post": { "to": format!("http://{address}/hook") } },
        });
        let mut lane = like.lane.clone();
        lane.partner = Some("carrier".parse().unwrap());
        settings.integrations.push(IntegrationSettings {
            name: "carrier".parse().unwrap(),
            idempotency: IdempotencySource::Header("Idempotency-Key".to_owned()),
            outbound: Some(serde_json::from_value(outbound).unwrap()),
            payloads: PayloadSettings {
                show: Payloads::Hidden,
                masked: Vec::new(),
            },
            lane,
            ..like
        });
    })
    .await;
    world.west.lead(1, true).await;
    let event = confirmed("e-1", "carrier", "PO-EXAMPLE-1");
    world.west_erp.inbox().events.push(event);
    world.west.until(|status| status.lanes[4].rejected == 1).await;
    let log = std::fs::read_to_string(world.directory.path().join("west.log")).unwrap();
    assert!(log.contains("a letter was not handed over"));
    let told: Vec<&str> = log.lines().filter(|line| line.contains("PO-EXAMPLE-1")).collect();
    assert!(told.is_empty(), "{told:#?}");
}

/// An acknowledgement of something that was never sent.
const UNKNOWN: &[u8] = b"ISA*00*          *00*          *ZZ*EXAMPLEBUYER   *ZZ*EXAMPLESELLER  *261121*1100*U*00401*000000007*0*T*>~\
    GS*FA*EXAMPLEBUYER*EXAMPLESELLER*20261121*1100*7*X*004010~ST*997*0001~AK1*PR*909090909~AK9*A*1*1*1~SE*4*0001~GE*1*7~\
    IEA*1*000000007~";

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_words_are_told_nowhere_of_a_hidden_lane() {
    let carrier = Carrier::default();
    carrier.refuse("PO-EXAMPLE-1", 503);
    let address = carrier.start().await;
    let world = World::start_with(|settings| {
        settings.integrations[2].payloads.show = Payloads::Hidden;
        let target = json!({ "post": { "to": format!("http://{address}/hook") } });
        let outbound = json!({ "events": ["order.confirmed"], "target": target });
        sending(settings, "carrier", outbound).payloads.show = Payloads::Hidden;
    })
    .await;
    world.west.lead(1, true).await;
    let event = confirmed("e-1", "carrier", "PO-EXAMPLE-1");
    world.west_erp.inbox().events.push(event);
    let open = |delivery: &Option<Delivery>| match delivery {
        Some(Delivery::Open { why, .. }) => Some(why.clone()),
        _ => None,
    };
    let status = world
        .west
        .until(|status| open(&status.lanes[OURS].sending).is_some());
    let status = status.await;
    assert_eq!(open(&status.lanes[OURS].sending).as_deref(), Some("(hidden)"));
    assert_eq!(world.west.interchange("acme-x12", UNKNOWN).await.0, 204);

    let log = || std::fs::read_to_string(world.directory.path().join("west.log")).unwrap();
    // Told a moment after nothing is tried any more.
    let told = || log().contains("one letter at a time is tried");
    world.west.until(|_| told()).await;
    let log = log();
    for told in ["one letter at a time is tried", "PL0709"] {
        let line = log.lines().find(|line| line.contains(told));
        let line = line.unwrap_or_else(|| panic!("{told}: {log}"));
        assert!(line.contains("(hidden)"), "{line}");
    }
    assert!(
        !log.contains("PO-EXAMPLE-1") && !log.contains("909090909"),
        "{log}"
    );
}

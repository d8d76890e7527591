//! What messages hold of a person is found, and is gone from both regions when it is erased.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{collections::BTreeMap, path::Path};

use api::gateway::{
    GatewayStatus,
    personal::{EraseRequest, SearchRequest},
};
use types::{
    IntegrationName, Span,
    settings::{GatewaySettings, RetentionSettings},
};
use world::World;

const MAIL: &str = "ann@example.com";

fn order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "mail": "{MAIL}", "lines": [{{"sku": "PLS-0001", "quantity": 1}}]}}"#)
}

fn erase(messages: &[&str]) -> EraseRequest {
    EraseRequest {
        integration: IntegrationName::new("acme-edi").unwrap(),
        messages: messages.iter().map(|id| (*id).to_owned()).collect(),
        by: "an operator".to_owned(),
        why: "the person asked for it".to_owned(),
    }
}

/// How often the address stands in the files of a journal.
fn mentions(directory: &Path) -> usize {
    let files = std::fs::read_dir(directory).unwrap();
    let contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
    contents
        .map(|bytes| {
            bytes
                .windows(MAIL.len())
                .filter(|one| *one == MAIL.as_bytes())
                .count()
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_body_is_gone_from_both_regions_and_both_journals_are_sound() {
    let mut world = World::in_sync().await;
    for number in ["PO-1", "PO-2", "PO-3"] {
        let (status, _) = world.west.post(order(number)).await.unwrap();
        assert_eq!(status.as_u16(), 202);
    }
    world.west.until(|status| status.lanes[0].delivered == 3).await;
    // One that is not delivered would be lost.
    world.west_erp.inbox().hangs.insert("PO-4".to_owned());
    world.west.post(order("PO-4")).await.unwrap();
    let operator = world.west.operator();
    let search = SearchRequest {
        integration: IntegrationName::new("acme-edi").unwrap(),
        messages: Vec::new(),
        text: Some(MAIL.to_owned()),
        after: 0,
    };
    let found = operator.search_personal(&search).await.unwrap().found;
    let ids: Vec<&str> = found.iter().map(|one| one.message_id.as_str()).collect();
    assert_eq!(ids, ["PO-1", "PO-2", "PO-3", "PO-4"]);
    assert_eq!(found[0].body["mail"], MAIL);
    let hash = found[0].body_hash.clone();
    let before = world.west.ids().await;

    let erased = operator
        .erase_personal(&erase(&["PO-1", "PO-3", "PO-4", "PO-5"]))
        .await
        .unwrap();
    let told: Vec<bool> = erased.iter().map(|one| one.erased).collect();
    assert_eq!(told, [true, true, false, false], "{erased:?}");
    for node in [&world.west, &world.east] {
        assert_eq!(
            mentions(&node.settings.journal.directory),
            2,
            "PO-2 and PO-4 are left"
        );
    }
    assert_eq!(world.west.ids().await, before);
    let by_id = SearchRequest {
        messages: vec!["PO-1".to_owned()],
        text: None,
        ..search
    };
    let found = operator.search_personal(&by_id).await.unwrap().found.remove(0);
    assert!(found.erased && found.body_hash == hash, "{found:?}");
    assert!(
        operator.erase_personal(&erase(&["PO-1"])).await.unwrap()[0].erased,
        "again is fine"
    );

    // Both start again with every record, and the other region leads on.
    world.west.kill();
    world.east.kill();
    world.east.start().await;
    world.east.lead(2, true).await;
    assert_eq!(world.east.ids().await, before);
    let status = world.east.until(|_| true).await;
    assert_eq!(status.journal.quarantined, 0);
}

fn soon(settings: &mut GatewaySettings) {
    settings.journal.retention = Some(RetentionSettings {
        messages: Span::from_millis(1),
        lanes: BTreeMap::new(),
        keys: Span::from_hours(24),
        every: Span::from_millis(40),
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_found_and_erased_in_both_regions_and_both_stay_sound() {
    const SHOP: usize = 1;
    let mut world = World::start_with(soon).await.synchronised().await;
    let name: IntegrationName = "web-shop".parse().unwrap();
    world.west_erp.inbox().refused.insert("SO-01".to_owned());
    let body = format!(r#"{{"number": "SO-01", "customer": "an example", "mail": "{MAIL}"}}"#);
    assert_eq!(world.west.post_to("web-shop", body).await.unwrap().0, 202);
    world.west.until(|status| status.lanes[SHOP].rejected == 1).await;
    for number in 1..=90 {
        let note = "x".repeat(15_000);
        let body = format!(r#"{{"number": "PO-{number}", "note": "{note}"}}"#);
        assert_eq!(world.west.post(body).await.unwrap().0, 202);
    }
    let parked = |status: &GatewayStatus| status.journal.trimmed > 0 && status.journal.parked == 1;
    world.west.until(parked).await;
    world.east.until(parked).await;

    let operator = world.west.operator();
    let search = SearchRequest {
        integration: name.clone(),
        messages: Vec::new(),
        text: Some(MAIL.to_owned()),
        after: 0,
    };
    let found = operator.search_personal(&search).await.unwrap().found;
    let ids: Vec<&str> = found.iter().map(|one| one.message_id.as_str()).collect();
    assert_eq!(ids, ["SO-01"]);
    let hash = found[0].body_hash.clone();
    let trimmed = operator.erase_personal(&erase(&["PO-1"])).await.unwrap();
    assert!(!trimmed[0].erased && trimmed[0].why.as_ref().unwrap().contains("trimmed"));
    let request = EraseRequest {
        integration: name,
        ..erase(&["SO-01"])
    };
    for _ in 0..2 {
        let erased = operator.erase_personal(&request).await.unwrap();
        assert!(erased[0].erased, "{erased:?}");
    }
    for node in [&world.west, &world.east] {
        assert_eq!(mentions(&node.settings.journal.directory), 0);
    }
    let letters = operator.dead_letters(None).await.unwrap().letters;
    let why: Vec<&str> = letters.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(why, ["(erased)"], "what the ERP said may quote it");

    world.west.kill();
    world.east.kill();
    world.east.start().await;
    world.east.lead(2, true).await;
    let by_id = SearchRequest {
        messages: vec!["SO-01".to_owned()],
        text: None,
        ..search
    };
    let operator = world.east.operator();
    let found = operator.search_personal(&by_id).await.unwrap().found.remove(0);
    assert!(found.erased && found.body_hash == hash, "{found:?}");
    let status = world.east.until(|_| true).await;
    assert_eq!((status.journal.quarantined, status.journal.parked), (0, 1));
}

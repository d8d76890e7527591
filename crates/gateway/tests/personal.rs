//! What messages hold of a person is found, and is gone from both regions when it is erased.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::path::Path;

use api::gateway::personal::{EraseRequest, SearchRequest};
use types::IntegrationName;
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

//! What was told to be durable is there after the store was closed and opened again.

use lease::Ballot;
use saga::{Event, EventKind, Log as _, LogError, Phase, Record, SagaId};
use serde_json::json;
use types::{Generation, RegionName, Timestamp};
use uuid::Uuid;

use super::*;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn record(id: u128) -> Record {
    Record {
        id: SagaId(Uuid::from_u128(id)),
        kind: "failover".to_owned(),
        definition: "d".to_owned(),
        params: json!({ "from": "west" }),
        created: at(1),
        events: Vec::new(),
    }
}

fn event(kind: EventKind) -> Event {
    Event {
        at: at(2),
        node: "promote".to_owned(),
        kind,
    }
}

fn reign(generation: u64, active: &str) -> driver::Reign {
    driver::Reign {
        active: RegionName::new(active).unwrap(),
        generation: Generation::new(generation),
        incarnation: format!("i{generation}"),
        since: at(3),
    }
}

#[tokio::test]
async fn a_saga_survives_with_all_its_events() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    let store = Store::open(&path).unwrap();
    let id = record(1).id;
    store.create(record(1)).await.unwrap();
    let events = [
        event(EventKind::Started),
        event(EventKind::Succeeded {
            output: json!({ "at": 7 }),
        }),
    ];
    for (sequence, event) in events.iter().enumerate() {
        store.append(id, sequence, event.clone()).await.unwrap();
    }
    let taken = store.append(id, 1, event(EventKind::Started)).await;
    assert!(
        matches!(taken, Err(LogError::Taken { sequence: 1, .. })),
        "{taken:?}"
    );
    drop(store);

    let store = Store::open(&path).unwrap();
    let expected = Record {
        events: events.to_vec(),
        ..record(1)
    };
    assert_eq!(store.load(id).await.unwrap(), expected);
    assert!(store.has_succeeded(id, "promote").await.unwrap());
    assert_eq!(store.unfinished_saga().await.unwrap().map(|row| row.id), Some(id));
}

#[tokio::test]
async fn one_saga_runs_at_a_time_whoever_asks() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store.sqlite")).unwrap();
    store.create(record(1)).await.unwrap();
    assert!(store.create(record(2)).await.is_err());
    store.close(record(1).id, Phase::Done, at(9)).await.unwrap();
    store.close(record(1).id, Phase::Done, at(99)).await.unwrap();
    assert_eq!(
        store.last_done("failover").await.unwrap(),
        Some(at(9)),
        "an end is written once"
    );
    store.create(record(2)).await.unwrap();
}

#[tokio::test]
async fn the_record_of_who_leads_never_goes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.reign().await.unwrap(), None);
    store.record_reign(reign(2, "north")).await.unwrap();
    let kept = store.record_reign(reign(1, "west")).await.unwrap();
    assert_eq!(kept, Some(reign(2, "north")));
    let again = driver::Reign {
        since: at(50),
        ..reign(2, "north")
    };
    assert_eq!(store.record_reign(again).await.unwrap(), Some(reign(2, "north")));
    drop(store);
    assert_eq!(
        Store::open(&path).unwrap().reign().await.unwrap(),
        Some(reign(2, "north"))
    );
}

#[tokio::test]
async fn a_ballot_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    let ballot = Ballot {
        promised: Generation::new(4),
        candidate: RegionName::new("north").ok(),
    };
    let store = Store::open(&path).unwrap();
    assert_eq!(store.ballot().await.unwrap(), Ballot::default());
    store.keep_ballot(ballot.clone()).await.unwrap();
    assert_eq!(Store::open(&path).unwrap().ballot().await.unwrap(), ballot);
}

#[tokio::test]
async fn a_declared_move_is_kept_with_who_authorised_it_until_it_is_taken_or_too_old() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    let declared = |id: &str, micros| PendingMove {
        id: id.to_owned(),
        declared: at(micros),
        request: api::moves::MoveRequest {
            kind: api::moves::MoveKind::Switchover,
            to: None,
            by: "Ada".to_owned(),
            reason: "a window".to_owned(),
            emergency: false,
            accept_loss: false,
            dry_run: false,
        },
        approved_by: Vec::new(),
    };
    let store = Store::open(&path).unwrap();
    store.keep_pending(declared("old", 10)).await.unwrap();
    store.keep_pending(declared("new", 20)).await.unwrap();
    drop(store);

    let store = Store::open(&path).unwrap();
    let approve = async |id, by| store.approve_pending(id, by, at(30), at(15)).await.unwrap();
    assert_eq!(approve("old", "Bob").await, Approval::Unknown);
    assert_eq!(approve("new", " ada").await, Approval::SamePerson);
    let counted = Approval::Counted(PendingMove {
        approved_by: vec!["Bob".to_owned()],
        ..declared("new", 20)
    });
    for _ in 0..2 {
        assert_eq!(approve("new", "Bob").await, counted);
    }
    assert!(store.take_pending("new").await.unwrap());
    assert!(!store.take_pending("new").await.unwrap(), "only one may begin it");
    assert_eq!(approve("new", "Bob").await, Approval::Unknown);
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    drop(Store::open(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(Store::open(&path), Err(Error::Newer { found: 99, .. })));
}

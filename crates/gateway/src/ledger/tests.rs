//! What is known of messages, and who is told what when.

use tokio::sync::oneshot;

use super::*;
use crate::link::Link;

fn ledger(link: Link) -> Ledger {
    Ledger::new(["acme".to_owned()], Acks::new(link))
}

fn record(sequence: u64, id: &str, body: &'static [u8], kind: u8) -> journal::Record {
    let key = journal::key_hash("acme", id);
    journal::Record {
        sequence,
        generation: 1,
        entry: journal::Entry {
            kind,
            stream: "acme".to_owned(),
            id: id.to_owned(),
            time: 5,
            key,
            body_hash: journal::body_hash(body),
            body: body.into(),
        },
    }
}

fn store(ledger: &mut Ledger, record: &journal::Record) {
    let entry = &record.entry;
    ledger.stored(&entry.facts(record.sequence, record.generation));
}

#[test]
fn the_second_of_two_at_once_waits_for_the_first() {
    let mut ledger = ledger(Link::InSync);
    let one = record(1, "a", b"body", KIND_MESSAGE);
    let (key, hash) = (one.entry.key, one.entry.body_hash);
    assert!(matches!(ledger.admit(key, &hash), Admission::New));
    assert!(matches!(ledger.admit(key, &hash), Admission::InFlight));
    let (reply, mut second) = oneshot::channel();
    ledger.join(&key, Reply::one(reply));
    let (reply, mut first) = oneshot::channel();
    let waiter = Waiter {
        sequence: 1,
        key,
        conflict: false,
        reply: Reply::one(reply),
    };
    ledger.acks.wait(waiter, Need::Durable);
    store(&mut ledger, &one);
    ledger.synced_here(1);
    assert!(first.try_recv().is_err(), "the other region has not synced");
    ledger.synced_there(1);
    let stored = Stored {
        sequence: 1,
        copies: 2,
    };
    assert_eq!(first.try_recv().unwrap(), Ok(stored));
    assert_eq!(second.try_recv().unwrap(), Ok(stored));
    assert!(matches!(ledger.admit(key, &hash), Admission::Duplicate(found) if found == stored));
}

#[test]
fn whoever_comes_again_waits_for_what_the_first_waited_for() {
    let mut ledger = ledger(Link::Expected);
    for (sequence, id) in [(1, "a"), (2, "b"), (3, "c")] {
        store(&mut ledger, &record(sequence, id, b"body", KIND_MESSAGE));
    }
    ledger.synced_here(3);
    let ask = |ledger: &mut Ledger, sequence, id| {
        let (reply, answer) = oneshot::channel();
        ledger.wait(journal::key_hash("acme", id), sequence, Reply::one(reply));
        answer
    };
    let (mut last, mut first) = (ask(&mut ledger, 3, "c"), ask(&mut ledger, 1, "a"));
    assert!(!ledger.acks.is_durable(1));
    ledger.synced_there(2);
    let stored = |sequence, copies| Stored { sequence, copies };
    assert_eq!(first.try_recv().unwrap(), Ok(stored(1, 2)));
    assert!(last.try_recv().is_err(), "the other region has not synced it");
    ledger.acks.link = Link::Gone;
    ledger.complete();
    assert_eq!(last.try_recv().unwrap(), Ok(stored(3, 1)));
    assert_eq!(ledger.acks.acknowledged_alone, 1);
}

#[test]
fn whoever_joins_a_message_that_the_other_region_offers_waits_for_both() {
    let mut ledger = ledger(Link::InSync);
    let one = record(1, "a", b"body", KIND_MESSAGE);
    let (key, hash) = (one.entry.key, one.entry.body_hash);
    assert!(matches!(ledger.admit(key, &hash), Admission::New));
    let ((offer, mut offered), (partner, mut told)) = (oneshot::channel(), oneshot::channel());
    ledger.join(&key, Reply::one(partner));
    let waiter = Waiter {
        sequence: 1,
        key,
        conflict: false,
        reply: Reply::one(offer),
    };
    ledger.acks.wait(waiter, Need::Here);
    store(&mut ledger, &one);
    ledger.synced_here(1);
    assert!(offered.try_recv().unwrap().is_ok() && told.try_recv().is_err());
    ledger.synced_there(1);
    let copies = 2;
    assert_eq!(told.try_recv().unwrap(), Ok(Stored { sequence: 1, copies }));
}

#[test]
fn another_body_under_the_same_key_is_kept_once_and_not_delivered() {
    let mut ledger = ledger(Link::None);
    store(&mut ledger, &record(1, "a", b"one", KIND_MESSAGE));
    let other = record(2, "a", b"two", KIND_CONFLICT);
    assert!(matches!(
        ledger.admit(other.entry.key, &other.entry.body_hash),
        Admission::Conflict
    ));
    store(&mut ledger, &other);
    assert!(matches!(
        ledger.admit(other.entry.key, &other.entry.body_hash),
        Admission::KnownConflict
    ));
    assert_eq!((ledger.lanes[0].accepted, ledger.lanes[0].quarantined), (1, 1));
    assert_eq!(ledger.deliverable(0, 0, 9), [(1, MessageState::Pending)]);
}

#[test]
fn cutting_forgets_keys_and_counts() {
    let mut ledger = ledger(Link::None);
    for (sequence, id) in [(1, "a"), (2, "b"), (3, "c")] {
        store(&mut ledger, &record(sequence, id, b"x", KIND_MESSAGE));
    }
    ledger.mark(2, MessageState::Applied);
    ledger.cut(2);
    assert_eq!(
        (ledger.len(), ledger.lanes[0].accepted, ledger.lanes[0].delivered),
        (1, 1, 0)
    );
    let again = record(2, "c", b"x", KIND_MESSAGE);
    assert!(matches!(
        ledger.admit(again.entry.key, &again.entry.body_hash),
        Admission::New
    ));
}

#[test]
fn degrading_answers_those_who_wait_and_counts_them() {
    let mut ledger = ledger(Link::InSync);
    let (reply, mut answer) = oneshot::channel();
    let one = record(1, "a", b"body", KIND_MESSAGE);
    let waiter = Waiter {
        sequence: 1,
        key: one.entry.key,
        conflict: false,
        reply: Reply::one(reply),
    };
    ledger.acks.wait(waiter, Need::Durable);
    store(&mut ledger, &one);
    ledger.synced_here(1);
    ledger.acks.link = Link::Gone;
    ledger.complete();
    assert_eq!(
        answer.try_recv().unwrap(),
        Ok(Stored {
            sequence: 1,
            copies: 1
        })
    );
    assert_eq!(ledger.acks.acknowledged_alone, 1);
}

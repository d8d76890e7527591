//! Two logs: exact copies, and what happens when they part.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use plimsoll_journal::{AppendError, Batch, DivergeError, Epoch, ForkSearch, Journal, Reader};
use world::{entry, ids, open};

/// Copies everything the follower lacks.
fn catch_up(leader: &Journal, follower: &mut Journal) {
    loop {
        let from = follower.position().sequence + 1;
        let batches = leader.reader().batches(from, 2000).unwrap();
        if batches.is_empty() {
            return;
        }
        let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
        follower.commit(&Batch::parse_all(bytes.into()).unwrap()).unwrap();
    }
}

/// The last sequence number up to which both hold the same, found as the gateway does.
fn fork(follower: &Reader, leader: &Reader) -> Option<u64> {
    let mut search = ForkSearch::new(follower.clone(), follower.position().sequence);
    while let Some(probes) = search.asks() {
        let answer = leader.compare(probes);
        search.answered(&answer);
    }
    search.found().common
}

#[test]
fn a_follower_holds_the_same_bytes() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ((mut leader, _), (mut follower, _)) = (open(here.path()), open(there.path()));
    for id in 1..=20 {
        leader
            .append(&[entry(2 * id, 100), entry(2 * id + 1, 200)], 1)
            .unwrap();
        if id % 3 == 0 {
            catch_up(&leader, &mut follower);
        }
    }
    catch_up(&leader, &mut follower);
    assert_eq!(follower.position(), leader.position());
    assert_eq!(ids(&follower), ids(&leader));
    drop(follower);
    let (follower, recovery) = open(there.path());
    assert_eq!(recovery.records, 40);
    assert_eq!(follower.position(), leader.position());
}

#[test]
fn gaps_stale_generations_and_other_histories_are_refused() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ((mut leader, _), (mut follower, _)) = (open(here.path()), open(there.path()));
    let one = leader.append(&[entry(1, 10)], 2).unwrap();
    let two = leader.append(&[entry(2, 10)], 2).unwrap();
    let gap = follower.commit(std::slice::from_ref(&two)).unwrap_err();
    assert!(matches!(gap, AppendError::Diverged { first: 2, last: 0 }));
    follower.append(&[entry(9, 10)], 2).unwrap();
    let other = follower.commit(&[two]).unwrap_err();
    assert!(
        matches!(other, AppendError::Diverged { first: 2, last: 1 }),
        "same number, other chain"
    );
    let again = follower.commit(&[one]).unwrap_err();
    assert!(matches!(again, AppendError::Diverged { .. }));
    let stale = follower.append(&[entry(3, 10)], 1).unwrap_err();
    assert!(matches!(
        stale,
        AppendError::Stale {
            generation: 1,
            known: 2
        }
    ));
}

#[test]
fn a_divergent_suffix_is_set_aside_cut_and_can_be_read_from_its_file() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ((mut old, _), (mut new, _)) = (open(here.path()), open(there.path()));
    for id in 1..=30 {
        old.append(&[entry(id, 300)], 1).unwrap();
        if id == 17 {
            catch_up(&old, &mut new);
        }
    }
    for id in 101..=110 {
        new.append(&[entry(id, 300)], 2).unwrap();
    }
    assert_eq!(fork(&old.reader(), &new.reader()), Some(17));
    let aside = old.set_aside_from(18).unwrap();
    assert_eq!((aside.first, aside.last), (18, 30));
    let kept = Batch::parse_all(std::fs::read(&aside.path).unwrap().into()).unwrap();
    let kept: Vec<_> = kept
        .iter()
        .flat_map(Batch::records)
        .map(|view| view.id.to_owned())
        .collect();
    assert_eq!(
        kept,
        (18..=30).map(|id| format!("message-{id}")).collect::<Vec<_>>()
    );
    assert_eq!(old.position().sequence, 30, "setting aside changes nothing yet");

    old.cut(&aside).unwrap();
    catch_up(&new, &mut old);
    assert_eq!(old.position(), new.position());
    assert_eq!(ids(&old), ids(&new));
    assert_eq!(
        old.reader().epochs(),
        [
            Epoch {
                generation: 1,
                first: 1
            },
            Epoch {
                generation: 2,
                first: 18
            }
        ]
    );
    drop(old);
    let (old, recovery) = open(here.path());
    assert_eq!(
        (recovery.torn, recovery.damage, recovery.missing),
        (None, vec![], vec![])
    );
    assert_eq!(ids(&old), ids(&new));
    assert!(aside.path.exists());
}

#[test]
fn nothing_is_cut_that_was_not_set_aside() {
    let here = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(here.path());
    journal.append(&[entry(1, 10)], 1).unwrap();
    let aside = journal.set_aside_from(1).unwrap();
    journal.append(&[entry(2, 10)], 1).unwrap();
    let refused = journal.cut(&aside).unwrap_err();
    assert!(
        matches!(
            refused,
            DivergeError::Grown {
                last: 2,
                set_aside: 1
            }
        ),
        "{refused}"
    );
    assert_eq!(ids(&journal).len(), 2);
}

#[test]
fn a_log_can_be_cut_to_nothing() {
    let here = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(here.path());
    for id in 1..=20 {
        journal.append(&[entry(id, 500)], 1).unwrap();
    }
    let aside = journal.set_aside_from(1).unwrap();
    journal.cut(&aside).unwrap();
    assert_eq!(journal.append(&[entry(99, 10)], 2).unwrap().first(), 1);
    drop(journal);
    let (journal, recovery) = open(here.path());
    assert_eq!((recovery.segments, recovery.missing), (1, vec![]));
    assert_eq!(ids(&journal), ["message-99"]);
}

//! A body is gone, and everything that was proven of the log still is.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{path::Path, sync::Arc};

use plimsoll_journal::{
    Batch, EraseError, Erased, Journal, Options, Preparation, Reader, RealDisk, Recovery, body_hash,
    is_erased, survey,
};
use world::entry;

/// Segments of some pages, so that one which is being written has pages that are not.
fn open(directory: &Path) -> (Journal, Recovery) {
    let options = Options {
        segment_bytes: 32 << 10,
        preparation: Preparation::OnDemand,
    };
    Journal::open(Arc::new(RealDisk), directory, options, |_| ()).unwrap()
}

const GONE: [u64; 7] = [1, 2, 59, 61, 62, 85, 100];

/// The exact bytes of all batches.
fn batches(reader: &Reader) -> Vec<Batch> {
    let (mut all, mut next) = (Vec::new(), 1);
    while next <= reader.position().sequence {
        all.extend(reader.batches(next, 1 << 20).unwrap());
        next = all.last().map_or(next, Batch::last) + 1;
    }
    all
}

fn fill(journal: &mut Journal, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let entries = [
            entry(3 * number, 40),
            entry(3 * number + 1, 700),
            entry(3 * number + 2, 5),
        ];
        journal.append(&entries, 1).unwrap();
    }
}

#[test]
fn bodies_go_and_numbers_hashes_and_chain_stay() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    fill(&mut journal, 1..40);
    let reader = journal.reader();
    let (before, records) = (batches(&reader), reader.read(1, 1_000).unwrap());
    let erase = |sequence| reader.erase(&RealDisk, directory.path(), sequence);
    // In segments that are full and in the one that is being written, at the beginning and inside of batches.
    for sequence in GONE {
        assert_eq!(erase(sequence).unwrap(), Erased::Now, "{sequence}");
        assert_eq!(erase(sequence).unwrap(), Erased::Before, "{sequence}");
    }
    assert!(matches!(erase(3), Err(EraseError::TooShort(3))));
    assert!(matches!(erase(4_000), Err(EraseError::Unknown(4_000))));
    let last = reader.position().sequence;
    assert!(matches!(erase(last - 1), Err(EraseError::TooNew(_))));
    let check = |reader: &Reader| {
        let after = batches(reader);
        assert_eq!(after.len(), before.len());
        for (after, before) in after.iter().zip(&before) {
            assert_eq!(
                (after.chain(), after.first(), after.last()),
                (before.chain(), before.first(), before.last())
            );
        }
        for (now, then) in reader.read(1, 1_000).unwrap().iter().zip(&records) {
            let gone = GONE.contains(&now.sequence);
            assert_eq!(is_erased(&now.entry.body), gone, "{}", now.sequence);
            assert_eq!(now.entry.body.len(), then.entry.body.len());
            assert_eq!(now.entry.body_hash, body_hash(&then.entry.body));
            assert_eq!(now.entry.body == then.entry.body, !gone);
        }
    };
    check(&reader);
    // What is written afterwards does not bring anything back, and a start finds everything sound.
    fill(&mut journal, 40..80);
    drop((reader, journal));
    let found = survey(&RealDisk, directory.path(), |_| ()).unwrap();
    assert!(found.is_sound());
    let (journal, recovery) = open(directory.path());
    assert!(recovery.damage.is_empty() && recovery.missing.is_empty() && recovery.torn.is_none());
    let reader = journal.reader();
    let first = reader.read(1, 1).unwrap().remove(0);
    assert!(is_erased(&first.entry.body));
    assert_eq!(
        reader.erase(&RealDisk, directory.path(), last - 1).unwrap(),
        Erased::Now,
        "it is not the newest any more"
    );
}

#[test]
fn a_copy_of_what_was_erased_is_a_copy_of_the_log() {
    let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut journal, _) = open(there.path());
    fill(&mut journal, 1..20);
    let reader = journal.reader();
    reader.erase(&RealDisk, there.path(), 1).unwrap();
    let (mut copy, _) = open(here.path());
    copy.commit(&batches(&reader)).unwrap();
    assert_eq!(copy.position(), journal.position());
    assert!(is_erased(&copy.reader().read(1, 1).unwrap()[0].entry.body));
}

#[test]
fn a_parked_body_goes_where_it_is_parked_and_the_file_stays_sound() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    fill(&mut journal, 1..80);
    let oldest = journal.pruner().sealed()[0];
    let parked = [oldest.first + 1, oldest.first + 4];
    let trim = journal
        .pruner()
        .prepare(oldest.ordinal, |at| parked.contains(&at))
        .unwrap();
    journal.trim(trim).unwrap();
    let reader = journal.reader();
    let before = reader.read_one(parked[0]).unwrap().unwrap();
    let erase = |sequence| reader.erase(&RealDisk, directory.path(), sequence);
    assert_eq!(erase(parked[0]).unwrap(), Erased::Now);
    assert_eq!(erase(parked[0]).unwrap(), Erased::Before);
    assert_eq!(
        erase(oldest.first).unwrap(),
        Erased::Trimmed,
        "of it nothing is left but its key"
    );
    let check = |reader: &Reader| {
        let after = reader.read_one(parked[0]).unwrap().unwrap();
        assert!(is_erased(&after.entry.body) && !is_erased(&before.entry.body));
        assert_eq!(after.entry.body_hash, body_hash(&before.entry.body));
        let other = reader.read_one(parked[1]).unwrap().unwrap();
        assert_eq!(other.entry.body_hash, body_hash(&other.entry.body));
    };
    check(&reader);
    drop((reader, journal));
    // What was noted of the file, its crc32c, still is what it has.
    assert!(survey(&RealDisk, directory.path(), |_| ()).unwrap().is_sound());
    let (journal, recovery) = open(directory.path());
    assert!(recovery.damage.is_empty() && recovery.missing.is_empty());
    check(&journal.reader());
    let part = journal.pruner().parts();
    let part = part
        .iter()
        .find(|one| one.kind == plimsoll_journal::PartKind::Parked)
        .unwrap();
    assert!(
        journal.pruner().part(part).is_ok(),
        "the other region takes it as it is"
    );
}

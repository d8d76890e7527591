//! Looking at a journal changes nothing and hides nothing.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{collections::BTreeMap, fs, path::Path};

use plimsoll_journal::{OpenError, RealDisk, survey};
use world::{entry, open};

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.is_file())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_sound_journal_is_described_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    for id in 1..=12 {
        journal.append(&[entry(id, 1000)], 1 + id / 7).unwrap();
    }
    let end = journal.position();
    assert!(matches!(
        survey(&RealDisk, directory.path(), |_| ()).err().unwrap(),
        OpenError::InUse { .. }
    ));
    drop(journal);
    let before = files(directory.path());
    let mut ids = Vec::new();
    let found = survey(&RealDisk, directory.path(), |record| {
        ids.push(record.id.to_owned())
    })
    .unwrap();
    assert!(found.is_sound());
    assert_eq!((found.end, found.watermark, found.records), (end, 12, 12));
    assert_eq!(
        ids,
        (1..=12).map(|id| format!("message-{id}")).collect::<Vec<_>>()
    );
    let ranges: Vec<_> = found.segments.iter().map(|one| (one.first, one.last)).collect();
    assert_eq!(ranges, [(1, 3), (4, 6), (7, 9), (10, 12)]);
    assert_eq!(found.epochs.len(), 2);
    assert_eq!(files(directory.path()), before);
}

#[test]
fn damage_is_listed_with_what_it_cost_and_is_there_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    for id in 1..=6 {
        journal.append(&[entry(id, 1000)], 1).unwrap();
    }
    drop(journal);
    let path = directory.path().join("seg-000000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[1500] ^= 1;
    fs::write(&path, &bytes).unwrap();
    for _ in 0..2 {
        let found = survey(&RealDisk, directory.path(), |_| ()).unwrap();
        assert!(!found.is_sound());
        assert_eq!(found.missing, [2..=2]);
        assert_eq!((found.flaws.len(), found.flaws[0].segment), (1, 1));
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_directory_without_a_journal_is_told_from_an_empty_one() {
    let directory = tempfile::tempdir().unwrap();
    let nothing = survey(&RealDisk, directory.path(), |_| ()).err().unwrap();
    assert!(matches!(nothing, OpenError::NotAJournal { .. }));
    drop(open(directory.path()));
    assert!(survey(&RealDisk, directory.path(), |_| ()).unwrap().is_sound());
}

//! Random lives of a journal against a list in memory.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use plimsoll_journal::{Batch, Journal};
use proptest::prelude::*;
use world::{entry, ids, open};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<usize>),
    Reopen,
    /// Bytes of a write that was never acknowledged, cut short.
    CrashInWrite {
        length: usize,
        keep: usize,
    },
    Cut {
        share: u8,
    },
    LoseWatermark,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0usize..900, 1..4).prop_map(Step::Append),
        2 => Just(Step::Reopen),
        2 => (0usize..900, 0usize..1200).prop_map(|(length, keep)| Step::CrashInWrite { length, keep }),
        1 => any::<u8>().prop_map(|share| Step::Cut { share }),
        1 => Just(Step::LoseWatermark),
    ]
}

/// Writes the beginning of the next write into the segment, as a power cut would leave it.
fn crash_in_write(journal: Journal, directory: &std::path::Path, length: usize, keep: usize) {
    let batch: Batch = journal.encode(&[entry(999_999, length)], 1).unwrap();
    let segments = std::fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path());
    let last = segments
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .max();
    drop(journal);
    let Some(path) = last else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| (at + 1).next_multiple_of(8))
        .max(64);
    // The last 8 bytes may be padding alone, without which the batch is whole; and the segment has an end.
    let keep = keep
        .min(batch.bytes().len() - 8)
        .min(bytes.len().saturating_sub(end + 8));
    bytes[end..end + keep].copy_from_slice(&batch.bytes()[..keep]);
    std::fs::write(&path, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_there_after_every_life(steps in prop::collection::vec(step(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(directory.path());
        let mut model: Vec<(Vec<String>, u64)> = Vec::new();
        let mut next = 0;
        for step in steps {
            match step {
                Step::Append(lengths) => {
                    let entries: Vec<_> = lengths.iter().map(|length| { next += 1; entry(next, *length) }).collect();
                    let batch = journal.append(&entries, 1).unwrap();
                    model.push((entries.into_iter().map(|entry| entry.id).collect(), batch.first()));
                }
                Step::Reopen => { drop(journal); journal = open(directory.path()).0; }
                Step::CrashInWrite { length, keep } => {
                    crash_in_write(journal, directory.path(), length, keep);
                    let (opened, recovery) = open(directory.path());
                    prop_assert_eq!((recovery.damage, recovery.missing), (vec![], vec![]));
                    journal = opened;
                }
                Step::Cut { share } => {
                    let keep = model.len() * usize::from(share) / 256;
                    if let Some((_, first)) = model.get(keep) {
                        let aside = journal.set_aside_from(*first).unwrap();
                        journal.cut(&aside).unwrap();
                        model.truncate(keep);
                    }
                }
                Step::LoseWatermark => {
                    drop(journal);
                    std::fs::remove_file(directory.path().join("watermark")).unwrap();
                    journal = open(directory.path()).0;
                }
            }
            let expected: Vec<String> = model.iter().flat_map(|(ids, _)| ids.clone()).collect();
            prop_assert_eq!(journal.position().sequence as usize, expected.len());
            prop_assert_eq!(ids(&journal), expected);
        }
    }
}

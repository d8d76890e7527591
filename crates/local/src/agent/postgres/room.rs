//! Whether the disk below the database takes anything more.
//!
//! The write probe goes into the write-ahead log, whose segments are made ahead of time: on a full disk it succeeds for
//! hours, while every statement that must extend a table fails. Free space is no answer either, for quotas and for disks
//! that have become read-only. So a file is written, and removed.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A business transaction extends a few tables and indexes by some pages each.
const ROOM: usize = 256 * 1024;
/// PostgreSQL empties this directory at its start, and neither base backups nor `pg_rewind` copy what is in it.
const DIRECTORY: &str = "pg_stat_tmp";
const FILE: &str = "plimsoll-room";

/// Takes some room on the disk and gives it back. Not synced: file systems say when they reserve blocks that there are
/// none, and how long a sync takes is the write probe's matter.
///
/// # Errors
/// What a transaction would meet: no space, a quota, a disk that is read-only.
pub fn take(data: &Path) -> std::io::Result<()> {
    let file: PathBuf = data.join(DIRECTORY).join(FILE);
    let written = fs::write(&file, vec![0; ROOM]);
    // What is left of a failed attempt would hold the last blocks.
    let removed = fs::remove_file(&file);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_room_is_left_as_it_was_and_a_full_one_is_told() {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().join(DIRECTORY);
        fs::create_dir(&directory).unwrap();
        take(data.path()).unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        std::os::unix::fs::symlink("/dev/full", directory.join(FILE)).unwrap();
        let refused = take(data.path()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::StorageFull);
        take(data.path()).unwrap();
    }
}

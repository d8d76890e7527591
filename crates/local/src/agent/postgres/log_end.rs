//! Where the log of a stopped primary ends: its last valid record, read from the files.
//!
//! A commit that anybody was told of lies on disk, so whoever has that record has every such commit. What a kill leaves
//! half written is no record and was told to nobody. A clean stop's checkpoint is a record like any other.
//!
//! Only a log that ends as logs do counts: zeroes, or the remains of an older, recycled segment. Everything else may be
//! damage with commits behind it, and is no end.

use std::{path::Path, time::Duration};

use api::site::LogPosition;
use types::Lsn;

use super::control_data::ControlData;
use crate::agent::supervise::{
    spawner::Spawner,
    tool::{self, Tool},
};

/// A failover waits for this. At some hundred megabytes a second it is far more log than lies between two sights of a
/// database; what takes longer is not known.
const TIME_MAX: Duration = Duration::from_millis(500);
/// Reading begins this much before the last position that was seen, so that there is a record to begin with.
const BEFORE: u64 = 1 << 20;
/// And not before the segment of that position: a segment may have been left half empty for the next one. With segments of
/// another size than the usual one the end may be found uncertain, which is safe.
const SEGMENT: u64 = 16 << 20;

/// A stopped primary's log.
#[derive(Clone, Copy, Debug)]
pub struct LogEnd<'a> {
    /// Directory of PostgreSQL's programs.
    pub bin_dir: &'a Path,
    /// The data directory.
    pub data_dir: &'a Path,
    /// Starts the programs.
    pub spawner: &'a Spawner,
    /// Where the history of its last reign begins.
    pub began: LogPosition,
    /// The last position at which it was seen running; it had written at least this much.
    pub last_seen: Option<LogPosition>,
}

/// Why the end of a log is not certain.
#[derive(Debug, thiserror::Error)]
pub enum Uncertain {
    /// A program did not do its work.
    #[error(transparent)]
    Tool(#[from] tool::Error),
    /// It took too long.
    #[error("the log was not read within {} ms", TIME_MAX.as_millis())]
    TooSlow,
    /// It ends in a way in which logs do not end.
    #[error("the log does not end as logs do: {0}")]
    Damaged(String),
}

impl LogEnd<'_> {
    /// Reads it. The server must be stopped for good.
    ///
    /// # Errors
    /// [`Uncertain`].
    pub async fn read(&self) -> Result<LogPosition, Uncertain> {
        // A disk that hangs must not keep a failover waiting.
        let read = tokio::time::timeout(TIME_MAX, self.look());
        read.await.unwrap_or(Err(Uncertain::TooSlow))
    }

    async fn look(&self) -> Result<LogPosition, Uncertain> {
        let LogPosition {
            timeline,
            position: began,
        } = self.began;
        // What was seen of an earlier timeline is not of this log.
        let seen = self.last_seen.filter(|seen| seen.timeline == timeline);
        let seen = match seen {
            Some(seen) => seen.position,
            // Never seen running: from its last checkpoint on, which the control file names.
            None => {
                ControlData::read(self.bin_dir, self.data_dir, self.spawner)
                    .await?
                    .position
            }
        };
        let segment = seen.get() - seen.get() % SEGMENT;
        let from = began.max(Lsn::new(seen.get().saturating_sub(BEFORE).max(segment)));
        let args = vec![
            "-q".to_owned(),
            "-p".to_owned(),
            self.data_dir.join("pg_wal").display().to_string(),
            "-t".to_owned(),
            timeline.to_string(),
            "-s".to_owned(),
            from.to_string(),
        ];
        let output = Tool::new(self.bin_dir.join("pg_waldump"), args, TIME_MAX)
            .env("LC_ALL", "C")
            .output(self.spawner)
            .await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last = last_record(&complaint).ok_or_else(|| Uncertain::Damaged(complaint.trim().to_owned()))?;
        // Past the beginning of the last record, and never before what was seen to be written.
        let position = Lsn::new(last.get() + 1).max(seen);
        Ok(LogPosition { timeline, position })
    }
}

/// Where the last record begins, by the complaint with which `pg_waldump` ends:
/// `error in WAL record at 0/3000158: invalid record length at 0/3000190: wanted 24, got 0`.
fn last_record(complaint: &str) -> Option<Lsn> {
    let (_, rest) = complaint.trim().split_once("error in WAL record at ")?;
    let (last, why) = rest.split_once(": ")?;
    let is_end = [
        "invalid record length at ",
        "unexpected pageaddr ",
        "invalid magic number 0000 ",
    ]
    .iter()
    .any(|words| why.starts_with(words));
    is_end.then(|| last.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_logs_have_tells_the_last_record() {
        let at = "pg_waldump: error: error in WAL record at 0/3000158: ";
        let last = Some("0/3000158".parse().unwrap());
        for (why, expected) in [
            ("invalid record length at 0/3000190: wanted 24, got 0", last),
            (
                "invalid record length at 0/3000190: expected at least 24, got 0",
                last,
            ),
            (
                "unexpected pageaddr 0/1000000 in log segment 000000010000000000000003, offset 8192",
                last,
            ),
            (
                "invalid magic number 0000 in log segment 000000010000000000000003, offset 8192",
                last,
            ),
            (
                "invalid magic number 4711 in log segment 000000010000000000000003, offset 8192",
                None,
            ),
            (
                "incorrect resource manager data checksum in record at 0/3000190",
                None,
            ),
            ("record with incorrect prev-link 0/1 at 0/3000190", None),
        ] {
            assert_eq!(last_record(&format!("{at}{why}\n")), expected, "{why}");
        }
        for nothing in [
            "",
            "pg_waldump: error: could not find a valid record after 0/3000158",
            "pg_waldump: error: could not find file \"000000010000000000000004\": No such file or directory",
        ] {
            assert_eq!(last_record(nothing), None, "{nothing}");
        }
    }
}

//! What lies in the local write-ahead log beyond the point at which the survivor's history parted from ours.

use std::{collections::BTreeSet, path::Path, time::Duration};

use types::{Lsn, Timestamp};

use super::session::PROBE_PREFIX;
use crate::agent::supervise::{
    spawner::Spawner,
    tool::{self, Tool},
};

/// A standby that takes over by itself lacks little: it was fit a moment ago, which is at most 64 MiB of log behind, and
/// less than the lease's few seconds. Twice that, and a minute, is what an operator expects of a failover.
const USUAL_BYTES_MAX: u64 = 128 << 20;
/// The same in time.
const USUAL_TIME_MAX: Duration = Duration::from_secs(60);
/// Reading a few gigabytes of log.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Whether anything was written beyond the fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Nothing: our history is a beginning of theirs.
    Nothing,
    /// At least one record.
    Something,
    /// More than a failover loses by itself, or nobody can tell how much: people went on without it, and may want it back.
    Much,
    /// It cannot be told.
    Unknown,
}

/// Commits beyond the fork.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// How many, our own probes not counted.
    pub count: u64,
    /// Time of the first.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
}

/// Reads the local log of a stopped server.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Directory of PostgreSQL's programs.
    pub bin_dir: &'a Path,
    /// The data directory.
    pub data_dir: &'a Path,
    /// Starts the program.
    pub spawner: &'a Spawner,
    /// The timeline on which both histories were together last.
    pub timeline: u32,
    /// Up to where.
    pub fork: Lsn,
}

impl Reading<'_> {
    async fn dump(&self, more: &[&str]) -> Result<std::process::Output, tool::Error> {
        let mut args = vec![
            "-p".to_owned(),
            self.data_dir.join("pg_wal").display().to_string(),
            "-t".to_owned(),
            self.timeline.to_string(),
            "-s".to_owned(),
            self.fork.to_string(),
        ];
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        Tool::new(self.bin_dir.join("pg_waldump"), args, TIME_MAX)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .output(self.spawner)
            .await
    }

    /// Whether anything lies beyond the fork.
    pub async fn anything(&self) -> Beyond {
        let Ok(output) = self.dump(&["-n", "1"]).await else {
            return Beyond::Unknown;
        };
        if !output.stdout.is_empty() {
            return Beyond::Something;
        }
        judge_silence(&String::from_utf8_lossy(&output.stderr))
    }

    /// The commits beyond the fork. The program always ends with an error at the end of the log; what it wrote counts.
    pub async fn commits(&self) -> Result<Commits, tool::Error> {
        let output = self.dump(&["-r", "Transaction", "-r", "LogicalMessage"]).await?;
        Ok(count(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// How much lies beyond the fork: at least `bytes`, with these commits, where they could be read.
pub fn judge_amount(bytes: u64, commits: Option<&Commits>) -> Beyond {
    let Some(commits) = commits else {
        return Beyond::Much;
    };
    let over = commits
        .first
        .zip(commits.last)
        .map_or(Duration::ZERO, |(first, last)| last.since(first));
    if bytes > USUAL_BYTES_MAX || over > USUAL_TIME_MAX {
        Beyond::Much
    } else {
        Beyond::Something
    }
}

fn judge_silence(complaint: &str) -> Beyond {
    // What an end of the log looks like: zeroes, or the remains of an older, recycled segment.
    let end = [
        "could not find a valid record after",
        "invalid record length",
        "unexpected pageaddr",
        "invalid magic number 0000",
        "could not find file",
        "could not open file",
    ];
    if end.iter().any(|words| complaint.contains(words)) {
        Beyond::Nothing
    } else {
        Beyond::Unknown
    }
}

/// Counts lines such as
/// `rmgr: Transaction len (rec/tot): 34/34, tx: 742, lsn: 0/…, prev 0/…, desc: COMMIT 2026-11-21 10:05:18.123456 UTC`,
/// without the transactions of our own probes, which write a message first.
fn count(dump: &str) -> Commits {
    let mut probes = BTreeSet::new();
    let mut commits = Commits::default();
    for line in dump.lines() {
        let tx = line
            .split_once("tx:")
            .and_then(|(_, rest)| rest.split(',').next())
            .map_or("", str::trim);
        if line.starts_with("rmgr: LogicalMessage") {
            if line.contains(&format!("prefix \"{PROBE_PREFIX}\"")) {
                probes.insert(tx.to_owned());
            }
        } else if let Some((_, rest)) = line.split_once("desc: COMMIT ")
            && !probes.remove(tx)
        {
            let at = time(rest);
            commits.count += 1;
            commits.first = commits.first.or(at);
            commits.last = at.or(commits.last);
        }
    }
    commits
}

/// Reads `2026-11-21 10:05:18.123456 UTC; …`.
fn time(text: &str) -> Option<Timestamp> {
    let (time, _) = text.split_once(" UTC")?;
    format!("{}Z", time.replacen(' ', "T", 1)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_counted_without_our_own_probes() {
        let dump = "\
rmgr: Heap        len (rec/tot):     54/    54, tx:        741, lsn: 0/03000158, prev 0/03000120, desc: INSERT off 2
rmgr: Transaction len (rec/tot):     34/    34, tx:        741, lsn: 0/03000190, prev 0/03000158, desc: COMMIT 2026-11-21 10:05:18.123456 UTC
rmgr: LogicalMessage len (rec/tot):  59/    59, tx:        742, lsn: 0/030001B8, prev 0/03000190, desc: MESSAGE transactional, prefix \"plimsoll-probe\"; payload (0 bytes):
rmgr: Transaction len (rec/tot):     34/    34, tx:        742, lsn: 0/030001F0, prev 0/030001B8, desc: COMMIT 2026-11-21 10:05:18.500000 UTC
rmgr: Transaction len (rec/tot):     34/    34, tx:        743, lsn: 0/03000218, prev 0/030001F0, desc: ABORT 2026-11-21 10:05:18.600000 UTC
rmgr: Transaction len (rec/tot):     98/    98, tx:        744, lsn: 0/03000240, prev 0/03000218, desc: COMMIT 2026-11-21 10:05:19.000000 UTC; inval msgs: catcache 7
";
        let expected = Commits {
            count: 2,
            first: Some("2026-11-21T10:05:18.123456Z".parse().unwrap()),
            last: Some("2026-11-21T10:05:19Z".parse().unwrap()),
        };
        assert_eq!(count(dump), expected);
    }

    #[test]
    fn much_is_what_no_failover_loses_by_itself() {
        let over = |seconds: i64| Commits {
            count: 9,
            first: Some(Timestamp::from_micros(0)),
            last: Some(Timestamp::from_micros(seconds * 1_000_000)),
        };
        let few = Commits::default();
        assert_eq!(judge_amount(64 << 20, Some(&over(59))), Beyond::Something);
        assert_eq!(judge_amount(0, Some(&few)), Beyond::Something);
        assert_eq!(judge_amount(0, Some(&over(61))), Beyond::Much);
        assert_eq!(judge_amount(129 << 20, Some(&few)), Beyond::Much);
        assert_eq!(judge_amount(0, None), Beyond::Much, "its log cannot be read");
    }

    #[test]
    fn only_a_known_end_of_the_log_counts_as_nothing() {
        let end = "pg_waldump: error: error in WAL record at 0/3000158: invalid record length at 0/3000190: wanted 24, got 0";
        assert_eq!(judge_silence(end), Beyond::Nothing);
        assert_eq!(
            judge_silence("pg_waldump: error: could not read file"),
            Beyond::Unknown
        );
    }
}

//! What another region's database says, asked with PostgreSQL's own client: it knows password files and TLS already.

use std::time::Duration;

use types::{
    Lsn, RegionName,
    settings::{DatabaseSettings, ReplicationSettings, Upstream},
};

use super::history::{self, Branch};
use crate::agent::supervise::{
    spawner::Spawner,
    tool::{self, Tool},
};

/// A region across a slow link still answers a few small queries by then.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// Another region's database that can be followed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamSeen {
    /// No answer.
    Unreachable {
        /// Why, for people.
        why: String,
    },
    /// It answers, and is a standby itself.
    NotPrimary,
    /// It accepts writes.
    Primary(Primary),
}

/// Another region's primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Which cluster this is a copy of.
    pub system: u64,
    /// Its timeline.
    pub timeline: u32,
    /// The timeline of its last checkpoint: `pg_rewind` believes this one.
    pub checkpoint_timeline: u32,
    /// How its timeline came about.
    pub history: Vec<Branch>,
}

/// The connection string of libpq towards a region's database.
pub fn conninfo(replication: &ReplicationSettings, upstream: &Upstream, region: &RegionName) -> String {
    [
        ("host", upstream.host.as_str()),
        ("port", &upstream.port.to_string()),
        ("user", &replication.user),
        ("passfile", &replication.passfile.display().to_string()),
        ("application_name", region.as_str()),
        ("sslmode", "verify-ca"),
        ("sslrootcert", &replication.ca.display().to_string()),
        ("connect_timeout", "3"),
        // A cut link must be noticed in seconds, not in the kernel's two hours.
        ("keepalives_idle", "2"),
        ("keepalives_interval", "1"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "5000"),
    ]
    .map(|(key, value)| format!("{key}='{}'", value.replace('\\', r"\\").replace('\'', r"\'")))
    .join(" ")
}

/// Asks questions of one upstream.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// This region's database.
    pub settings: &'a DatabaseSettings,
    /// This region.
    pub region: &'a RegionName,
    /// Starts the client.
    pub spawner: &'a Spawner,
    /// Whom.
    pub upstream: &'a Upstream,
}

impl Asking<'_> {
    /// The connection string, with a database.
    pub fn conninfo(&self) -> String {
        format!(
            "{} dbname='postgres'",
            conninfo(&self.settings.replication, self.upstream, self.region)
        )
    }

    async fn query(&self, sql: &str) -> Result<Vec<String>, tool::Error> {
        let args = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d"];
        let mut args: Vec<String> = args.map(str::to_owned).to_vec();
        args.extend([self.conninfo(), "-c".to_owned(), sql.to_owned()]);
        let tool = Tool::new(self.settings.bin_dir.join("psql"), args, ANSWER_TIME_MAX);
        let text = tool.run(self.spawner).await?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// What the upstream is.
    pub async fn look(&self) -> UpstreamSeen {
        match self.primary().await {
            Ok(Some(primary)) => UpstreamSeen::Primary(primary),
            Ok(None) => UpstreamSeen::NotPrimary,
            Err(error) => UpstreamSeen::Unreachable {
                why: error.to_string(),
            },
        }
    }

    async fn primary(&self) -> Result<Option<Primary>, tool::Error> {
        // One row: in recovery, system, timeline of the checkpoint, timeline of the current position.
        let sql = "select pg_is_in_recovery(), s.system_identifier, c.timeline_id, \
                   case when pg_is_in_recovery() then null else pg_walfile_name(pg_current_wal_lsn()) end \
                   from pg_control_system() s, pg_control_checkpoint() c";
        let rows = self.query(sql).await?;
        let fields: Vec<&str> = rows
            .first()
            .map(|row| row.split('\t').collect())
            .unwrap_or_default();
        let [recovery, system, checkpoint, segment] = fields.as_slice() else {
            return Ok(None);
        };
        let timeline = segment.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let (true, Ok(system), Ok(checkpoint_timeline), Some(timeline)) =
            (*recovery == "f", system.parse(), checkpoint.parse(), timeline)
        else {
            return Ok(None);
        };
        let history = if timeline == 1 {
            Vec::new()
        } else {
            let file = history::file_name(timeline);
            let sql = format!("select convert_from(pg_read_binary_file('pg_wal/{file}'), 'UTF8')");
            history::parse(&self.query(&sql).await?.join("\n"))
        };
        Ok(Some(Primary {
            system,
            timeline,
            checkpoint_timeline,
            history,
        }))
    }

    /// Whether the upstream still has the WAL from `position` on; `None` when that cannot be told.
    pub async fn has_wal(&self, timeline: u32, position: Lsn, segment_bytes: u64) -> Option<bool> {
        let file = history::segment_name(timeline, position, segment_bytes)?;
        let sql = format!("select coalesce((pg_stat_file('pg_wal/{file}', true)).size, -1)");
        let size: i64 = self.query(&sql).await.ok()?.first()?.parse().ok()?;
        Some(size >= 0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn values_of_a_connection_string_are_quoted() {
        let replication = ReplicationSettings {
            user: "replicator".to_owned(),
            passfile: "/a b/it's.pgpass".into(),
            ca: "/ca.pem".into(),
            slot: "b".to_owned(),
            downstream_slots: vec![],
            upstreams: BTreeMap::new(),
        };
        let upstream = Upstream {
            host: "127.0.0.1".to_owned(),
            port: 5432,
        };
        let text = conninfo(&replication, &upstream, &RegionName::new("b").unwrap());
        assert!(
            text.starts_with(
                r"host='127.0.0.1' port='5432' user='replicator' passfile='/a b/it\'s.pgpass' application_name='b' sslmode='verify-ca'"
            ),
            "{text}"
        );
    }
}

//! `postgresql.conf`
//!
//! It lies outside of the data directory, because `pg_rewind` and `pg_basebackup` bring the other side's files along.
//! Whether a server leads or follows is not in here: `standby.signal` in the data directory says so.

use std::{fmt::Write as _, path::Path};

use plan::{Postgres, ReplicationLink};
use types::{ByteSize, Span};

use crate::Error;

/// Lines of one file.
struct Conf<'p> {
    path: &'p str,
    text: String,
}

impl Conf<'_> {
    fn section(&mut self, title: &str) {
        let _ = write!(self.text, "\n# {title}\n");
    }

    fn why(&mut self, reason: &str) {
        let _ = writeln!(self.text, "# {reason}");
    }

    /// A value that needs no quotes: a number or a word of ours.
    fn plain(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn size(&mut self, key: &str, value: ByteSize) {
        // PostgreSQL's MB is 1024 * 1024, and so on.
        self.plain(key, format_args!("{}kB", value.get() / 1024));
    }

    fn span(&mut self, key: &str, value: Span) {
        self.plain(key, format_args!("{}ms", value.as_millis()));
    }

    fn quoted(&mut self, key: &str, value: &str) -> Result<(), Error> {
        if value.contains(char::is_control) {
            return Err(Error::Unquotable {
                path: self.path.to_owned(),
                key: key.to_owned(),
            });
        }
        // The configuration file knows backslash escapes too.
        let value = value.replace('\\', "\\\\").replace('\'', "''");
        let _ = writeln!(self.text, "{key} = '{value}'");
        Ok(())
    }

    fn path(&mut self, key: &str, value: &Path) -> Result<(), Error> {
        self.quoted(key, &value.to_string_lossy())
    }
}

pub(crate) fn render(server: &Postgres, path: &str) -> Result<String, Error> {
    let mut conf = Conf {
        path,
        text: String::from("# Rendered by Plimsoll. Changes are overwritten.\n"),
    };
    conf.plain("cluster_name", format_args!("'{}'", server.cluster_name));
    conf.path("data_directory", &server.data_dir)?;
    conf.path("hba_file", &server.hba_file)?;
    conf.path("ident_file", &server.data_dir.join("pg_ident.conf"))?;
    connections(&mut conf, server)?;
    memory(&mut conf, server);
    log(&mut conf, server);
    replication(&mut conf, server)?;
    talk(&mut conf, server);
    Ok(conf.text)
}

fn connections(conf: &mut Conf<'_>, server: &Postgres) -> Result<(), Error> {
    conf.section("Connections");
    conf.quoted("listen_addresses", &server.listen.ip().to_string())?;
    conf.plain("port", server.listen.port());
    conf.path("unix_socket_directories", &server.socket_dir)?;
    conf.why("Only the estate's own user may even try.");
    conf.plain("unix_socket_permissions", "0700");
    conf.plain("max_connections", server.connections_max);
    conf.plain("superuser_reserved_connections", 3);
    conf.plain("password_encryption", "scram-sha-256");
    conf.plain("ssl", "on");
    conf.path("ssl_cert_file", &server.tls.certificate)?;
    conf.path("ssl_key_file", &server.tls.key)?;
    conf.path("ssl_ca_file", &server.tls.ca)?;
    conf.quoted("ssl_min_protocol_version", "TLSv1.3")?;
    conf.why("A partner that fell silent is noticed in seconds, not in hours.");
    conf.plain("tcp_keepalives_idle", 2);
    conf.plain("tcp_keepalives_interval", 1);
    conf.plain("tcp_keepalives_count", 3);
    conf.span("tcp_user_timeout", server.silence_max);
    conf.why("A query whose client is gone ends too.");
    conf.plain("client_connection_check_interval", "1s");
    Ok(())
}

fn memory(conf: &mut Conf<'_>, server: &Postgres) {
    conf.section("Memory");
    conf.size("shared_buffers", server.memory.shared_buffers);
    conf.size("effective_cache_size", server.memory.effective_cache_size);
    conf.size("work_mem", server.memory.work_mem);
    conf.size("maintenance_work_mem", server.memory.maintenance_work_mem);
    conf.plain("huge_pages", "try");
    conf.plain("dynamic_shared_memory_type", "posix");
}

fn log(conf: &mut Conf<'_>, server: &Postgres) {
    conf.section("Write-ahead log");
    conf.why("What was acknowledged is on disk. Never off: the whole design stands on it.");
    conf.plain("fsync", "on");
    conf.plain("full_page_writes", "on");
    conf.why(
        "After a crash every file is synced before recovery begins. One by one that is most of a restart's time.",
    );
    conf.plain("recovery_init_sync_method", "syncfs");
    conf.plain("synchronous_commit", "on");
    conf.plain("wal_level", "replica");
    conf.why("pg_rewind needs to know every changed page.");
    conf.plain("wal_log_hints", "on");
    conf.size("max_wal_size", server.wal.size_max);
    conf.size("min_wal_size", server.wal.size_min);
    conf.plain("checkpoint_timeout", "5min");
    conf.plain("checkpoint_completion_target", 0.9);
    conf.why(
        "No backups yet: `on` needs a restart, so switch it together with a command that keeps the log.",
    );
    conf.plain("archive_mode", "off");
    conf.why("A crashed backend must not take the server down for good: it recovers in place, quicker than a failover.");
    conf.why("The lease is kept by the agent, not in here, so a server that recovers writes no longer than it may.");
    conf.plain("restart_after_crash", "on");
}

fn replication(conf: &mut Conf<'_>, server: &Postgres) -> Result<(), Error> {
    conf.section("Replication, the same whether this server leads or follows");
    conf.plain("hot_standby", "on");
    conf.why("A query on the standby is not cancelled by vacuum on the primary.");
    conf.plain("hot_standby_feedback", "on");
    conf.plain("max_wal_senders", server.wal.senders_max);
    conf.plain("max_replication_slots", server.wal.slots_max);
    conf.size("wal_keep_size", server.wal.keep);
    conf.why("A standby that stays away loses its place before the disk is full.");
    conf.size("max_slot_wal_keep_size", server.wal.slot_keep_max);
    conf.span("wal_sender_timeout", server.silence_max);
    conf.span("wal_receiver_timeout", server.silence_max);
    conf.plain("wal_receiver_status_interval", "1s");
    conf.plain("wal_retrieve_retry_interval", "500ms");
    conf.plain("recovery_target_timeline", "latest");
    conf.why(
        "Nobody waits for the other region to commit; the gateway's journal keeps what must not be lost.",
    );
    conf.quoted("synchronous_standby_names", "")?;
    if let Some(upstream) = &server.upstream {
        let silence_max = server.silence_max;
        conf.quoted("primary_conninfo", &conninfo(upstream, silence_max))?;
        conf.quoted("primary_slot_name", &upstream.slot)?;
    }
    Ok(())
}

/// libpq's `key='value'` list, with its own quoting inside of the file's.
fn conninfo(upstream: &ReplicationLink, silence_max: Span) -> String {
    let passfile = upstream.passfile.to_string_lossy();
    let ca = upstream.ca.to_string_lossy();
    let connect_timeout_s = (upstream.connect_timeout.as_millis() / 1000).to_string();
    let silence_max_ms = silence_max.as_millis().to_string();
    let (host, port) = (
        upstream.address.ip().to_string(),
        upstream.address.port().to_string(),
    );
    let pairs = [
        ("host", host.as_str()),
        ("port", &port),
        ("user", &upstream.user),
        ("passfile", &passfile),
        ("application_name", &upstream.application_name),
        ("sslmode", "verify-ca"),
        ("sslrootcert", &ca),
        ("connect_timeout", &connect_timeout_s),
        ("tcp_user_timeout", &silence_max_ms),
        ("keepalives", "1"),
        ("keepalives_idle", "2"),
        ("keepalives_interval", "1"),
        ("keepalives_count", "3"),
    ];
    let quoted = pairs.map(|(key, value)| {
        let value = value.replace('\\', "\\\\").replace('\'', "\\'");
        format!("{key}='{value}'")
    });
    quoted.join(" ")
}

fn talk(conf: &mut Conf<'_>, server: &Postgres) {
    conf.section("Log, to standard error: the agent keeps it");
    conf.plain("log_destination", "stderr");
    conf.plain("logging_collector", "off");
    conf.plain("log_line_prefix", "'%m [%p] %q%u@%d %a '");
    conf.span("log_min_duration_statement", server.slow_statement);
    conf.why("Statements with many values would fill the log, and the values are people's data.");
    conf.plain("log_parameter_max_length", 0);
    conf.plain("log_parameter_max_length_on_error", 0);
    conf.plain("log_checkpoints", "on");
    conf.plain("log_lock_waits", "on");
    conf.plain("log_replication_commands", "on");
    conf.plain("log_recovery_conflict_waits", "on");
    conf.plain("log_timezone", "'UTC'");
    conf.plain("timezone", "'UTC'");
    conf.plain("lc_messages", "'C'");
    conf.why("Tables of an ERP with busy queues need it more often than the default.");
    conf.plain("autovacuum_naptime", "20s");
    conf.plain("autovacuum_max_workers", 2);
    conf.why("A transaction that was forgotten holds back vacuum and, through feedback, the other region's.");
    conf.plain("idle_in_transaction_session_timeout", "10min");
}

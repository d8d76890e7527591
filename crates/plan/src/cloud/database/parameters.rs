//! PostgreSQL's parameters, in base units: the one way of writing that Azure's interface and `postgresql.conf` both
//! understand.

use std::collections::BTreeMap;

use estate::{Database, Engine, VacuumPolicy};
use types::{ByteSize, Span};

use super::super::blueprint::Pooler;
use crate::local::SILENCE_MAX;

/// What parameters depend on beside the estate.
pub(super) struct Server {
    pub(super) cores: u16,
    pub(super) memory: ByteSize,
    pub(super) connections_max: u16,
    /// A standby that stays away must not fill the primary's disk: it is built anew instead.
    pub(super) slot_keep_max: ByteSize,
    pub(super) pooler: Option<Pooler>,
}

/// A transaction of Odoo that does nothing for so long has lost its process, and holds locks.
const IDLE_IN_TRANSACTION_MAX: Span = Span::from_minutes(10);

/// Name and value of everything that is not PostgreSQL's own default.
pub(super) fn plan(asked: &Database, server: &Server) -> BTreeMap<String, String> {
    let mut set = Parameters(BTreeMap::new());
    set.number("max_connections", u64::from(server.connections_max));
    memory(&mut set, server);
    durability(&mut set, server);
    talk(&mut set);
    log(&mut set, asked);
    vacuum(&mut set, asked.vacuum);
    if asked.engine == Engine::FlexibleServer {
        azure(&mut set, server);
    }
    set.0
}

struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn word(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    fn number(&mut self, name: &str, value: u64) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    fn pages(&mut self, name: &str, value: u64) {
        self.number(name, value >> 13);
    }

    fn kib(&mut self, name: &str, value: u64) {
        self.number(name, value >> 10);
    }

    fn mib(&mut self, name: &str, value: u64) {
        self.number(name, value >> 20);
    }

    fn millis(&mut self, name: &str, value: Span) {
        self.number(name, value.as_millis());
    }
}

/// The shares that PostgreSQL's own documentation begins with; a worker's sort may take what is left among all.
fn memory(set: &mut Parameters, server: &Server) {
    let memory = server.memory.get();
    set.pages("shared_buffers", memory / 4);
    set.pages("effective_cache_size", memory / 4 * 3);
    let each = memory / 4 / u64::from(server.connections_max.max(1));
    set.kib("work_mem", each.clamp(4 << 20, 64 << 20));
    set.kib("maintenance_work_mem", (memory / 16).clamp(64 << 20, 2 << 30));
    // Disks are solid: reading here and there costs hardly more than reading in a row.
    set.word("random_page_cost", "1.1");
    // Odoo's queries are short; compiling them takes longer than running them.
    set.word("jit", "off");
    set.number("max_parallel_workers", u64::from(server.cores));
}

/// What was acknowledged is on disk; a standby catches up from what is kept.
fn durability(set: &mut Parameters, server: &Server) {
    set.word("synchronous_commit", "on");
    set.number("checkpoint_timeout", 300);
    set.word("checkpoint_completion_target", "0.9");
    set.mib("max_wal_size", (server.memory.get() / 4).clamp(2 << 30, 32 << 30));
    set.mib("min_wal_size", 1 << 30);
    set.mib("max_slot_wal_keep_size", server.slot_keep_max.get());
    // A query on a standby is not cancelled by vacuum on the primary.
    set.word("hot_standby_feedback", "on");
    set.millis("wal_sender_timeout", SILENCE_MAX);
}

/// A partner that fell silent is noticed in seconds, not in hours.
fn talk(set: &mut Parameters) {
    set.number("tcp_keepalives_idle", 2);
    set.number("tcp_keepalives_interval", 1);
    set.number("tcp_keepalives_count", 3);
    set.millis("tcp_user_timeout", SILENCE_MAX);
    set.millis("client_connection_check_interval", Span::from_secs(1));
    set.millis("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MAX);
    set.word("password_encryption", "scram-sha-256");
}

fn log(set: &mut Parameters, asked: &Database) {
    set.millis("log_min_duration_statement", asked.slow_statement);
    set.word("log_lock_waits", "on");
    set.word("log_checkpoints", "on");
    set.millis("log_autovacuum_min_duration", asked.slow_statement);
    set.number("log_temp_files", 10 << 10);
    set.word("track_io_timing", "on");
    set.word("pg_stat_statements.track", "all");
}

fn vacuum(set: &mut Parameters, policy: VacuumPolicy) {
    match policy {
        VacuumPolicy::Standard => {}
        // Often and in small steps, and never so slowly that it does not keep up.
        VacuumPolicy::WriteHeavy => {
            set.number("autovacuum_naptime", 15);
            set.word("autovacuum_vacuum_scale_factor", "0.02");
            set.word("autovacuum_analyze_scale_factor", "0.02");
            set.word("autovacuum_vacuum_insert_scale_factor", "0.05");
            set.number("autovacuum_vacuum_cost_delay", 2);
            set.number("autovacuum_vacuum_cost_limit", 2000);
        }
    }
}

/// What only Azure's interface knows.
fn azure(set: &mut Parameters, server: &Server) {
    set.word("azure.extensions", "AMCHECK,PG_STAT_STATEMENTS,PG_TRGM,UNACCENT");
    set.word("require_secure_transport", "on");
    set.word("ssl_min_protocol_version", "TLSv1.2");
    if let Some(pooler) = server.pooler {
        set.word("pgbouncer.enabled", "true");
        set.word("pgbouncer.pool_mode", "session");
        set.number("pgbouncer.default_pool_size", u64::from(pooler.connections_max));
        set.number("pgbouncer.max_client_conn", u64::from(pooler.clients_max));
    }
}

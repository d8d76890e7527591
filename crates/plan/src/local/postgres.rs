//! A region's PostgreSQL. Every region gets the same settings but for names: each may lead tomorrow.

use types::{
    ByteSize, RegionName, Span,
    host::secret,
    settings::{DatabaseSettings, ReplicationSettings, SeedSql, Upstream},
};

use super::{Planner, odoo, timing};
use crate::{HbaRule, Port, Postgres, PostgresMemory, PostgresWal, Refusal, ReplicationLink};

const SUPERUSER: &str = "plimsoll";
const REPLICATION_ROLE: &str = "replicator";
/// Database that the superuser and `pg_rewind` connect to, and where Odoo listens for notifications.
const MAINTENANCE_DATABASE: &str = "postgres";

/// Agent, probes, people with `psql`, and the three that PostgreSQL keeps for superusers.
const CONNECTIONS_BESIDE_ODOO: u16 = 30;
const CONNECTIONS_MIN: u16 = 100;

/// Two servers share one small machine with six Odoo masters.
const MEMORY: PostgresMemory = PostgresMemory {
    shared_buffers: ByteSize::mib(256),
    effective_cache_size: ByteSize::mib(1024),
    work_mem: ByteSize::mib(8),
    maintenance_work_mem: ByteSize::mib(64),
};

const WAL: PostgresWal = PostgresWal {
    // `pg_rewind` needs the log back to the point where histories part; once it was recycled only a base backup helps.
    keep: ByteSize::mib(1024),
    // A standby that stays away must not fill the primary's disk: it gets a base backup instead.
    slot_keep_max: ByteSize::mib(4096),
    size_max: ByteSize::mib(2048),
    size_min: ByteSize::mib(256),
    senders_max: 8,
    slots_max: 8,
};

/// A cut link says `streaming` for as long as this.
pub(crate) const SILENCE_MAX: Span = Span::from_secs(5);
const CONNECT_TIMEOUT: Span = Span::from_secs(2);
const SLOW_STATEMENT: Span = Span::from_secs(1);

/// Slot names allow letters, digits and underscores.
fn slot(region: &RegionName) -> String {
    format!("plimsoll_{}", region.as_str().replace('-', "_"))
}

impl Planner<'_> {
    /// The region's place in the order of names, which does not change with roles.
    fn number(&self, region: &RegionName) -> usize {
        self.regions.iter().filter(|other| other.name < *region).count()
    }

    pub(super) fn postgres(&self, region: &RegionName) -> Result<Postgres, Refusal> {
        let layout = &self.host.layout;
        let tls = layout.identity(&format!("{region}-postgres"));
        let upstream = self.others(region).next().map(|other| {
            Ok(ReplicationLink {
                region: other.name.clone(),
                address: self.regional(Port::Postgres, &other.name)?,
                user: REPLICATION_ROLE.to_owned(),
                passfile: layout.secret(secret::REPLICATION_PASSFILE),
                ca: tls.ca.clone(),
                application_name: region.to_string(),
                slot: slot(region),
                connect_timeout: CONNECT_TIMEOUT,
            })
        });
        Ok(Postgres {
            cluster_name: region.to_string(),
            data_dir: layout.region(region).join("postgres/data"),
            hba_file: self.rendered(region).join("postgres/pg_hba.conf"),
            listen: self.regional(Port::Postgres, region)?,
            socket_dir: layout.sockets(self.number(region)),
            tls,
            connections_max: CONNECTIONS_MIN.max(self.odoo_connections() + CONNECTIONS_BESIDE_ODOO),
            memory: MEMORY,
            wal: WAL,
            upstream: upstream.transpose()?,
            silence_max: SILENCE_MAX,
            slow_statement: SLOW_STATEMENT,
            hba: self.hba(region)?,
        })
    }

    fn hba(&self, region: &RegionName) -> Result<Vec<HbaRule>, Refusal> {
        // One region has no other; then nobody comes from anywhere else than itself.
        let other = self.others(region).next().map_or(region, |other| &other.name);
        let databases = vec![self.tenant.database.clone(), MAINTENANCE_DATABASE.to_owned()];
        Ok(vec![
            HbaRule::Socket {
                databases: Vec::new(),
                role: SUPERUSER.to_owned(),
            },
            HbaRule::Socket {
                databases,
                role: odoo::ROLE.to_owned(),
            },
            HbaRule::Tls {
                from: self.regional(Port::Postgres, other)?.ip(),
                databases: vec!["replication".to_owned(), MAINTENANCE_DATABASE.to_owned()],
                role: REPLICATION_ROLE.to_owned(),
            },
        ])
    }

    /// What the region's agent knows of the database.
    pub(super) fn database_settings(&self, region: &RegionName) -> Result<DatabaseSettings, Refusal> {
        let layout = &self.host.layout;
        let server = self.postgres(region)?;
        let rendered = self.rendered(region).join("postgres");
        let upstreams = self.others(region).map(|other| {
            let address = self.regional(Port::Postgres, &other.name)?;
            Ok((
                other.name.clone(),
                Upstream {
                    host: address.ip().to_string(),
                    port: address.port(),
                },
            ))
        });
        Ok(DatabaseSettings {
            bin_dir: self.host.programs.postgres_bin_dir.clone(),
            data_dir: server.data_dir,
            config_file: rendered.join("postgresql.conf"),
            hba_file: server.hba_file,
            socket_dir: server.socket_dir,
            port: server.listen.port(),
            tenant_database: self.tenant.database.clone(),
            superuser: SUPERUSER.to_owned(),
            superuser_password_file: layout.secret(secret::POSTGRES_SUPERUSER),
            replication: ReplicationSettings {
                user: REPLICATION_ROLE.to_owned(),
                passfile: layout.secret(secret::REPLICATION_PASSFILE),
                ca: server.tls.ca,
                slot: slot(region),
                downstream_slots: self.others(region).map(|other| slot(&other.name)).collect(),
                upstreams: upstreams.collect::<Result<_, _>>()?,
            },
            seed: self.host.seed.clone(),
            seed_sql: vec![
                SeedSql {
                    database: MAINTENANCE_DATABASE.to_owned(),
                    file: layout.secret(secret::SEED_ROLES_SQL),
                },
                SeedSql {
                    database: self.tenant.database.clone(),
                    file: layout.secret(secret::SEED_TENANT_SQL),
                },
            ],
            lag_bytes_max: timing::LAG_MAX.get(),
        })
    }
}

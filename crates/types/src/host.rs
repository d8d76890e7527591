//! One machine that runs an estate locally: what was found on it, and where things lie.
//!
//! `local` finds and creates these things, `plan` and `render` only name them, so the words for them live here.

mod sites;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use sites::{CONTROLLER, FRONT_DOOR, Place, SitePlace, Sites};

use crate::{IntegrationName, RegionName, settings::TlsFiles};

/// What was found on the host, as input of the compiler: the compiler itself looks at nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Where things of this estate lie.
    pub layout: Layout,
    /// The programs to run.
    pub programs: Programs,
    /// A free port for each name that `plan::ports` asks for.
    pub ports: BTreeMap<String, u16>,
    /// Where the sites are.
    pub sites: Sites,
    /// Cleanly stopped data directory with an initialised tenant database.
    pub seed: PathBuf,
}

/// The programs to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs {
    /// Directory of `postgres` and its tools.
    pub postgres_bin_dir: PathBuf,
    /// Major version of PostgreSQL.
    pub postgres_major: u16,
    /// `redis-server`
    pub redis_server: PathBuf,
    /// `traefik`
    pub traefik: PathBuf,
    /// Python of Odoo's virtual environment.
    pub odoo_python: PathBuf,
    /// Directory which holds Odoo's Python package `odoo`.
    pub odoo_dist: PathBuf,
    /// Directory of Plimsoll's addons.
    pub addons: PathBuf,
    /// Plimsoll's launcher of Odoo, which bears with a read-only standby.
    pub odoo_launcher: PathBuf,
    /// `plimsoll-gateway`
    pub gateway: PathBuf,
}

/// Where things of one estate lie on this host. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below one directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of the estate.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The tree that `render` made; replaced as a whole.
    pub fn rendered(&self) -> PathBuf {
        self.root.join("rendered")
    }

    /// What `up` was told of where the sites are.
    pub fn sites(&self) -> PathBuf {
        self.root.join("sites.json")
    }

    /// State and logs of one region.
    pub fn region(&self, region: &RegionName) -> PathBuf {
        self.root.join("regions").join(region.as_str())
    }

    /// Unix sockets of the region with this number. Short on purpose: the kernel allows 107 bytes for a socket's whole
    /// path, and a home directory with the names of estate and region in it easily has more.
    pub fn sockets(&self, number: usize) -> PathBuf {
        self.root.join("run").join(number.to_string())
    }

    /// State and logs of the front door.
    pub fn front_door(&self) -> PathBuf {
        self.root.join("front-door")
    }

    /// State and log of the controller.
    pub fn controller(&self) -> PathBuf {
        self.root.join("controller")
    }

    /// The estate file as it was started last.
    pub fn estate_file(&self) -> PathBuf {
        self.root.join("estate.yaml")
    }

    /// Evidence of drills.
    pub fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    /// Secrets, one file each, readable by their owner alone.
    pub fn secret(&self, name: &str) -> PathBuf {
        self.root.join("secrets").join(name)
    }

    /// Bearer token of an integration's partner.
    pub fn integration_token(&self, integration: &IntegrationName) -> PathBuf {
        self.root.join("secrets/tokens").join(integration.as_str())
    }

    /// Identity of one program: `controller`, `cli`, `front-door`, `<region>-agent`, `<region>-gateway`,
    /// `<region>-postgres`, `<region>-redis`, `<region>-ingress`.
    pub fn identity(&self, program: &str) -> TlsFiles {
        let tls = self.root.join("tls");
        TlsFiles {
            ca: tls.join("ca.pem"),
            certificate: tls.join(format!("{program}.pem")),
            key: tls.join(format!("{program}.key")),
        }
    }
}

/// Names of files in [`Layout::secret`].
pub mod secret {
    /// Password of the PostgreSQL superuser.
    pub const POSTGRES_SUPERUSER: &str = "postgres-superuser";
    /// libpq password file of the replication role (any host, any port).
    pub const REPLICATION_PASSFILE: &str = "replication.pgpass";
    /// libpq password file of Odoo's role.
    pub const ODOO_PASSFILE: &str = "odoo.pgpass";
    /// Password of Odoo's `admin` user.
    pub const ODOO_ADMIN: &str = "odoo-admin";
    /// Private key that signs evidence, PKCS#8.
    pub const EVIDENCE_KEY: &str = "evidence-key.pkcs8";
    /// API key of the integration user.
    pub const INTEGRATION_KEY: &str = "integration-key";
    /// SQL that gives the database roles their passwords; run in `postgres`.
    pub const SEED_ROLES_SQL: &str = "seed-roles.sql";
    /// SQL that gives Odoo's users their credentials; run in the tenant's database.
    pub const SEED_TENANT_SQL: &str = "seed-tenant.sql";
    /// Password of every region's Redis.
    pub const REDIS: &str = "redis";
    /// Name of the command with which an agent changes the role of its region's Redis.
    pub const REDIS_ROLE_COMMAND: &str = "redis-role-command";
    /// Password and secret names of commands, included by `redis.conf`.
    pub const REDIS_CONF: &str = "redis-secret.conf";
    /// Redis URL with the password, for sessions; one per region because ports differ: `redis-url-<region>`.
    pub const REDIS_URL_PREFIX: &str = "redis-url-";
}

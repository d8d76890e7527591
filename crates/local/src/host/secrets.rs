//! The estate's secrets on this machine: random, made once, one file each, readable by their owner alone.

use std::{fs, path::Path};

use types::{
    IntegrationName, Redacted, RegionName,
    host::{Layout, secret},
};

use super::{Error, Files};

/// Names of database roles, as the rendered configuration uses them.
const ROLE_ODOO: &str = "odoo";
const ROLE_REPLICATION: &str = "replicator";

/// What later steps need in clear.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Password of the PostgreSQL superuser.
    pub postgres_superuser: Redacted<String>,
    /// Password of Odoo's `admin`.
    pub odoo_admin: Redacted<String>,
    /// API key of the integration user.
    pub integration_key: Redacted<String>,
}

/// Makes every secret that is not there yet.
///
/// `redis_ports` names the regions with the port of their Redis, because a session URL carries the port.
///
/// # Errors
/// When a secret cannot be made, read or written.
pub fn ensure(
    files: &Files,
    layout: &Layout,
    integrations: &[IntegrationName],
    redis_ports: &[(RegionName, u16)],
) -> Result<Secrets, Error> {
    let kept = |name: &str| keep(files, &layout.secret(name));
    let (postgres_superuser, odoo_admin) = (kept(secret::POSTGRES_SUPERUSER)?, kept(secret::ODOO_ADMIN)?);
    let integration_key = kept(secret::INTEGRATION_KEY)?;
    let (odoo, replication, redis) = (
        kept("postgres-odoo")?,
        kept("postgres-replication")?,
        kept(secret::REDIS)?,
    );
    for integration in integrations {
        keep(files, &layout.integration_token(integration))?;
    }
    let derived = |name: &str, text: String| files.secret(&layout.secret(name), text.as_bytes());
    derived(
        secret::ODOO_PASSFILE,
        format!("*:*:*:{ROLE_ODOO}:{}\n", odoo.expose()),
    )?;
    derived(
        secret::REPLICATION_PASSFILE,
        format!("*:*:*:{ROLE_REPLICATION}:{}\n", replication.expose()),
    )?;
    derived(
        secret::SEED_ROLES_SQL,
        // All of our secrets are hexadecimal, so they need no quoting.
        format!(
            "ALTER ROLE {ROLE_ODOO} PASSWORD '{}';\nALTER ROLE {ROLE_REPLICATION} PASSWORD '{}';\n",
            odoo.expose(),
            replication.expose()
        ),
    )?;
    let role_command = kept(secret::REDIS_ROLE_COMMAND)?;
    derived(
        secret::REDIS_CONF,
        format!(
            "requirepass {0}\nmasterauth {0}\nrename-command REPLICAOF {1}\n",
            redis.expose(),
            role_command.expose()
        ),
    )?;
    for (region, port) in redis_ports {
        let url = format!("redis://:{}@127.0.0.1:{port}/0", redis.expose());
        derived(&format!("{}{region}", secret::REDIS_URL_PREFIX), url)?;
    }
    Ok(Secrets {
        postgres_superuser,
        odoo_admin,
        integration_key,
    })
}

fn keep(files: &Files, path: &Path) -> Result<Redacted<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) if text.is_empty() => Err(Error::Damaged {
            path: path.to_path_buf(),
            why: "it is empty".to_owned(),
        }),
        Ok(text) => Ok(Redacted::new(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = random()?;
            files.secret(path, made.expose().as_bytes())?;
            Ok(made)
        }
        Err(error) => Err(Error::file("read", path)(error)),
    }
}

/// 160 random bits, hexadecimal.
fn random() -> Result<Redacted<String>, Error> {
    let mut bytes = [0u8; 20];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::NoRandom)?;
    Ok(Redacted::new(hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::super::RunAs;
    use super::*;

    #[test]
    fn secrets_are_made_once_and_differ() {
        let dir = tempfile::tempdir().unwrap();
        let (files, layout) = (Files::new(RunAs::Myself), Layout::new(dir.path()));
        let integrations = [IntegrationName::new("acme-edi").unwrap()];
        let first = ensure(&files, &layout, &integrations, &[]).unwrap();
        let second = ensure(&files, &layout, &integrations, &[]).unwrap();
        assert_eq!(first.integration_key, second.integration_key);
        assert_ne!(first.integration_key, first.odoo_admin);
        assert_eq!(
            fs::read_to_string(layout.integration_token(&integrations[0]))
                .unwrap()
                .len(),
            40
        );
    }
}

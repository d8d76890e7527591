//! Finds the real programs an estate runs.

use std::path::{Path, PathBuf};

use super::{Error, Home};

/// The oldest PostgreSQL that is supported.
const POSTGRES_MAJOR_MIN: u16 = 15;

/// What was found on the machine. The rest of `types::host::Programs` is installed by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Directory of `postgres` and its tools.
    pub postgres_bin_dir: PathBuf,
    /// Its major version.
    pub postgres_major: u16,
    /// `redis-server`
    pub redis_server: PathBuf,
    /// `traefik`
    pub traefik: PathBuf,
    /// Python of Odoo's virtual environment.
    pub odoo_python: PathBuf,
    /// Directory which holds Odoo's Python package.
    pub odoo_dist: PathBuf,
    /// Odoo's version, as its directory says.
    pub odoo_version: String,
}

/// Looks for everything; `odoo` names another Odoo than the installed one (`PLIMSOLL_ODOO`).
///
/// # Errors
/// [`Error::Missing`] for the first program that is not there.
pub fn find(home: &Home, odoo: Option<&Path>) -> Result<Found, Error> {
    let (postgres_bin_dir, postgres_major) = postgres()?;
    let odoo = odoo.map_or_else(|| home.runtime().join("odoo"), Path::to_path_buf);
    let version = odoo.join("VERSION");
    Ok(Found {
        postgres_bin_dir,
        postgres_major,
        redis_server: first(
            "redis-server",
            &[
                PathBuf::from("/usr/bin/redis-server"),
                PathBuf::from("/usr/local/bin/redis-server"),
            ],
        )?,
        traefik: first("Traefik", &[home.runtime().join("tools/bin/traefik")])?,
        odoo_python: first("Odoo's Python", &[odoo.join("venv/bin/python")])?,
        odoo_dist: first("Odoo's source", &[odoo.join("dist/odoo")])?
            .parent()
            .unwrap_or(&odoo)
            .to_path_buf(),
        odoo_version: std::fs::read_to_string(&version)
            .map_err(Error::file("read", version))?
            .trim()
            .to_owned(),
    })
}

fn first(program: &'static str, candidates: &[PathBuf]) -> Result<PathBuf, Error> {
    let found = candidates.iter().find(|path| path.exists());
    found.cloned().ok_or_else(|| Error::Missing {
        program,
        looked: candidates.to_vec(),
    })
}

/// Debian keeps each major version in a directory of its own; the newest one is taken.
fn postgres() -> Result<(PathBuf, u16), Error> {
    let root = Path::new("/usr/lib/postgresql");
    let majors = std::fs::read_dir(root).into_iter().flatten().flatten();
    let newest = majors
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u16>().ok())
        .filter(|major| root.join(major.to_string()).join("bin/postgres").exists())
        .max();
    match newest {
        Some(major) if major >= POSTGRES_MAJOR_MIN => Ok((root.join(major.to_string()).join("bin"), major)),
        _ => Err(Error::Missing {
            program: "PostgreSQL 15 or newer",
            looked: vec![root.to_path_buf()],
        }),
    }
}

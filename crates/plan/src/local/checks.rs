//! What a machine must offer before anything is planned on it.

use std::path::{Path, PathBuf};

use estate::Estate;
use types::host::Host;

use crate::{Refusal, ports};

/// `sockaddr_un` holds 108 bytes, the last one zero.
const SOCKET_PATH_MAX: usize = 107;
/// The oldest version the configuration is written for.
const POSTGRES_MAJOR_MIN: u16 = 15;

pub(super) fn check(estate: &Estate, host: &Host) -> Result<(), Refusal> {
    if host.programs.postgres_major < POSTGRES_MAJOR_MIN {
        return Err(Refusal::OldPostgres {
            major: host.programs.postgres_major,
        });
    }
    for name in ports(estate) {
        if !host.ports.contains_key(&name) {
            return Err(Refusal::MissingPort { name });
        }
    }
    let programs = &host.programs;
    let paths: [&Path; 10] = [
        host.layout.root(),
        &host.seed,
        &programs.postgres_bin_dir,
        &programs.redis_server,
        &programs.traefik,
        &programs.odoo_python,
        &programs.odoo_dist,
        &programs.addons,
        &programs.odoo_launcher,
        &programs.gateway,
    ];
    paths.into_iter().try_for_each(check_path)?;
    for number in 0..estate.regions.len() {
        // PostgreSQL appends this name; five digits are the most that a port has.
        let socket = host.layout.sockets(number).join(".s.PGSQL.65535");
        let length = socket.as_os_str().len();
        if length > SOCKET_PATH_MAX {
            return Err(Refusal::SocketPathTooLong {
                path: socket,
                length,
                max: SOCKET_PATH_MAX,
            });
        }
    }
    Ok(())
}

/// Paths end up in five kinds of configuration files; what one of them cannot quote is refused for all.
fn check_path(path: &Path) -> Result<(), Refusal> {
    let odd = |c: char| c.is_control() || matches!(c, '\'' | '"' | '\\' | ',' | '%' | '#' | ';');
    match path.to_str() {
        Some(text) if path.is_absolute() && !text.contains(odd) => Ok(()),
        Some(_) | None => Err(Refusal::BadPath {
            path: PathBuf::from(path),
        }),
    }
}

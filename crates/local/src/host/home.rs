//! Where Plimsoll keeps things on this machine, and as whom the estate's processes run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use types::{EstateName, host::Layout};

use super::{Error, Files};

/// Real processes never run as root: as root they run as this user, which `script/setup` makes.
const USER: &str = "plimsoll";
/// Plimsoll's home when root runs it: other users must be able to enter it, which `/root` does not allow.
const HOME_OF_ROOT: &str = "/var/lib/plimsoll";

/// As whom the estate's processes run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAs {
    /// As whoever called us.
    Myself,
    /// We are root: as this user.
    User {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

/// Plimsoll's home on this machine.
#[derive(Clone, Debug)]
pub struct Home {
    directory: PathBuf,
    run_as: RunAs,
}

impl Home {
    /// Finds the home: `given` (`--home`, `PLIMSOLL_HOME`), else the usual place.
    ///
    /// # Errors
    /// When we are root and the unprivileged user does not exist, or when nobody says where home is.
    pub fn find(given: Option<&Path>, user_data_dir: Option<&Path>) -> Result<Self, Error> {
        let run_as = if rustix::process::geteuid().is_root() {
            user(USER)?
        } else {
            RunAs::Myself
        };
        let directory = match (given, &run_as) {
            (Some(given), _) => std::path::absolute(given).map_err(Error::file("resolve", given))?,
            (None, RunAs::User { .. }) => PathBuf::from(HOME_OF_ROOT),
            (None, RunAs::Myself) => match user_data_dir {
                Some(directory) => directory.join("plimsoll"),
                None => {
                    return Err(Error::Missing {
                        program: "a home directory (HOME or PLIMSOLL_HOME)",
                        looked: Vec::new(),
                    });
                }
            },
        };
        Ok(Self { directory, run_as })
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where `script/setup` installs Odoo and Traefik.
    pub fn runtime(&self) -> PathBuf {
        self.directory.join("runtime")
    }

    /// What can be made anew.
    pub fn cache(&self) -> PathBuf {
        self.directory.join("cache")
    }

    /// As whom processes run.
    pub const fn run_as(&self) -> &RunAs {
        &self.run_as
    }

    /// Makes files that the estate's processes own.
    pub fn files(&self) -> Files {
        Files::new(self.run_as.clone())
    }

    /// Where an estate lies.
    pub fn layout(&self, estate: &EstateName) -> Layout {
        Layout::new(self.directory.join("estates").join(estate.as_str()))
    }

    /// The estates that were started here, in order of their names.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn estates(&self) -> Result<Vec<EstateName>, Error> {
        let directory = self.directory.join("estates");
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file("read", directory)(error)),
        };
        let mut names: Vec<_> = entries
            .flatten()
            .filter_map(|entry| EstateName::new(entry.file_name().to_string_lossy()).ok())
            .collect();
        names.sort();
        Ok(names)
    }
}

fn user(name: &str) -> Result<RunAs, Error> {
    let passwd = fs::read_to_string("/etc/passwd").map_err(Error::file("read", "/etc/passwd"))?;
    passwd
        .lines()
        .find_map(|line| parse_user(line, name))
        .ok_or_else(|| Error::NoUser {
            user: name.to_owned(),
        })
}

/// One line of passwd(5): `name:password:uid:gid:…`.
fn parse_user(line: &str, name: &str) -> Option<RunAs> {
    let mut fields = line.split(':');
    let found = fields.next()? == name;
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    found.then_some(RunAs::User { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let line = "plimsoll:x:998:997::/var/lib/plimsoll:/usr/sbin/nologin";
        assert_eq!(
            parse_user(line, "plimsoll"),
            Some(RunAs::User { uid: 998, gid: 997 })
        );
        assert_eq!(parse_user(line, "plim"), None);
        assert_eq!(parse_user("garbage", "garbage"), None);
    }
}

//! A small cluster to begin with, and who owns it.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

pub const BIN_DIR: &str = "/usr/lib/postgresql/15/bin";

/// PostgreSQL refuses to run as root, so the tests of a root run everything as somebody else.
#[derive(Clone, Debug)]
pub struct Owner {
    ids: Option<(u32, u32)>,
}

impl Owner {
    pub fn find() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self { ids: None };
        }
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let ids = ["plimsoll", "postgres", "nobody"].iter().find_map(|name| {
            let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
            let fields: Vec<&str> = line.split(':').collect();
            Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
        });
        assert!(ids.is_some(), "no unprivileged user to run PostgreSQL as");
        Self { ids }
    }

    /// Makes a program run as this owner.
    pub fn apply(&self, command: &mut Command) {
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
    }

    /// Gives a whole tree to this owner.
    pub fn take(&self, path: &Path) {
        let Some((user, group)) = self.ids else { return };
        chown(path, Some(user), Some(group)).unwrap();
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).unwrap() {
                self.take(&entry.unwrap().path());
            }
        }
    }
}

pub struct Seed {
    pub directory: PathBuf,
    pub roles: PathBuf,
    pub tenant: PathBuf,
}

pub fn make(root: &Path, owner: &Owner) -> Seed {
    let seed = Seed {
        directory: root.join("seed"),
        roles: root.join("roles.sql"),
        tenant: root.join("tenant.sql"),
    };
    fs::write(root.join("superuser"), "s3cret\n").unwrap();
    fs::write(root.join("replication.pgpass"), "*:*:*:replicator:r3plica\n").unwrap();
    let private = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    private("replication.pgpass");
    let roles = "alter role plimsoll password 's3cret';\n\
         create role replicator login replication password 'r3plica';\n\
         grant execute on function pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), \
         pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) to replicator;\n\
         create database tenant;\n";
    fs::write(&seed.roles, roles).unwrap();
    fs::write(
        &seed.tenant,
        "create table written (id bigint primary key, side text);\n",
    )
    .unwrap();
    owner.take(root);
    let mut initdb = Command::new(format!("{BIN_DIR}/initdb"));
    initdb
        .args([
            "--data-checksums",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ])
        .args(["-U", "plimsoll", "-A", "scram-sha-256", "--pwfile"])
        .arg(root.join("superuser"))
        .arg("-D")
        .arg(&seed.directory)
        .current_dir(root);
    owner.apply(&mut initdb);
    let output = initdb.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    seed
}

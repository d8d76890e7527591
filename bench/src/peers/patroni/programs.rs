//! Where Patroni and etcd come from: PyPI and Debian, into a directory of ours; nothing is installed on the machine.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

/// What is asked of PyPI; with it comes libpq's client for Python.
const PATRONI: &str = "patroni[etcd3,psycopg3]==4.1.5";

/// The system's: one in somebody's home cannot be reached by whom Patroni runs as.
const PYTHON: &str = "/usr/bin/python3";

/// The programs of a cluster.
#[derive(Clone)]
pub struct Programs {
    /// `patroni`.
    pub patroni: PathBuf,
    /// `etcd`.
    pub etcd: PathBuf,
    /// Where `postgres` and `initdb` are.
    pub postgres: PathBuf,
}

impl Programs {
    /// Finds them in this directory, or puts them there.
    pub fn ensure(directory: &Path, postgres: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
        let directory = fs::canonicalize(directory)?;
        let programs = Self {
            patroni: directory.join("venv/bin/patroni"),
            etcd: directory.join("etcd/usr/bin/etcd"),
            postgres: postgres.to_path_buf(),
        };
        anyhow::ensure!(
            programs.postgres.join("postgres").exists(),
            "there is no postgres in {}",
            postgres.display()
        );
        if !programs.patroni.exists() {
            let venv = directory.join("venv");
            run(Command::new(PYTHON).args(["-m", "venv"]).arg(&venv))?;
            run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", PATRONI]))?;
        }
        if !programs.etcd.exists() {
            run(Command::new("apt-get")
                .args(["download", "--quiet", "etcd-server"])
                .current_dir(&directory))?;
            let package = fs::read_dir(&directory)?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
                .context("apt-get download left no package")?;
            run(Command::new("dpkg")
                .arg("-x")
                .arg(package)
                .arg(directory.join("etcd")))?;
        }
        Ok(programs)
    }

    /// Their versions, for the result.
    pub fn versions(&self) -> anyhow::Result<String> {
        let first = |program: &Path| -> anyhow::Result<String> {
            let text = run(Command::new(program).arg("--version"))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        Ok(format!(
            "{}; {}; {}",
            first(&self.patroni)?,
            first(&self.etcd)?,
            first(&self.postgres.join("postgres"))?
        ))
    }
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("run {name}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{name} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
